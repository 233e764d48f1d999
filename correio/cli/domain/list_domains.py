"""``correio domain list``."""

from __future__ import annotations

import click

from correio.cli.running import print_json, run, store_of
from correio.cli.setting_options import setting_options
from correio.config import Settings
from correio.mail import directory
from correio.store.documents import DomainDocument


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@setting_options()
def list_domains(settings: Settings, *, as_json: bool) -> None:
    """List the domains whose mail ends here."""

    async def work() -> list[DomainDocument]:
        async with store_of(settings) as store:
            return await directory.list_domains(store)

    found = run(work())
    if as_json:
        print_json(
            [{"domain": domain.id, "alias_of": domain.alias_of or None, "created": domain.created} for domain in found]
        )
    else:
        for domain in found:
            click.echo(f"{domain.id}  an alias of {domain.alias_of}" if domain.alias_of else domain.id)
