"""Whole mail hosts of their own: a server with its own database on an address of its own, in the names of a test's DNS."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher

from correio.config import Settings
from correio.mail.directory import add_domain, add_user
from correio.mail.signing import make_signing_keys
from correio.opening import open_store
from tests.peers.imap import ImapClient
from tests.peers.nameserver import Nameserver
from tests.peers.served import Person, Served, free_port

PASSWORD = "correct horse battery"
PATIENCE = 30.0


@dataclass
class Host:
    """The server of one domain, with one person on it."""

    served: Served
    domain: str
    person: Person

    async def start(self) -> None:
        await self.served.start()

    async def stop(self) -> None:
        code = await self.served.stop()
        assert code == 0, f"correio serve ended with {code}"
        assert not self.served.tracebacks(), "\n".join(self.served.tracebacks())

    async def submit(self, *recipients: str, raw: bytes, options: str = "", parameters: str = "") -> None:
        """Send as the person, by submission."""
        client = await self.served.smtp("submission")
        plain = base64.b64encode(f"\0{self.person.address}\0{self.person.password}".encode()).decode()
        assert (await client.command(f"AUTH PLAIN {plain}".encode())).code == 235
        assert (await client.command(f"MAIL FROM:<{self.person.address}>{options}".encode())).code == 250
        for recipient in recipients:
            answer = await client.command(f"RCPT TO:<{recipient}>{parameters}".encode())
            assert answer.code == 250, answer
        assert (await client.command(b"DATA")).code == 354
        client.writer.write(raw.replace(b"\r\n.", b"\r\n..") + b".\r\n")
        answer = await client.reply()
        assert answer.code == 250, answer
        await client.close()

    async def messages(self, count: int, mailbox: bytes = b"INBOX") -> list[bytes]:
        """The person's messages, as soon as there are so many."""
        client: ImapClient = await self.served.imap(self.person)
        try:
            deadline = time.monotonic() + PATIENCE
            while True:
                reply = await client.ok(b"SELECT " + mailbox)
                if int(reply.of("EXISTS")[0]) >= count:
                    break
                assert time.monotonic() < deadline, await self.queue()
                await asyncio.sleep(0.1)
            fetched = (await client.ok(b"UID FETCH 1:* (UID BODY.PEEK[])")).fetched()
            return [bytes(items["BODY[]"]) for _, items in sorted(fetched.items())]
        finally:
            await client.close()

    async def queue(self) -> dict[str, Any]:
        """What `correio queue list` says."""
        code, said = await self.served.command("queue", "list", "--json")
        assert code == 0, said
        return json.loads(said)  # type: ignore[no-any-return]

    async def until(self, holds: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
        """The deliveries that wait, as soon as something holds of them."""
        deadline = time.monotonic() + PATIENCE
        while not holds(waiting := (await self.queue())["deliveries"]):
            assert time.monotonic() < deadline, waiting
            await asyncio.sleep(0.2)
        return waiting


@asynccontextmanager
async def mail_host(
    directory: Path, dns: Nameserver, domain: str, address: str, user: str, port: int, **settings: str
) -> AsyncIterator[Host]:
    """A host for a domain, not started yet; what is started is stopped."""
    ports = {
        name: free_port() for name in ("http", "submission", "lmtp", "imap", "pop3", "submissions", "imaps", "pop3s")
    }
    served = Served(
        directory / domain,
        settings={
            "CORREIO_HOSTNAME": f"mx.{domain}",
            "CORREIO_DNS": str(dns.endpoint),
            "CORREIO_OUTBOUND_PORT": str(port),
            "CORREIO_QUEUE_RETRY": "1",
            **settings,
        },
        ports={**ports, "smtp": port},
        host=address,
    )
    served.data.mkdir(parents=True)
    dns.load(f"{domain} MX 10 mx.{domain}\nmx.{domain} A {address}")
    # What `correio domain add` and `correio user add` do, by one process for both.
    hashed = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
    async with open_store(Settings(data=served.data)) as store:
        await add_domain(store, domain)
        await make_signing_keys(store, domain)
        account = await add_user(store, f"{user}@{domain}", hashed)
    person = Person(account.id, account.address, PASSWORD)
    host = Host(served, domain, person)
    try:
        yield host
    finally:
        await host.stop()
