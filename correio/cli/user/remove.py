"""``correio user rm``."""

from __future__ import annotations

import sys

import click

from correio.cli.running import run, store_of
from correio.cli.setting_options import setting_options
from correio.config import Settings
from correio.mail.directory import remove_user


@click.command("rm")
@click.argument("address")
@click.option("--yes", is_flag=True, help="Do not ask on a terminal.")
@setting_options()
def remove(address: str, settings: Settings, *, yes: bool) -> None:
    """Remove an account with all its mail, for good."""
    if not yes and sys.stdin.isatty():
        click.confirm(f"Remove {address} and all its mail for good?", abort=True, err=True)

    async def work() -> str:
        async with store_of(settings) as store:
            return (await remove_user(store, address)).address

    click.echo(f"{run(work())} and all its mail are removed.")
