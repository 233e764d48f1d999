"""``correio domain add``."""

from __future__ import annotations

import click

from correio.cli.domain.records import records_json, show_records
from correio.cli.running import print_json, run, store_of
from correio.cli.setting_options import setting_options
from correio.config import Settings
from correio.mail.directory import add_domain
from correio.mail.signing import records_of
from correio.mailauth.dns_records import DnsRecord
from correio.store.documents import DomainDocument
from protocols.wire.listener import server_name


@click.command()
@click.argument("name", metavar="DOMAIN")
@click.option(
    "--alias-of", default="", metavar="DOMAIN", help="Let each address in it stand for the one in this domain."
)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@setting_options()
def add(name: str, alias_of: str, settings: Settings, *, as_json: bool) -> None:
    """Take mail for DOMAIN, make its DKIM keys, and print the DNS records to publish."""

    async def work() -> tuple[DomainDocument, list[DnsRecord]]:
        async with store_of(settings) as store:
            domain = await add_domain(store, name, alias_of=alias_of)
            return domain, await records_of(store, domain.id, server_name(settings))

    made, records = run(work())
    if as_json:
        print_json({"domain": made.id, "alias_of": made.alias_of or None, "records": records_json(records)})
        return
    click.echo(f"Domain {made.id} added, an alias of {made.alias_of}." if made.alias_of else f"Domain {made.id} added.")
    click.echo("Publish these DNS records (correio domain records prints them again):\n")
    show_records(records)
