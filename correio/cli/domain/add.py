"""``correio domain add``."""

from __future__ import annotations

import click

from correio.cli.running import run, store_of
from correio.cli.setting_options import setting_options
from correio.config import Settings
from correio.mail.directory import add_domain


@click.command()
@click.argument("name", metavar="DOMAIN")
@setting_options()
def add(name: str, settings: Settings) -> None:
    """Take mail for DOMAIN."""

    async def work() -> str:
        async with store_of(settings) as store:
            return (await add_domain(store, name)).id

    click.echo(f"Domain {run(work())} added.")
