"""``correio alias add``."""

from __future__ import annotations

import click

from correio.cli.running import print_json, run, store_of
from correio.cli.setting_options import setting_options
from correio.config import Settings
from correio.mail.alias_directory import add_alias
from correio.store.documents import AddressDocument


@click.command()
@click.argument("address")
@click.argument("targets", metavar="TARGET...", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@setting_options()
def add(address: str, targets: tuple[str, ...], settings: Settings, *, as_json: bool) -> None:
    """Let ADDRESS lead to each TARGET: accounts and aliases here, addresses elsewhere.

    A * in the local part makes it a wildcard: sales-*@example.org; *@example.org is the catch-all.
    """

    async def work() -> AddressDocument:
        async with store_of(settings) as store:
            return await add_alias(store, address, targets)

    made = run(work())
    if as_json:
        print_json({"address": made.id, "targets": made.targets})
    else:
        click.echo(f"{made.id} leads to {', '.join(made.targets)}.")
