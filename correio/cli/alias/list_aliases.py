"""``correio alias list``."""

from __future__ import annotations

import click

from correio.cli.running import print_json, run, store_of
from correio.cli.setting_options import setting_options
from correio.config import Settings
from correio.mail import alias_directory
from correio.store.documents import AddressDocument


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@setting_options()
def list_aliases(settings: Settings, *, as_json: bool) -> None:
    """List the aliases and where each leads."""

    async def work() -> list[AddressDocument]:
        async with store_of(settings) as store:
            return await alias_directory.list_aliases(store)

    found = run(work())
    if as_json:
        print_json([{"address": one.id, "targets": one.targets, "created": one.created} for one in found])
        return
    width = max((len(one.id) for one in found), default=0)
    for one in found:
        click.echo(f"{one.id:<{width}}  {' '.join(one.targets)}")
