"""The mail listeners in the test's own process, so that a test may set their limits and look into the store
behind them.
"""

from __future__ import annotations

import asyncio
import datetime
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from correio.auth.authenticator import Authenticator
from correio.config import Endpoint, Limits, Settings
from correio.mail.fetch import StoredMessage, fetch_messages
from correio.mail.message_store import MessageStore
from protocols.pop3.server import Pop3Server
from protocols.smtp.mail_server import MailServer

HOSTNAME = "mx.correio.test"
LOOPBACK = Endpoint("127.0.0.1", 0)


def certificate(folder: Path) -> ssl.SSLContext:
    """A server's TLS context with a certificate made for the occasion."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOSTNAME)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


class Listener:
    """A server of one kind and the address it listens on."""

    def __init__(self, server: MailServer | Pop3Server, address: tuple[str, int]) -> None:
        self.server = server
        self.address = address


@asynccontextmanager
async def listening(
    kind: type[MailServer] | type[Pop3Server],
    store: MessageStore,
    tls: ssl.SSLContext | None = None,
    *,
    implicit_tls: bool = False,
    **limits: float,
) -> AsyncIterator[Listener]:
    """Run a listener with some limits of its own."""
    settings = Settings(hostname=HOSTNAME, limits=msgspec.structs.replace(Limits(), **limits))
    server = kind(store, Authenticator(store), settings, tls)
    endpoint = await server.listen(LOOPBACK, implicit_tls=implicit_tls)
    yield Listener(server, (endpoint.host, endpoint.port))
    await server.close(5)
    assert server.connections == 0


async def inbox(store: MessageStore, account_id: str) -> list[bytes]:
    """The messages in somebody's INBOX, as they are stored."""
    return [await message.read() for message in await inbox_messages(store, account_id)]


async def inbox_messages(store: MessageStore, account_id: str) -> list[StoredMessage]:
    """The messages in somebody's INBOX."""
    account = await store.account(account_id)
    await account.refresh()
    mailbox = account.mailboxes.by_role("inbox")
    assert mailbox is not None
    index = await account.index(mailbox.id)
    return [one async for batch in fetch_messages(account, mailbox.id, list(index.uids)) for one in batch]


def trace_and_message(stored: bytes) -> tuple[dict[str, str], bytes]:
    """The fields that delivery puts on top, down to Received, unfolded, and what follows them."""
    fields: dict[str, str] = {}
    at = 0
    while "Received" not in fields:
        end = at
        while True:
            end = stored.index(b"\r\n", end) + 2
            if stored[end : end + 1] not in (b" ", b"\t"):
                break
        name, _, value = stored[at:end].decode().partition(":")
        fields[name] = " ".join(value.split())
        at = end
    return fields, stored[at:]


class RawClient:
    """A socket that sends what it is told, in the pieces it is told, and reads whole replies."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def connect(cls, address: tuple[str, int], tls: ssl.SSLContext | None = None) -> RawClient:
        return cls(*await asyncio.open_connection(*address, limit=1 << 24, ssl=tls))

    async def reply(self) -> str:
        """One reply; a reply of several lines is joined with spaces behind its code."""
        text = ""
        while True:
            line = (await self.reader.readline()).decode()
            if not line:
                return text
            assert line.endswith("\r\n"), line
            text += line[:-2] if not text else " " + line[4:-2]
            if line[3] == " ":
                return text

    async def say(self, *lines: str | bytes) -> str:
        """Send lines in one piece and return the last reply; the others must be positive."""
        octets = [line.encode() if isinstance(line, str) else line for line in lines]
        self.writer.write(b"".join(line + b"\r\n" for line in octets))
        answer = ""
        for at in range(len(lines)):
            answer = await self.reply()
            assert at == len(lines) - 1 or answer[0] in "23", (octets[at], answer)
        return answer

    async def start_tls(self, context: ssl.SSLContext) -> None:
        """Go on under TLS."""
        await self.writer.start_tls(context)

    async def rest(self) -> bytes:
        """Everything until the server closes."""
        return await self.reader.read()

    async def close(self) -> None:
        self.writer.close()


def trusting() -> ssl.SSLContext:
    """A client's TLS context that takes any certificate."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
