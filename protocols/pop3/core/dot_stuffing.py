"""A multi-line response: lines that begin with a dot get another one, and a lone dot ends it (RFC 1939 section 3)."""

from __future__ import annotations

from typing import Final

_LINE_END: Final = b"\r\n"


class DotStuffer:
    """Takes a text in pieces of any size and returns what to send for each."""

    __slots__ = ("_tail",)

    def __init__(self) -> None:
        # The last two octets taken. The first line begins as if a line end stood before it.
        self._tail = _LINE_END

    def feed(self, data: bytes) -> bytes:
        """Return the octets to send for a piece."""
        if not data:
            return b""
        octets = self._tail + data
        self._tail = octets[-2:]
        # The two octets before the piece are sent already, and never grow: a dot needs both before it.
        return octets.replace(b"\r\n.", b"\r\n..")[2:]

    def end(self) -> bytes:
        """Return the end of the response; a last line without a line end is given one."""
        return b".\r\n" if self._tail == _LINE_END else b"\r\n.\r\n"
