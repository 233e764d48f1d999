"""``correio domain rm``."""

from __future__ import annotations

import click

from correio.cli.running import run, store_of
from correio.cli.setting_options import setting_options
from correio.config import Settings
from correio.mail.directory import remove_domain


@click.command("rm")
@click.argument("name", metavar="DOMAIN")
@setting_options()
def remove(name: str, settings: Settings) -> None:
    """Take no more mail for DOMAIN. Its accounts and aliases must be gone."""

    async def work() -> str:
        async with store_of(settings) as store:
            return await remove_domain(store, name)

    click.echo(f"Domain {run(work())} removed.")
