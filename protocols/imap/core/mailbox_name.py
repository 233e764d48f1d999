"""Mailbox names on the wire: modified UTF-7 (RFC 3501 section 5.1.3) to NFC paths and back."""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from typing import Final

from protocols.imap.core.syntax_error import CommandRefusedError, CommandSyntaxError

SEPARATOR: Final = "/"
_SHIFTED: Final = re.compile(r"&([^-]*)-")
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
MOST_OCTETS: Final = 8192


def decode_utf7(text: str) -> str:
    """Decode modified UTF-7. Raises ValueError for what RFC 3501 does not allow, so that a name has one spelling only."""
    if not text.isascii():
        raise ValueError("not ASCII")
    decoded: list[str] = []
    at = 0
    while at < len(text):
        if text[at] != "&":
            end = text.find("&", at)
            end = len(text) if end < 0 else end
            decoded.append(text[at:end])
            at = end
            continue
        shifted = _SHIFTED.match(text, at)
        if shifted is None:
            raise ValueError("an ampersand without its hyphen")
        decoded.append("&" if not shifted[1] else _decode_base64(shifted[1]))
        at = shifted.end()
    result = "".join(decoded)
    if encode_utf7(result) != text:
        raise ValueError("not the shortest form")
    return result


def _decode_base64(text: str) -> str:
    try:
        octets = base64.b64decode(text.replace(",", "/") + "=" * (-len(text) % 4), validate=True)
        return octets.decode("utf-16-be")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise ValueError("damaged base64") from error


def encode_utf7(text: str) -> str:
    """Encode as modified UTF-7."""
    pieces: list[str] = []
    for run in re.findall(r"[ -~]+|[^ -~]+", text):
        if " " <= run[0] <= "~":
            pieces.append(run.replace("&", "&-"))
        else:
            octets = base64.b64encode(run.encode("utf-16-be", "surrogatepass")).rstrip(b"=").decode("ascii")
            pieces.append("&" + octets.replace("/", ",") + "-")
    return "".join(pieces)


def decode_name(octets: bytes, *, utf8: bool) -> str:
    """Return a mailbox name as text in NFC, wildcards kept.

    ``utf8``: names are UTF-8 (RFC 9051 section 5.1, RFC 6855 section 3). Raises CommandSyntaxError for
    octets that are no name, and CommandRefusedError with CANNOT for control characters.
    """
    if len(octets) > MOST_OCTETS:
        raise CommandRefusedError("The mailbox name is too long.", "CANNOT")
    try:
        text = octets.decode("utf-8") if utf8 else decode_utf7(octets.decode("ascii"))
    except ValueError:
        form = "UTF-8" if utf8 else "modified UTF-7 (RFC 3501 section 5.1.3)"
        raise CommandSyntaxError(f"The mailbox name is not {form}.") from None
    if _CONTROL.search(text) or any("\ud800" <= c <= "\udfff" for c in text):
        raise CommandRefusedError("A mailbox name may not hold control characters.", "CANNOT")
    return unicodedata.normalize("NFC", text)


def decode_path(octets: bytes, *, utf8: bool) -> str:
    """Return a mailbox path; INBOX in any case as ``INBOX``, also as the first of several names.

    Raises as :func:`decode_name`, and CommandRefusedError with CANNOT for an empty name.
    """
    text = decode_name(octets, utf8=utf8)
    # A separator at the end says only that names below it will follow (RFC 9051 section 6.3.4).
    text = text.removesuffix(SEPARATOR)
    names = text.split(SEPARATOR)
    if not all(names):
        raise CommandRefusedError("A mailbox name may not be empty.", "CANNOT")
    if names[0].upper() == "INBOX":
        names[0] = "INBOX"
    return SEPARATOR.join(names)


def denormalised(octets: bytes, *, utf8: bool) -> str | None:
    """Return a mailbox name as it was written where its NFC form is another, else None.

    The octets have passed :func:`decode_path`.
    """
    text = octets.decode("utf-8") if utf8 else decode_utf7(octets.decode("ascii"))
    return None if unicodedata.is_normalized("NFC", text) else text


_ATOM: Final = re.compile(r"[A-Za-z0-9&+,./_\-]+")


def encode_name(path: str, *, utf8: bool = False) -> bytes:
    """Return the path for a response: as an atom where it is one, else as a quoted string."""
    text = path if utf8 else encode_utf7(path)
    if _ATOM.fullmatch(text) and text.upper() != "NIL":
        return text.encode("ascii")
    return b'"' + text.replace("\\", "\\\\").replace('"', '\\"').encode("utf-8", "replace") + b'"'


MOST_WILDCARDS: Final = 64


class ListPattern:
    """A LIST pattern (RFC 9051 section 6.3.9): ``*`` is anything, ``%`` anything but a separator.

    Matching follows every possible position at once, so that no pattern takes more than its length times the name's.
    """

    __slots__ = ("_pieces", "text")

    def __init__(self, text: str) -> None:
        if text[:5].upper() == "INBOX" and text[5:6] in ("", SEPARATOR):
            text = "INBOX" + text[5:]
        # A run of wildcards means no more than one of them.
        text = re.sub(r"[*%]{2,}", lambda run: "*" if "*" in run[0] else "%", text)
        self.text: Final = text
        self._pieces = re.findall(r"[*%]|[^*%]+", text)
        if len(self._pieces) > 2 * MOST_WILDCARDS:
            raise CommandRefusedError(f"A mailbox pattern may hold at most {MOST_WILDCARDS} wildcards.", "LIMIT")

    def matches(self, path: str) -> bool:
        """Tell whether the whole path matches. INBOX matches in any case."""
        at = {0}
        for piece in self._pieces:
            if piece == "*":
                at = set(range(min(at), len(path) + 1))
            elif piece == "%":
                reached: set[int] = set()
                for start in at:
                    end = path.find(SEPARATOR, start)
                    reached.update(range(start, (len(path) if end < 0 else end) + 1))
                at = reached
            else:
                at = {start + len(piece) for start in at if path.startswith(piece, start)}
            if not at:
                break
        return len(path) in at or (path == "INBOX" and self.text.upper() == "INBOX")
