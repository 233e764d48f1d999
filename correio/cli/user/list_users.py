"""``correio user list``."""

from __future__ import annotations

import click

from correio.cli.running import print_json, run, store_of
from correio.cli.setting_options import setting_options
from correio.config import Settings
from correio.mail import directory
from correio.store.documents import AccountDocument


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@setting_options()
def list_users(settings: Settings, *, as_json: bool) -> None:
    """List the accounts: address, messages, octets, state, name."""

    async def work() -> list[AccountDocument]:
        async with store_of(settings) as store:
            return await directory.list_users(store)

    found = run(work())
    if as_json:
        print_json(
            [
                {
                    "id": account.id,
                    "address": account.address,
                    "name": account.name,
                    "messages": account.messages,
                    "used": account.used,
                    "quota": account.quota,
                    "message_quota": account.message_quota,
                    "disabled": account.disabled,
                    "created": account.created,
                }
                for account in found
            ]
        )
        return
    width = max((len(account.address) for account in found), default=0)
    for account in found:
        state = click.style("disabled", fg="yellow") if account.disabled else "active  "
        line = f"{account.address:<{width}}  {account.messages:>9} messages  {account.used:>14} octets  {state}"
        click.echo(f"{line}  {account.name}".rstrip())
