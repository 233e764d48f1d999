"""An IMAP client that reads literals exactly and parses strictly."""

from __future__ import annotations

import asyncio
import re
import ssl
from dataclasses import dataclass, field
from typing import Any

from tests.peers.imap_grammar import fetch_data

_LITERAL = re.compile(rb"~?\{(\d+)\}\r\n\Z")


class Literal(bytes):
    """Octets to send as a synchronising literal."""


class Literal8(bytes):
    """Octets to send as a literal8 (RFC 3516)."""


@dataclass
class Reply:
    """A tagged response, and the untagged ones before it, each without ``* `` and the last CRLF."""

    status: str
    text: bytes
    untagged: list[bytes] = field(default_factory=list)

    @property
    def code(self) -> bytes:
        """What stands in brackets at the start of the text."""
        found = re.match(rb"\[([^\]]*)\]", self.text)
        return found.group(1) if found else b""

    def fetched(self) -> dict[int, dict[str, Any]]:
        """All FETCH data by UID. What has none was not asked for: news of flags, by number alone."""
        found: dict[int, dict[str, Any]] = {}
        for line in self.untagged:
            if re.match(rb"\d+ FETCH ", line):
                items: dict[str, Any] = fetch_data(line)[1]
                if "UID" in items:
                    found.setdefault(items["UID"], {}).update(items)
        return found

    def of(self, kind: str) -> list[bytes]:
        """The rest of every untagged response of a kind, ``LIST`` or ``EXISTS``."""
        name = kind.encode()
        found: list[bytes] = []
        for line in self.untagged:
            if line.startswith(name + b" ") or line == name:
                found.append(line[len(name) + 1 :])
            elif re.match(rb"\d+ " + name + rb"\b", line):
                found.append(line.split(b" ", 1)[0])
        return found


class ImapClient:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.greeting = b""
        self._tag = 0

    @classmethod
    async def connect(cls, address: tuple[str, int], tls: ssl.SSLContext | None = None) -> ImapClient:
        reader, writer = await asyncio.open_connection(*address, limit=1 << 27, ssl=tls)
        client = cls(reader, writer)
        client.greeting = await client.response()
        return client

    async def signed_in(self, user: str, password: str) -> ImapClient:
        await self.ok(b"LOGIN ", Literal(user.encode()), b" ", Literal(password.encode()))
        return self

    async def response(self) -> bytes:
        """One response, its literals included, without the last CRLF."""
        whole = b""
        while True:
            line = await self.reader.readline()
            if not line.endswith(b"\r\n"):
                raise ConnectionError(f"the server closed after {whole + line!r}")
            whole += line
            literal = _LITERAL.search(line)
            if literal is None:
                return whole[:-2]
            whole += await self.reader.readexactly(int(literal.group(1)))

    def send(self, *pieces: bytes) -> str:
        """Write a command without waiting, literals non-synchronising; returns the tag."""
        self._tag += 1
        tag = f"a{self._tag}"
        whole = tag.encode() + b" "
        for piece in pieces:
            if isinstance(piece, Literal8):
                whole += b"~{%d+}\r\n" % len(piece) + piece
            elif isinstance(piece, Literal):
                whole += b"{%d+}\r\n" % len(piece) + piece
            else:
                whole += piece
        self.writer.write(whole + b"\r\n")
        return tag

    async def command(self, *pieces: bytes) -> Reply:
        """Send a command, waiting for ``+`` at each literal, and read to its tagged response."""
        self._tag += 1
        tag = f"a{self._tag}"
        self.writer.write(tag.encode() + b" ")
        reply = Reply("", b"")
        for piece in pieces:
            if isinstance(piece, Literal | Literal8):
                self.writer.write((b"~" if isinstance(piece, Literal8) else b"") + b"{%d}\r\n" % len(piece))
                while True:
                    line = await self.response()
                    if line.startswith(b"+"):
                        break
                    if self._take(tag, line, reply):
                        return reply
            self.writer.write(piece)
        self.writer.write(b"\r\n")
        return await self.finish(tag, reply)

    def _take(self, tag: str, line: bytes, reply: Reply) -> bool:
        if line.startswith(b"* "):
            reply.untagged.append(line[2:])
            return False
        given, _, rest = line.partition(b" ")
        if given != tag.encode():
            raise AssertionError(f"not an answer to {tag}: {line[:300]!r}")
        status, _, reply.text = rest.partition(b" ")
        reply.status = status.decode("ascii")
        return True

    async def finish(self, tag: str, reply: Reply | None = None) -> Reply:
        """Read to the tagged response of a command sent before."""
        reply = reply or Reply("", b"")
        while not self._take(tag, await self.response(), reply):
            pass
        return reply

    async def ok(self, *pieces: bytes) -> Reply:
        """A command that must succeed."""
        reply = await self.command(*pieces)
        assert reply.status == "OK", (pieces[0][:200], reply.status, reply.text, reply.untagged[-3:])
        return reply

    async def append(self, mailbox: bytes, raw: bytes, options: bytes = b"", *, binary: bool = False) -> int:
        """APPEND and return the UID (RFC 4315)."""
        reply = await self.ok(b"APPEND " + mailbox + b" " + options, Literal8(raw) if binary else Literal(raw))
        return int(reply.code.split()[2])

    async def close(self) -> None:
        self.writer.close()
