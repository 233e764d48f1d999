"""Header values as IMAP strings: 7-bit, in quotes, on one line, so that every client can read them."""

from __future__ import annotations

from collections.abc import Iterable

from correio.mime.encoded_words import decode_encoded_words, encode_words


def imap_string(text: str | None) -> bytes:
    """Return NIL or a quoted string (RFC 9051 section 4.3).

    ``text`` is unfolded. Text beyond US-ASCII becomes encoded words (RFC 2047): an IMAP4rev1 client must not be sent
    8-bit strings, and every client decodes these.
    """
    if text is None:
        return b"NIL"
    octets = text.encode("ascii") if text.isascii() else encode_words(decode_encoded_words(text))
    if b"\\" in octets or b'"' in octets:
        octets = octets.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
    if b"\r" in octets or b"\n" in octets or b"\x00" in octets:
        octets = octets.replace(b"\x00", b"").replace(b"\r", b" ").replace(b"\n", b" ")
    return b'"' + octets + b'"'


def imap_list(items: Iterable[bytes]) -> bytes:
    """Return the items in parentheses, or NIL where there are none."""
    joined = b" ".join(items)
    return b"(" + joined + b")" if joined else b"NIL"
