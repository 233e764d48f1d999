"""``correio queue list``."""

from __future__ import annotations

import time

import click

from correio.cli.queue.delivery_json import delivery_json, site_json
from correio.cli.running import print_json, run, store_of
from correio.cli.setting_options import setting_options
from correio.config import Settings
from correio.queue import administration
from correio.queue.printable import printable
from correio.store.queue_documents import NEVER, DeliveryDocument, SiteDocument


@click.command("list")
@click.option("--site", help="Only what goes to this domain, to route:NAME, or to local recipients (local).")
@click.option(
    "--limit", type=click.IntRange(1, administration.LISTED), default=administration.LISTED, help="At most N."
)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@setting_options()
def list_queue(site: str | None, limit: int, settings: Settings, *, as_json: bool) -> None:
    """List what waits, next due first: id, recipient, state, attempts, when it is tried next, and the last reply."""

    async def work() -> tuple[list[DeliveryDocument], list[SiteDocument]]:
        async with store_of(settings) as store:
            deliveries = await administration.list_queue(store, site=site, limit=limit)
            return deliveries, await administration.list_sites(store)

    deliveries, sites = run(work())
    now = time.time()
    if as_json:
        print_json(
            {
                "deliveries": [delivery_json(one) for one in deliveries],
                "sites": [site_json(one, now) for one in sites],
            }
        )
        return
    if not deliveries:
        click.echo("Nothing waits.")
    width = max((len(one.recipient) for one in deliveries), default=0)
    for one in deliveries:
        reply = printable(one.history[-1].reply) if one.history else ""
        state = click.style(f"{one.status:<8}", fg={"held": "yellow", "deferred": "red"}.get(one.status))
        tries = f"{one.attempts} attempt{'s' if one.attempts != 1 else ''}"
        click.echo(
            f"{one.id}  {printable(one.recipient):<{width}}  {state}  {tries:<11}  {coming(one.due, now):<11}  {reply}".rstrip()
        )
    for place in sites:
        if place.held:
            click.echo(f"{place.id} is held: correio queue retry --site {place.id}")
        elif place.dead_until > now:
            click.echo(f"{place.id} is not tried for {length(place.dead_until - now)}: {printable(place.last_error)}")


def coming(due: float, now: float) -> str:
    """Return when something is due, as people say it."""
    if due >= NEVER:
        return "held"
    return "now" if due <= now else f"in {length(due - now)}"


def length(seconds: float) -> str:
    """Return a span of time in its largest unit."""
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(1, round(seconds))} s"
