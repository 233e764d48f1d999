"""Where an address leads: aliases followed to the accounts and the addresses elsewhere that mail to it goes to.

Pure: :func:`expand` works on what is known of addresses and says of which others something has to be known first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final, Literal

import msgspec

from correio.errors import LimitError
from correio.mail.addresses import address_key

MAX_DEPTH: Final = 10
"""Aliases that lead to aliases."""
MAX_TARGETS: Final = 100
"""Accounts and addresses elsewhere that one address may lead to, and targets of one alias."""
MAX_MET: Final = 300
"""Addresses met on the way, aliases among them."""


class AccountEntry(msgspec.Struct, frozen=True):
    """The address is an account's, or is one with a ``+tag``."""

    account_id: str


class AliasEntry(msgspec.Struct, frozen=True):
    """The address leads to others: it is an alias, it matches a wildcard, its domain stands for another, or it is a sender
    that was rewritten here.
    """

    targets: tuple[str, ...]
    kind: Literal["alias", "wildcard", "domain", "sender"] = "alias"


class ForeignEntry(msgspec.Struct, frozen=True):
    """The domain of the address is not one of ours."""


class NobodyEntry(msgspec.Struct, frozen=True):
    """The domain is ours, and nobody there has the address; or who had it has been disabled."""


Entry = AccountEntry | AliasEntry | ForeignEntry | NobodyEntry


class Target(msgspec.Struct, frozen=True):
    """One place that mail goes to: an account, or an address elsewhere."""

    address: str
    account_id: str = ""
    """Empty: the address is elsewhere."""
    via: str = ""
    """The normalised alias that names the address; empty where there was none."""


class Expansion(msgspec.Struct, frozen=True):
    """What an address leads to, as far as it is known."""

    targets: tuple[Target, ...] = ()
    missing: Mapping[str, str] = {}
    """Addresses of which something must be known before this is the whole answer, as met, by :func:`address_key`."""
    nobody: tuple[str, ...] = ()
    """Addresses that an alias names, or that was asked for, in domains of ours and yet nobody's."""
    repeated: bool = False
    """Whether an address was met twice: without any target the alias leads back to itself."""


def expand(start: str, known: Mapping[str, Entry]) -> Expansion:
    """Follow an address. ``known`` has entries by :func:`correio.mail.addresses.address_key`.

    Every account and every address elsewhere comes once, in the order met, breadth first; what leads back is dropped.
    Raises LimitError where the aliases go deeper or lead to more than they may.
    """
    targets: dict[str, Target] = {}
    missing: dict[str, str] = {}
    nobody: list[str] = []
    seen = {address_key(start)}
    repeated = False
    level = [Target(start)]
    depth = 0
    while level:
        if depth > MAX_DEPTH:
            raise LimitError(f"The alias {start} leads to aliases more than {MAX_DEPTH} deep.")
        below: list[Target] = []
        for one in level:
            key = address_key(one.address)
            match known.get(key):
                case None:
                    missing[key] = one.address
                case AccountEntry(account_id):
                    targets.setdefault(account_id, Target(key, account_id, one.via))
                case ForeignEntry():
                    targets.setdefault(key, one)
                case NobodyEntry():
                    nobody.append(one.address)
                case AliasEntry(addresses):
                    for address in addresses:
                        below_key = address_key(address)
                        repeated = repeated or below_key in seen
                        if below_key not in seen:
                            seen.add(below_key)
                            below.append(Target(address, via=key))
        if len(targets) > MAX_TARGETS or len(seen) > MAX_MET:
            raise LimitError(f"The alias {start} leads to more than {MAX_TARGETS} addresses.")
        level = below
        depth += 1
    return Expansion(tuple(targets.values()), missing, tuple(nobody), repeated)


def best_wildcard(local: str, wildcards: Iterable[str]) -> str | None:
    """Return the wildcard local part that matches with the most literal characters, the longest beginning first."""
    best: tuple[int, int, str] | None = None
    for wildcard in wildcards:
        before, _, after = wildcard.partition("*")
        if len(local) >= len(before) + len(after) and local.startswith(before) and local.endswith(after):
            rank = (len(before) + len(after), len(before), wildcard)
            if best is None or rank > best:
                best = rank
    return None if best is None else best[2]


def match_wildcards(address: str, plain: str | None, wildcards: Collection[str]) -> str | None:
    """Return the wildcard local part that a normalised address of the domain matches.

    ``plain`` is the address without its ``+tag``. The catch-all ``*`` comes after every other, whichever form those match.
    """
    others = [wildcard for wildcard in wildcards if wildcard != "*"]
    for one in (address, plain):
        if one is not None and (found := best_wildcard(one.rpartition("@")[0], others)) is not None:
            return found
    return "*" if "*" in wildcards else None
