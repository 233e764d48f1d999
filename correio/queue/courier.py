"""What the queue asks of whoever speaks SMTP to other servers: the interface, and what goes over it. No I/O here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

import msgspec

from correio.mime.seven_bit import CannotDowngradeError

__all__ = [
    "BeforeDot",
    "CannotDowngradeError",
    "ConnectError",
    "Courier",
    "Envelope",
    "EnvelopeRecipient",
    "Link",
    "LostError",
    "Message",
    "Outcome",
    "Reply",
]


class Reply(msgspec.Struct, frozen=True):
    """A reply (RFC 5321 section 4.2) of the other server, or what stands in its place."""

    code: int
    """Three digits. 0: there was none, and the text says what happened."""
    status: str
    """The enhanced status code (RFC 3463), ``4.4.1``; made from the code where the other side gave none."""
    text: str
    """The text of all its lines, joined with spaces, without code and status."""

    @property
    def ok(self) -> bool:
        """Whether it is 2yz."""
        return 200 <= self.code < 300

    @property
    def permanent(self) -> bool:
        """Whether trying again is of no use: 5yz, or a status of class 5 without a reply."""
        return self.code >= 500 or (self.code == 0 and self.status.startswith("5"))

    def __str__(self) -> str:
        return " ".join(word for word in (str(self.code) if self.code else "", self.status, self.text) if word)


class EnvelopeRecipient(msgspec.Struct, frozen=True):
    """One RCPT."""

    address: str
    notify: tuple[str, ...] | None = None
    orcpt: str = ""
    """``type;address``, the address in xtext as it stands in the command."""


class Envelope(msgspec.Struct, frozen=True):
    """What MAIL and RCPT say."""

    sender: str
    recipients: tuple[EnvelopeRecipient, ...]
    envid: str = ""
    """RFC 3461 section 4.4, decoded."""
    ret: str = ""
    """"FULL", "HDRS" or empty."""
    smtputf8: bool = False
    """The addresses or the header need it."""


class Outcome(msgspec.Struct, frozen=True):
    """What became of one recipient."""

    reply: Reply
    relayed_dsn: bool = False
    """Whether the other side took on the promise of delivery status notifications (RFC 3461 section 5.2.2)."""


class Message(Protocol):
    """The message to send, in the form that the other side can take."""

    @property
    def eight_bit(self) -> bool:
        """Whether it has octets above 127."""
        ...

    @property
    def size(self) -> int:
        """Octets, about."""
        ...

    async def octets(self, *, seven_bit: bool) -> bytes:
        """Return the message with CRLF line ends, signed, and with ``seven_bit`` without octets above 127.

        Raises MailError, and CannotDowngradeError where the header needs SMTPUTF8 or a signed part would break.
        """
        ...


class ConnectError(Exception):
    """Nobody was reached who would talk. ``reply`` tells why, and ``permanent`` in it whether to go on trying."""

    def __init__(self, reply: Reply, host: str = "", address: str = "", transcript: Sequence[str] = ()) -> None:
        super().__init__(str(reply))
        self.reply = reply
        self.host = host
        self.address = address
        self.transcript = list(transcript)


class LostError(Exception):
    """The connection broke while a message was being sent. ``after_dot``: it may have arrived all the same.

    ``refused`` has the replies of recipients, by index, that were refused before, whatever became of the others.
    """

    def __init__(self, text: str, *, after_dot: bool, refused: Mapping[int, Reply] | None = None) -> None:
        super().__init__(text)
        self.after_dot = after_dot
        self.refused = refused or {}


BeforeDot = Callable[[Sequence[int]], Awaitable[bool]]
"""Hears the indexes of the recipients that were accepted, before the message is ended; False: end it not."""


class Link(Protocol):
    """An open connection to a server of a site, greeted, under TLS where it has to be."""

    host: str
    address: str
    tls: str
    limit: int
    """How many recipients one message may have there."""

    @property
    def usable(self) -> bool:
        """Whether another message may be sent: the other side has not closed, and said nothing final."""
        ...

    async def send(self, envelope: Envelope, message: Message, before_dot: BeforeDot) -> list[Outcome]:
        """Send one message; returns one outcome a recipient, in order.

        Raises LostError, also where ``before_dot`` said no, and what it and ``Message.octets`` raise.
        """
        ...

    def transcript(self) -> list[str]:
        """Return the dialogue since the last call, or since the connection began."""
        ...

    async def close(self) -> None:
        """Say QUIT and close, within a few seconds. Raises nothing."""
        ...


class Courier(Protocol):
    """Opens connections to sites: a domain in A-labels, or ``route:NAME`` for a smarthost of the settings."""

    async def open(self, site: str) -> Link:
        """Return a connection to the best server of a site that answers. Raises ConnectError."""
        ...

    async def close(self) -> None:
        """Close what is kept."""
        ...
