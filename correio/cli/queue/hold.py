"""``correio queue hold``."""

from __future__ import annotations

import click

from correio.cli.running import run, store_of
from correio.cli.setting_options import setting_options
from correio.config import Settings
from correio.queue import administration


@click.command()
@click.argument("some_id", metavar="ID", required=False)
@click.option("--site", help="A domain, or route:NAME.")
@setting_options()
def hold(some_id: str | None, site: str | None, settings: Settings) -> None:
    """Keep what waits, by the id of a message or of a delivery, or all that goes to a site, until it is retried."""
    if (some_id is None) == (site is None):
        raise click.UsageError("Give an ID or --site.")

    async def work() -> str:
        async with store_of(settings) as store:
            if site is not None:
                await administration.hold_destination(store, site, held=True)
                return site
            return str(await administration.hold(store, some_id or ""))

    click.echo(f"{run(work())} held.")
