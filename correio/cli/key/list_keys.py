"""``correio key list``."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from correio.auth import api_keys
from correio.cli.running import print_json, run, store_of
from correio.cli.setting_options import setting_options
from correio.config import Settings
from correio.mail.directory import find_user
from correio.store.documents import TokenDocument


@click.command("list")
@click.argument("address")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@setting_options()
def list_keys(address: str, settings: Settings, *, as_json: bool) -> None:
    """List an account's keys: id, scopes, senders, last use, name."""

    async def work() -> list[TokenDocument]:
        async with store_of(settings) as store:
            return await api_keys.list_keys(await store.account((await find_user(store, address)).id))

    found = run(work())
    if as_json:
        print_json(
            [
                {
                    "id": one.id,
                    "name": one.label,
                    "scopes": one.scopes,
                    "allowed_senders": one.senders,
                    "created": one.created,
                    "expires": None if one.expires >= api_keys.NEVER else one.expires,
                    "used": one.used or None,
                }
                for one in found
            ]
        )
        return
    for one in found:
        used = datetime.fromtimestamp(one.used, UTC).strftime("%Y-%m-%d %H:%M") if one.used else "never used"
        click.echo(f"{one.id}  {','.join(one.scopes)}  {','.join(one.senders) or 'any sender'}  {used}  {one.label}")
