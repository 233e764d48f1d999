"""Who receives mail for an address (RFC 5321 section 3.9.1): what the database knows of it, followed to the accounts and
the addresses elsewhere that it leads to.

An account of exactly that address comes first, then an alias, each of the address as given and then without its ``+tag``;
then the wildcard with the most literal characters; then the catch-all. In a domain that stands for another there are none
of these: the same local part in the other domain is meant. Senders that were rewritten here (see :mod:`correio.mail.srs`)
lead back to who they stand for.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from correio.errors import ClosedAccountError, ForbiddenError, InvalidInputError, LimitError, LoopError, NotFoundError
from correio.mail.address_expansion import (
    AccountEntry,
    AliasEntry,
    Entry,
    Expansion,
    ForeignEntry,
    NobodyEntry,
    Target,
    expand,
    match_wildcards,
)
from correio.mail.addresses import address_key, normalise_address, without_tag
from correio.mail.message_store import MessageStore
from correio.mail.recipient import Forward, Recipient
from correio.mail.srs import SrsError, is_rewritten, original_sender
from correio.store.accounts import find_account_states
from correio.store.addresses import find_addresses, find_wildcards
from correio.store.documents import AddressDocument, DomainDocument
from correio.store.domains import find_domains
from correio.store.queue_documents import LOCAL_SITE
from correio.store.secrets import shared_secret

_log = logging.getLogger("correio.mail.routing")
_NOBODY: Final = NobodyEntry()


async def resolve_recipient(store: MessageStore, address: str) -> Recipient:
    """Return where mail for an address goes: to one place at least.

    Raises InvalidInputError (no address at all), NotFoundError (no such user here), ForbiddenError (the domain is not one
    of ours), LoopError and LimitError (an alias that leads nowhere, or to too much), UnavailableError.
    """
    key = address_key(address)
    targets = store.routes.targets(key)
    if targets is None:
        try:
            targets = (Target(key, (await store.account_by_address(key)).id),)
        except ClosedAccountError:
            # Whose account is closed has the address still: nobody else gets the mail.
            raise NotFoundError(f"There is no user {address[:200]} here.") from None
        except NotFoundError:
            targets = await _follow(store, address, key)
    return Recipient(
        address,
        tuple(target.account_id for target in targets if target.account_id),
        tuple(Forward(target.address, target.via) for target in targets if not target.account_id),
    )


async def note_foreign(store: MessageStore, domains: Iterable[str]) -> None:
    """Look up domains of mail that goes out, all together, and note those that are none of ours, so that nothing more is asked of
    them. One round trip for every 50 of which nothing is known. Raises UnavailableError.
    """
    generation = store.routes.generation
    unknown = {name for name in domains if not store.routes.is_foreign(name)}
    for name, ours in (await _domains(store, unknown)).items():
        if ours is None:
            store.routes.keep_foreign(name, generation)


async def site_for(store: MessageStore, address: str) -> str:
    """Return where mail to an address goes: here, also where nobody has the address, or where its domain says (empty).

    Raises InvalidInputError, UnavailableError.
    """
    try:
        await resolve_recipient(store, address)
    except ForbiddenError:
        return ""
    except (NotFoundError, LoopError, LimitError):
        # One of our domains: the queue finds that out too, and tells the sender.
        pass
    return LOCAL_SITE


async def _follow(store: MessageStore, address: str, key: str) -> tuple[Target, ...]:
    """Follow an address that is not an account's."""
    generation = store.routes.generation
    known: dict[str, Entry] = {}
    while (expansion := expand(address, known)).missing:
        known |= await read_entries(store, expansion.missing, no_account=frozenset() if known else frozenset({key}))
    _judge(address, known[key], expansion)
    store.routes.keep_targets(key, expansion.targets, generation)
    return expansion.targets


def _judge(address: str, entry: Entry, expansion: Expansion) -> None:
    """Raise what is wrong with an address that leads nowhere."""
    if isinstance(entry, ForeignEntry):
        domain = address_key(address).rpartition("@")[2]
        raise ForbiddenError(f"Mail for {domain} is not accepted here: relaying denied.")
    if not expansion.targets:
        if expansion.repeated and not expansion.nobody:
            raise LoopError(f"The alias {address[:200]} leads back to itself.")
        raise NotFoundError(f"There is no user {address[:200]} here.")
    if expansion.nobody:
        _log.warning("%s leads to nobody's addresses too: %s", address, " ".join(expansion.nobody[:20]))


async def read_entries(
    store: MessageStore, addresses: Mapping[str, str], *, no_account: frozenset[str] = frozenset()
) -> dict[str, Entry]:
    """Return what is known of addresses, by their keys. ``no_account`` are keys known to be no account's.

    One round trip for accounts and one for aliases, each only where it is needed; one for each domain that is not in memory,
    and one for its wildcards where nothing else is found. Raises UnavailableError.
    """
    domains = await _domains(store, {key.rpartition("@")[2] for key in addresses})
    entries: dict[str, Entry] = {}
    tagged: dict[str, str | None] = {}
    for key, text in addresses.items():
        entry = await _special(store, text, domains[key.rpartition("@")[2]])
        if entry is None:
            tagged[key] = without_tag(key)
        else:
            entries[key] = entry
    accounts = await _accounts(store, [one for one in _candidates(tagged) if one not in no_account])
    entries |= {key: _account(accounts[key]) for key in tagged if key in accounts}
    left = {key: plain for key, plain in tagged.items() if key not in entries}
    aliases = {one.id: one for one in await find_addresses(store.database, _candidates(left))}
    wildcards: dict[str, list[AddressDocument]] = {}
    for key, plain in left.items():
        if key in aliases:
            entries[key] = _alias(aliases[key])
        elif plain is not None and plain in accounts:
            entries[key] = _account(accounts[plain])
        elif plain is not None and plain in aliases:
            entries[key] = _alias(aliases[plain])
        else:
            domain = key.rpartition("@")[2]
            if domain not in wildcards:
                wildcards[domain] = await find_wildcards(store.database, domain)
            entries[key] = _wild(key, plain, wildcards[domain])
    return entries


async def _accounts(store: MessageStore, addresses: Sequence[str]) -> dict[str, tuple[str, bool]]:
    """Return the id of each account among these, and whether it is disabled, by its address."""
    warm = {address: store.warm_account(address) for address in addresses}
    found = {address: (account.id, False) for address, account in warm.items() if account is not None}
    unknown = [address for address in addresses if address not in found]
    read = await find_account_states(store.database, unknown)
    for address, (account_id, disabled) in read.items():
        if not disabled:
            store.note_address(address, account_id)
    return found | read


def _candidates(tagged: Mapping[str, str | None]) -> list[str]:
    return list(dict.fromkeys([*tagged, *(plain for plain in tagged.values() if plain is not None)]))


async def _domains(store: MessageStore, names: set[str]) -> dict[str, DomainDocument | None]:
    generation = store.routes.generation
    domains = {name: store.routes.domain(name) for name in names}
    unknown = [name for name, domain in domains.items() if domain is None and not name.startswith("[")]
    for found in await find_domains(store.database, unknown):
        domains[found.id] = found
        store.routes.keep_domain(found, generation)
    return domains


async def _special(store: MessageStore, text: str, domain: DomainDocument | None) -> Entry | None:
    """Return the entry of an address that neither account nor alias has a say in."""
    if domain is None:
        return ForeignEntry()
    if is_rewritten(text):
        try:
            return AliasEntry((original_sender(text, await srs_secret(store), store.now()),), "sender")
        except (SrsError, InvalidInputError) as error:
            _log.info("no mail for %s: %s", text, error)
            return _NOBODY
    try:
        normal = normalise_address(text)
    except InvalidInputError:
        # Not a name that anybody here can have.
        return _NOBODY
    if domain.alias_of:
        return AliasEntry((f"{normal.rpartition('@')[0]}@{domain.alias_of}",), "domain")
    return None


def _account(state: tuple[str, bool]) -> Entry:
    account_id, disabled = state
    return _NOBODY if disabled else AccountEntry(account_id)


def _alias(alias: AddressDocument) -> Entry:
    return AliasEntry(tuple(alias.targets), "alias" if alias.wildcard_of is None else "wildcard")


def _wild(key: str, plain: str | None, wildcards: list[AddressDocument]) -> Entry:
    targets = {wildcard.id.rpartition("@")[0]: wildcard.targets for wildcard in wildcards}
    found = match_wildcards(key, plain, targets)
    return _NOBODY if found is None else AliasEntry(tuple(targets[found]), "wildcard")


async def srs_secret(store: MessageStore) -> bytes:
    """Return what signs rewritten senders, the same in every process. Raises UnavailableError."""
    if not store.routes.srs_secret:
        store.routes.srs_secret = await shared_secret(store.database, "srs", os.urandom(32))
    return store.routes.srs_secret
