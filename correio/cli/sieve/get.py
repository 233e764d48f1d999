"""``correio sieve get``."""

from __future__ import annotations

import sys

import click

from correio.cli.running import run, store_of
from correio.cli.setting_options import setting_options
from correio.cli.sieve.script_file import account_of
from correio.config import Settings
from correio.mail.sieve_scripts import read_script


@click.command()
@click.argument("address")
@click.argument("name", default="main")
@setting_options()
def get(address: str, name: str, settings: Settings) -> None:
    """Print a script of an account, octet for octet. NAME is main where it is not given."""

    async def work() -> bytes:
        async with store_of(settings) as store:
            return (await read_script(await account_of(store, address), name))[1]

    sys.stdout.buffer.write(run(work()))
    sys.stdout.flush()
