"""The decisions of a mail listener, one pure function each: None to go on, or the reply that refuses."""

from __future__ import annotations

from typing import Final

from correio.errors import (
    ForbiddenError,
    InvalidInputError,
    LimitError,
    LoopError,
    MailError,
    NotFoundError,
    QuotaExceededError,
    RefusedError,
    TooLargeError,
)
from protocols.smtp.core.envelope_address import EnvelopeAddress
from protocols.smtp.core.parameters import MailParameters
from protocols.smtp.core.reply import Reply

MAX_HOPS: Final = 100
"""Received fields: RFC 5321 section 6.3 asks for 100 at least."""
DISCARDED: Final = 4
"""A message that was refused for its size is read and dropped up to this many times the limit; then the client
is cut off.
"""

MAX_REASON: Final = 20
"""Lines of the reason for which a recipient's rules refuse a message."""

TEMPORARY: Final = Reply(451, "4.3.0", "A temporary failure here; try again later.")
FULL: Final = Reply(452, "4.2.2", "The mailbox is full.")
TOO_LARGE_FOR_MAILBOX: Final = Reply(552, "5.2.2", "The message is larger than this mailbox may ever be.")
LOOP: Final = Reply(550, "5.4.6", "A loop: this has been here before, or leads back to itself.")
NO_MEMORY: Final = Reply(452, "4.3.1", "Too much mail is coming in just now; try again later.")


def too_large(limit: int) -> Reply:
    """The reply to a message over the limit. Octets."""
    return Reply(552, "5.3.4", f"The message is larger than the limit of {limit} octets.")


def refused(reason: str) -> Reply:
    """The reply to a message that the recipient's rules refuse, with what they say (RFC 5429 section 2.5)."""
    lines = [line.strip() for line in reason.splitlines()]
    first, *more = [line for line in lines if line][:MAX_REASON] or ["The recipient refuses the message."]
    return Reply(550, "5.7.1", first, more=tuple(more))


def decide_utf8(address: EnvelopeAddress, parameters: MailParameters, *, sender: bool) -> Reply | None:
    """An address outside US-ASCII needs SMTPUTF8 (RFC 6531 section 3.5)."""
    if address.is_ascii or parameters.smtputf8:
        return None
    kind = "sender" if sender else "recipient"
    return Reply(553, "5.6.7", f"The {kind} is not in US-ASCII, and MAIL did not say SMTPUTF8.")


def decide_size(size: int, limit: int) -> Reply | None:
    """A message, declared or received, over the limit (RFC 1870 section 6.1). Octets."""
    return too_large(limit) if size > limit else None


def decide_count(recipients: int, limit: int) -> Reply | None:
    """One more recipient after ``recipients`` of them (RFC 5321 section 4.5.3.1.10)."""
    if recipients < limit:
        return None
    return Reply(452, "4.5.3", f"A message has at most {limit} recipients; send the others in another transaction.")


def decide_room(
    used: int, quota: int, size: int, messages: int = 0, message_quota: int = 0, expected: int = 0
) -> Reply | None:
    """Whether a message fits in an account. Octets and messages; a quota of 0 is no bound; size 0 is unknown, and then it may
    be ``expected``, by an earlier attempt: that refuses for now only, as this may be another message.

    Refused at RCPT, so that one full mailbox does not keep a message from its other recipients.
    """
    countable = message_quota == 0 or messages < message_quota
    if countable and (quota == 0 or (used < quota and used + max(size, expected) <= quota)):
        return None
    if size > quota > 0:
        return TOO_LARGE_FOR_MAILBOX
    return FULL


def decide_rate(wait: float) -> Reply | None:
    """A client that begins messages faster than it may; it has to wait so many seconds."""
    if wait <= 0:
        return None
    return Reply(450, "4.7.0", f"Too many messages from your address; try again in {int(wait) + 1} seconds.")


def decide_greylisted(wait: int | None) -> Reply | None:
    """A recipient whose mail is put off, for so many seconds; None: it is not (RFC 6647 section 2.1)."""
    return None if wait is None else Reply(451, "4.7.1", f"Greylisted: try again in {wait} seconds.")


def decide_hops(hops: int) -> Reply | None:
    """A message that has travelled through too many servers is in a loop (RFC 5321 section 6.3)."""
    return Reply(554, "5.4.6", "Too many Received fields: a loop.") if hops > MAX_HOPS else None


def decide_dmarc(domain: str, *, refused: bool) -> Reply | None:
    """A message that does not pass as one of its author's domain, whose owner wants such mail refused (RFC 9989 section
    7.2). The domain is in A-labels.
    """
    if not refused:
        return None
    return Reply(
        550, "5.7.1", f"Refused by the DMARC policy of {domain}: nothing shows that this message is from there."
    )


def decide_sender(own: bool) -> Reply | None:
    """Whether a signed-in client may send under this envelope sender (RFC 6409 section 6.1)."""
    return None if own else Reply(553, "5.7.1", "This sender is not an address of the account you signed in to.")


def decide_key_sender(allowed: bool) -> Reply | None:
    """Whether an API key that is bound to senders may send as the address of MAIL."""
    return None if allowed else Reply(553, "5.7.1", "The key you signed in with may not send from this address.")


def decide_key_authors(allowed: bool) -> Reply | None:
    """Whether an API key that is bound to senders may send a message with these addresses in From and Sender."""
    return None if allowed else Reply(550, "5.7.1", "The key you signed in with may not send from an address in From.")


def refuse_recipient(error: MailError) -> Reply:
    """The reply for a recipient that could not be resolved."""
    if isinstance(error, NotFoundError):
        return Reply(550, "5.1.1", "No such user here.")
    if isinstance(error, ForbiddenError):
        return Reply(550, "5.7.1", "Relaying denied: not a domain of this server.")
    if isinstance(error, LimitError):
        return Reply(451, "4.3.5", "The address leads to more than it may.")
    if isinstance(error, InvalidInputError):
        return Reply(553, "5.1.3", "The address is not acceptable.")
    return refuse_message(error)


def refuse_message(error: MailError) -> Reply:
    """The reply for a message that could not be stored for a recipient. What is not known to be permanent is
    temporary.
    """
    if isinstance(error, LoopError):
        return LOOP
    if isinstance(error, QuotaExceededError):
        return TOO_LARGE_FOR_MAILBOX if error.never else FULL
    if isinstance(error, TooLargeError):
        return too_large(error.limit)
    if isinstance(error, RefusedError):
        return refused(error.message)
    if isinstance(error, LimitError):
        return Reply(452, "4.5.3", error.message)
    if isinstance(error, InvalidInputError):
        return Reply(554, "5.6.0", error.message)
    if isinstance(error, NotFoundError):
        return Reply(550, "5.1.1", "No such user here.")
    return TEMPORARY
