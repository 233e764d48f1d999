"""Octets to whole commands: lines joined over their literals (RFC 9051 sections 2.2.1 and 4.3, RFC 7888, RFC 3516).

A literal's size is judged before the client is told to send it, from the tag and the command that stand before it.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Final

import msgspec

from protocols.wire.input_buffer import InputBuffer, LineTooLongError


class Literal(msgspec.Struct, frozen=True):
    """A string sent by count. ``binary``: a literal8 (RFC 3516), which may hold NUL."""

    octets: bytes
    binary: bool = False


class Command(msgspec.Struct, frozen=True):
    """One whole command, uninterpreted: text and literals in turn, beginning and ending with text."""

    pieces: list[bytes | Literal]


class Line(msgspec.Struct, frozen=True):
    """A line that is no command: what follows IDLE, or answers a SASL challenge."""

    text: bytes


class ContinuationDue(msgspec.Struct, frozen=True):
    """The client waits for ``+`` before it sends a literal."""


class Refused(msgspec.Struct, frozen=True):
    """A command that was not read to its end, or was read and dropped. ``tag`` is ``*`` where none can be made out.

    ``code`` is a response code; ``bad`` tells BAD from NO; with ``fatal`` the connection cannot be used further.
    """

    tag: bytes
    message: str
    code: str = ""
    bad: bool = True
    fatal: bool = False


FrameEvent = Command | Line | ContinuationDue | Refused


class LiteralLimit(msgspec.Struct, frozen=True):
    """How large one literal may be, and all of a command's together, in octets; and how to refuse a larger one."""

    octets: int
    together: int
    message: str = ""
    code: str = "TOOBIG"
    bad: bool = False


LiteralPolicy = Callable[[bytes, bool], LiteralLimit | None]
"""Given a command's name in upper case (``UID`` commands by both words) and whether the literal is its first argument.
None: the literal is an ordinary string, and counts with the command's line."""

_LITERAL: Final = re.compile(rb"(~?)\{(\d{1,20})(\+?)\}$")
_HEAD: Final = re.compile(rb"([^\x00-\x20\x7f(){%*\"\\+]{1,255}) +((?:UID +)?[A-Za-z0-9.]+)(?: |$)", re.IGNORECASE)
_MOST_LITERALS: Final = 10_000
_TAIL: Final = 32
"""Octets at the end of a line in which a literal is announced."""


class CommandFramer:
    """``receive`` octets, then take events with ``next_event`` until it returns None.

    ``command_line`` bounds the octets of a command without its message literals; ``policy`` bounds those. A refused
    literal that comes all the same is read and dropped up to ``largest`` octets.
    While ``lines`` is set, lines come as Line events instead of commands.
    """

    __slots__ = (
        "_buffer",
        "_literal",
        "_literal_binary",
        "_missing",
        "_pieces",
        "_refusal",
        "_skip_line",
        "_skipped",
        "_tail",
        "_text",
        "_together",
        "command_line",
        "largest",
        "largest_unasked",
        "lines",
        "policy",
    )

    def __init__(self, command_line: int, largest: int, policy: LiteralPolicy) -> None:
        self.command_line: Final = command_line
        self.largest: Final = largest
        self.policy = policy
        self.largest_unasked: int | None = None
        """Octets of the largest literal that may come unasked (RFC 7888); None: any, which is LITERAL+."""
        self.lines = False
        self._buffer = InputBuffer()
        self._pieces: list[bytes | Literal] = []
        self._text = 0
        self._together = 0
        self._literal: io.BytesIO | None = None
        self._literal_binary = False
        self._missing = 0
        self._refusal: Refused | None = None
        self._skip_line = False
        self._skipped = 0
        self._tail = b""

    @property
    def pending(self) -> int:
        """Octets received and not yet taken."""
        return len(self._buffer)

    def receive(self, data: bytes) -> None:
        """Add what has arrived."""
        self._buffer.append(data)

    def discard(self) -> int:
        """Drop all that has been received, as STARTTLS demands (RFC 9051 section 6.2.1); return how many octets."""
        return self._buffer.clear()

    def take_pending(self) -> bytes:
        """Remove and return all that has been received, between two commands."""
        return self._buffer.take(len(self._buffer))

    def next_event(self) -> FrameEvent | None:
        """Return the next event, or None when more octets are needed."""
        while True:
            if self._missing and not self._fill_literal():
                return None
            if self._skip_line:
                if not self._skip():
                    return None
                if not self._missing:
                    return self._reset_refused()
                continue
            try:
                line = self._buffer.take_line(self.command_line - self._text)
            except LineTooLongError:
                # What can be read of the line names the command to refuse.
                head = b"".join(piece for piece in self._pieces if isinstance(piece, bytes)) or self._buffer.peek(300)
                self._refusal = self._refusal or Refused(
                    _tag(head), f"The command line is longer than {self.command_line} octets.", "TOOBIG"
                )
                self._skip_line = True
                continue
            if line is None:
                return None
            if self.lines:
                return Line(line)
            event = self._line(line)
            if event is not None:
                return event

    def _skip(self) -> bool:
        """Drop a line that is too long; a literal that it announces and the client sends unasked is dropped with it."""
        self._skipped += len(self._buffer)
        dropped, ended = self._buffer.drop_line(_TAIL)
        self._skipped -= len(self._buffer)
        self._tail = (self._tail + dropped)[-_TAIL:]
        if self._skipped > self.largest:
            # Compressed, an endless line costs the client next to nothing.
            assert self._refusal is not None
            self._refusal = msgspec.structs.replace(self._refusal, fatal=True)
            self._skip_line = False
            return True
        if not ended:
            return False
        announced = _LITERAL.search(self._tail.removesuffix(b"\r"))
        self._skip_line = False
        self._tail = b""
        if announced is not None and announced[3]:
            self._drop_literal(int(announced[2]))
        return True

    def _drop_literal(self, size: int) -> None:
        assert self._refusal is not None
        if size > self.largest:
            self._refusal = msgspec.structs.replace(self._refusal, fatal=True)
            return
        self._missing = size
        self._literal = None
        self._pieces = self._pieces[:1] or [b""]
        self._text = min(self._text, self.command_line // 2)

    def _line(self, line: bytes) -> FrameEvent | None:
        self._text += len(line)
        announced = _LITERAL.search(line) if line.endswith(b"}") else None
        if announced is None:
            if self._refusal is not None:
                return self._reset_refused()
            if not line and not self._pieces:
                # Some clients send an empty line after a literal; it means nothing.
                self._text = 0
                return None
            self._pieces.append(line)
            command = Command(self._pieces)
            self._reset()
            return command
        size = int(announced[2])
        self._pieces.append(line[: announced.start()])
        refusal = self._refusal or self._judge(size)
        if announced[3]:
            if refusal is None and self.largest_unasked is not None and size > self.largest_unasked:
                # RFC 7888 section 5: LITERAL- and IMAP4rev2 bound what comes unasked.
                most = max(self.largest_unasked, 0)
                refusal = Refused(
                    _tag(self._head()), f"A literal of more than {most} octets waits for the server's +.", "TOOBIG"
                )
            return self._non_synchronising(size, refusal, binary=bool(announced[1]))
        if refusal is not None:
            # The client waits for + and gets its answer instead: it sends nothing of the literal (RFC 9051 section 4.3).
            self._refusal = refusal
            return self._reset_refused()
        self._expect(size, binary=bool(announced[1]))
        return ContinuationDue()

    def _non_synchronising(self, size: int, refusal: Refused | None, *, binary: bool) -> FrameEvent | None:
        """RFC 7888 section 4: what comes unasked must be read to its end, or the connection be closed."""
        if refusal is None:
            self._expect(size, binary=binary)
            return None
        self._refusal = refusal
        self._drop_literal(size)
        return self._reset_refused() if self._refusal.fatal else None

    def _judge(self, size: int) -> Refused | None:
        """Say why a literal of this size is not wanted, or return None."""
        text = self._pieces[0]
        assert isinstance(text, bytes)
        head = _HEAD.match(text)
        if head is None:
            return Refused(_tag(text), "A command is a tag, a space and a name, then its arguments.")
        if len(self._pieces) > 2 * _MOST_LITERALS:
            return Refused(head[1], f"A command has at most {_MOST_LITERALS} literals.", "LIMIT")
        first = len(self._pieces) == 1 and not text[head.end() :].strip()
        limit = self.policy(b" ".join(head[2].upper().split()), first)
        if limit is None:
            self._text += size
            if self._text > self.command_line:
                return Refused(head[1], f"The command is longer than {self.command_line} octets.", "TOOBIG")
            return None
        self._together += size
        if size > limit.octets or self._together > limit.together:
            return Refused(head[1], limit.message or f"At most {limit.octets} octets.", limit.code, limit.bad)
        return None

    def _head(self) -> bytes:
        text = self._pieces[0]
        assert isinstance(text, bytes)
        return text

    def _expect(self, size: int, *, binary: bool) -> None:
        self._missing = size
        self._literal_binary = binary
        if size:
            self._literal = io.BytesIO()
        else:
            self._pieces.append(Literal(b"", binary))

    def _fill_literal(self) -> bool:
        """Move octets into the literal that is being read; tell whether it is complete."""
        if not len(self._buffer):
            return False
        data = self._buffer.take(self._missing)
        self._missing -= len(data)
        if self._literal is not None:
            # BytesIO grows in place and gives its octets up without a copy: a message is held once.
            self._literal.write(data)
        if self._missing:
            return False
        if self._literal is not None:
            self._pieces.append(Literal(self._literal.getvalue(), self._literal_binary))
            self._literal = None
        return True

    def _reset_refused(self) -> Refused | None:
        refusal = self._refusal
        self._reset()
        return refusal

    def _reset(self) -> None:
        self._pieces = []
        self._text = 0
        self._together = 0
        self._literal = None
        self._missing = 0
        self._refusal = None
        self._skipped = 0


def _tag(text: bytes) -> bytes:
    head = re.match(rb"[^\x00-\x20\x7f-\xff(){%*\"\\+]{1,255}(?= )", text)
    return head[0] if head else b"*"
