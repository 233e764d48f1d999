"""What TOP shows: the header, the empty line, and so many lines of the body (RFC 1939 section 7)."""

from __future__ import annotations


class TopCutter:
    """Takes a message in pieces of any size and passes on its top.

    ``body_start`` is the offset of the first octet after the empty line.
    """

    __slots__ = ("_header_left", "_lines_left", "done")

    def __init__(self, body_start: int, lines: int) -> None:
        self._header_left = body_start
        self._lines_left = lines
        self.done = False
        """Whether nothing more will be passed on."""

    def feed(self, data: bytes) -> bytes:
        """Return the part of a piece that belongs to the top."""
        if self.done:
            return b""
        end = min(self._header_left, len(data))
        self._header_left -= end
        while self._lines_left and end < len(data):
            newline = data.find(b"\n", end)
            if newline < 0:
                return data
            self._lines_left -= 1
            end = newline + 1
        self.done = self._header_left == 0 and self._lines_left == 0
        return data[:end]
