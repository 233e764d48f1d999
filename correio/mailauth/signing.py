"""DKIM signing (RFC 6376 section 5): what is signed, and the field that says so."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Final

import msgspec

from correio.mailauth.mail_octets import MailOctets, header_digest
from correio.mailauth.private_key import PrivateKey, read_key

SIGNED: Final = (
    b"From",
    b"Sender",
    b"Reply-To",
    b"To",
    b"Cc",
    b"Subject",
    b"Date",
    b"Message-ID",
    b"In-Reply-To",
    b"References",
    b"MIME-Version",
    b"Content-Type",
    b"Content-Transfer-Encoding",
    b"Content-Disposition",
    b"Content-Language",
    b"List-Id",
    b"List-Help",
    b"List-Unsubscribe",
    b"List-Unsubscribe-Post",
    b"List-Subscribe",
    b"List-Post",
    b"List-Owner",
    b"List-Archive",
    b"Feedback-ID",
    b"Auto-Submitted",
)
"""Fields that are signed where they are there (section 5.4.1; RFC 8058 section 4 for List-Unsubscribe)."""
OVERSIGNED: Final = frozenset(
    {
        b"From",
        b"Reply-To",
        b"To",
        b"Cc",
        b"Subject",
        b"Date",
        b"Message-ID",
        b"MIME-Version",
        b"Content-Type",
        b"Content-Transfer-Encoding",
    }
)
"""Fields that are signed once more than they are there, so that nobody can add one (section 8.15). A mailing list adds
its own List- fields and Sender, which harms nobody.
"""
MAX_SIGNED: Final = 50
"""Fields of one name that are signed, from the last one."""
_WIDTH: Final = 76


class Signer(msgspec.Struct, frozen=True):
    """Who signs."""

    domain: str
    """In A-labels."""
    selector: str
    key: bytes
    """PEM, see :func:`correio.mailauth.private_key.read_key`."""


def sign(message: bytes, signers: Sequence[Signer], now: int) -> bytes:
    """Return one DKIM-Signature field for each signer, to be put on top of the message; relaxed/relaxed.

    The message has CRLF line ends, and goes out as it is. Linear in its length: not for an event loop where it is large.
    Raises ValueError for a key that cannot be read.
    """
    octets = MailOctets(message)
    names = signed_names(octets)
    fields = list(octets.selected(name.lower() for name in names))
    body = octets.body_hash("relaxed")
    made = []
    for signer in signers:
        key = read_key(signer.key)
        who = (f"a={key.kind}-sha256", "c=relaxed/relaxed", f"d={signer.domain}", f"s={signer.selector}", f"t={now}")
        unsigned = signature_field("DKIM-Signature", ("v=1", *who), names, body)
        digest = header_digest(fields, "relaxed", unsigned)
        made.append(signed_field(unsigned, key, digest))
    return b"".join(made)


def signed_names(message: MailOctets, never: frozenset[bytes] = frozenset()) -> list[bytes]:
    """Return the names for ``h=``: each as often as it is there, and some once more."""
    names: list[bytes] = []
    for name in SIGNED:
        if name not in never:
            count = min(len(message.places(name.lower())), MAX_SIGNED)
            names += [name] * (count + (name in OVERSIGNED))
    return names


def signature_field(name: str, tags: Sequence[str], names: Sequence[bytes] = (), body_hash: bytes = b"") -> bytes:
    """Return a signature field whose ``b=`` is empty, folded, with its CRLF. No ``names``: no ``h=`` and ``bh=``."""
    lines = _folded([f"{name}:", *(f"{tag};" for tag in tags)], " ")
    if names:
        words = [one.decode("ascii") for one in names]
        words[0] = f"h={words[0]}"
        lines += _folded([*(f"{word}:" for word in words[:-1]), f"{words[-1]};"], "")
        lines.append(f"bh={base64.b64encode(body_hash).decode('ascii')};")
    lines.append("b=")
    return "\r\n\t".join(lines).encode("ascii") + b"\r\n"


def signed_field(unsigned: bytes, key: PrivateKey, digest: bytes) -> bytes:
    """Return a signature field, which ends in an empty ``b=``, with the signature of a digest."""
    text = base64.b64encode(key.sign(digest)).decode("ascii")
    pieces = [text[at : at + _WIDTH - 4] for at in range(0, len(text), _WIDTH - 4)]
    return unsigned.removesuffix(b"\r\n") + "\r\n\t ".join(pieces).encode("ascii") + b"\r\n"


def _folded(words: Sequence[str], between: str) -> list[str]:
    """Return words as lines of a bearable width."""
    lines = [words[0]]
    for word in words[1:]:
        if len(lines[-1]) + len(between) + len(word) > _WIDTH:
            lines.append(" " + word)
        else:
            lines[-1] += between + word
    return lines
