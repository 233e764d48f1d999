"""``correio sieve put``."""

from __future__ import annotations

from pathlib import Path

import click

from correio.cli.running import print_json, run, store_of
from correio.cli.setting_options import setting_options
from correio.cli.sieve.script_file import FILE, account_of, read_script, show_problems
from correio.config import Settings
from correio.mail.sieve_scripts import SieveScript, put_script
from correio.sieve.errors import SieveSyntaxError


@click.command()
@click.argument("address")
@click.argument("file", type=FILE)
@click.option("--name", default="main", show_default=True, help="What the script is called.")
@click.option("--activate", is_flag=True, help="Run it from now on.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@setting_options()
def put(address: str, file: Path, name: str, settings: Settings, *, activate: bool, as_json: bool) -> None:
    """Store a script of an account, in place of one of the same name. FILE is - for standard input.

    A script with a mistake is not stored. One that is active stays so with its new text.
    """
    text = read_script(file)

    async def work() -> SieveScript | SieveSyntaxError:
        async with store_of(settings) as store:
            try:
                return await put_script(await account_of(store, address), name, text, activate=activate)
            except SieveSyntaxError as error:
                return error

    stored = run(work())
    if isinstance(stored, SieveSyntaxError):
        raise show_problems(file, stored) from stored
    if as_json:
        print_json({"name": stored.name, "size": stored.size, "active": stored.active})
        return
    state = "is run from now on" if stored.active else "is stored; correio sieve activate makes it the active one"
    click.echo(f"The script {stored.name} of {address} {state}.")
