"""``correio sieve rm``."""

from __future__ import annotations

import click

from correio.cli.running import run, store_of
from correio.cli.setting_options import setting_options
from correio.cli.sieve.script_file import account_of
from correio.config import Settings
from correio.mail.sieve_scripts import remove_script


@click.command("rm")
@click.argument("address")
@click.argument("name")
@setting_options()
def remove(address: str, name: str, settings: Settings) -> None:
    """Remove a script of an account. The active one has to give way first: correio sieve activate."""

    async def work() -> None:
        async with store_of(settings) as store:
            await remove_script(await account_of(store, address), name)

    run(work())
    click.echo(f"The script {name} of {address} is removed.")
