"""``correio queue show``."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import click

from correio.cli.queue.delivery_json import delivery_json, send_json
from correio.cli.queue.list_queue import coming
from correio.cli.running import print_json, run, store_of
from correio.cli.setting_options import setting_options
from correio.config import Settings
from correio.queue import administration
from correio.queue.administration import Shown
from correio.queue.printable import printable


@click.command()
@click.argument("some_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@setting_options()
def show(some_id: str, settings: Settings, *, as_json: bool) -> None:
    """Show a message that was accepted for delivery, by its id or that of a delivery, with every attempt."""

    async def work() -> Shown:
        async with store_of(settings) as store:
            return await administration.show(store, some_id)

    found = run(work())
    if as_json:
        print_json(send_json(found.send) | {"deliveries": [delivery_json(one) for one in found.deliveries]})
        return
    for line in shown_lines(found, time.time()):
        click.echo(line)


def shown_lines(found: Shown, now: float) -> Iterator[str]:
    """Yield what people read of a message in the queue. Nothing that others wrote steers their terminal."""
    send = found.send
    yield f"{send.id}  {send.kind}  from <{printable(send.sender)}>  {send.size} octets  {_time(send.created)}"
    yield f"Subject: {printable(send.subject)}"
    for one in found.deliveries:
        state = one.status if one.ended else f"{one.status}, {coming(one.due, now)}"
        if one.phase == "data":
            state += ", may have arrived: the final dot was due and no reply is noted"
        yield f"\n{click.style(printable(one.recipient), bold=True)}  {one.id}  {state}"
        for attempt in one.history:
            where = f" at {attempt.host} [{attempt.address}]" if attempt.host else ""
            tls = f", {attempt.tls}" if attempt.tls else ""
            yield f"  {_time(attempt.at)}{printable(where + tls)}: {printable(attempt.reply)}"
            for line in attempt.transcript.splitlines():
                yield click.style(f"    {printable(line)}", dim=True)


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
