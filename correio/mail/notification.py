"""Delivery status notifications as a recipient's server has to do with them (RFC 3461): what is passed on with a message
that an alias forwards, and what the sender is told at once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Literal

import msgspec

from correio.mail.outgoing import Outgoing
from correio.mail.recipient import Recipient

Notify = tuple[str, ...] | None
"""``NEVER``, or some of ``SUCCESS``, ``FAILURE``, ``DELAY`` (RFC 3461 section 4.1); None: not said."""


class EnvelopeOptions(msgspec.Struct, frozen=True):
    """What MAIL said beside the sender."""

    envid: str = ""
    """RFC 3461 section 4.4, decoded."""
    ret: str = ""
    """"FULL", "HDRS" or empty (RFC 3461 section 4.3)."""


class ReportWanted(msgspec.Struct, frozen=True):
    """Something that the sender of a message asked to be told of one recipient, and that is so once the message is stored."""

    address: str
    """The recipient, as the client gave it."""
    action: Literal["delivered", "expanded"]
    """RFC 3464 section 2.3.3."""
    orcpt: str
    """The original recipient as ``type;address`` with the address in xtext; empty: not said."""


class ReportedMessage(msgspec.Struct, frozen=True):
    """The message that reports are wanted about."""

    sender: str
    """Who is told; never the null sender."""
    options: EnvelopeOptions
    content: bytes
    key: bytes
    """The same for every attempt to deliver the message, so that nobody is told twice."""


Reporter = Callable[[ReportedMessage, Sequence[ReportWanted]], Awaitable[Sequence[Outgoing]]]
"""Makes reports ready to go into the queue, with the transaction that makes them true."""


def passed_on(notify: Notify, *, expanded: bool) -> Notify:
    """Return the NOTIFY that goes with a message to what an alias leads to (RFC 3461 sections 5.2.7.2 and 5.2.7.3).

    An alias for one address passes on what was asked for. Where one leads to several, the sender is told of that, and hears of
    no success after it.
    """
    if notify is None or not expanded or "SUCCESS" not in notify:
        return notify
    return tuple(word for word in notify if word != "SUCCESS") or ("NEVER",)


def reports_wanted(recipient: Recipient) -> list[ReportWanted]:
    """Return what the sender is to be told of a recipient at once.

    One account: delivered. Several places: expanded. One address elsewhere: nothing, as whoever delivers there reports.
    """
    if recipient.notify is None or "SUCCESS" not in recipient.notify:
        return []
    if not recipient.expanded and recipient.forwards:
        return []
    return [ReportWanted(recipient.address, "expanded" if recipient.expanded else "delivered", recipient.orcpt)]
