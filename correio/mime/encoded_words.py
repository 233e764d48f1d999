"""RFC 2047 encoded words, read as real mail writes them and written as the RFC does."""

from __future__ import annotations

import binascii
import re
from base64 import b64encode
from typing import Final

from correio.mime.charsets import decode_charset

# Spaces and 8-bit characters inside the text, and question marks at its end, are against the RFC and common.
ENCODED_WORD: Final = re.compile(r"=\?([^?\s=]{1,64})\?([bBqQ])\?([^?]*+\?{0,8}?)\?=")
_NOT_BASE64: Final = re.compile(rb"[^A-Za-z0-9+/]")
_Q_ESCAPE: Final = re.compile(rb"=([0-9A-Fa-f]{2})")


def decode_encoded_words(text: str) -> str:
    """Return the text with its encoded words decoded. Never raises, linear in the length of the text.

    White space between two encoded words is dropped (RFC 2047 section 6.2). Words of one charset that stand together are
    decoded as one, since senders split characters between them although section 5 forbids it.
    """
    if "=?" not in text:
        return text
    out: list[str] = []
    run: list[bytes] = []
    run_charset = ""
    pending = ""
    at = 0
    for word in ENCODED_WORD.finditer(text):
        between = text[at : word.start()]
        at = word.end()
        charset = word[1].lower()
        adjacent = not between or between.isspace()
        if run_charset and not (adjacent and charset == run_charset):
            out.append(_finish(run, pending, run_charset))
            run, pending, run_charset = [], "", ""
            if not adjacent:
                out.append(between)
        elif not run_charset:
            out.append(between)
        run_charset = charset
        if word[2] in "bB":
            encoded = pending + word[3].strip()
            # A base64 text that ends in the middle of a group goes on in the next word.
            pending = "" if len(encoded) % 4 == 0 or encoded.endswith("=") else encoded
            if not pending:
                run.append(_decode_b(encoded))
        else:
            if pending:
                run.append(_decode_b(pending))
                pending = ""
            run.append(_decode_q(word[3]))
    if not run_charset:
        return text
    out.append(_finish(run, pending, run_charset))
    out.append(text[at:])
    return "".join(out)


def _finish(run: list[bytes], pending: str, charset: str) -> str:
    if pending:
        run.append(_decode_b(pending))
    return decode_charset(b"".join(run), charset.partition("*")[0])


def _decode_b(text: str) -> bytes:
    octets = text.encode("utf-8", "replace")
    try:
        return binascii.a2b_base64(octets, strict_mode=True)
    except binascii.Error:
        pass
    octets = _NOT_BASE64.sub(b"", octets)
    if len(octets) % 4 == 1:
        octets = octets[:-1]
    return binascii.a2b_base64(octets + b"=" * (-len(octets) % 4))


def _decode_q(text: str) -> bytes:
    octets = text.replace("_", " ").encode("utf-8", "replace")
    if b"=" not in octets:
        return octets
    return _Q_ESCAPE.sub(lambda escape: bytes((int(escape[1], 16),)), octets)


_WORD_OCTETS: Final = 45
"""45 octets become 60 base64 characters: with its frame a word stays below the 75 of RFC 2047 section 2."""


def encode_words(text: str, octets_each: int = _WORD_OCTETS) -> bytes:
    """Return text as UTF-8 encoded words in base64, separated by single spaces, each of so many octets of text at most."""
    words: list[bytes] = []
    octets = text.encode("utf-8", "replace")
    at = 0
    while at < len(octets):
        end = min(at + octets_each, len(octets))
        # RFC 2047 section 5: a character is never split between words.
        while end < len(octets) and octets[end] & 0xC0 == 0x80 and end > at + 1:
            end -= 1
        words.append(b"=?UTF-8?B?" + b64encode(octets[at:end]) + b"?=")
        at = end
    return b" ".join(words)
