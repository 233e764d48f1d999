"""What the server says: status lines and untagged data, as octets. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from correio.errors import (
    AlreadyExistsError,
    AuthenticationError,
    ForbiddenError,
    HasChildrenError,
    InvalidInputError,
    LimitError,
    MailError,
    NotFoundError,
    OutcomeUnknownError,
    QuotaExceededError,
    ThrottledError,
    TooLargeError,
    UnavailableError,
)
from protocols.imap.core.partial_range import PartialRange
from protocols.imap.core.sequence_set import compact

CRLF: Final = b"\r\n"
_NOT_TEXT: Final = re.compile(rb"[^ -~]")


class Completion(msgspec.Struct, frozen=True):
    """How a command ended: ``OK``, ``NO`` or ``BAD``, a response code or none, and a sentence."""

    status: str
    text: str
    code: str = ""

    def line(self, tag: bytes) -> bytes:
        """Write the tagged response."""
        return status_line(tag, self.status, self.text, self.code)


def status_line(tag: bytes, status: str, text: str, code: str = "") -> bytes:
    """Write a status response; ``tag`` is ``*`` for an untagged one. What is no printable ASCII in the text becomes ``?``."""
    shown = _NOT_TEXT.sub(b"?", text.encode("ascii", "replace")) or b"."
    bracket = b"[" + code.encode("ascii", "replace") + b"] " if code else b""
    return b"%b %b %b%b\r\n" % (tag, status.encode("ascii"), bracket, shown)


def untagged_ok(text: str, code: str) -> bytes:
    """Write ``* OK [code] text``."""
    return status_line(b"*", "OK", text, code)


_CODES: Final[tuple[tuple[type[MailError], str], ...]] = (
    # RFC 5530 section 3; the more special class first.
    (ThrottledError, "UNAVAILABLE"),
    (AuthenticationError, "AUTHENTICATIONFAILED"),
    (OutcomeUnknownError, "UNAVAILABLE"),
    (UnavailableError, "UNAVAILABLE"),
    (NotFoundError, "NONEXISTENT"),
    (AlreadyExistsError, "ALREADYEXISTS"),
    (HasChildrenError, "HASCHILDREN"),
    (ForbiddenError, "CANNOT"),
    (InvalidInputError, "CANNOT"),
    (TooLargeError, "TOOBIG"),
    (LimitError, "LIMIT"),
    (QuotaExceededError, "OVERQUOTA"),
)


def failure(error: MailError) -> Completion:
    """Return the NO that says what went wrong, with its response code."""
    code = next((code for kind, code in _CODES if isinstance(error, kind)), "")
    return Completion("NO", error.message, code)


def quoted(text: str) -> bytes:
    """Write ASCII text as a quoted string."""
    return b'"' + text.replace("\\", "\\\\").replace('"', '\\"').encode("ascii", "replace") + b'"'


def string(text: str) -> bytes:
    """Write any text as a string: quoted where it is printable ASCII, else as a literal in UTF-8 (RFC 9051 section 4.3)."""
    octets = text.encode("utf-8")
    if _NOT_TEXT.search(octets):
        return b"{%d}\r\n%b" % (len(octets), octets)
    return quoted(text)


def expunged(numbers: Iterable[int]) -> bytes:
    """Write EXPUNGE responses, in the order given."""
    return b"".join([b"* %d EXPUNGE\r\n" % number for number in numbers])


def vanished(uids: Sequence[int], *, earlier: bool = False) -> bytes:
    """Write VANISHED (RFC 7162 section 3.2.10) for ascending UIDs; nothing for none."""
    return b"* VANISHED %b%b\r\n" % (b"(EARLIER) " if earlier else b"", compact(uids)) if uids else b""


def search(numbers: Sequence[int], modseq: int | None) -> bytes:
    """Write the SEARCH response of RFC 3501 section 7.2.5, with MODSEQ of RFC 7162 section 3.1.5."""
    found = "".join(f" {number}" for number in numbers).encode("ascii")
    return b"* SEARCH" + found + (b" (MODSEQ %d)" % modseq if modseq is not None and numbers else b"") + CRLF


def sort(numbers: Sequence[int], modseq: int | None) -> bytes:
    """Write the SORT response (RFC 5256 section 4), with MODSEQ of RFC 7162 section 3.1.6."""
    return b"* SORT" + search(numbers, modseq).removeprefix(b"* SEARCH")


def thread(threads: bytes) -> bytes:
    """Write the THREAD response (RFC 5256 section 4)."""
    return b"* THREAD" + (b" " + threads if threads else b"") + CRLF


def extended_search(
    tag: bytes,
    numbers: Sequence[int],
    returning: Sequence[bytes],
    *,
    uid: bool,
    modseq: int | None,
    partial: PartialRange | None = None,
) -> bytes:
    """Write ESEARCH (RFC 4731 section 3.1) for numbers in the order of the result, with PARTIAL (RFC 9394 section 3.1).

    The tag is quoted: some clients take no other form.
    """
    pieces = [b'* ESEARCH (TAG "%b")' % tag]
    if uid:
        pieces.append(b"UID")
    for option in returning:
        if option == b"COUNT":
            pieces.append(b"COUNT %d" % len(numbers))
        elif option == b"PARTIAL" and partial is not None:
            pieces.append(b"PARTIAL (%b %b)" % (str(partial).encode("ascii"), compact(partial.of(numbers)) or b"NIL"))
        elif option in (b"PARTIAL", b"SAVE"):
            continue
        elif numbers and option == b"ALL":
            pieces.append(b"ALL " + compact(numbers))
        elif numbers:
            pieces.append(b"%b %d" % (option, numbers[0] if option == b"MIN" else numbers[-1]))
    if modseq is not None and numbers:
        pieces.append(b"MODSEQ %d" % modseq)
    return b" ".join(pieces) + CRLF
