"""An SMTP, submission and LMTP client."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass
class SmtpReply:
    """A whole reply: its code and its lines without codes."""

    code: int
    lines: list[bytes]

    @property
    def text(self) -> bytes:
        return b"\n".join(self.lines)


def stuffed(raw: bytes) -> bytes:
    """The octets as DATA carries them, with the final dot (RFC 5321 section 4.5.2)."""
    text = raw.replace(b"\r\n.", b"\r\n..")
    if text.startswith(b"."):
        text = b"." + text
    if text and not text.endswith(b"\r\n"):
        text += b"\r\n"
    return text + b".\r\n"


class SmtpClient:
    """One connection; ``lmtp`` says LHLO and reads a reply a recipient (RFC 2033)."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, lmtp: bool) -> None:
        self.reader = reader
        self.writer = writer
        self.lmtp = lmtp
        self.extensions: dict[str, str] = {}

    @classmethod
    async def connect(
        cls, address: tuple[str, int], *, lmtp: bool = False, tls: ssl.SSLContext | None = None, hello: bool = True
    ) -> SmtpClient:
        reader, writer = await asyncio.open_connection(*address, limit=1 << 20, ssl=tls)
        client = cls(reader, writer, lmtp=lmtp)
        greeting = await client.reply()
        assert greeting.code == 220, greeting
        if hello:
            await client.hello()
        return client

    async def hello(self) -> None:
        answer = await self.command(b"LHLO client.test" if self.lmtp else b"EHLO client.test")
        assert answer.code == 250, answer
        words = (line.decode().partition(" ") for line in answer.lines[1:])
        self.extensions = {name.upper(): rest for name, _, rest in words}

    async def reply(self) -> SmtpReply:
        rows: list[bytes] = []
        while True:
            row = await self.reader.readline()
            if not row.endswith(b"\r\n"):
                raise ConnectionError(f"the server closed after {rows} {row!r}")
            assert row[:3].isdigit(), row
            assert row[3:4] in b"- \r", row
            rows.append(row[4:-2])
            if row[3:4] != b"-":
                return SmtpReply(int(row[:3]), rows)

    async def command(self, line: bytes) -> SmtpReply:
        self.writer.write(line + b"\r\n")
        return await self.reply()

    async def deliver(
        self, recipients: Sequence[str], raw: bytes, sender: str = "sender@outside.test", options: str = ""
    ) -> list[SmtpReply]:
        """One transaction by DATA, the envelope pipelined. One final reply, or with LMTP one an accepted recipient."""
        envelope = [f"MAIL FROM:<{sender}>{options}", *(f"RCPT TO:<{address}>" for address in recipients), "DATA"]
        self.writer.write("".join(line + "\r\n" for line in envelope).encode())
        mail = await self.reply()
        answers = [await self.reply() for _ in recipients]
        go = await self.reply()
        if go.code != 354:
            return [mail if mail.code != 250 else next((one for one in answers if one.code != 250), go)]
        self.writer.write(stuffed(raw))
        accepted = [one for one in answers if one.code == 250]
        return [await self.reply() for _ in (accepted if self.lmtp else [None])]

    async def deliver_chunks(self, recipient: str, raw: bytes, chunk: int = 65_536) -> SmtpReply:
        """One transaction by BDAT (RFC 3030), which takes any octets."""
        for line in (b"MAIL FROM:<sender@outside.test> BODY=8BITMIME", b"RCPT TO:<" + recipient.encode() + b">"):
            answer = await self.command(line)
            assert answer.code == 250, answer
        pieces = [raw[at : at + chunk] for at in range(0, len(raw), chunk)] or [b""]
        for number, piece in enumerate(pieces):
            last = b" LAST" if number == len(pieces) - 1 else b""
            self.writer.write(b"BDAT %d%s\r\n" % (len(piece), last) + piece)
            answer = await self.reply()
            if answer.code != 250:
                return answer
        return answer

    async def close(self) -> None:
        self.writer.close()
