"""``correio queue cancel``."""

from __future__ import annotations

import click

from correio.cli.running import run, store_of
from correio.cli.setting_options import setting_options
from correio.config import Settings
from correio.queue import administration


@click.command()
@click.argument("some_id", metavar="ID")
@setting_options()
def cancel(some_id: str, settings: Settings) -> None:
    """End what waits, by the id of a message or of a delivery. The sender is not told."""

    async def work() -> int:
        async with store_of(settings) as store:
            return await administration.cancel(store, some_id)

    click.echo(f"{run(work())} canceled.")
