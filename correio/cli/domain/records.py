"""``correio domain records``."""

from __future__ import annotations

from collections.abc import Sequence

import click

from correio.cli.running import print_json, run, store_of
from correio.cli.setting_options import setting_options
from correio.config import Settings
from correio.errors import NotFoundError
from correio.mail.addresses import normalise_domain
from correio.mail.signing import records_of
from correio.mailauth.dns_records import DnsRecord
from correio.store.domains import has_domain
from protocols.wire.listener import server_name


@click.command()
@click.argument("name", metavar="DOMAIN")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@setting_options()
def records(name: str, settings: Settings, *, as_json: bool) -> None:
    """Print the DNS records to publish for DOMAIN: where its mail goes, and how others know that it is from here."""

    async def work() -> list[DnsRecord]:
        async with store_of(settings) as store:
            domain = normalise_domain(name)
            if not await has_domain(store.database, domain):
                raise NotFoundError(f"{name} is not a domain of this server; add it first.")
            return await records_of(store, domain, server_name(settings))

    found = run(work())
    if as_json:
        print_json(records_json(found))
    else:
        show_records(found)


def records_json(records: Sequence[DnsRecord]) -> list[dict[str, str]]:
    """Return the records for a program."""
    return [{"name": one.name, "type": one.type, "value": one.value} for one in records]


def show_records(records: Sequence[DnsRecord]) -> None:
    """Print the records as lines of a zone file."""
    for one in records:
        click.echo(one.zone_line())
