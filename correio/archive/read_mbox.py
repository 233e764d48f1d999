"""Reading mbox files (RFC 4155), as a stream.

A message begins at a line ``From `` that is the first of the file or follows an empty line. ``>From `` in a message was
``From `` once, and every further ``>`` likewise (mboxrd). Flags come from Status and X-Status, which stay in the message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final

from correio.archive.stored_mail import Found, ReadingBounds, StoredMail, Unreadable
from correio.archive.trace_date import received_date
from correio.mail.flags import ANSWERED, DELETED, DRAFT, FLAGGED, SEEN

_QUOTED: Final = re.compile(rb">+From ")
_STATUS: Final = re.compile(rb"^(?:x-)?status:[ \t]*([a-z]{1,16})", re.IGNORECASE | re.MULTILINE)
_FLAGS: Final = {"R": SEEN, "A": ANSWERED, "F": FLAGGED, "D": DELETED, "T": DRAFT}
_ASCTIME: Final = re.compile(
    rb"([A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d)(?: [A-Z]{3,4}| [+-]\d{4})? (\d{4})"
)
_LINE: Final = 64 * 1024 * 1024


class _Message:
    """A message that is being read."""

    def __init__(self, from_line: bytes, line: int, bounds: ReadingBounds) -> None:
        self.from_line = from_line
        self.line = line
        self._bounds = bounds
        self._octets = bytearray()
        self.size = 0

    def add(self, line: bytes) -> None:
        if _QUOTED.match(line):
            line = line[1:]
        self.size += len(line)
        if self.size <= self._bounds.message_size + 2:
            self._octets += line

    def finish(self, path: Path) -> Found:
        octets = self._octets
        # The empty line that parts messages belongs to none of them.
        for separator in (b"\r\n\r\n", b"\n\n"):
            if octets.endswith(separator):
                del octets[len(octets) - len(separator) // 2 :]
                break
        origin = f"{path}, line {self.line}"
        if self.size > self._bounds.message_size + 2:
            return Unreadable(origin, f"has {self.size} octets; at most {self._bounds.message_size} are accepted")
        raw = bytes(octets)
        if not raw.strip():
            return Unreadable(origin, "is empty")
        return StoredMail(raw, _flags(raw), _envelope_date(self.from_line) or received_date(raw), None, origin)


def read_mbox(path: Path, bounds: ReadingBounds) -> Iterator[Found]:
    """Yield the messages of an mbox file. Raises OSError."""
    with path.open("rb") as file:
        yield from _read(file, path, bounds)


def _read(file: BinaryIO, path: Path, bounds: ReadingBounds) -> Iterator[Found]:
    message: _Message | None = None
    after_empty = True
    for number, line in enumerate(iter(lambda: file.readline(_LINE), b""), 1):
        if after_empty and line.startswith(b"From "):
            if message is not None:
                yield message.finish(path)
            message = _Message(line, number, bounds)
        elif message is not None:
            message.add(line)
        elif line.strip():
            yield Unreadable(f"{path}, line {number}", "is not the beginning of an mbox")
            return
        after_empty = line in (b"\n", b"\r\n")
    if message is not None:
        yield message.finish(path)


def _flags(raw: bytes) -> tuple[str, ...]:
    end = raw.find(b"\n\r\n") if b"\n\r\n" in raw else raw.find(b"\n\n")
    header = raw[: end if end >= 0 else len(raw)][: 256 * 1024]
    letters = "".join(match[1].decode("ascii").upper() for match in _STATUS.finditer(header))
    return tuple(flag for letter, flag in _FLAGS.items() if letter in letters)


def _envelope_date(from_line: bytes) -> int | None:
    match = _ASCTIME.search(from_line[:1000])
    if match is None:
        return None
    try:
        when = datetime.strptime(f"{match[1].decode()} {match[2].decode()}", "%a %b %d %H:%M:%S %Y")  # noqa: DTZ007
    except ValueError:
        return None
    # RFC 4155 appendix A: the timestamp is in UTC.
    return max(0, int(when.replace(tzinfo=UTC).timestamp()))
