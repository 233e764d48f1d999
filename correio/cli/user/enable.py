"""``correio user enable``."""

from __future__ import annotations

import click

from correio.cli.running import run, store_of
from correio.cli.setting_options import setting_options
from correio.config import Settings
from correio.mail.directory import disable_user


@click.command()
@click.argument("address")
@setting_options()
def enable(address: str, settings: Settings) -> None:
    """Open a disabled account again."""

    async def work() -> str:
        async with store_of(settings) as store:
            return (await disable_user(store, address, disabled=False)).address

    click.echo(f"{run(work())} is open.")
