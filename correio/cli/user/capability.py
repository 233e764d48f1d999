"""``correio user capability``."""

from __future__ import annotations

from typing import Any

import click

from correio.cli.running import print_json, run, store_of
from correio.cli.setting_options import setting_options
from correio.config import Settings
from correio.mail.directory import switch_capabilities


class _Capability(click.ParamType[str]):
    """The name of an IMAP capability that can be switched off."""

    name = "capability"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from protocols.imap.core.capability_switch import SWITCHABLE  # noqa: PLC0415 - help need not wait for it

        name = str(value).upper()
        if name not in SWITCHABLE:
            self.fail(f"{value!r} is none of {', '.join(sorted(SWITCHABLE))}.", param, ctx)
        return name


@click.command()
@click.argument("address")
@click.option("--off", type=_Capability(), multiple=True, metavar="NAME", help="Switch it off; may be repeated.")
@click.option("--on", type=_Capability(), multiple=True, metavar="NAME", help="Switch it on again; may be repeated.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@setting_options()
def capability(address: str, off: tuple[str, ...], on: tuple[str, ...], settings: Settings, *, as_json: bool) -> None:
    """Switch IMAP capabilities off or on for an account, or show which are off.

    What is off is neither advertised nor understood, and what needs it is off with it: without IDLE there is no IMAP4rev2.
    It counts from the next sign-in.
    """
    from protocols.imap.core.capability_switch import switched_off  # noqa: PLC0415 - see above

    if set(off) & set(on):
        raise click.UsageError("A capability is either on or off.")

    async def work() -> tuple[str, list[str]]:
        async with store_of(settings) as store:
            user = await switch_capabilities(store, address, off=off, on=on)
            return user.address, user.capabilities_off

    name, switched = run(work())
    gone = sorted(switched_off(switched))
    if as_json:
        print_json({"address": name, "switched_off": switched, "off": gone})
        return
    click.echo(f"{name} has off: {', '.join(gone)}." if gone else f"{name} has every IMAP capability.")
