"""The documents as they lie in MongoDB, one struct a collection. ``id`` is stored as ``_id``."""

from __future__ import annotations

import msgspec

AS_ID = {"id": "_id"}


class AccountDocument(msgspec.Struct, kw_only=True, rename=AS_ID):
    """Collection ``accounts``: a person's mail, and the one clock (``modseq``) of everything in it."""

    id: str
    address: str
    """Normalised: the domain in lower-case A-labels or U-labels NFC, the local part casefolded."""
    name: str = ""
    password: str = ""
    """Argon2id in PHC form; empty: no password signs in."""
    scram: str = ""
    """SCRAM-SHA-256 credentials of the same password (RFC 5803); empty: they come with its next use."""
    modseq: int = 1
    floor: int = 0
    """Tombstones with a modseq at or below this are gone: a client older than it gets a full answer."""
    quota: int = 0
    """Octets; 0: the configured default; negative: no bound."""
    message_quota: int = 0
    """Messages; 0: the configured default; negative: no bound."""
    used: int = 0
    """Octets of all messages."""
    messages: int = 0
    uidvalidity: int = 0
    """The last UIDVALIDITY given to a mailbox; the next is greater, so a name never meets its old one."""
    annotated: int = 0
    """The modseq of the last change to an annotation, of the account or of any of its mailboxes."""
    annotation_size: int = 0
    """Octets of the values of all annotations."""
    dangling_subscriptions: list[str] = msgspec.field(default_factory=list)
    """Subscribed paths that no mailbox has (RFC 9051 section 6.3.7 lets them stay)."""
    turn: str = ""
    """The process that asked the others to wait, having lost too often; see ``accounts.claim_turn``."""
    turn_until: float = 0.0
    """When the wait ends in any case, in seconds since the epoch."""
    sieve: str = ""
    """The script that is run at delivery: its id, a dot, and the digest of its text; empty: none is."""
    disabled: bool = False
    capabilities_off: list[str] = msgspec.field(default_factory=list)
    """IMAP capabilities that are switched off for this account, in upper case."""
    created: int = 0
    """Seconds since the epoch."""


class MailboxDocument(msgspec.Struct, kw_only=True, rename=AS_ID):
    """Collection ``mailboxes``: a folder. Its path is the names from the root down."""

    id: str
    account: str
    parent: str | None
    name: str
    """One level, NFC; the root's "INBOX" in upper case."""
    role: str | None = None
    """"inbox", "drafts", "sent", "trash", "junk", "archive": RFC 6154 and RFC 8621 section 2."""
    selectable: bool = True
    """False: a name with children whose own mailbox was deleted (\\Noselect)."""
    subscribed: bool = True
    uidvalidity: int
    uidnext: int = 1
    modseq: int
    """The account's modseq at the last change to this mailbox or to a message in it (RFC 7162 HIGHESTMODSEQ)."""
    created: int
    """The account's modseq at creation."""
    exists: int = 0
    unseen: int = 0
    size: int = 0
    first_recent: int = 1
    """The first UID no session has been told of as \\Recent."""
    keywords: list[str] = msgspec.field(default_factory=list)
    """Every keyword used here, in the spelling first seen."""
    annotation_size: int = 0
    """Octets of the values of its annotations."""
    sort_order: int = 0
    deleted: bool = False
    buried: bool = False
    """Whether the messages of a deleted mailbox are removed."""


class MessageDocument(msgspec.Struct, kw_only=True, rename=AS_ID):
    """Collection ``messages``: one message in one mailbox, or, with ``expunged``, the tombstone it left."""

    id: str
    account: str
    mailbox: str
    uid: int
    modseq: int
    created: int
    """The account's modseq when this message first appeared in the account."""
    flags: list[str]
    date: int
    """INTERNALDATE in seconds since the epoch."""
    saved: int
    """SAVEDATE (RFC 8514) in seconds since the epoch."""
    size: int
    email: str
    """EMAILID (RFC 8474): the same for every copy of one message."""
    thread: str
    msgid: bytes = b""
    """Eight octets of a hash of the Message-ID, to find a thread by; random where the message has none."""
    envelope: bytes = b""
    structure: bytes = b""
    parsed: bytes = b""
    """A packed :class:`correio.mime.model.ParsedMessage` without envelope and structure."""
    source: bytes = b""
    """The octets kept inline."""
    layout: bytes = b""
    """How ``source`` and ``content`` make up the message; empty: ``source`` is all of it."""
    content: list[bytes] = msgspec.field(default_factory=list)
    """SHA-256 of the parts kept in ``parts``, each once."""
    authentication: bytes = b""
    """Who it is from, as far as was found when it came: a packed
    :class:`correio.mailauth.authenticate.MessageAuthentication`; empty: nobody looked.
    """
    send: str = ""
    """For the copy of a submission that the server put into Sent: the id of the send."""
    expunged: bool = False
    gone: int = 0
    """For a tombstone: when the message went, in seconds since the epoch."""


class PartDocument(msgspec.Struct, kw_only=True, rename=AS_ID):
    """Collection ``parts``: octets by their SHA-256, once for all messages of all accounts; large ones in chunks."""

    id: bytes
    """SHA-256, followed by a four-octet chunk number for every chunk but the first."""
    size: int
    """Octets of the whole content."""
    chunks: int
    data: bytes
    touched: int
    """When a message last came to refer to this content, in seconds since the epoch."""
    orphaned: int = 0
    """When the collector first found no message that refers to it; 0: it found one, or did not look yet."""


class AnnotationDocument(msgspec.Struct, kw_only=True, rename=AS_ID):
    """Collection ``annotations``: an entry of IMAP METADATA (RFC 5464), or, with a ``size`` below 0, what one left."""

    id: str
    """The id of the mailbox, or of the account, and the entry's name."""
    account: str
    mailbox: str
    """Empty: an entry of the account itself."""
    entry: str
    """In lower case."""
    value: bytes
    size: int
    """Octets of the value; -1: the entry was removed."""
    modseq: int
    """The account's modseq at its last change."""


class ViewDocument(msgspec.Struct, kw_only=True, rename=AS_ID):
    """Collection ``views``: the index of a large mailbox as of a modseq, packed. A cache, never the truth."""

    id: str
    """The mailbox's."""
    account: str
    modseq: int
    packed: bytes


class SieveScriptDocument(msgspec.Struct, kw_only=True, rename=AS_ID):
    """Collection ``sieve_scripts``: a script of an account, by its name."""

    id: str
    account: str
    name: str
    text: bytes
    size: int
    """Octets of the text."""
    digest: str
    """Of the text."""
    changed: int
    """Seconds since the epoch."""
    problem: str = ""
    """What went wrong when it was last run and failed."""
    failed: int = 0
    """When that was, in seconds since the epoch; 0: never."""


class SieveMemoryDocument(msgspec.Struct, kw_only=True, rename=AS_ID):
    """Collection ``sieve_memories``: something that rules remember for a time: an answer given (RFC 5230 section 4.2), a message
    seen (RFC 7352). ``id`` says what.
    """

    id: str
    account: str
    expires: int
    """Seconds since the epoch."""


class TokenDocument(msgspec.Struct, kw_only=True, rename=AS_ID):
    """Collection ``tokens``: a bearer token or, by the letter of its id, an API key; known by its hash alone."""

    id: str
    account: str
    digest: bytes
    """SHA-256 of the token."""
    label: str = ""
    created: int
    expires: int
    """Seconds since the epoch."""
    scopes: list[str] = msgspec.field(default_factory=lambda: ["full"])
    """What an API key was made for."""
    senders: list[str] = msgspec.field(default_factory=list)
    """Addresses and domains, normalised, that it may send from; none: all of the account's."""
    used: int = 0
    """When an API key was last used, in seconds since the epoch, to within a few minutes; 0: never."""


class SecretDocument(msgspec.Struct, kw_only=True, rename=AS_ID):
    """Collection ``secrets``: random octets that all processes share. ``id`` says what for."""

    id: str
    value: bytes


class DomainDocument(msgspec.Struct, kw_only=True, rename=AS_ID):
    """Collection ``domains``: a domain whose mail ends here. ``id`` is its name in lower case, A-labels made U-labels."""

    id: str
    created: int = 0
    alias_of: str = ""
    """The domain whose addresses its addresses stand for; empty: it has addresses of its own."""


class SigningKeyDocument(msgspec.Struct, kw_only=True, rename=AS_ID):
    """Collection ``signing_keys``: a private key that signs mail of a domain (RFC 6376)."""

    id: str
    """Selector and domain, as in the name of the DNS record."""
    domain: str
    selector: str
    pem: bytes
    created: int


class AddressDocument(msgspec.Struct, kw_only=True, rename=AS_ID):
    """Collection ``addresses``: an alias. ``id`` is a normalised address, or one with a ``*`` in its local part: a wildcard."""

    id: str
    targets: list[str]
    """Where its mail goes: addresses in the order given, the domain normalised, the local part as given."""
    wildcard_of: str | None = None
    """The domain of a wildcard."""
    created: int = 0
