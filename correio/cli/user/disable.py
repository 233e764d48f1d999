"""``correio user disable``."""

from __future__ import annotations

import click

from correio.cli.running import run, store_of
from correio.cli.setting_options import setting_options
from correio.config import Settings
from correio.mail.directory import disable_user


@click.command()
@click.argument("address")
@setting_options()
def disable(address: str, settings: Settings) -> None:
    """Close an account: nobody signs in, no mail is taken, its mail is kept."""

    async def work() -> str:
        async with store_of(settings) as store:
            return (await disable_user(store, address, disabled=True)).address

    click.echo(f"{run(work())} is closed: its mail is kept, nobody can sign in and no mail is taken.")
