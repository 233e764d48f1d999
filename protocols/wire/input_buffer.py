"""What a client has sent and no command has taken yet: lines and counted octets out of any pieces. Does no I/O."""

from __future__ import annotations


class LineTooLongError(ValueError):
    """A line is longer than its bound. What is buffered of it is left in place."""


class InputBuffer:
    """Octets in, lines and runs of octets out.

    A line ends with CRLF; a bare LF is taken as a line end too, since people type into these protocols by hand. Every
    search starts where the last one stopped, so the same octets are never searched twice however they are split.
    """

    __slots__ = ("_octets", "_searched")

    def __init__(self) -> None:
        self._octets = bytearray()
        self._searched = 0

    def __len__(self) -> int:
        """Octets waiting."""
        return len(self._octets)

    def append(self, data: bytes) -> None:
        """Add what has arrived."""
        self._octets += data

    def take_line(self, limit: int) -> bytes | None:
        """Remove and return the next line without its end, or return None while there is no whole line.

        Raises LineTooLongError when a line without its end is longer than ``limit`` octets, complete or not.
        """
        octets = self._octets
        at = octets.find(b"\n", self._searched)
        if at < 0:
            self._searched = len(octets)
            if len(octets) > limit + 1:
                raise LineTooLongError(limit)
            return None
        end = at - 1 if at and octets[at - 1] == 0x0D else at
        if end > limit:
            raise LineTooLongError(limit)
        line = bytes(octets[:end])
        del octets[: at + 1]
        self._searched = 0
        return line

    def skip_line(self) -> bool:
        """Drop octets up to and including the next line end; tell whether the end was there."""
        octets = self._octets
        at = octets.find(b"\n", self._searched)
        if at < 0:
            octets.clear()
        else:
            del octets[: at + 1]
        self._searched = 0
        return at >= 0

    def drop_line(self, tail: int) -> tuple[bytes, bool]:
        """Drop octets up to and including the next line end.

        Returns the last ``tail`` octets of what was dropped of the line, without its end, and whether the end
        was there.
        """
        octets = self._octets
        at = octets.find(b"\n", self._searched)
        end = len(octets) if at < 0 else at
        dropped = bytes(octets[max(0, end - tail) : end])
        self.skip_line()
        return dropped, at >= 0

    def peek(self, most: int) -> bytes:
        """Return at most this many octets without removing them."""
        return bytes(self._octets[:most])

    def take(self, most: int) -> bytes:
        """Remove and return at most this many octets."""
        octets = self._octets
        if most >= len(octets):
            taken = bytes(octets)
            # A new object, because a cleared bytearray that once was large may keep its memory.
            self._octets = bytearray()
        else:
            taken = bytes(memoryview(octets)[:most])
            del octets[:most]
        self._searched = 0
        return taken

    def clear(self) -> int:
        """Drop everything, as STARTTLS demands, and return how many octets that were."""
        dropped = len(self._octets)
        self._octets = bytearray()
        self._searched = 0
        return dropped
