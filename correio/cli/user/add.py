"""``correio user add``."""

from __future__ import annotations

import click

from correio.auth.passwords import protect_password
from correio.cli.running import print_json, run, store_of
from correio.cli.setting_options import setting_options
from correio.cli.size_type import SIZE
from correio.cli.user.password_options import password_options, read_password
from correio.config import Settings
from correio.mail.directory import add_user
from correio.store.documents import AccountDocument


@click.command()
@click.argument("address")
@password_options
@click.option("--name", default="", help="The person's name.")
@click.option(
    "--quota", type=SIZE, default=0, metavar="SIZE", help="What the account may hold, such as 5GiB; 0: default."
)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@setting_options()
def add(
    address: str, password: str | None, name: str, quota: int, settings: Settings, *, from_input: bool, as_json: bool
) -> None:
    """Make an account with an inbox and the usual mailboxes."""
    secret = read_password(password, from_input=from_input)

    async def work() -> AccountDocument:
        stored = await protect_password(secret, settings.scram_iterations)
        async with store_of(settings) as store:
            return await add_user(store, address, stored.hash, scram=stored.scram, name=name, quota=quota)

    made = run(work())
    if as_json:
        print_json({"id": made.id, "address": made.address})
    else:
        click.echo(f"Account {made.address} added.")
