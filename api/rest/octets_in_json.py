"""Octets in JSON: base64 of many megabytes, taken out of the text before a JSON parser sees it.

One call of a parser over 60 MB holds the interpreter for a tenth of a second, and looking for control characters in it for
half of one. So the large strings that are octets by the contract are found by their quotes, kept aside, and decoded in
pieces; what is left is small. All of it is pure and linear, for a worker thread.
"""

from __future__ import annotations

import binascii
import io
import json
import os
import re
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from api.body_shape import Shape
from api.rest.problems import Fault, ProblemError, escape_pointer

LARGE: Final = 64 * 1024
"""Octets from which on a string is taken out."""
MAX_REST: Final = 10 * 1024 * 1024
"""Octets of a body without what is taken out."""
MAX_STRINGS: Final = 50_000
"""Strings of a body, names of members included."""
MAX_STRUCTURE: Final = 1024 * 1024
"""Octets of a body outside its strings."""
_PIECE: Final = 512 * 1024
_ESCAPE: Final = 6
"""Characters of the longest escape of a JSON string."""
_BLANKS: Final = {ord(one): None for one in " \t\r\n"} | {ord("-"): "+", ord("_"): "/"}
"""Line ends and spaces go, and the other alphabet of base64 (RFC 4648 section 5) becomes the usual one."""

Json = Any


class Aside(msgspec.Struct, frozen=True):
    """The rest of a body, and where in it what was taken out had been: a mark stands there for each."""

    rest: bytes
    taken: dict[str, tuple[int, int]]
    """From mark to where the text of the string begins and ends in the body."""


def take_aside(body: bytes, names: Iterable[str]) -> Aside:
    """Take out the large strings that are members of one of these names. Malformed JSON is left for the parser to refuse.

    Raises a 413 problem where the rest is too large.
    """
    member = re.compile(
        rb'"(?:' + b"|".join(re.escape(name.encode()) for name in names) + rb')"[ \t\r\n]*:[ \t\r\n]*\Z'
    )
    nonce = os.urandom(8).hex()
    pieces: list[bytes] = []
    taken: dict[str, tuple[int, int]] = {}
    copied = at = strings = inside = 0
    while (start := body.find(b'"', at) + 1) > 0:
        end = _end_of_string(body, start)
        if end < 0:
            break
        strings += 1
        inside += end - start
        if end - start >= LARGE and member.search(body, max(start - 128, 0), start - 1):
            mark = f"{nonce}.{len(taken)}"
            taken[mark] = (start, end)
            pieces += (body[copied:start], mark.encode())
            copied = end
        at = end + 1
        if strings > MAX_STRINGS:
            raise ProblemError(413, "too-large", f"The body must have at most {MAX_STRINGS} strings.")
    pieces.append(body[copied:])
    rest = b"".join(pieces)
    if len(rest) > MAX_REST:
        raise ProblemError(413, "too-large", f"But for attachments the body must have at most {MAX_REST} octets.")
    if len(body) - inside > MAX_STRUCTURE:
        raise ProblemError(413, "too-large", f"Outside its strings the body must have at most {MAX_STRUCTURE} octets.")
    return Aside(rest, taken)


def _end_of_string(body: bytes, start: int) -> int:
    """Return where the quote is that ends a string, -1 where there is none."""
    at = start
    while (quote := body.find(b'"', at)) >= 0:
        before = quote
        while before > start and body[before - 1] == 0x5C:
            before -= 1
        if (quote - before) % 2 == 0:
            return quote
        at = quote + 1
    return -1


def decode_octets(value: Json, shape: Shape, body: bytes, taken: dict[str, tuple[int, int]]) -> Json:
    """Return a checked value with every string that is octets by its shape decoded, in place.

    Raises a 422 problem that points at what is no base64, and at what was taken out and is not octets there.
    """
    unused = set(taken)
    result = _decode(value, shape, "#", body, taken, unused)
    if unused:
        raise ProblemError(422, "invalid-input", "A string in the body is too long for where it stands.")
    return result


def _decode(
    value: Json, shape: Shape, pointer: str, body: bytes, taken: dict[str, tuple[int, int]], unused: set[str]
) -> Json:
    if isinstance(value, dict):
        for name, one in shape.members.items():
            if name in value:
                value[name] = _decode(value[name], one, f"{pointer}/{escape_pointer(name)}", body, taken, unused)
    elif isinstance(value, list) and shape.items is not None:
        for at, member in enumerate(value):
            value[at] = _decode(member, shape.items, f"{pointer}/{at}", body, taken, unused)
    elif isinstance(value, str) and shape.octets:
        try:
            if value in unused:
                unused.discard(value)
                return _decode_large(body, *taken[value])
            decoder = Base64()
            return decoder.feed(value) + decoder.end()
        except ValueError as error:
            fault = Fault("It is not base64.", pointer=pointer)
            raise ProblemError(
                422, "invalid-input", "The body is not what this operation takes.", errors=(fault,)
            ) from error
    return value


def _decode_large(body: bytes, start: int, end: int) -> bytes:
    decoder = Base64()
    # A buffer that grows in place: joining many megabytes at the end would hold the interpreter.
    decoded = io.BytesIO()
    at = start
    while at < end:
        until = min(at + _PIECE, end)
        if until < end and (escape := body.rfind(b"\\", until - _ESCAPE, until)) > at:
            # No escape is cut in two.
            until = escape
        decoded.write(decoder.feed(json.loads(b'"' + body[at:until] + b'"', strict=False)))
        at = until
    decoded.write(decoder.end())
    return decoded.getvalue()


class Base64:
    """Decodes base64 in pieces of any length, line ends and missing padding allowed. Raises ValueError."""

    def __init__(self) -> None:
        self._held = ""
        self._ended = False

    def feed(self, text: str) -> bytes:
        """Return what a piece adds."""
        text = self._held + text.translate(_BLANKS)
        keep = len(text) % 4
        self._held = text[len(text) - keep :]
        return self._groups(text[: len(text) - keep])

    def end(self) -> bytes:
        """Return what is left. It has to be whole octets."""
        text, self._held = self._held, ""
        return self._groups(text + "=" * (-len(text) % 4))

    def _groups(self, text: str) -> bytes:
        if not text:
            return b""
        if self._ended:
            raise binascii.Error("Something follows the padding.")
        self._ended = text.endswith("=")
        return binascii.a2b_base64(text, strict_mode=True)
