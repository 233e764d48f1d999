"""A strict reader of IMAP responses, from the formal syntax of RFC 9051 section 9 (and RFC 3516 for literal8).

One space where the grammar has one and none where it has none; anything else is a :class:`GrammarError`.
"""

from __future__ import annotations

from dataclasses import dataclass, field


class GrammarError(AssertionError):
    """The server sent what the grammar does not allow."""


class Atom(bytes):
    """An atom, number or flag, as against a string."""

    __slots__ = ()


@dataclass
class Envelope:
    """ENVELOPE: six address lists between five strings."""

    date: bytes | None
    subject: bytes | None
    addresses: dict[str, list[tuple[bytes | None, bytes | None, bytes | None, bytes | None]]]
    in_reply_to: bytes | None
    message_id: bytes | None


@dataclass
class Body:
    """One node of BODYSTRUCTURE. ``section`` is the number to FETCH its body by; a root multipart has none."""

    media_type: str
    parameters: list[tuple[bytes, bytes]]
    section: str = ""
    encoding: str = ""
    octets: int = -1
    lines: int = -1
    content_id: bytes | None = None
    description: bytes | None = None
    disposition: tuple[bytes, list[tuple[bytes, bytes]]] | None = None
    envelope: Envelope | None = None
    children: list[Body] = field(default_factory=list)
    """The parts of a multipart, or the one body of an embedded message."""

    @property
    def is_multipart(self) -> bool:
        return self.media_type.startswith("multipart/")

    def walk(self) -> list[Body]:
        """This node and all below, in document order."""
        found = [self]
        for child in self.children:
            found.extend(child.walk())
        return found


_ATOM_ENDS = frozenset(b'(){ %*"\\]\x7f') | frozenset(range(32))


class Reader:
    """A position in the octets of one response, literals included, without the last CRLF."""

    def __init__(self, data: bytes, at: int = 0) -> None:
        self.data = data
        self.at = at

    def fault(self, why: str) -> GrammarError:
        around = self.data[max(0, self.at - 60) : self.at] + b" <HERE> " + self.data[self.at : self.at + 60]
        return GrammarError(f"{why} at {self.at}: {around!r}")

    @property
    def finished(self) -> bool:
        return self.at >= len(self.data)

    def peek(self) -> bytes:
        return self.data[self.at : self.at + 1]

    def take(self, octets: bytes) -> None:
        if self.data[self.at : self.at + len(octets)] != octets:
            raise self.fault(f"expected {octets!r}")
        self.at += len(octets)

    def accept(self, octets: bytes) -> bool:
        if self.data[self.at : self.at + len(octets)] != octets:
            return False
        self.at += len(octets)
        return True

    def space(self) -> None:
        self.take(b" ")

    def number(self) -> int:
        start = self.at
        while self.peek().isdigit():
            self.at += 1
        if start == self.at or (self.data[start] == 48 and self.at - start > 1):
            raise self.fault("expected a number")
        return int(self.data[start : self.at])

    def nil(self) -> bool:
        if self.data[self.at : self.at + 3].upper() != b"NIL" or self.data[self.at + 3 : self.at + 4] not in (
            b" ",
            b")",
            b"",
        ):
            return False
        self.at += 3
        return True

    def string(self) -> bytes:
        """A quoted string, literal or literal8."""
        if self.accept(b'"'):
            return self._quoted()
        self.accept(b"~")
        self.take(b"{")
        size = self.number()
        self.take(b"}\r\n")
        if self.at + size > len(self.data):
            raise self.fault("literal is cut off")
        value = self.data[self.at : self.at + size]
        self.at += size
        return value

    def _quoted(self) -> bytes:
        value = bytearray()
        while True:
            octet = self.data[self.at] if self.at < len(self.data) else -1
            if octet == 34:
                self.at += 1
                return bytes(value)
            if octet == 92:
                self.at += 1
                octet = self.data[self.at] if self.at < len(self.data) else -1
                if octet not in (34, 92):
                    raise self.fault("wrong escape in a quoted string")
            if octet in (-1, 0, 10, 13) or octet > 127:
                raise self.fault("octet not allowed in a quoted string")
            value.append(octet)
            self.at += 1

    def nstring(self) -> bytes | None:
        return None if self.nil() else self.string()

    def atom(self) -> Atom:
        """An atom; a section in brackets belongs to it, and a flag's backslash."""
        start = self.at
        if self.peek() == b"\\":
            self.at += 1
            if self.peek() == b"*":
                self.at += 1
                return Atom(self.data[start : self.at])
        while not self.finished and self.data[self.at] not in _ATOM_ENDS:
            if self.data[self.at] == 91:
                self.at = self.data.index(b"]", self.at)
            self.at += 1
        if start == self.at:
            raise self.fault("expected an atom")
        return Atom(self.data[start : self.at])

    def value(self) -> object:
        """Anything: None, a list, a string (bytes) or an Atom."""
        if self.nil():
            return None
        if self.peek() == b"(":
            return self.values()
        if self.peek() in (b'"', b"{") or self.data[self.at : self.at + 2] == b"~{":
            return self.string()
        return self.atom()

    def values(self) -> list[object]:
        """A parenthesised list with single spaces."""
        self.take(b"(")
        found: list[object] = []
        while not self.accept(b")"):
            if found:
                self.space()
            found.append(self.value())
        return found

    def envelope(self) -> Envelope:
        self.take(b"(")
        date = self.nstring()
        self.space()
        subject = self.nstring()
        addresses = {}
        for name in ("from", "sender", "reply-to", "to", "cc", "bcc"):
            self.space()
            addresses[name] = self._addresses()
        self.space()
        in_reply_to = self.nstring()
        self.space()
        message_id = self.nstring()
        self.take(b")")
        return Envelope(date, subject, addresses, in_reply_to, message_id)

    def _addresses(self) -> list[tuple[bytes | None, bytes | None, bytes | None, bytes | None]]:
        found: list[tuple[bytes | None, bytes | None, bytes | None, bytes | None]] = []
        if self.nil():
            return found
        self.take(b"(")
        while True:
            self.take(b"(")
            name = self.nstring()
            self.space()
            route = self.nstring()
            self.space()
            local = self.nstring()
            self.space()
            domain = self.nstring()
            self.take(b")")
            found.append((name, route, local, domain))
            if self.accept(b")"):
                return found

    def parameters(self) -> list[tuple[bytes, bytes]]:
        if self.nil():
            return []
        found: list[tuple[bytes, bytes]] = []
        self.take(b"(")
        while True:
            name = self.string()
            self.space()
            found.append((name, self.string()))
            if self.accept(b")"):
                return found
            self.space()

    def body(self) -> Body:
        """A body with its extension data (RFC 9051: body-type-mpart, body-type-1part). Recursive: for tests only."""
        self.take(b"(")
        node = self._multipart() if self.peek() == b"(" else self._single()
        self.take(b")")
        return node

    def _multipart(self) -> Body:
        children: list[Body] = []
        while self.peek() == b"(":
            children.append(self.body())
        self.space()
        node = Body("multipart/" + self.string().decode("ascii").lower(), [], children=children)
        if self.accept(b" "):
            node.parameters = self.parameters()
            self._extension(node)
        return node

    def _single(self) -> Body:
        kind = self.string().decode("ascii").lower()
        self.space()
        subtype = self.string().decode("ascii").lower()
        self.space()
        node = Body(f"{kind}/{subtype}", self.parameters())
        self.space()
        node.content_id = self.nstring()
        self.space()
        node.description = self.nstring()
        self.space()
        node.encoding = self.string().decode("ascii").lower()
        self.space()
        node.octets = self.number()
        if node.media_type in ("message/rfc822", "message/global"):
            self.space()
            node.envelope = self.envelope()
            self.space()
            node.children = [self.body()]
            self.space()
            node.lines = self.number()
        elif kind == "text":
            self.space()
            node.lines = self.number()
        if self.accept(b" "):
            self.nstring()
            self._extension(node)
        return node

    def _extension(self, node: Body) -> None:
        if not self.accept(b" "):
            return
        if not self.nil():
            self.take(b"(")
            kind = self.string()
            self.space()
            node.disposition = (kind, self.parameters())
            self.take(b")")
        if not self.accept(b" "):
            return
        if self.peek() == b"(":
            for tag in self.values():
                if not isinstance(tag, bytes) or isinstance(tag, Atom):
                    raise self.fault("body language is a list of strings")
        else:
            self.nstring()
        if self.accept(b" "):
            self.nstring()


def number_sections(root: Body) -> None:
    """Give every node its section number (RFC 9051 section 6.4.5.1)."""

    def below(node: Body, prefix: str) -> None:
        if node.is_multipart:
            for number, child in enumerate(node.children, 1):
                child.section = f"{prefix}{number}"
                below(child, f"{prefix}{number}.")
        elif node.children:
            inner = node.children[0]
            if not inner.is_multipart:
                inner.section = f"{prefix}1"
            below(inner, prefix if inner.is_multipart else f"{prefix}1.")

    if root.is_multipart:
        below(root, "")
    else:
        root.section = "1"
        below(root, "1.")


def fetch_data(response: bytes) -> tuple[int, dict[str, object]]:
    """Parse ``<number> FETCH (…)``: the number and the items, names in upper case."""
    reader = Reader(response)
    number = reader.number()
    reader.take(b" FETCH (")
    items: dict[str, object] = {}
    while True:
        start = reader.at
        name = reader.atom().decode("ascii").upper()
        if reader.at - start == 0:
            raise reader.fault("no item name")
        reader.space()
        if name in items:
            raise reader.fault(f"{name} twice")
        if name == "ENVELOPE":
            items[name] = reader.envelope()
        elif name in ("BODYSTRUCTURE", "BODY"):
            root = reader.body()
            number_sections(root)
            items[name] = root
        elif name in ("UID", "RFC822.SIZE"):
            items[name] = reader.number()
        else:
            items[name] = reader.value()
        if reader.accept(b")"):
            break
        reader.space()
    if not reader.finished:
        raise reader.fault("text after the FETCH data")
    return number, items
