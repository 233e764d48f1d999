"""The text of a message as DATA carries it: up to CRLF.CRLF, and nothing else (RFC 5321 sections 4.1.1.4 and 4.5.2).

A bare CR or LF around a dot never ends the data and never makes a dot transparent: two servers that disagree about it
can be made to see two messages where there is one ("SMTP smuggling").
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

_END: Final = b"\r\n.\r\n"
_STUFFED: Final = b"\r\n."
_LINE_END: Final = b"\r\n"


class DataDecoder:
    """Takes DATA in pieces of any size, undoes the dot transparency, and finds the end.

    Above ``limit`` octets nothing is kept, and ``overflowed`` is set: the client must still be read to its end. So it
    is with ``starved`` when ``reserve``, asked for the octets of each piece, says that there is no memory for them.
    """

    __slots__ = ("_carry", "_content", "_limit", "_reserve", "overflowed", "received", "starved")

    def __init__(self, limit: int, reserve: Callable[[int], bool] = lambda _: True) -> None:
        self._limit: Final = limit
        self._reserve: Final = reserve
        self._content = bytearray()
        # The first line begins as if a line end stood before it. The two octets are taken off again in `content`.
        self._carry = _LINE_END
        self.overflowed = False
        self.starved = False
        self.received = 0
        """Octets fed."""

    def feed(self, data: bytes) -> bytes | None:
        """Take octets; return what follows the end of the data, or None while the end has not come."""
        self.received += len(data)
        octets = self._carry + data
        at = octets.find(_END)
        if at >= 0:
            self._carry = b""
            self._keep(octets[: at + 2])
            return octets[at + 5 :]
        # What might be the beginning of the end waits for the next piece.
        held = next((length for length in (4, 3, 2, 1) if octets.endswith(_END[:length])), 0)
        self._carry = _END[:held]
        self._keep(octets[:-held] if held else octets)
        return None

    def _keep(self, octets: bytes) -> None:
        if self.overflowed or self.starved:
            return
        self._content += octets.replace(_STUFFED, _LINE_END)
        self.overflowed = len(self._content) > self._limit + 2
        self.starved = not self.overflowed and not self._reserve(len(octets))
        if self.overflowed or self.starved:
            self._content = bytearray()

    def content(self) -> bytes:
        """Return the message, once the end has come and if it was kept."""
        return bytes(memoryview(self._content)[2:])
