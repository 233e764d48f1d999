"""The ways into a mailbox. Each puts a whole collection into an INBOX and says what must be found there."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeVar

from tests.corpus import Sample
from tests.peers.imap import ImapClient, Literal, Literal8
from tests.peers.served import Person, Served
from tests.peers.smtp import SmtpClient

T = TypeVar("T")
CONNECTIONS = 8
SENDER = re.compile(rb"Return-Path: <n(\d+)@outside\.test>\r\n")
TRACE = re.compile(rb"(?:(?:Return-Path|Delivered-To|Received):[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*)*")

Route = Callable[[Served, Person, Sequence[Sample], Path], Awaitable[None]]


async def share(
    clients: Sequence[T], samples: Sequence[Sample], work: Callable[[T, int, Sample], Awaitable[None]]
) -> None:
    """Let the clients take the samples as they come free."""
    queue = iter(enumerate(samples))

    async def run(client: T) -> None:
        for number, sample in queue:
            await work(client, number, sample)

    await asyncio.gather(*(run(client) for client in clients))


async def _mail(server: Served, person: Person, samples: Sequence[Sample], listener: str) -> None:
    clients = [await server.smtp(listener) for _ in range(CONNECTIONS)]

    async def send(client: SmtpClient, number: int, sample: Sample) -> None:
        answers = await client.deliver([person.address], sample.raw, f"n{number}@outside.test", " BODY=8BITMIME")
        assert [answer.code for answer in answers] == [250], (sample.name, answers)

    await share(clients, samples, send)
    for client in clients:
        await client.close()


async def smtp(server: Served, person: Person, samples: Sequence[Sample], scratch: Path) -> None:
    """DATA on the port for other servers."""
    await _mail(server, person, samples, "smtp")


async def lmtp(server: Served, person: Person, samples: Sequence[Sample], scratch: Path) -> None:
    """DATA by LMTP."""
    await _mail(server, person, samples, "lmtp")


async def append(server: Served, person: Person, samples: Sequence[Sample], scratch: Path) -> None:
    """IMAP APPEND with a literal, or a literal8 where the octets are not allowed in a literal."""
    clients = [await server.imap(person) for _ in range(CONNECTIONS)]

    async def send(client: ImapClient, number: int, sample: Sample) -> None:
        whole = (Literal8 if b"\0" in sample.raw else Literal)(sample.raw)
        await client.ok(b"APPEND INBOX ", whole)

    await share(clients, samples, send)
    for client in clients:
        await client.close()


async def append_binary(server: Served, person: Person, samples: Sequence[Sample], scratch: Path) -> None:
    """IMAP APPEND with a literal8: nothing at all is changed."""
    clients = [await server.imap(person) for _ in range(CONNECTIONS)]

    async def send(client: ImapClient, number: int, sample: Sample) -> None:
        await client.ok(b"APPEND INBOX ", Literal8(sample.raw))

    await share(clients, samples, send)
    for client in clients:
        await client.close()


async def rest(server: Served, person: Person, samples: Sequence[Sample], scratch: Path) -> None:
    """POST /v1/mailboxes/{id}/messages."""
    async with await server.rest(person) as http:
        mailboxes = (await http.get("/v1/mailboxes")).json()["mailboxes"]
        inbox = next(mailbox["id"] for mailbox in mailboxes if mailbox["role"] == "inbox")

        async def send(_: int, number: int, sample: Sample) -> None:
            answer = await http.post(
                f"/v1/mailboxes/{inbox}/messages", content=sample.raw, headers={"Content-Type": "message/rfc822"}
            )
            assert answer.status_code == 201, (sample.name, answer.status_code, answer.text)

        await share(range(CONNECTIONS), samples, send)


async def import_command(server: Served, person: Person, samples: Sequence[Sample], scratch: Path) -> None:
    """`correio import` of a directory of .eml files."""
    for number, sample in enumerate(samples):
        (scratch / f"{number:05}.eml").write_bytes(sample.raw)
    code, said = await server.command("import", person.address, str(scratch), "--mailbox", "INBOX")
    assert code == 0, said


def storable(route: Route, samples: Sequence[Sample]) -> Sequence[Sample]:
    """Without the empty message, which is refused by those who do not put trace fields on top (see test_empty)."""
    return samples if route in (smtp, lmtp) else [sample for sample in samples if sample.raw]


def expected(route: Route, sample: Sample) -> bytes:
    """The octets that must come back, after the trace fields where the route adds them."""
    if route in (smtp, lmtp):
        return sample.transmitted
    if route is append_binary or (route is append and b"\0" in sample.raw):
        return sample.raw
    return sample.canonical
