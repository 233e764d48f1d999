"""``correio key add``."""

from __future__ import annotations

import click

from correio.auth.api_keys import IssuedKey, issue_key
from correio.auth.grant import SCOPES, SEND
from correio.cli.running import print_json, run, store_of
from correio.cli.setting_options import setting_options
from correio.config import Settings
from correio.mail.directory import find_user

_DAY = 86_400


@click.command()
@click.argument("address")
@click.option("--name", default="command line", show_default=True, help="What the key is for.")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice(SCOPES),
    multiple=True,
    default=(SEND,),
    show_default=True,
    help="What it may do.",
)
@click.option("--sender", "senders", metavar="ADDRESS|DOMAIN", multiple=True, help="From where alone it may send.")
@click.option("--days", type=click.IntRange(1, 3650), help="How long it lives; without it until it is revoked.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@setting_options()
def add(
    address: str,
    name: str,
    scopes: tuple[str, ...],
    senders: tuple[str, ...],
    days: int | None,
    settings: Settings,
    *,
    as_json: bool,
) -> None:
    """Make an API key for an account. The secret is shown this once, on standard output."""

    async def work() -> IssuedKey:
        async with store_of(settings) as store:
            account = await store.account((await find_user(store, address)).id)
            return await issue_key(account, name, scopes, senders, None if days is None else days * _DAY)

    issued = run(work())
    if as_json:
        print_json({"id": issued.document.id, "key": issued.secret})
    else:
        click.echo(issued.secret)
