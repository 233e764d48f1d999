"""``correio sieve activate``."""

from __future__ import annotations

import click

from correio.cli.running import run, store_of
from correio.cli.setting_options import setting_options
from correio.cli.sieve.script_file import account_of
from correio.config import Settings
from correio.mail.sieve_scripts import activate_script


@click.command()
@click.argument("address")
@click.argument("name", required=False)
@click.option("--none", "nothing", is_flag=True, help="Run no script.")
@setting_options()
def activate(address: str, name: str | None, settings: Settings, *, nothing: bool) -> None:
    """Make a script of an account the active one, or with --none let no script be run."""
    if (name is None) != nothing:
        raise click.UsageError("Give the name of a script, or --none.")

    async def work() -> None:
        async with store_of(settings) as store:
            await activate_script(await account_of(store, address), name)

    run(work())
    click.echo(
        f"No script of {address} is run." if name is None else f"The script {name} of {address} is run from now on."
    )
