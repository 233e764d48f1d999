"""Replies out of any pieces of octets (RFC 5321 section 4.2), bounded whatever the other side sends. Does no I/O."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from correio.queue.courier import Reply
from protocols.wire.input_buffer import InputBuffer, LineTooLongError

LONGEST_LINE: Final = 4096
"""Octets. RFC 5321 section 4.5.3.1.5 has 512; servers write longer ones."""
MOST_LINES: Final = 500
"""Lines of one reply."""
MOST_OCTETS: Final = 64 * 1024
"""Octets of one reply."""
LONGEST_TEXT: Final = 1000
"""Characters of a reply that are passed on: into what people read of each attempt, into logs and reports."""

_LINE: Final = re.compile(rb"([2-5][0-9]{2})(?:([ -])(.*))?", re.DOTALL)
_STATUS: Final = re.compile(r"([245])\.(\d{1,3}\.\d{1,3})(?: |$)")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class BadReplyError(Exception):
    """What came is no reply, or a reply to nothing. Nothing that follows on the connection can be trusted."""


class ServerReply(msgspec.Struct, frozen=True):
    """A whole reply: its code and the text of its lines, controls made spaces."""

    code: int
    lines: tuple[str, ...]

    @property
    def reply(self) -> Reply:
        """The reply as the queue sees it."""
        family = self.code // 100
        status = ""
        texts: list[str] = []
        for line in self.lines:
            found = _STATUS.match(line)
            # RFC 2034 section 4: the class says the same as the first digit of the code. One that does not is no status.
            if found is None or int(found[1]) != family:
                texts.append(line)
                continue
            status = status or f"{family}.{found[2]}"
            texts.append(line[found.end() :])
        return Reply(self.code, status or f"{family}.0.0", _cut(" ".join(text for text in texts if text)))

    def __str__(self) -> str:
        return _cut(" ".join(text for text in (str(self.code), " / ".join(self.lines)) if text))


class ReplyReader:
    """Octets in, whole replies out."""

    __slots__ = ("_buffer", "_code", "_lines", "_octets")

    def __init__(self) -> None:
        self._buffer = InputBuffer()
        self._code = 0
        self._lines: list[str] = []
        self._octets = 0

    @property
    def empty(self) -> bool:
        """Whether nothing of a further reply has come."""
        return not len(self._buffer) and not self._lines

    def feed(self, data: bytes) -> Iterator[ServerReply]:
        """Yield the replies that end in these octets. Raises BadReplyError for what comes after them."""
        self._buffer.append(data)
        while True:
            try:
                line = self._buffer.take_line(LONGEST_LINE)
            except LineTooLongError as error:
                raise BadReplyError(f"a line of more than {LONGEST_LINE} octets in a reply") from error
            if line is None:
                return
            reply = self._take(line)
            if reply is not None:
                yield reply

    def _take(self, line: bytes) -> ServerReply | None:
        match = _LINE.fullmatch(line)
        if match is None:
            raise BadReplyError(f"not a reply: {_text(line[:100])}")
        code = int(match[1])
        if self._lines and code != self._code:
            raise BadReplyError(f"a reply with two codes, {self._code} and {code}")
        self._code = code
        self._lines.append(_text(match[3] or b""))
        self._octets += len(line)
        if len(self._lines) > MOST_LINES or self._octets > MOST_OCTETS:
            raise BadReplyError(f"a reply of more than {MOST_LINES} lines or {MOST_OCTETS} octets")
        if match[2] == b"-":
            return None
        lines, self._lines, self._octets = tuple(self._lines), [], 0
        return ServerReply(code, lines)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}..."


def _text(octets: bytes) -> str:
    return _CONTROL.sub(" ", octets.decode("utf-8", "replace")).strip()
