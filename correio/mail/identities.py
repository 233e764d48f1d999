"""Under which addresses an account may send (RFC 6409 section 6.1)."""

from __future__ import annotations

import msgspec

from correio.errors import InvalidInputError
from correio.ids import Kind, derived_id
from correio.mail.account import Account
from correio.mail.address_expansion import AccountEntry, AliasEntry, Entry, ForeignEntry
from correio.mail.addresses import address_key, without_tag
from correio.mail.message_store import MessageStore
from correio.mail.routing import read_entries
from correio.store.addresses import find_aliases_to

MAX_ALIASES = 100
"""Aliases that are listed of one account. It may send as all of them."""


class Identity(msgspec.Struct, frozen=True):
    """A name and an address of the account's own."""

    id: str
    name: str
    """The display name; empty: none."""
    email: str


async def list_identities(account: Account) -> list[Identity]:
    """Return the addresses an account may send as: its own, and then the aliases of :func:`may_send_as`, by address.

    One round trip, and two more where there are aliases. What an alias domain adds is not listed. Raises UnavailableError.
    """
    aliases = await find_aliases_to(account.store.database, account.address, MAX_ALIASES)
    targets = {address_key(target): target for alias in aliases for target in alias.targets}
    entries = await read_entries(account.store, targets) if targets else {}
    own = [
        alias.id
        for alias in aliases
        if is_own_alias(account.id, {key: entries[key] for key in map(address_key, alias.targets)})
    ]
    return [identity_of(account, address) for address in (account.address, *sorted(own))]


def identity_of(account: Account, address: str) -> Identity:
    """Return the identity of a normalised address of the account's own: the same id for the same address always."""
    return Identity(derived_id(Kind.IDENTITY, account.id, address), account.name, address)


async def may_send_as(store: MessageStore, account: Account, address: str) -> bool:
    """Tell whether an address is one of the account's own.

    Its own are its address, that address with a ``+tag``, and the aliases that lead directly to it and to no other account;
    and what stands for one of these in an alias domain. Wildcards and the catch-all are nobody's own: they take in what
    others may come to be called. Raises UnavailableError.
    """
    try:
        key = address_key(address)
    except InvalidInputError:
        return False
    if key == account.address:
        return True
    entry = (await read_entries(store, {key: address}))[key]
    if isinstance(entry, AliasEntry) and entry.kind == "domain":
        [address] = entry.targets
        key = address_key(address)
        entry = (await read_entries(store, {key: address}))[key]
    if isinstance(entry, AccountEntry):
        return entry.account_id == account.id
    if not isinstance(entry, AliasEntry) or entry.kind != "alias":
        return False
    targets = {address_key(target): target for target in entry.targets}
    if not any(account.address in (target, without_tag(target)) for target in targets):
        return False
    return is_own_alias(account.id, await read_entries(store, targets))


def is_own_alias(account_id: str, targets: dict[str, Entry]) -> bool:
    """Tell whether the only targets here, of all of an alias, are one account."""
    here = [entry for entry in targets.values() if not isinstance(entry, ForeignEntry)]
    return bool(here) and all(isinstance(entry, AccountEntry) and entry.account_id == account_id for entry in here)
