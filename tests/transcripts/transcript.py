r"""Transcripts as files: who says what, in order.

``C:`` is a line of the client, ``S:`` a response of the server, ``O:`` a command of another session of the same account,
which must succeed. In a client's line ``<literal:text>`` is a non-synchronising literal and ``<sync:text>`` one that the
server is to ask for, with ``\r\n`` for line ends; ``<bearer>`` signs in. In a response ``…`` is any text and ``<n>`` any number;
a literal of it stands in the same line, with ``\r\n`` for line ends. ``M:`` is the rest of a multi-line answer of POP3.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_LITERAL = re.compile(r"<(literal|sync):(.*?)>(?= |$)")


@dataclass(frozen=True)
class Said:
    """One line: ``C``, ``S``, ``O`` or ``M``, and its text as it stands in the file."""

    who: str
    text: str


@dataclass(frozen=True)
class Transcript:
    """A whole dialogue."""

    name: str
    signed_in: bool
    lines: tuple[Said, ...]

    @property
    def client(self) -> bytes:
        """Everything the client says."""
        return b"".join(spoken(line.text, b"") for line in self.lines if line.who == "C")


def read(path: Path) -> Transcript:
    """Read a transcript."""
    text = path.read_text("utf-8")
    found = [Said(line[0], line[3:]) for line in text.splitlines() if line and not line.startswith("#")]
    return Transcript(path.stem, "# state: new" not in text, tuple(found))


def spoken(text: str, bearer: bytes) -> bytes:
    """A client's line as octets, literals and the last CRLF included."""

    def literal(found: re.Match[str]) -> str:
        octets = found[2].replace("\\r\\n", "\r\n")
        return f"{{{len(octets.encode())}{'+' if found[1] == 'literal' else ''}}}\r\n{octets}"

    return _LITERAL.sub(literal, text).encode().replace(b"<bearer>", bearer) + b"\r\n"


def pattern(text: str) -> re.Pattern[bytes]:
    """What a response, without its last CRLF, must be."""
    octets = re.escape(text.replace("\\r\\n", "\r\n").encode())
    any_text, number = re.escape("…".encode()), re.escape(b"<n>")
    return re.compile(octets.replace(any_text, b".*?").replace(number, rb"\d+"), re.DOTALL)
