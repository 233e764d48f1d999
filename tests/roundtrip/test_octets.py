"""Bytes are sacred: what goes in by any door comes out of every door, octet for octet."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import pytest

from tests.conftest import NewPerson
from tests.corpus import Sample, messages
from tests.corpus.catalogue import outside_messages
from tests.peers.imap import Literal, Literal8
from tests.peers.served import Person, Served
from tests.roundtrip import deposit
from tests.roundtrip.deposit import SENDER, TRACE, Route, expected, storable

ROUTES = [
    deposit.smtp,
    deposit.lmtp,
    deposit.append,
    deposit.append_binary,
    deposit.rest,
    deposit.import_command,
]
COLLECTIONS = [
    "own",
    "outside",
]


def collection(name: str) -> Sequence[Sample]:
    """The samples of a collection; skips the test where there are none."""
    samples = messages() if name == "own" else outside_messages()
    if not samples:
        pytest.skip("CORREIO_CORPUS is not set")
    return samples


async def by_imap(server: Served, person: Person) -> tuple[list[bytes], list[int]]:
    """BODY[] and RFC822.SIZE of everything in INBOX, in UID order, a few at a time."""
    client = await server.imap(person)
    await client.ok(b"EXAMINE INBOX")
    octets: list[bytes] = []
    sizes: list[int] = []
    found = (await client.ok(b"UID FETCH 1:* (UID RFC822.SIZE)")).fetched()
    uids = sorted(found)
    for start in range(0, len(uids), 50):
        batch = b",".join(b"%d" % uid for uid in uids[start : start + 50])
        bodies = (await client.ok(b"UID FETCH " + batch + b" (UID BODY.PEEK[])")).fetched()
        for uid in uids[start : start + 50]:
            octets.append(bodies[uid]["BODY[]"])
            sizes.append(found[uid]["RFC822.SIZE"])
    await client.close()
    return octets, sizes


async def by_pop3(server: Served, person: Person) -> tuple[list[bytes], list[int]]:
    """RETR and LIST of everything."""
    client = await server.pop3()
    # Without it an internationalised message has a surrogate (RFC 6856 section 2.1).
    await client.ok(b"UTF8")
    await client.signed_in(person.address, person.password)
    sizes = await client.sizes()
    octets = await client.retrieve_all()
    await client.ok(b"QUIT")
    await client.close()
    return octets, [sizes[number] for number in sorted(sizes)]


async def by_rest(server: Served, person: Person) -> list[tuple[bytes, int]]:
    """GET raw, and the size in the list, of everything in the inbox."""
    async with await server.rest(person) as http:
        mailboxes = (await http.get("/v1/mailboxes")).json()["mailboxes"]
        inbox = next(mailbox["id"] for mailbox in mailboxes if mailbox["role"] == "inbox")
        listed: list[dict[str, object]] = []
        cursor = ""
        while True:
            page = (await http.get(f"/v1/mailboxes/{inbox}/messages?limit=100{cursor}")).json()
            listed.extend(page["messages"])
            if not page["next_cursor"]:
                break
            cursor = f"&cursor={page['next_cursor']}"
        gate = asyncio.Semaphore(8)

        async def raw(message: dict[str, object]) -> tuple[bytes, int]:
            async with gate:
                answer = await http.get(f"/v1/messages/{message['id']}/raw")
            assert answer.status_code == 200, answer.text
            assert answer.headers["content-type"] == "message/rfc822"
            size = message["size"]
            assert isinstance(size, int)
            return answer.content, size

        return await asyncio.gather(*(raw(message) for message in listed))


def differences(route: Route, samples: Sequence[Sample], stored: Sequence[bytes]) -> list[str]:
    """Say which samples are not what they must be."""
    wrong: list[str] = []
    if route in (deposit.smtp, deposit.lmtp):
        seen: Counter[int] = Counter()
        for whole in stored:
            found = SENDER.match(whole)
            if found is None:
                wrong.append(f"no Return-Path on top: {whole[:100]!r}")
                continue
            number = int(found.group(1))
            seen[number] += 1
            want = expected(route, samples[number])
            trace = whole[: len(whole) - len(want)]
            names = sorted(line.split(b":")[0] for line in trace.splitlines() if line[:1] not in (b" ", b"\t", b""))
            if (
                not whole.endswith(want)
                or not TRACE.fullmatch(trace)
                or names != [b"Delivered-To", b"Received", b"Return-Path"]
            ):
                wrong.append(f"{samples[number].name}: {len(whole)} octets, trace {trace[-200:]!r}")
        wrong.extend(
            f"{sample.name}: there {seen[number]} times" for number, sample in enumerate(samples) if seen[number] != 1
        )
        return wrong
    have = Counter(sha256(whole).digest() for whole in stored)
    for sample in samples:
        digest = sha256(expected(route, sample)).digest()
        if have[digest]:
            have[digest] -= 1
        else:
            wrong.append(f"{sample.name} did not come back as it was")
    if sum(have.values()):
        wrong.append(f"{sum(have.values())} messages that nobody sent")
    return wrong


@pytest.mark.corpus
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", COLLECTIONS)
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.__name__)
async def test_octets_come_back(route: Route, name: str, server: Served, new_person: NewPerson, tmp_path: Path) -> None:
    """By IMAP BODY[], POP3 RETR and REST raw; all four sizes agree with the octets."""
    samples = storable(route, collection(name))
    person = await new_person()
    await route(server, person, samples, tmp_path)
    stored, sizes = await by_imap(server, person)
    assert differences(route, samples, stored) == []
    assert sizes == [len(whole) for whole in stored], "RFC822.SIZE"

    retrieved, listed = await by_pop3(server, person)
    # POP3 ends every line (RFC 1939 section 3); the size it lists is the message's.
    ended = [whole if whole.endswith(b"\r\n") or not whole else whole + b"\r\n" for whole in stored]
    wrong = [number for number, (one, two) in enumerate(zip(ended, retrieved, strict=True)) if one != two]
    assert wrong == [], [(ended[number][:300], retrieved[number][:300]) for number in wrong[:3]]
    assert listed == sizes, "LIST"

    raws = await by_rest(server, person)
    assert Counter(sha256(whole).digest() for whole, _ in raws) == Counter(sha256(whole).digest() for whole in stored)
    assert [(len(whole), size) for whole, size in raws if len(whole) != size] == [], "size"


async def test_empty(server: Served, person: Person, tmp_path: Path) -> None:
    """A message of no octets is refused in each door's own words, and nothing is stored."""
    imap = await server.imap(person)
    for empty in (Literal(b""), Literal8(b"")):
        reply = await imap.command(b"APPEND INBOX ", empty)
        assert reply.status in ("NO", "BAD"), reply
    async with await server.rest(person) as http:
        inbox = (await http.get("/v1/mailboxes")).json()["mailboxes"][0]["id"]
        answer = await http.post(
            f"/v1/mailboxes/{inbox}/messages", content=b"", headers={"Content-Type": "message/rfc822"}
        )
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"
    (tmp_path / "empty.eml").write_bytes(b"")
    code, said = await server.command("import", person.address, str(tmp_path))
    assert code != 0
    assert "empty.eml" in said
    assert (await imap.ok(b"STATUS INBOX (MESSAGES)")).of("STATUS")[0].endswith(b"(MESSAGES 0)")
    await imap.close()
