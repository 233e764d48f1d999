"""``correio alias rm``."""

from __future__ import annotations

import click

from correio.cli.running import run, store_of
from correio.cli.setting_options import setting_options
from correio.config import Settings
from correio.mail.alias_directory import remove_alias


@click.command("rm")
@click.argument("address")
@setting_options()
def remove(address: str, settings: Settings) -> None:
    """Remove the alias ADDRESS; where it led stays."""

    async def work() -> str:
        async with store_of(settings) as store:
            return await remove_alias(store, address)

    click.echo(f"Alias {run(work())} removed.")
