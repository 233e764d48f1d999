"""MAIL and RCPT as a server can take them: addresses and parameters (RFC 5321 section 4.1.1, RFC 3461, RFC 6531)."""

from __future__ import annotations

import re
from typing import Final

import idna
import msgspec

from correio.mime.xtext import encode_xtext
from correio.queue.courier import Envelope, EnvelopeRecipient, Reply
from protocols.smtp.client.core.offer import Offer

_PATH: Final = re.compile(r'(?:"(?:[^"\\\x00-\x1f\x7f]|\\[\x20-\x7e])*"|[^\s<>"\x00-\x1f\x7f])*')
_ORCPT: Final = re.compile(r"[A-Za-z0-9-]+;[\x21-\x3c\x3e-\x7e\u00a0-\U0010ffff]+")
_CONTROL: Final = re.compile(r"[\x00-\x20\x7f-\x9f]")

UTF8_NEEDED: Final = Reply(0, "5.6.7", "The address has letters that the server does not take (no SMTPUTF8).")
NO_PATH: Final = Reply(0, "5.1.3", "The address cannot stand in a command.")


class Paths(msgspec.Struct, frozen=True):
    """The addresses of an envelope as they can be said to a server."""

    sender: str
    recipients: tuple[str | Reply, ...]
    """In order; a Reply for one that cannot be said."""
    utf8: bool
    """Whether MAIL says SMTPUTF8."""
    downgrade: bool
    """Whether the header has to be made US-ASCII, since the message needs SMTPUTF8 and will not have it."""


def paths_for(envelope: Envelope, offer: Offer) -> Paths | Reply:
    """Return the addresses for a server, or why it cannot have the message."""
    needed = envelope.smtputf8 or not all(
        address.isascii() for address in (envelope.sender, *(one.address for one in envelope.recipients))
    )
    utf8 = needed and offer.utf8
    sender = _path(envelope.sender, utf8)
    if isinstance(sender, Reply):
        return sender
    recipients = tuple(_path(one.address, utf8) for one in envelope.recipients)
    return Paths(sender, recipients, utf8, needed and not utf8)


def mail_argument(envelope: Envelope, paths: Paths, offer: Offer, *, size: int, eight_bit: bool) -> str:
    """Return what follows MAIL. ``eight_bit``: the content as it will be sent has octets above 127."""
    words = [f"FROM:<{paths.sender}>"]
    if offer.sizes:
        words.append(f"SIZE={size}")
    if eight_bit and offer.eight_bit:
        words.append("BODY=8BITMIME")
    if paths.utf8:
        words.append("SMTPUTF8")
    if offer.dsn:
        if envelope.ret:
            words.append(f"RET={envelope.ret}")
        if envelope.envid and envelope.envid.isascii():
            words.append(f"ENVID={encode_xtext(envelope.envid)}")
    return " ".join(words)


def rcpt_argument(recipient: EnvelopeRecipient, path: str, offer: Offer) -> str:
    """Return what follows RCPT."""
    words = [f"TO:<{path}>"]
    if offer.dsn:
        if recipient.notify:
            words.append(f"NOTIFY={','.join(recipient.notify)}")
        orcpt = _orcpt(recipient.orcpt, offer)
        if orcpt:
            words.append(f"ORCPT={orcpt}")
    return " ".join(words)


def ascii_path(address: str) -> str | None:
    """Return an address with its domain in A-labels, or None where its local part is beyond US-ASCII."""
    if address.isascii():
        return address
    local, at, domain = address.rpartition("@")
    if not at or not local.isascii():
        return None
    try:
        return f"{local}@{idna.encode(domain, uts46=True).decode('ascii')}"
    except idna.IDNAError:
        return None


def _path(address: str, utf8: bool) -> str | Reply:
    if not _PATH.fullmatch(address):
        return NO_PATH
    if utf8:
        return address
    plain = ascii_path(address)
    return UTF8_NEEDED if plain is None else plain


def _orcpt(text: str, offer: Offer) -> str:
    """Return the value of ORCPT; an address beyond US-ASCII in the form for those who do not take it (RFC 6533)."""
    if not _ORCPT.fullmatch(text) or _CONTROL.search(text):
        return ""
    if text.isascii() or offer.utf8:
        return text
    kind, _, address = text.partition(";")
    escaped = "".join(letter if letter.isascii() else f"\\x{{{ord(letter):X}}}" for letter in address)
    return f"{kind};{escaped}"
