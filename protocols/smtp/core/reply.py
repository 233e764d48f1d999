"""Replies: a code, an enhanced status code and text (RFC 5321 section 4.2, RFC 2034, RFC 3463)."""

from __future__ import annotations

import re
from typing import Final

import msgspec

_UNPRINTABLE: Final = re.compile(r"[^\x20-\x7e]")
_LONGEST: Final = 500
"""Octets of text on one reply line: with the codes it stays under the 512 of RFC 5321 section 4.5.3.1.5."""


class Reply(msgspec.Struct, frozen=True):
    """One reply. ``enhanced`` is "" only where RFC 2034 section 4 has none: the greeting, the answer to EHLO, 3yz
    replies.

    ``more`` holds further lines. ``closes`` says that the server ends the connection after it.
    """

    code: int
    enhanced: str
    text: str
    more: tuple[str, ...] = ()
    closes: bool = False

    @property
    def positive(self) -> bool:
        """Whether the command succeeded, or goes on."""
        return self.code < 400

    @property
    def temporary(self) -> bool:
        """Whether the same command may succeed later."""
        return 400 <= self.code < 500

    def encode(self) -> bytes:
        """Return the octets to send, in printable US-ASCII whatever the text is."""
        status = f"{self.enhanced} " if self.enhanced else ""
        if not self.more:
            return f"{self.code} {status}{_printable(self.text)}\r\n".encode("ascii")
        lines = (self.text, *self.more)
        last = len(lines) - 1
        return "".join(
            f"{self.code}{' ' if at == last else '-'}{status}{_printable(line)}\r\n" for at, line in enumerate(lines)
        ).encode("ascii")


class Refusal(Exception):  # noqa: N818 - it is an answer, not a defect
    """A command is answered with this reply and has no other effect."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(f"{reply.code} {reply.enhanced} {reply.text}")
        self.reply: Final = reply


_STATUS: Final = re.compile(r"([245]\.\d{1,3}\.\d{1,3}) (.*)")
# The enhanced status code for a reply of aiosmtpd's own command loop that has none: RFC 3463 section 3.6.
_PLAIN: Final = {500: "5.5.2", 501: "5.5.4", 502: "5.5.1", 503: "5.5.1", 504: "5.5.4", 530: "5.7.0", 554: "5.5.0"}


def reply_of(text: str) -> Reply:
    """Return the reply that a line such as ``500 Error: bad syntax`` stands for, with an enhanced status code in any
    case.
    """
    code = int(text[:3])
    rest = text[4:].removeprefix("Error: ")
    if code < 200 or code == 220 or 300 <= code < 400:
        return Reply(code, "", rest)
    match = _STATUS.fullmatch(rest)
    if match is not None:
        # aiosmtpd closes after this one, at once.
        return Reply(code, match[1], match[2], closes=rest.endswith("goodbye."))
    return Reply(code, _PLAIN.get(code, f"{code // 100}.0.0"), rest)


def _printable(text: str) -> str:
    if text.isascii() and text.isprintable() and len(text) <= _LONGEST:
        return text
    return _UNPRINTABLE.sub("?", text)[:_LONGEST]
