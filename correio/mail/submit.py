"""Submission (RFC 6409): the one way by which mail of an account goes out, whichever door it came by.

One transaction makes all of it true: the copy in Sent, the copies of recipients with an account here, and the deliveries of
the others, which the queue finds. A local recipient that cannot be served at once goes through the queue like a foreign one,
and fails there with a report.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Mapping, Sequence
from typing import Any, Final
from weakref import WeakValueDictionary

import msgspec

from correio.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    LimitError,
    MailError,
    TooLargeError,
    UnavailableError,
)
from correio.ids import Kind, derived_id
from correio.mail.account import Account
from correio.mail.addresses import normalise_domain
from correio.mail.append import AddMessages, item_for
from correio.mail.committer import Operation
from correio.mail.deliver import LocalCopy, additions
from correio.mail.flags import SEEN, flag_set
from correio.mail.identities import may_send_as
from correio.mail.ingest import Ingested, ingest, normalised, parse
from correio.mail.outgoing import Origin, Outgoing, OutgoingRecipient, outgoing, wire_needs
from correio.mail.recipient import Recipient
from correio.mail.send_operations import SendAndSave, SendOnce, SubmittedBeforeError
from correio.mail.sent_copy import has_copy
from correio.mail.sent_draft import DraftLeaving, SentDraft
from correio.mail.submission_recipients import SubmissionRecipient, sort_out, through_the_queue
from correio.mime.compose.letter import Mailbox
from correio.mime.compose.mailbox import address_of
from correio.mime.header_fields import overlong_fields
from correio.mime.model import ParsedMessage
from correio.store.queue_documents import Ambiguous, OnceDocument, SendKind
from correio.store.sends import find_once

DAY: Final = 86_400
ONCE_KEY: Final = 256
"""Characters of a key by which a client asks for something to be done once."""
MAX_AUTHORS: Final = 20
"""Of one message, for whom it is looked up whether they are the account's own."""
_MANY: Final = 64
"""Recipients whose documents are made in a worker: some domains take half a millisecond to be put into A-labels."""


class Once(msgspec.Struct, frozen=True):
    """A client's key for a request that is to be done once within a day, however often it is made."""

    key: str
    fingerprint: bytes
    """SHA-256 of the request."""


class Submission(msgspec.Struct, kw_only=True):
    """A message to send. ``raw`` is whole, with Message-ID and Date and without Bcc."""

    kind: SendKind
    sender: str
    """The envelope sender: an identity of the account, or the null sender."""
    recipients: Sequence[SubmissionRecipient]
    """Those of To, Cc and Bcc together, each once."""
    raw: bytes
    received: bytes = b""
    """A whole Received field to put above it, with its CRLF, for everybody but the sender."""
    save: bool = True
    """Whether a copy goes into Sent."""
    send_at: int | None = None
    """Seconds since the epoch; None: now."""
    key: str = ""
    """The id of the API key it comes by."""
    envid: str = ""
    ret: str = ""
    verp: bool = False
    ambiguous: Ambiguous = "retry"
    tags: Mapping[str, str] = {}
    metadata: Mapping[str, str] = {}
    once: Once | None = None
    saved: bytes | None = None
    """What goes into Sent where that is not ``raw``: the same message with its Bcc."""
    draft: SentDraft | None = None
    """The draft it is made from, which goes in the same transaction; the copy in Sent then stands in its place."""
    strict: bool = False
    """Whether to refuse a recipient that nobody here has, instead of leaving it to the queue to tell."""


class Submitted(msgspec.Struct, frozen=True):
    """A submission that is durable."""

    id: str
    """The send's."""
    message: str = ""
    """The id of the copy in Sent; empty: there is none."""
    message_id: str = ""
    replayed: bool = False
    """Whether it had been submitted before, by the same key."""


_running: Final[WeakValueDictionary[str, asyncio.Lock]] = WeakValueDictionary()
"""By the id of the key: requests of this process with one key go one after the other, so that they meet no conflict."""


async def submit(account: Account, submission: Submission) -> Submitted:
    """Accept a message for delivery. On return it is durable.

    Raises ForbiddenError (the sender is not an identity of the account), InvalidInputError (with the field), TooLargeError,
    LimitError (recipients), QuotaExceededError (the copy in Sent), ConflictError (the key was used for another request),
    RecipientsRejectedError (where it is strict), NotFoundError and StateMismatchError (the draft), UnavailableError.
    """
    if submission.once is None:
        return await _submit(account, submission, None)
    once = _once_document(account, submission.once)
    lock = _running.setdefault(once.id, asyncio.Lock())
    async with lock:
        try:
            return await _submit(account, submission, once)
        except SubmittedBeforeError as error:
            return _again(error.known, once.fingerprint)


async def submitted_before(account: Account, once: Once) -> Submitted | None:
    """Return what was submitted by a key, None where nothing was. Raises ConflictError, InvalidInputError, UnavailableError."""
    asked = _once_document(account, once)
    known = await find_once(account.store.database, asked.id)
    return None if known is None or known.expires <= account.store.now() else _again(known, once.fingerprint)


def _again(known: OnceDocument, fingerprint: bytes) -> Submitted:
    if known.fingerprint != fingerprint:
        raise ConflictError("The idempotency key was used for a different request.")
    return Submitted(known.send, replayed=True)


def _once_document(account: Account, once: Once) -> OnceDocument:
    if not 1 <= len(once.key) <= ONCE_KEY:
        raise InvalidInputError(f"An idempotency key has 1 to {ONCE_KEY} characters.", "Idempotency-Key")
    digest = hashlib.sha256(once.key.encode("utf-8", "surrogatepass")).hexdigest()
    return OnceDocument(
        id=f"{account.id}.{digest}",
        account=account.id,
        send="",
        fingerprint=once.fingerprint,
        expires=account.store.now() + DAY,
    )


async def _submit(account: Account, submission: Submission, once: OnceDocument | None) -> Submitted:
    store = account.store
    await _check(account, submission)
    content = await normalised(store, submission.raw)
    limit = store.settings.limits.message_size
    if len(content) > limit:
        raise TooLargeError(f"The message has {len(content)} octets; at most {limit} are accepted.", limit)
    parsed = await parse(store, content)
    durable: set[bytes] = set()
    ingested = await ingest(store, content, prefix=submission.received, parsed=parsed, durable=durable)
    local, foreign = await sort_out(store, submission.recipients, strict=submission.strict)
    now = store.now()
    later = submission.send_at is not None and submission.send_at > now
    work = _Work(account, submission, _Message(os.urandom(16), content, parsed, ingested, durable), once)
    signer = await _signer(account, submission.sender, content, parsed)
    if not later:
        try:
            return await work.commit(local, foreign, signer)
        except _LocalFailedError:
            # Somebody here cannot be served now: all of them go through the queue, which tells the sender of each.
            pass
    return await work.commit({}, [*foreign, *through_the_queue(local)], signer)


class _LocalFailedError(Exception):
    """A local recipient could not be served in the transaction; nothing was done."""


class _Message(msgspec.Struct, frozen=True):
    """A message that is submitted, its large parts stored."""

    key: bytes
    """Its own; the ids of all that is made of it follow from that."""
    content: bytes
    parsed: ParsedMessage
    ingested: Ingested
    """With the Received field above it."""
    durable: set[bytes]
    """The ids of the parts that are stored."""


class _Work:
    """What a submission has come to before it is committed."""

    def __init__(self, account: Account, submission: Submission, message: _Message, once: OnceDocument | None) -> None:
        self.account: Final = account
        self.submission: Final = submission
        self.message: Final = message
        self.once: Final = once

    async def commit(
        self, local: dict[SubmissionRecipient, Recipient], foreign: Sequence[OutgoingRecipient], signer: str
    ) -> Submitted:
        """Commit the whole. Raises _LocalFailedError, MailError."""
        store = self.account.store
        # An account that has several addresses among them gets the message once.
        first = {recipient.accounts[0]: recipient.address for recipient in reversed(local.values())}
        here = [LocalCopy(account_id, address) for account_id, address in first.items()]
        ready = await additions(
            store,
            self.message.content,
            self.message.parsed,
            self.submission.sender,
            here,
            self.submission.received,
            self.message.key,
            self.message.durable,
        )
        if len(ready.operations) < len(here):
            raise _LocalFailedError
        saved = await self._saved()
        recipients = self._in_order([*foreign, *through_the_queue(local)])
        many = len(recipients) > _MANY
        out = (
            await store.in_worker(self._outgoing, recipients, signer, saved)
            if many
            else self._outgoing(recipients, signer, saved)
        )
        if saved is not None:
            saved.items[0].document.send = out.send.id
        served = {recipient.address for recipient in local}
        for delivery in out.deliveries:
            if delivery.recipient in served:
                delivery.status, delivery.queue, delivery.ended = "delivered", "", store.now()
        if self.once is not None:
            self.once.send = out.send.id
        send = SendOnce(self.account, [out], self.once)
        sent_draft = self.submission.draft
        leaving = DraftLeaving(self.account, sent_draft) if sent_draft is not None else None
        own: Operation[Any] = send if saved is None else SendAndSave(saved, send, leaving)
        done = await store.committer.submit_all([own, *ready.operations.values()], all_or_none=True)
        for outcome in done[1:]:
            if isinstance(outcome, MailError) and not isinstance(outcome, UnavailableError):
                raise _LocalFailedError
        if isinstance(done[0], BaseException):
            raise done[0]
        store.outbox.put(out.sites)
        return Submitted(out.send.id, out.send.message, out.send.message_id)

    def _in_order(self, recipients: list[OutgoingRecipient]) -> list[OutgoingRecipient]:
        """Return the recipients in the order in which they were given."""
        places = {one.address: place for place, one in enumerate(self.submission.recipients)}
        return sorted(recipients, key=lambda one: places[one.address])

    async def _saved(self) -> AddMessages | None:
        """Return the adding of the copy in Sent."""
        if not self.submission.save:
            return None
        account, store = self.account, self.account.store
        sent = account.mailboxes.by_role("sent")
        if self.submission.draft is not None:
            if sent is None:
                raise UnavailableError("The mailbox for what is sent is gone; try again.")
        elif sent is None or (
            self.submission.kind == "submission" and await has_copy(account, sent.id, self.message.parsed)
        ):
            return None
        if self.submission.saved is None and not self.submission.received:
            # Who submits by HTTP keeps what goes out, octet for octet.
            copy = self.message.ingested
        elif self.submission.saved is None:
            copy = await ingest(store, self.message.content, parsed=self.message.parsed, durable=self.message.durable)
        else:
            copy = await ingest(store, await normalised(store, self.submission.saved), durable=self.message.durable)
        now = store.now()
        item = item_for(
            account,
            copy,
            key=(self.message.key, "sent"),
            email=derived_id(Kind.EMAIL, account.id, self.message.key, "sent"),
            flags=flag_set({SEEN}),
            date=now,
            saved=now,
        )
        return AddMessages(account, sent.id, [item])

    def _outgoing(self, recipients: Sequence[OutgoingRecipient], signer: str, saved: AddMessages | None) -> Outgoing:
        submission = self.submission
        addresses = [submission.sender, *(one.address for one in submission.recipients)]
        smtputf8, eight_bit = wire_needs(self.message.content, addresses, prefix=submission.received)
        origin = Origin(
            kind=submission.kind,
            sender=submission.sender,
            account=self.account.id,
            key=submission.key,
            signer=signer,
            envid=submission.envid,
            ret=submission.ret,
            smtputf8=smtputf8,
            eight_bit=eight_bit,
            verp=submission.verp,
            ambiguous=submission.ambiguous,
            send_at=submission.send_at,
            message=saved.inserts[0] if saved is not None else "",
            tags=submission.tags,
            metadata=submission.metadata,
        )
        return outgoing(self.account.store, origin, self.message.ingested, recipients, key=(self.message.key,))


async def _check(account: Account, submission: Submission) -> None:
    limit = account.store.settings.limits.recipients
    if not submission.recipients:
        raise InvalidInputError("The message has no recipient.", "to")
    if len(submission.recipients) > limit:
        raise LimitError(f"A message has at most {limit} recipients.")
    if submission.sender and not await may_send_as(account.store, account, submission.sender):
        raise ForbiddenError(f"{submission.sender} is not an address of this account.")


async def _signer(account: Account, sender: str, content: bytes, parsed: ParsedMessage) -> str:
    """Return the domain whose DKIM keys sign (RFC 6376 section 3.5, ``d=``): the author's, where it is the account itself.

    A signature says that the domain answers for its author. Who sends in the name of somebody else, of this domain or of
    another tenant's, is not stopped from it, and gets none.
    """
    authors = parsed.summary.from_
    named = [*authors, *parsed.summary.sender]
    overlong = overlong_fields(content[: parsed.parts[0].body_start])
    if not authors or len(named) > MAX_AUTHORS or not overlong.isdisjoint({"from", "sender"}):
        return ""
    for author in named:
        address = address_of(Mailbox(author.local, author.domain))
        if address != sender and not await may_send_as(account.store, account, address):
            return ""
    try:
        return normalise_domain(authors[0].domain)
    except InvalidInputError:
        return ""
