"""``correio user quota``."""

from __future__ import annotations

from typing import Any, Final

import click

from correio.cli.running import print_json, run, store_of
from correio.cli.setting_options import setting_options
from correio.cli.size_type import SIZE
from correio.config import Settings
from correio.mail.directory import account_room, set_quota

_WORDS: Final = {"default": 0, "none": -1}
_MOST_MESSAGES: Final = 2**31 - 1


class _Bound(click.ParamType[int]):
    """A number, or ``default`` for what the settings say, or ``none`` for no bound."""

    name = "bound"

    def __init__(self, number: click.ParamType[int]) -> None:
        self._number = number

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        word = _WORDS.get(str(value).lower())
        return self._number.convert(value, param, ctx) if word is None else word


@click.command()
@click.argument("address")
@click.argument("size", type=_Bound(SIZE), required=False)
@click.option(
    "--messages",
    type=_Bound(click.IntRange(0, _MOST_MESSAGES)),
    metavar="N",
    help="How many messages; default: what the settings say; none: no bound.",
)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@setting_options()
def quota(address: str, size: int | None, messages: int | None, settings: Settings, *, as_json: bool) -> None:
    """Say or show how much an account may hold.

    SIZE is a size such as 5GB, or default (what the settings say), or none (no bound). What an account holds already stays,
    also where it is more.
    """

    async def work() -> dict[str, object]:
        async with store_of(settings) as store:
            if size is not None or messages is not None:
                await set_quota(store, address, octets=size, messages=messages)
            room = await account_room(store, address)
            return {
                "address": room.address,
                "used": room.used,
                "quota": room.quota or None,
                "messages": room.messages,
                "message_quota": room.message_quota or None,
            }

    found = run(work())
    if as_json:
        print_json(found)
        return
    octets = found["quota"] or "any number of"
    count = found["message_quota"] or "any number of"
    click.echo(
        f"{found['address']} holds {found['used']} of {octets} octets and {found['messages']} of {count} messages."
    )
