"""Under which addresses an account may send (RFC 6409 section 6.1)."""

from __future__ import annotations

from correio.errors import InvalidInputError
from correio.mail.account import Account
from correio.mail.address_expansion import AccountEntry, AliasEntry, Entry, ForeignEntry
from correio.mail.addresses import address_key, without_tag
from correio.mail.message_store import MessageStore
from correio.mail.routing import read_entries


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
