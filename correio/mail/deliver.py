"""Delivery to accounts here and what they forward (RFC 5321 sections 3.9, 4.4 and 7; RFC 2033): the one commit that counts."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from correio.errors import LoopError, MailError, NotFoundError, TooLargeError
from correio.ids import Kind, derived_id
from correio.mail.account import Account
from correio.mail.answers import Redirected
from correio.mail.append import AddMessages, item_for
from correio.mail.committer import Operation
from correio.mail.delivery_share import Share, share_out
from correio.mail.filtered_delivery import Delivery, FilteredDelivery
from correio.mail.flags import NO_FLAGS
from correio.mail.forward import delivered_to, forward, require_no_loop
from correio.mail.ingest import Ingested, ingest, normalised, parse
from correio.mail.message_store import MessageStore
from correio.mail.notification import EnvelopeOptions, ReportedMessage, Reporter
from correio.mail.outgoing import put_outgoing
from correio.mail.recipient import Recipient
from correio.mail.rules import Arrival
from correio.mime.model import ParsedMessage
from correio.sieve.message_view import MessageView

INBOX_ROLE: Final = "inbox"
JUNK_ROLE: Final = "junk"
_AT_ONCE: Final = 16
_NO_OPTIONS: Final = EnvelopeOptions()


class LocalCopy(msgspec.Struct, frozen=True):
    """The copy of one account."""

    account_id: str
    address: str
    """The recipient as the client gave it, for Delivered-To."""
    can_refuse: bool = True
    """Whether the account's rules may refuse the recipient: nobody else stands or falls with it."""


def trace_prefix(sender: str, recipient: str, received: bytes) -> bytes:
    """Return the fields that delivery puts on top (RFC 5321 section 4.4), the null sender as ``<>``."""
    fields = f"Return-Path: <{sender}>\r\nDelivered-To: {recipient}\r\n"
    return fields.encode("utf-8", "surrogateescape") + received


class Additions(msgspec.Struct):
    """One message made ready for accounts: what to commit for each, by its place, and what became of the others."""

    operations: dict[int, AddMessages]
    outcomes: list[MailError | None]

    def made(self, number: int) -> AddMessages | MailError:
        """Return what to commit for an account, or why it cannot be served."""
        error = self.outcomes[number]
        return self.operations[number] if error is None else error


async def additions(
    store: MessageStore,
    content: bytes,
    parsed: ParsedMessage,
    sender: str,
    copies: Sequence[LocalCopy],
    received: bytes,
    key: bytes,
    durable: set[bytes],
    *,
    keep: str = INBOX_ROLE,
    authentication: bytes = b"",
) -> Additions:
    """Make a message ready for each account. ``key`` fixes the ids of their copies, so that no retry makes a second one.

    ``content`` is normalised, ``durable`` holds the digests of parts that are known to be stored, ``keep`` is the role of the
    mailbox that kept messages go to, ``authentication`` is for ``MessageDocument.authentication``.
    """
    view: MessageView | None = None
    ready = Additions({}, [None] * len(copies))
    for number, copy in enumerate(copies):
        if number % _AT_ONCE == _AT_ONCE - 1:
            await asyncio.sleep(0)
        try:
            account = await store.account(copy.account_id)
            prefix = trace_prefix(sender, copy.address, received)
            # The trace fields are ours, not the sender's: the size limit is for what was sent.
            ingested = await ingest(store, content, prefix=prefix, parsed=parsed, durable=durable)
            ingested.authentication = authentication
            keep_in = mailbox_for(account, keep)
            if not account.document.sieve:
                ready.operations[number] = _addition(account, ingested, (key, copy.address), keep_in)
                continue
            view = view or MessageView(content, parsed)
            delivery = Delivery(
                arrival=Arrival(view.with_prefix(prefix), sender, copy.address, keep == JUNK_ROLE),
                ingested=ingested,
                redirected=Redirected(content, parsed, received, copy.address),
                key=(key, copy.address),
                keep_in=keep_in,
                durable=durable,
                can_refuse=copy.can_refuse,
            )
            filtered = FilteredDelivery(account, delivery)
            await filtered.evaluate()
            ready.operations[number] = filtered
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
    keep: str = INBOX_ROLE,
    options: EnvelopeOptions = _NO_OPTIONS,
    reporter: Reporter | None = None,
    authentication: bytes = b"",
) -> list[MailError | None]:
    """Deliver one message to every account its recipients lead to, and put what they forward into the queue.

    An account's rules say what becomes of its copy; where it has none it goes to the mailbox of the role ``keep``.

    ``received`` are whole trace fields with their CRLFs, ``authentication`` is what was found of the message, packed. Returns
    one outcome a recipient, in order; None: durable, all of it. An account or an address elsewhere gets one copy, whichever and
    however many recipients lead to it. All that are served are served by one transaction, and with ``all_or_none`` nobody is
    unless everybody is: for a protocol with one reply for all. With the same ``key`` again, nobody gets a second copy.
    ``reporter`` makes the reports that the sender asked for; they go into the queue with the rest. Raises nothing a message
    could cause.
    """
    try:
        content = await normalised(store, raw)
        limit = store.settings.limits.message_size
        if len(content) > limit:
            raise TooLargeError(f"The message has {len(content)} octets; at most {limit} are accepted.", limit)
        parsed = await parse(store, content)
    except MailError as problem:
        return [problem] * len(recipients)
    key = key or os.urandom(16)
    durable: set[bytes] = set()
    shares = share_out(recipients, together=all_or_none)
    before = delivered_to(content) if any(recipient.forwards for recipient in recipients) else frozenset()
    for share in shares:
        for number, recipient in share.recipients.items():
            try:
                require_no_loop(before, [one.via for one in recipient.forwards])
            except LoopError as error:
                share.fail(number, error)
    going = [share for share in shares if not share.failures]
    copies = [
        LocalCopy(account_id, address, can_refuse=share.is_single)
        for share in going
        for account_id, address in share.accounts().items()
    ]
    ready = await additions(
        store, content, parsed, sender, copies, received, key, durable, keep=keep, authentication=authentication
    )
    made = {copy.account_id: ready.made(number) for number, copy in enumerate(copies)}
    message = ReportedMessage(sender, options, content, key)
    for share in going:
        share.take(made)
        if not share.failures:
            try:
                share.mail = await forward(
                    store, content, parsed, sender, share.forwards(), received, key, durable, options
                )
                if reporter is not None and sender and (wanted := share.reports()):
                    share.mail += await reporter(message, wanted)
            except MailError as error:
                share.fail_all(error)
    await _commit(store, [share for share in going if not share.failures])
    outcomes = {number: outcome for share in shares for number, outcome in share.outcomes().items()}
    return [outcomes[number] for number in range(len(recipients))]


async def _commit(store: MessageStore, shares: Sequence[Share]) -> None:
    """Commit each share as a whole, all of them in one transaction where that can be; note what failed."""
    parts = [(share, share.to_commit()) for share in shares]
    alone = [part for part in parts if len(part[1]) == 1]
    # What is begun in the same turn of the loop is committed together.
    await asyncio.gather(
        _submit(store, alone),
        *(_submit(store, [part]) for part in parts if len(part[1]) > 1),
        _put([share for share, operations in parts if not operations], store),
    )
    for share in shares:
        if share.mail and not share.failures:
            store.outbox.put({site for one in share.mail for site in one.sites})


async def _submit(store: MessageStore, parts: Sequence[tuple[Share, list[Operation[Any]]]]) -> None:
    operations = [operation for _, own in parts for operation in own]
    if not operations:
        return
    try:
        done = await store.committer.submit_all(operations, all_or_none=len(parts) == 1)
    except MailError as error:
        for share, _ in parts:
            share.fail_all(error)
        return
    at = 0
    for share, own in parts:
        share.take_results(done[at : at + len(own)])
        at += len(own)


async def _put(shares: Sequence[Share], store: MessageStore) -> None:
    """Put into the queue what no account has a part in."""
    try:
        await put_outgoing(store, [one for share in shares for one in share.mail])
    except MailError as error:
        for share in shares:
            share.fail_all(error)


def _addition(account: Account, ingested: Ingested, key: tuple[bytes, str], mailbox_id: str) -> AddMessages:
    now = account.store.now()
    email = derived_id(Kind.EMAIL, account.id, *key)
    item = item_for(account, ingested, key=key, email=email, flags=NO_FLAGS, date=now, saved=now)
    return AddMessages(account, mailbox_id, [item])


def inbox_of(account: Account) -> str:
    """Return the id of an account's INBOX. Raises NotFoundError."""
    return mailbox_for(account, INBOX_ROLE)


def mailbox_for(account: Account, role: str) -> str:
    """Return the id of the mailbox of a role, or of INBOX where there is none. Raises NotFoundError."""
    found = account.mailboxes.by_role(role) or account.mailboxes.by_role(INBOX_ROLE)
    if found is None:
        raise NotFoundError("The account has no INBOX.")
    return found.id
