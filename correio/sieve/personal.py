"""Whether a message may be answered by a program (RFC 5230 sections 4.5 and 4.6, RFC 3834 section 2)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from correio.sieve.address_part import SEPARATOR, split_path
from correio.sieve.message_view import MessageView

_ADDRESSED: Final = ("to", "cc", "bcc", "resent-to", "resent-cc", "resent-bcc")
_LISTS: Final = (
    "list-id", "list-help", "list-subscribe", "list-unsubscribe", "list-post", "list-owner", "list-archive",
)  # fmt: skip
_PROGRAMS: Final = frozenset(
    ("mailer-daemon", "listserv", "majordomo", "listproc", "noreply", "no-reply", "donotreply", "do-not-reply")
)
_BULK: Final = frozenset(("bulk", "list", "junk"))


def plain_address(address: str) -> str:
    """Return an address for comparing: without its detail, in one case."""
    local, domain = split_path(address)
    base = local.partition(SEPARATOR)[0] or local
    return f"{base}@{domain}".casefold()


def why_no_answer(message: MessageView, sender: str, own: Iterable[str]) -> str:
    """Return why a message gets no automatic answer, in a few words; empty where it may get one.

    ``own`` are all the addresses of who would answer.
    """
    if not sender:
        return "it has the null sender"
    local = split_path(sender)[0].lower()
    if local in _PROGRAMS or local.startswith("owner-") or local.endswith(("-request", "-owner", "-bounces")):
        return "its sender is a program"
    mine = {plain_address(address) for address in own}
    if plain_address(sender) in mine:
        return "it is from the account itself"
    if any(message.has(name) for name in _LISTS):
        return "it came by a mailing list"
    if any(value.partition(";")[0].strip().lower() not in ("no", "") for value in message.unfolded("auto-submitted")):
        return "it was sent by a program"
    if any(value.strip().lower() in _BULK for value in message.unfolded("precedence")):
        return "it is bulk mail"
    for name in _ADDRESSED:
        for field in message.addresses(name):
            if any(plain_address(one.email) in mine for one in field):
                return ""
    return "it is not addressed to the account"
