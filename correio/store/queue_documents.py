"""The documents of outbound mail: what was accepted (``sends``), each of its recipients (``deliveries``), and where they go
(``sites``).
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from correio.store.documents import AS_ID

SendKind = Literal["submission", "api", "forward", "report"]
"""Who made it: a person's program or page, a program by REST, an alias or a rule that forwards, the server itself."""
DeliveryStatus = Literal["queued", "deferred", "held", "delivered", "bounced", "expired", "canceled"]
"""The first three are under way: they stand in a queue. "expired" is a bounce for want of an answer in time."""
Ambiguous = Literal["retry", "fail"]
"""What to do where nobody knows whether the other side took the message, because the process or the connection ended between
the final dot and the reply: send it again, which may make two of it, or tell the sender, and make never more than one.
"""
UNDER_WAY: tuple[DeliveryStatus, ...] = ("queued", "deferred", "held")
LOCAL_SITE = "local"
"""The site of recipients with an account here."""
APART: Final = 1e-6
"""Seconds between two deliveries that are made due together: the queue is read in slices of time, and one moment has no slices."""
NEVER: Final = 1e12
"""A ``due`` or ``next_due`` that does not come: nothing waits, or somebody holds it."""


class SendDocument(msgspec.Struct, kw_only=True, rename=AS_ID):
    """Collection ``sends``: one accepted message with its envelope (RFC 5321 section 2.3.1). Its recipients are deliveries."""

    id: str
    kind: SendKind
    account: str = ""
    """Whose it is; empty: the server's own, for example a report."""
    key: str = ""
    """The id of the API key or token it came by, where it did."""
    created: int
    send_at: int
    """When its first attempt was to be, in seconds since the epoch."""
    sender: str
    """The envelope sender, empty: the null sender."""
    signer: str = ""
    """The domain of ours whose DKIM keys sign it, or seal it where it is a forward; empty: none."""
    envid: str = ""
    """RFC 3461 section 4.4, decoded."""
    ret: str = ""
    """"FULL", "HDRS" or empty (RFC 3461 section 4.3)."""
    smtputf8: bool = False
    """Whether the envelope or the header needs SMTPUTF8 (RFC 6531)."""
    eight_bit: bool = False
    """Whether the content has octets above 127."""
    verp: bool = False
    """Whether each recipient gets an envelope sender of its own, so that a later bounce names it."""
    ambiguous: Ambiguous = "retry"
    size: int
    """Octets of the message."""
    source: bytes = b""
    layout: bytes = b""
    content: list[bytes] = msgspec.field(default_factory=list)
    """The message, laid out as in :class:`correio.store.documents.MessageDocument`."""
    message: str = ""
    """The id of the copy in the sender's mailbox, where one was made."""
    marked: list[str] = msgspec.field(default_factory=list)
    """The id of the message that got a flag because this answers or forwards it, and the flag; empty: none did."""
    message_id: str = ""
    """The Message-ID field, without its angle brackets."""
    subject: str = ""
    recipients: int = 0
    tags: dict[str, str] = msgspec.field(default_factory=dict)
    metadata: dict[str, str] = msgspec.field(default_factory=dict)


class Attempt(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One attempt to deliver, for people who ask what happened."""

    at: float
    """Seconds since the epoch."""
    duration: float = 0.0
    """Seconds."""
    host: str = ""
    """The name of the server that was spoken to, or empty where none was reached."""
    address: str = ""
    """Its numeric address."""
    tls: str = ""
    """Version, cipher and how the certificate was checked; empty: no TLS."""
    code: int = 0
    """The reply code (RFC 5321 section 4.2); 0: no reply."""
    reply: str = ""
    """The reply with its code, or what happened instead, in one line."""
    transcript: str = ""
    """The dialogue, a line each, ``C: `` and ``S: `` before it, without the message and without secrets."""


class DeliveryDocument(msgspec.Struct, kw_only=True, rename=AS_ID):
    """Collection ``deliveries``: one recipient of a send."""

    id: str
    send: str
    account: str = ""
    """The send's account, so that a look-up never leaves its tenant."""
    number: int = 0
    """Its place among the recipients, from 0."""
    recipient: str
    """The envelope recipient."""
    queue: str
    """The site while the delivery is under way, else empty."""
    status: DeliveryStatus = "queued"
    due: float
    """When to try next, in seconds since the epoch. While a worker has the delivery: when its lease ends."""
    lease: str = ""
    """The token of the worker that has it, or had it."""
    phase: str = ""
    """"data" from just before the final dot until the reply is stored. Found later, nobody knows whether it arrived, and the
    send's ``ambiguous`` says what becomes of it. Without it, it did not arrive."""
    attempts: int = 0
    created: int
    expires: int
    """When it is given up, in seconds since the epoch."""
    notify: list[str] | None = None
    """RFC 3461 section 4.1: "NEVER", or some of "SUCCESS", "FAILURE", "DELAY"; None: not said."""
    orcpt: str = ""
    """The original recipient as ``type;address`` with the address in xtext (RFC 3461 section 4.2)."""
    delay_told: bool = False
    """Whether the sender was told that it takes longer."""
    ended: int = 0
    """When it left the queue, in seconds since the epoch; 0: it has not."""
    history: list[Attempt] = msgspec.field(default_factory=list)
    """The last attempts, oldest first."""


class SiteDocument(msgspec.Struct, kw_only=True, rename=AS_ID):
    """Collection ``sites``: a destination, and how much it takes. ``id`` is ``local``, a domain in A-labels, or ``route:NAME``."""

    id: str
    next_due: float
    """When a worker should look at it, in seconds since the epoch."""
    batches: dict[str, float] = msgspec.field(default_factory=dict)
    """The batches that workers have: lease token and when it ends."""
    window: float = 2.0
    """How many batches may be under way at once: one more after each that went well, half of it after one that did not."""
    failures: int = 0
    """Attempts to connect that failed in a row."""
    dead_until: float = 0.0
    """After failures to connect: nobody tries before, however much waits."""
    last_error: str = ""
    held: bool = False
    """An operator stopped it."""


class OnceDocument(msgspec.Struct, kw_only=True, rename=AS_ID):
    """Collection ``onces``: a key by which a client asked that a send be made once, however often it asks."""

    id: str
    """The account and a hash of the key."""
    account: str
    send: str
    fingerprint: bytes
    """SHA-256 of what was asked."""
    expires: int
    """Seconds since the epoch; after that the key may be used for another."""
