"""Those who put messages into the mailbox, each by its own door, as fast as they are answered."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass, field

from tests.peers.imap import Literal
from tests.peers.served import Person, Served

TOKEN = b"X-Token: "


@dataclass
class Ledger:
    """What was acknowledged: token to UID, None where the protocol does not tell."""

    acknowledged: dict[str, int | None] = field(default_factory=dict)
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    def letter(self, token: str) -> bytes:
        body = f"Subject: {token}\r\nX-Token: {token}\r\nMessage-ID: <{token}@outside.test>\r\n\r\nbody of {token}\r\n"
        return body.encode()


async def write_mail(server: Served, person: Person, ledger: Ledger, name: str, listener: str) -> None:
    """SMTP or LMTP."""
    client = await server.smtp(listener)
    for number in itertools.count():
        if ledger.stop.is_set():
            break
        token = f"{name}.{number}"
        answers = await client.deliver([person.address], ledger.letter(token))
        assert [one.code for one in answers] == [250], answers
        ledger.acknowledged[token] = None
    await client.close()


async def write_appends(server: Served, person: Person, ledger: Ledger, name: str) -> None:
    """IMAP APPEND."""
    client = await server.imap(person)
    for number in itertools.count():
        if ledger.stop.is_set():
            break
        token = f"{name}.{number}"
        reply = await client.ok(b"APPEND INBOX ", Literal(ledger.letter(token)))
        ledger.acknowledged[token] = int(reply.code.split()[2])
    await client.close()


async def write_imports(server: Served, person: Person, ledger: Ledger, name: str) -> None:
    """REST import."""
    async with await server.rest(person) as http:
        mailboxes = (await http.get("/v1/mailboxes")).json()["mailboxes"]
        inbox = next(mailbox["id"] for mailbox in mailboxes if mailbox["role"] == "inbox")
        for number in itertools.count():
            if ledger.stop.is_set():
                break
            token = f"{name}.{number}"
            answer = await http.post(
                f"/v1/mailboxes/{inbox}/messages",
                content=ledger.letter(token),
                headers={"Content-Type": "message/rfc822"},
            )
            assert answer.status_code == 201, answer.text
            ledger.acknowledged[token] = answer.json()["uid"]
