"""SASL in the words of IMAP, POP3 and submission: one set of tests for the three."""

from __future__ import annotations

import asyncio
import base64
import ssl
from dataclasses import dataclass
from typing import ClassVar

from tests.peers.served import Served


@dataclass
class SaslDialogue:
    """One connection. Lines come back without their end."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    LISTENER: ClassVar[str]
    LISTENER_TLS: ClassVar[str]
    CHALLENGE: ClassVar[bytes]
    WELCOME: ClassVar[bytes]
    REFUSED: ClassVar[bytes]
    CANCELLED: ClassVar[bytes]
    THROTTLED: ClassVar[bytes]
    NOT_FOR_ANOTHER: ClassVar[bytes]

    @classmethod
    async def connect(cls, server: Served, tls: ssl.SSLContext | None = None) -> SaslDialogue:
        host, port = server.address(cls.LISTENER if tls is None else cls.LISTENER_TLS)
        return await cls.at((host, port), tls)

    @classmethod
    async def at(cls, address: tuple[str, int], tls: ssl.SSLContext | None = None) -> SaslDialogue:
        dialogue = cls(*await asyncio.open_connection(*address, ssl=tls))
        await dialogue.greeted()
        return dialogue

    async def line(self) -> bytes:
        async with asyncio.timeout(30):
            return (await self.reader.readline()).removesuffix(b"\r\n")

    async def greeted(self) -> None:
        await self.line()

    async def say(self, line: bytes) -> bytes:
        self.writer.write(line + b"\r\n")
        return await self.line()

    async def begin(self, mechanism: str, initial: bytes | None = None) -> bytes:
        """Send the command; returns the answer."""
        raise NotImplementedError

    async def start_tls(self, context: ssl.SSLContext) -> None:
        raise NotImplementedError

    async def offered(self) -> list[str]:
        """The mechanisms that are advertised now."""
        raise NotImplementedError

    def challenge(self, line: bytes) -> bytes:
        """The challenge on a line, still in base64."""
        assert line.startswith(self.CHALLENGE), line
        octets = line.removeprefix(self.CHALLENGE)
        base64.b64decode(octets, validate=True)
        return octets

    @property
    def tls(self) -> ssl.SSLObject:
        found = self.writer.get_extra_info("ssl_object")
        assert isinstance(found, ssl.SSLObject)
        return found

    async def close(self) -> None:
        self.writer.close()


class ImapDialogue(SaslDialogue):
    LISTENER, LISTENER_TLS = "imap", "imaps"
    CHALLENGE, WELCOME, CANCELLED = b"+ ", b"a OK [CAPABILITY ", b"a BAD "
    REFUSED, THROTTLED = b"a NO [AUTHENTICATIONFAILED] ", b"a NO [UNAVAILABLE] Too many"
    NOT_FOR_ANOTHER = b"a NO [AUTHORIZATIONFAILED] "

    async def begin(self, mechanism: str, initial: bytes | None = None) -> bytes:
        return await self.say(
            b" ".join([b"a AUTHENTICATE", mechanism.encode(), *([initial] if initial is not None else [])])
        )

    async def start_tls(self, context: ssl.SSLContext) -> None:
        assert (await self.say(b"s STARTTLS")).startswith(b"s OK")
        await self.writer.start_tls(context)

    async def offered(self) -> list[str]:
        line = await self.say(b"c CAPABILITY")
        await self.line()
        return [word.removeprefix(b"AUTH=").decode() for word in line.split() if word.startswith(b"AUTH=")]


class Pop3Dialogue(SaslDialogue):
    LISTENER, LISTENER_TLS = "pop3", "pop3s"
    CHALLENGE, WELCOME, CANCELLED = b"+ ", b"+OK ", b"-ERR "
    REFUSED, THROTTLED = b"-ERR [AUTH] ", b"-ERR [SYS/TEMP] Too many"
    NOT_FOR_ANOTHER = b"-ERR [AUTH] Nobody"

    async def begin(self, mechanism: str, initial: bytes | None = None) -> bytes:
        return await self.say(b" ".join([b"AUTH", mechanism.encode(), *([initial] if initial is not None else [])]))

    async def start_tls(self, context: ssl.SSLContext) -> None:
        assert (await self.say(b"STLS")).startswith(b"+OK")
        await self.writer.start_tls(context)

    async def offered(self) -> list[str]:
        line = await self.say(b"CAPA")
        found: list[str] = []
        while line != b".":
            if line.startswith(b"SASL "):
                found = line.decode().split()[1:]
            line = await self.line()
        return found


class SubmissionDialogue(SaslDialogue):
    LISTENER, LISTENER_TLS = "submission", "submissions"
    CHALLENGE, WELCOME, CANCELLED = b"334 ", b"235 2.7.0 ", b"501 5.7.0 "
    REFUSED, THROTTLED = b"535 5.7.8 ", b"454 4.7.0 Too many"
    NOT_FOR_ANOTHER = b"535 5.7.8 Nobody"

    async def greeted(self) -> None:
        await self.line()
        await self.offered()

    async def begin(self, mechanism: str, initial: bytes | None = None) -> bytes:
        return await self.say(b" ".join([b"AUTH", mechanism.encode(), *([initial] if initial is not None else [])]))

    async def start_tls(self, context: ssl.SSLContext) -> None:
        assert (await self.say(b"STARTTLS")).startswith(b"220")
        await self.writer.start_tls(context)
        await self.offered()

    async def offered(self) -> list[str]:
        line = await self.say(b"EHLO client.test")
        found: list[str] = []
        while True:
            if line[4:].startswith(b"AUTH "):
                found = line[4:].decode().split()[1:]
            if line[3:4] == b" ":
                return found
            line = await self.line()


DIALOGUES = (ImapDialogue, Pop3Dialogue, SubmissionDialogue)
