"""``correio key rm``."""

from __future__ import annotations

import click

from correio.auth.api_keys import revoke_key
from correio.cli.running import run, store_of
from correio.cli.setting_options import setting_options
from correio.config import Settings
from correio.mail.directory import find_user


@click.command("rm")
@click.argument("address")
@click.argument("key_id")
@setting_options()
def remove(address: str, key_id: str, settings: Settings) -> None:
    """Revoke a key by its id."""

    async def work() -> None:
        async with store_of(settings) as store:
            await revoke_key(store, (await find_user(store, address)).id, key_id)

    run(work())
    click.echo(f"The key {key_id} is revoked.")
