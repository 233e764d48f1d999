"""The order of commands and replies: which command may be sent when, and which reply belongs to which. Does no I/O."""

from __future__ import annotations

import enum
import re
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from protocols.smtp.client.core.reply_reader import BadReplyError, ReplyReader, ServerReply

LONGEST_NOTE: Final = 500
"""Characters of one line of a transcript."""
FIRST_NOTES: Final = 100
LAST_NOTES: Final = 100
"""Lines of a transcript that are kept of its beginning and of its end."""


SHORTEST_SECRET: Final = 4
"""Characters. What is shorter would be found in every other word."""


class State(enum.Enum):
    """What the client has said so far, taking every command of a group for a success."""

    GREETING = "waiting for the greeting"
    GREETED = "greeted"
    READY = "between transactions"
    ENVELOPE = "in a transaction"
    DATA = "waiting for 354"
    CONTENT = "sending the message"
    DOT = "waiting for the reply to the message"
    ENDED = "at its end"


COMMANDS: Final[dict[State, frozenset[str]]] = {
    State.GREETING: frozenset(),
    State.GREETED: frozenset({"EHLO", "HELO", "QUIT"}),
    State.READY: frozenset({"EHLO", "HELO", "STARTTLS", "AUTH", "MAIL", "RSET", "NOOP", "QUIT"}),
    State.ENVELOPE: frozenset({"RCPT", "DATA", "RSET", "QUIT"}),
    State.DATA: frozenset(),
    State.CONTENT: frozenset({"."}),
    State.DOT: frozenset(),
    State.ENDED: frozenset(),
}
"""The state table: what may be sent in each state."""

_NEXT: Final[dict[str, State]] = {
    "EHLO": State.READY,
    "HELO": State.READY,
    "MAIL": State.ENVELOPE,
    "DATA": State.DATA,
    ".": State.DOT,
    "RSET": State.READY,
    "QUIT": State.ENDED,
}
GREETING: Final = "greeting"
UNASKED: Final = "unasked"
"""The verb of a 421 that answers no command (RFC 5321 section 3.8)."""
EARLY: Final = "early"
"""The verb of a refusal that came before the message was sent whole."""


class Heard(NamedTuple):
    """A reply and what it answers: a verb, GREETING, UNASKED or EARLY."""

    verb: str
    reply: ServerReply


class Dialogue:
    """One connection's worth of commands and replies."""

    def __init__(self) -> None:
        self.state = State.GREETING
        self._reader = ReplyReader()
        self._pending: deque[str] = deque((GREETING,))
        self._first: list[str] = []
        self._last: deque[str] = deque(maxlen=LAST_NOTES)
        self._left_out = 0
        self._secrets: re.Pattern[str] | None = None

    @property
    def quiet(self) -> bool:
        """Whether every command has its reply, and nothing of a further one has come."""
        return not self._pending and self._reader.empty

    def command(self, verb: str, argument: str = "", *, shown: str | None = None) -> bytes:
        """Return the line to send. ``shown`` stands in the transcript instead, for what is secret.

        Raises ValueError for what is no line, and RuntimeError for a command out of order.
        """
        if verb not in COMMANDS[self.state]:
            raise RuntimeError(f"{verb} {self.state.value}")
        line = f"{verb} {argument}" if argument else verb
        octets = self._line(line, verb)
        self.note(f"C: {line if shown is None else shown}")
        self.state = _NEXT.get(verb, self.state)
        return octets

    def hide(self, secrets: Sequence[str]) -> None:
        """Let these stand in no transcript, not even where the server repeats them."""
        known = [
            re.escape(secret) for secret in sorted(secrets, key=len, reverse=True) if len(secret) >= SHORTEST_SECRET
        ]
        if known:
            former = [self._secrets.pattern] if self._secrets is not None else []
            self._secrets = re.compile("|".join(former + known), re.IGNORECASE)

    def without_secrets(self, text: str) -> str:
        """Return a text in which nothing of what is to be hidden stands."""
        return text if self._secrets is None else self._secrets.sub("(secret)", text)

    def answer(self, line: str, shown: str) -> bytes:
        """Return a line of an AUTH exchange (RFC 4954 section 4)."""
        self.note(f"C: {shown}")
        return self._line(line, "AUTH")

    def end(self, size: int) -> None:
        """Take note that the message of so many octets is ended by the dot that is now sent."""
        if "." not in COMMANDS[self.state]:
            raise RuntimeError(f"the dot {self.state.value}")
        self.note(f"C: ({size} octets)")
        self._pending.append(".")
        self.state = State.DOT

    def restart(self) -> None:
        """Forget everything for TLS (RFC 3207 section 4.2). Raises BadReplyError where plain text came behind the 220."""
        if not self.quiet:
            raise BadReplyError("plain text behind the reply to STARTTLS")
        self.state = State.GREETED

    def feed(self, data: bytes) -> Iterator[Heard]:
        """Yield the replies that end in these octets, each with what it answers. Raises BadReplyError for what comes after
        them.
        """
        for reply in self._reader.feed(data):
            yield self._heard(reply)

    def _heard(self, reply: ServerReply) -> Heard:
        self.note(f"S: {reply}")
        if self._pending:
            verb = self._pending.popleft()
            self._advance(verb, reply.code)
            return Heard(verb, reply)
        if self.state is State.CONTENT and reply.code >= 400:
            self.state = State.ENDED
            return Heard(EARLY, reply)
        if reply.code == 421:
            self.state = State.ENDED
            return Heard(UNASKED, reply)
        raise BadReplyError(f"a reply to nothing: {reply.code}")

    def _advance(self, verb: str, code: int) -> None:
        """Move on by a reply: to where the command has led, or back."""
        if code == 421:
            self.state = State.ENDED
        elif verb == GREETING or (verb in ("EHLO", "HELO") and code >= 300):
            self.state = State.GREETED
        elif verb == "DATA":
            # Without a valid recipient a pipelined DATA may get 354 all the same (RFC 2920 section 3.1).
            self.state = State.CONTENT if code == 354 else State.ENVELOPE
        elif verb == ".":
            self.state = State.READY

    def _line(self, line: str, verb: str) -> bytes:
        if any(character in line for character in "\r\n\0"):
            raise ValueError("a line end in a command")
        self._pending.append(verb)
        return line.encode("utf-8") + b"\r\n"

    def note(self, text: str) -> None:
        """Add a line to the transcript."""
        text = self.without_secrets(text)
        text = text if len(text) <= LONGEST_NOTE else text[:LONGEST_NOTE] + "..."
        if len(self._first) < FIRST_NOTES:
            self._first.append(text)
            return
        self._left_out += len(self._last) == LAST_NOTES
        self._last.append(text)

    def transcript(self) -> list[str]:
        """Return what was noted since the last call."""
        gap = [f"({self._left_out} lines left out)"] if self._left_out else []
        notes = [*self._first, *gap, *self._last]
        self._first, self._left_out = [], 0
        self._last.clear()
        return notes
