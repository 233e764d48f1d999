"""Delivery to local accounts (RFC 5321 section 4.4 and 7; RFC 2033): who is the recipient, and the one commit that counts."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from typing import Final

import msgspec

from correio.errors import ForbiddenError, InvalidInputError, MailError, NotFoundError, TooLargeError, UnavailableError
from correio.ids import Kind, derived_id
from correio.mail.account import Account
from correio.mail.addresses import normalise_address, without_tag
from correio.mail.append import AddMessages, item_for
from correio.mail.flags import NO_FLAGS
from correio.mail.ingest import Ingested, ingest, normalised, parse
from correio.mail.message_store import MessageStore
from correio.mime.model import ParsedMessage
from correio.store.domains import has_domain

INBOX_ROLE: Final = "inbox"
_AT_ONCE: Final = 16


class Recipient(msgspec.Struct, frozen=True):
    """A recipient that has an account here."""

    account_id: str
    address: str
    """As the client gave it, for Delivered-To."""


async def resolve_recipient(store: MessageStore, address: str) -> Recipient:
    """Return who receives mail for an address: the account of that address, or of it without its ``+tag``.

    Raises InvalidInputError (no address at all), NotFoundError (no such user here), ForbiddenError (the domain is not one
    of ours), UnavailableError.
    """
    try:
        normal = normalise_address(address)
    except InvalidInputError:
        # Not a name any account can have; whether it is ours to refuse or another's to deliver depends on the domain.
        local, _, domain = address.rpartition("@")
        if not local or not domain:
            raise
        normal = normalise_address(f"x@{domain}")
        await _require_domain(store, normal)
        raise NotFoundError(f"There is no user {address[:200]} here.") from None
    candidates = [normal]
    if (plain := without_tag(normal)) is not None:
        candidates.append(plain)
    for candidate in candidates:
        try:
            account = await store.account_by_address(candidate)
        except NotFoundError:
            continue
        return Recipient(account.id, address)
    await _require_domain(store, normal)
    raise NotFoundError(f"There is no user {address[:200]} here.")


async def _require_domain(store: MessageStore, normal: str) -> None:
    domain = normal.rpartition("@")[2]
    if not await has_domain(store.database, domain):
        raise ForbiddenError(f"Mail for {domain} is not accepted here: relaying denied.")


def trace_prefix(sender: str, recipient: str, received: bytes) -> bytes:
    """Return the fields that delivery puts on top (RFC 5321 section 4.4), the null sender as ``<>``."""
    fields = f"Return-Path: <{sender}>\r\nDelivered-To: {recipient}\r\n"
    return fields.encode("utf-8", "surrogateescape") + received


class Additions(msgspec.Struct):
    """One message made ready for local recipients: what to commit for each, by its place, and what became of the others."""

    operations: dict[int, AddMessages]
    outcomes: list[MailError | None]


async def additions(
    store: MessageStore,
    content: bytes,
    parsed: ParsedMessage,
    sender: str,
    recipients: Sequence[Recipient],
    received: bytes,
    key: bytes,
    durable: set[bytes],
) -> Additions:
    """Make a message ready for each recipient. ``key`` fixes the ids of their copies, so that no retry makes a second one.

    ``content`` is normalised, ``durable`` holds the digests of parts that are known to be stored.
    """
    ready = Additions({}, [None] * len(recipients))
    for number, recipient in enumerate(recipients):
        if number % _AT_ONCE == _AT_ONCE - 1:
            await asyncio.sleep(0)
        try:
            account = await store.account(recipient.account_id)
            prefix = trace_prefix(sender, recipient.address, received)
            # The trace fields are ours, not the sender's: the size limit is for what was sent.
            ingested = await ingest(store, content, prefix=prefix, parsed=parsed, durable=durable)
            ready.operations[number] = _addition(account, ingested, (key, recipient.address))
        except MailError as error:
            ready.outcomes[number] = error
    return ready


async def deliver(
    store: MessageStore,
    raw: bytes,
    sender: str,
    recipients: Sequence[Recipient],
    received: bytes,
    *,
    all_or_none: bool = False,
    key: bytes | None = None,
) -> list[MailError | None]:
    """Deliver one message to the INBOX of each recipient. ``received`` is a whole Received field with its CRLF.

    Returns one outcome a recipient, in order; None: durable. All that are served are served by one transaction, and with
    ``all_or_none`` nobody is unless everybody is: for a protocol with one reply for all. An account that stands there
    several times gets one copy for each address as given. With the same ``key`` again, nobody gets a second copy. Raises
    nothing a message could cause.
    """
    try:
        content = await normalised(store, raw)
        limit = store.settings.limits.message_size
        if len(content) > limit:
            error: MailError = TooLargeError(
                f"The message has {len(content)} octets; at most {limit} are accepted.", limit
            )
            return [error] * len(recipients)
        parsed = await parse(store, content)
    except MailError as problem:
        return [problem] * len(recipients)
    ready = await additions(store, content, parsed, sender, recipients, received, key or os.urandom(16), set())
    outcomes, operations = ready.outcomes, ready.operations
    if all_or_none and len(operations) < len(recipients):
        none = UnavailableError("It could not be delivered to all, so it was delivered to none; try again later.")
        return [outcome or none for outcome in outcomes]
    try:
        done = await store.committer.submit_all(list(operations.values()), all_or_none=all_or_none)
    except MailError as error:
        done = [error] * len(operations)
    for number, outcome in zip(operations, done, strict=True):
        if isinstance(outcome, MailError):
            outcomes[number] = outcome
        elif isinstance(outcome, BaseException):
            raise outcome
    return outcomes


def _addition(account: Account, ingested: Ingested, key: tuple[bytes, str]) -> AddMessages:
    now = account.store.now()
    email = derived_id(Kind.EMAIL, account.id, *key)
    item = item_for(account, ingested, key=key, email=email, flags=NO_FLAGS, date=now, saved=now)
    return AddMessages(account, inbox_of(account), [item])


def inbox_of(account: Account) -> str:
    """Return the id of an account's INBOX."""
    inbox = account.mailboxes.by_role(INBOX_ROLE)
    if inbox is None:
        raise NotFoundError("The account has no INBOX.")
    return inbox.id
