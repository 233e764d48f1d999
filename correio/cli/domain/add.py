"""``correio domain add``."""

from __future__ import annotations

import click

from correio.cli.running import run, store_of
from correio.cli.setting_options import setting_options
from correio.config import Settings
from correio.mail.directory import add_domain
from correio.store.documents import DomainDocument


@click.command()
@click.argument("name", metavar="DOMAIN")
@click.option(
    "--alias-of", default="", metavar="DOMAIN", help="Let each address in it stand for the one in this domain."
)
@setting_options()
def add(name: str, alias_of: str, settings: Settings) -> None:
    """Take mail for DOMAIN."""

    async def work() -> DomainDocument:
        async with store_of(settings) as store:
            return await add_domain(store, name, alias_of=alias_of)

    made = run(work())
    click.echo(f"Domain {made.id} added, an alias of {made.alias_of}." if made.alias_of else f"Domain {made.id} added.")
