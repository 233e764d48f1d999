"""``correio sieve list``."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from correio.cli.running import print_json, run, store_of
from correio.cli.setting_options import setting_options
from correio.cli.sieve.script_file import account_of
from correio.config import Settings
from correio.mail import sieve_scripts
from correio.mail.sieve_scripts import SieveScript


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@click.command("list")
@click.argument("address")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@setting_options()
def list_scripts(address: str, settings: Settings, *, as_json: bool) -> None:
    """List the scripts of an account: name, octets, which is active, and what went wrong when it last failed."""

    async def work() -> list[SieveScript]:
        async with store_of(settings) as store:
            return await sieve_scripts.list_scripts(await account_of(store, address))

    found = run(work())
    if as_json:
        print_json(
            [
                {
                    "name": one.name,
                    "size": one.size,
                    "active": one.active,
                    "changed_at": _time(one.changed),
                    "problem": one.problem or None,
                    "failed_at": _time(one.failed) if one.failed else None,
                }
                for one in found
            ]
        )
        return
    width = max((len(one.name) for one in found), default=0)
    for one in found:
        state = click.style("active", fg="green") if one.active else "      "
        trouble = f"  failed {_time(one.failed)}: {one.problem}" if one.failed else ""
        click.echo(f"{one.name:<{width}}  {one.size:>7} octets  {state}{trouble}".rstrip())
