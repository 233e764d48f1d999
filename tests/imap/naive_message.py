"""Messages built from a tree that knows the octets of each of its sections: what FETCH must answer, by construction."""

from __future__ import annotations

import base64
import random
from dataclasses import dataclass, field

LINES = (
    b"one line",
    b"",
    b"  indented",
    b"-- ",
    b"--not a boundary",
    b"Subject: not a header",
    b"caf\xc3\xa9",
    b"x" * 120,
)


@dataclass
class Expected:
    """The sections of one message, by what stands in brackets; None: there is no such section."""

    whole: bytes = b""
    sections: dict[str, bytes | None] = field(default_factory=dict)
    decoded: dict[str, bytes] = field(default_factory=dict)
    """Leaves without their transfer encoding."""
    unknown: list[str] = field(default_factory=list)
    """Leaves whose transfer encoding nobody knows."""


@dataclass
class Entity:
    """A header with the empty line behind it, and a body."""

    header: bytes
    body: bytes
    children: list[Entity] = field(default_factory=list)
    """The parts of a multipart."""
    message: Entity | None = None
    """What a message/rfc822 holds."""
    decoded: bytes | None = None

    @property
    def octets(self) -> bytes:
        return self.header + self.body


def build(seed: int) -> Expected:
    """Make a message; the same one for the same seed."""
    return expected_of(_message(random.Random(seed), depth=0))


def expected_of(message: Entity) -> Expected:
    """Return the sections of a message."""
    expected = Expected(message.octets)
    expected.sections |= {"": message.octets, "HEADER": message.header, "TEXT": message.body}
    _number(message, "", expected)
    expected.sections["77"] = expected.sections["1.77.MIME"] = expected.sections["77.HEADER"] = None
    return expected


def _number(message: Entity, prefix: str, expected: Expected) -> None:
    """RFC 9051 section 6.4.5.1: the parts of a message, whose own number is ``prefix``."""
    parts = message.children or [message]
    for at, part in enumerate(parts, 1):
        _part(part, f"{prefix}{at}", expected)


def _part(part: Entity, number: str, expected: Expected) -> None:
    expected.sections[number] = part.body
    expected.sections[f"{number}.MIME"] = part.header
    if part.message is not None:
        expected.sections[f"{number}.HEADER"] = part.message.header
        expected.sections[f"{number}.TEXT"] = part.message.body
        _number(part.message, f"{number}.", expected)
        return
    expected.sections[f"{number}.HEADER"] = expected.sections[f"{number}.TEXT"] = None
    for at, child in enumerate(part.children, 1):
        _part(child, f"{number}.{at}", expected)
    if part.children:
        return
    if part.decoded is None:
        expected.unknown.append(number)
    else:
        expected.decoded[number] = part.decoded


def _message(chance: random.Random, depth: int) -> Entity:
    fields = [
        b"From: a@example.test",
        b"To: b@example.test,\r\n\tc@example.test",
        b"X-Two: 1",
        b"SUBJECT:  deep %d" % depth,
        b"x-two: 2",
    ]
    chance.shuffle(fields)
    return _entity(chance, depth, fields)


def _entity(chance: random.Random, depth: int, fields: list[bytes]) -> Entity:
    kind = chance.random()
    if depth < 4 and kind < (0.75 if depth == 0 else 0.3):
        return _multipart(chance, depth, fields)
    if 0 < depth < 4 and kind < 0.55:
        inner = _message(chance, depth + 1)
        return Entity(_header([*fields, b"Content-Type: message/rfc822"]), inner.octets, message=inner)
    return _leaf(chance, fields)


def _multipart(chance: random.Random, depth: int, fields: list[bytes]) -> Entity:
    boundary = b"edge-%d-%d" % (depth, chance.randrange(10**9))
    children = [_entity(chance, depth + 1, _own_fields(chance)) for _ in range(chance.randint(1, 3))]
    body = chance.choice([b"", b"preamble\r\n"])
    for child in children:
        body += b"--" + boundary + b"\r\n" + child.octets + b"\r\n"
    body += b"--" + boundary + b"--\r\n" + chance.choice([b"", b"epilogue\r\n"])
    header = _header([*fields, b"MIME-Version: 1.0", b'Content-Type: multipart/mixed;\r\n boundary="%b"' % boundary])
    return Entity(header, body, children)


def _own_fields(chance: random.Random) -> list[bytes]:
    return [b"Content-Description: part", b"X-Two: part"][: chance.randint(0, 2)]


def _leaf(chance: random.Random, fields: list[bytes]) -> Entity:
    text = b"\r\n".join(chance.choices(LINES, k=chance.randint(0, 6)))
    encoding = chance.choice([b"8bit", b"base64", b"quoted-printable", b"x-unknown", b"binary"])
    kind = b"Content-Type: text/plain; charset=utf-8"
    if encoding == b"base64":
        octets = chance.randbytes(chance.randrange(200)) + (b"\0" if chance.random() < 0.5 else b"")
        body, text = base64.encodebytes(octets).replace(b"\n", b"\r\n"), octets
        kind = b"Content-Type: application/octet-stream"
    elif encoding == b"quoted-printable":
        # Every octet but the line ends escaped: nothing to decide.
        body = b"".join(b"=%02X" % octet if octet not in b"\r\n" else bytes([octet]) for octet in text)
    else:
        body = text
    header = _header([*fields, kind, b"Content-Transfer-Encoding: " + encoding])
    return Entity(header, body, decoded=None if encoding == b"x-unknown" else text)


def _header(fields: list[bytes]) -> bytes:
    return b"".join(one + b"\r\n" for one in fields) + b"\r\n"


def fields_of(header: bytes, names: tuple[str, ...], *, exclude: bool) -> bytes:
    """HEADER.FIELDS and HEADER.FIELDS.NOT, line by line."""
    found = b""
    wanted = False
    for line in header.splitlines(keepends=True):
        if line == b"\r\n":
            return found + line
        if line[:1] not in b" \t":
            name = line.partition(b":")[0].decode("ascii").lower()
            wanted = (name in names) is not exclude
        found += line if wanted else b""
    return found
