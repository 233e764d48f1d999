"""``correio user passwd``."""

from __future__ import annotations

import click

from correio.auth.passwords import protect_password
from correio.cli.running import run, store_of
from correio.cli.setting_options import setting_options
from correio.cli.user.password_options import password_options, read_password
from correio.config import Settings
from correio.mail.directory import set_password


@click.command()
@click.argument("address")
@password_options
@setting_options()
def passwd(address: str, password: str | None, settings: Settings, *, from_input: bool) -> None:
    """Give an account another password; its bearer tokens end."""
    secret = read_password(password, from_input=from_input)

    async def work() -> str:
        stored = await protect_password(secret, settings.scram_iterations)
        async with store_of(settings) as store:
            return (await set_password(store, address, stored.hash, scram=stored.scram)).address

    click.echo(f"{run(work())} has a new password; its tokens have ended.")
