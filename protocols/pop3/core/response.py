"""Responses (RFC 1939 section 3) and response codes (RFC 2449 section 8, RFC 3206)."""

from __future__ import annotations

import re
from typing import Final

_UNPRINTABLE: Final = re.compile(r"[^\x20-\x7e]")
_LONGEST: Final = 480
"""A response line has at most 512 octets."""

AUTH: Final = "AUTH"
"""The credentials are the problem (RFC 3206 section 4)."""
SYS_TEMP: Final = "SYS/TEMP"
"""The system is the problem, and may not be later (RFC 3206 section 3)."""


class Refusal(Exception):  # noqa: N818 - it is an answer, not a defect
    """A command is answered with -ERR and has no other effect."""

    def __init__(self, text: str, code: str = "", *, closes: bool = False) -> None:
        super().__init__(text)
        self.text: Final = text
        self.code: Final = code
        self.closes: Final = closes
        """Whether the server ends the connection after it."""


def ok(text: str) -> bytes:
    """Return a positive status line."""
    return b"+OK " + _printable(text) + b"\r\n"


def err(text: str, code: str = "") -> bytes:
    """Return a negative status line, with a response code or none."""
    return b"-ERR " + (f"[{code}] ".encode() if code else b"") + _printable(text) + b"\r\n"


def _printable(text: str) -> bytes:
    return _UNPRINTABLE.sub("?", text)[:_LONGEST].encode("ascii")
