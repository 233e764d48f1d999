"""Administration: aliases, forwards, wildcards and catch-alls."""

from __future__ import annotations

from collections.abc import Sequence

from correio.errors import AlreadyExistsError, InvalidInputError, LimitError, LoopError, NotFoundError
from correio.mail.address_expansion import MAX_TARGETS, AliasEntry, Entry, expand
from correio.mail.addresses import address_key, normalise_address, normalise_domain, split_address
from correio.mail.directory import require_own_domain
from correio.mail.message_store import MessageStore
from correio.mail.routing import read_entries
from correio.mail.srs import is_rewritten
from correio.store import addresses as address_documents
from correio.store.documents import AddressDocument

MAX_WILDCARDS = 1000
"""Wildcards of one domain: all of them are read to find the one that matches."""


async def add_alias(store: MessageStore, address: str, targets: Sequence[str]) -> AddressDocument:
    """Let an address lead to others, of ours or elsewhere. One ``*`` in its local part makes it a wildcard.

    Raises InvalidInputError (also for a domain that is not ours), AlreadyExistsError (an account or an alias has the address),
    NotFoundError (a target in a domain of ours that nobody has), LoopError (it would lead back to itself), LimitError,
    UnavailableError.
    """
    normal = normalise_address(address)
    local, _, domain = normal.rpartition("@")
    if local.count("*") > 1:
        raise InvalidInputError(f"{normal} has more than one * in its local part.", "address")
    if is_rewritten(normal):
        raise InvalidInputError(f"{normal} has the form of a rewritten sender.", "address")
    await require_own_domain(store, normal)
    alias = AddressDocument(id=normal, targets=_targets(targets), created=store.now())
    if "*" in local:
        alias.wildcard_of = domain
        if len(await address_documents.find_wildcards(store.database, domain)) >= MAX_WILDCARDS:
            raise LimitError(f"{domain} has {MAX_WILDCARDS} wildcards, as many as it may have.")
    elif await store.account_document(normal) is not None:
        raise AlreadyExistsError(f"{normal} is the address of an account.")
    await _follow(store, alias)
    await address_documents.insert_address(store.database, alias)
    store.routes.clear()
    return alias


async def list_aliases(store: MessageStore) -> list[AddressDocument]:
    """Return every alias, by address."""
    return await address_documents.list_addresses(store.database)


async def remove_alias(store: MessageStore, address: str) -> str:
    """Remove an alias. Returns its normalised address. Raises InvalidInputError, NotFoundError."""
    normal = normalise_address(address)
    if not await address_documents.delete_address(store.database, normal):
        raise NotFoundError(f"There is no alias {normal}.")
    store.routes.clear()
    return normal


def _targets(texts: Sequence[str]) -> list[str]:
    """Return targets as they are stored, each once. Raises InvalidInputError, LimitError."""
    found: dict[str, str] = {}
    for text in texts:
        # The local part is its owner's business: elsewhere its case may matter (RFC 5321 section 2.4).
        key = normalise_address(text)
        local, domain = split_address(text.strip())
        if "*" in local:
            raise InvalidInputError(f"{text[:80]!r} is a wildcard; a target is an address.", "targets")
        found.setdefault(key, f"{local}@{normalise_domain(domain)}")
    if not found:
        raise InvalidInputError("An alias leads to one address at least.", "targets")
    if len(found) > MAX_TARGETS:
        raise LimitError(f"An alias leads to at most {MAX_TARGETS} addresses.")
    return list(found.values())


async def _follow(store: MessageStore, alias: AddressDocument) -> None:
    """Raise where a new alias would lead to nobody, back to itself, or to too much."""
    known: dict[str, Entry] = {address_key(alias.id): AliasEntry(tuple(alias.targets))}
    entries = dict(known)
    while (expansion := expand(alias.id, entries)).missing:
        entries |= await read_entries(store, expansion.missing) | known
    if expansion.nobody:
        raise NotFoundError(f"There is no user {expansion.nobody[0]} here.")
    if not expansion.targets:
        raise LoopError(f"{alias.id} would lead back to itself.")
