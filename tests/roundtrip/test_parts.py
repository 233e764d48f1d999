"""Every surface shows the same structure and the same octets of every part."""

from __future__ import annotations

import asyncio
import base64
import quopri
import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import NewPerson
from tests.corpus import Sample
from tests.peers.imap import ImapClient
from tests.peers.imap_grammar import Body
from tests.peers.served import Person, Served
from tests.roundtrip.deposit import share
from tests.roundtrip.test_octets import COLLECTIONS, collection

QUERY = """query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Message {
  id subject size parts { id path type size } } } }"""
BLOBS = """query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Part { path blob { size sha256 } } } }"""
MOST_PARTS = 60
"""Of a message with more leaves, only the first and the last ones are read octet by octet."""


@dataclass
class Stored:
    """A sample in a mailbox, as each surface names it."""

    sample: Sample
    uid: int
    id: str = ""
    structure: Body | None = None
    octets: bytes = b""


async def stored_samples(server: Served, person: Person, samples: Sequence[Sample]) -> list[Stored]:
    """Append everything and find its ids."""
    samples = [sample for sample in samples if sample.raw]
    clients = [await server.imap(person) for _ in range(8)]
    found: dict[int, Stored] = {}

    async def send(client: ImapClient, number: int, sample: Sample) -> None:
        uid = await client.append(b"INBOX", sample.raw, binary=True)
        found[uid] = Stored(sample, uid, octets=sample.raw)

    await share(clients, samples, send)
    for client in clients[1:]:
        await client.close()
    client = clients[0]
    await client.ok(b"EXAMINE INBOX")
    for uid, items in (await client.ok(b"UID FETCH 1:* (UID ENVELOPE BODYSTRUCTURE RFC822.SIZE)")).fetched().items():
        found[uid].structure = items["BODYSTRUCTURE"]
        assert items["RFC822.SIZE"] == len(found[uid].octets), found[uid].sample.name
        assert items["ENVELOPE"] is not None
    await client.close()
    async with await server.rest(person) as http:
        mailboxes = (await http.get("/v1/mailboxes")).json()["mailboxes"]
        inbox = next(mailbox["id"] for mailbox in mailboxes if mailbox["role"] == "inbox")
        cursor = ""
        while True:
            page = (await http.get(f"/v1/mailboxes/{inbox}/messages?limit=200{cursor}")).json()
            for message in page["messages"]:
                found[message["uid"]].id = message["id"]
            if not page["next_cursor"]:
                break
            cursor = f"&cursor={page['next_cursor']}"
    return [found[uid] for uid in sorted(found)]


def leaves(root: Body) -> list[Body]:
    """Everything with octets of its own: no multipart."""
    return [node for node in root.walk() if not node.is_multipart]


def bounded(nodes: list[Body]) -> list[Body]:
    """The nodes to read, first and last ones of very many."""
    return nodes if len(nodes) <= MOST_PARTS else nodes[: MOST_PARTS // 2] + nodes[-MOST_PARTS // 2 :]


def plainly_decoded(encoding: str, body: bytes) -> bytes | None:
    """What the standard library makes of a body whose encoding has no fault; None where it has one."""
    if encoding in ("7bit", "8bit", "binary"):
        return body
    if encoding == "base64" and re.fullmatch(
        rb"(?:[A-Za-z0-9+/]{4}|\r\n)*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?(?:\r\n)*", body
    ):
        try:
            decoded = base64.b64decode(body)
        except ValueError:
            return None
        return decoded if base64.b64encode(decoded) == body.replace(b"\r\n", b"") else None
    if encoding == "quoted-printable" and re.fullmatch(
        rb"(?:[!-<>-~]|[ \t](?![ \t]*\r?\n|\Z)|=[0-9A-F]{2}|=\r\n(?!\Z)|\r\n)*", body
    ):
        return quopri.decodestring(body.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n") if b"=0A" not in body else None
    return None


@pytest.mark.corpus
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", COLLECTIONS)
async def test_sections_agree_with_the_structure(name: str, server: Served, new_person: NewPerson) -> None:
    """BODY[n] has as many octets and lines as BODYSTRUCTURE says, and HEADER and TEXT make the whole."""
    person = await new_person()
    stored = await stored_samples(server, person, collection(name))
    clients = [await server.imap(person) for _ in range(4)]
    for client in clients:
        await client.ok(b"EXAMINE INBOX")
    wrong: list[str] = []
    queue = iter(stored)

    async def check(client: ImapClient) -> None:
        for one in queue:
            assert one.structure is not None
            nodes = bounded(leaves(one.structure))
            items = b" ".join(
                b"BODY.PEEK[%s] BODY.PEEK[%s.MIME]" % (node.section.encode(), node.section.encode()) for node in nodes
            )
            got = (
                await client.ok(
                    b"UID FETCH %d (UID BODY.PEEK[] BODY.PEEK[HEADER] BODY.PEEK[TEXT] %s)" % (one.uid, items)
                )
            ).fetched()[one.uid]
            wrong.extend(f"{one.sample.name}: {fault}" for fault in section_faults(one, nodes, got))

    await asyncio.gather(*(check(client) for client in clients))
    for client in clients:
        await client.close()
    assert wrong == []


def section_faults(one: Stored, nodes: list[Body], got: dict[str, Any]) -> list[str]:
    """What does not fit together in one message."""
    faults: list[str] = []
    if got["BODY[]"] != one.octets:
        faults.append("BODY[] is not the message")
    if got["BODY[HEADER]"] + got["BODY[TEXT]"] != one.octets:
        faults.append("HEADER and TEXT are not the whole")
    for node in nodes:
        body = got[f"BODY[{node.section}]"]
        if body is None or len(body) != node.octets:
            faults.append(f"section {node.section}: {node.octets} octets promised, {body and len(body)} sent")
        elif body not in one.octets:
            faults.append(f"section {node.section} is not part of the message")
        elif node.lines >= 0 and node.lines != body.count(b"\n") + (bool(body) and not body.endswith(b"\n")):
            ends = body.count(b"\n")
            faults.append(f"section {node.section}: {node.lines} lines promised, {ends} line ends")
        mime = got[f"BODY[{node.section}.MIME]"]
        if mime is None or mime not in one.octets:
            faults.append(f"section {node.section}.MIME is not part of the message")
    return faults


@pytest.mark.corpus
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", COLLECTIONS)
async def test_decoded_octets_are_the_same_everywhere(
    name: str, server: Served, new_person: NewPerson, tmp_path: Path
) -> None:
    """IMAP BINARY, REST parts and GraphQL blobs; and the standard library where the encoding has no fault."""
    person = await new_person()
    stored = await stored_samples(server, person, collection(name))
    http = await server.rest(person)
    imap = [await server.imap(person) for _ in range(4)]
    for client in imap:
        await client.ok(b"EXAMINE INBOX")
    wrong: list[str] = []
    queue = iter(batches(stored))

    async def check(client: ImapClient) -> None:
        for batch in queue:
            graphql = await nodes_by_graphql(http, [one.id for one in batch])
            for one in batch:
                wrong.extend(
                    f"{one.sample.name}: {fault}" for fault in await part_faults(one, client, http, graphql[one.id])
                )

    await asyncio.gather(*(check(client) for client in imap))
    await http.aclose()
    for client in imap:
        await client.close()
    assert wrong == []


def batches(stored: list[Stored]) -> list[list[Stored]]:
    """Ten at a time, but fewer where their parts are so many that one GraphQL operation may not ask for them."""
    found: list[list[Stored]] = [[]]
    parts = 0
    for one in stored:
        assert one.structure is not None
        count = len(one.structure.walk())
        if found[-1] and (len(found[-1]) == 10 or parts + count > 5000):
            found.append([])
            parts = 0
        found[-1].append(one)
        parts += count
    return found


async def blobs_by_graphql(http: httpx.AsyncClient, parts: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The size and digest of the octets of parts, by path."""
    variables = {"ids": [part["id"] for part in parts]}
    answer = (await http.post("/graphql", json={"query": BLOBS, "variables": variables})).json()
    assert "errors" not in answer, answer["errors"][:3]
    return {node["path"]: node["blob"] for node in answer["data"]["nodes"]}


async def nodes_by_graphql(http: httpx.AsyncClient, ids: list[str]) -> dict[str, dict[str, Any]]:
    """The messages by id."""
    answer = (await http.post("/graphql", json={"query": QUERY, "variables": {"ids": ids}})).json()
    assert "errors" not in answer, answer["errors"][:3]
    return {node["id"]: node for node in answer["data"]["nodes"]}


async def part_faults(one: Stored, imap: ImapClient, http: httpx.AsyncClient, graphql: dict[str, Any]) -> list[str]:
    """Compare every leaf of one message."""
    assert one.structure is not None
    faults: list[str] = []
    answer = await http.get(f"/v1/messages/{one.id}")
    if answer.status_code != 200:
        return [f"REST answers {answer.status_code} {answer.text[:200]}"]
    message = answer.json()
    if message["size"] != len(one.octets) or graphql["size"] != len(one.octets):
        faults.append(f"size: REST {message['size']}, GraphQL {graphql['size']}, octets {len(one.octets)}")
    if message["subject"] != graphql["subject"]:
        faults.append(f"subject: REST {message['subject']!r}, GraphQL {graphql['subject']!r}")
    by_rest = {part["path"]: part for part in message["parts"] if part["url"]}
    by_graphql = {part["path"]: part for part in graphql["parts"] if not part["type"].startswith("multipart/")}
    by_imap = {node.section: node for node in leaves(one.structure)}
    if not set(by_rest) == set(by_graphql) == set(by_imap):
        return [f"parts: IMAP {list(by_imap)[:9]}, REST {list(by_rest)[:9]}, GraphQL {list(by_graphql)[:9]}"]
    nodes = bounded(leaves(one.structure))
    items = b" ".join(b"BODY.PEEK[%s]" % node.section.encode() for node in nodes)
    bodies = (await imap.ok(b"UID FETCH %d (UID %s)" % (one.uid, items))).fetched()[one.uid]
    blobs = await blobs_by_graphql(http, [by_graphql[node.section] for node in nodes])
    for node in nodes:
        section = node.section
        part = by_rest[section]
        # What is called a message and cannot be shown as one has no BODYSTRUCTURE of a message.
        types = {part["media_type"], by_graphql[section]["type"]}
        opaque = node.media_type == "application/octet-stream" and next(iter(types)).startswith("message/")
        if types != {node.media_type} and not (opaque and len(types) == 1):
            faults.append(f"{section}: type {node.media_type}, {part['media_type']}, {by_graphql[section]['type']}")
        got = await http.get(part["url"])
        if got.status_code != 200:
            faults.append(f"{section}: REST answers {got.status_code} {got.text[:100]}")
            continue
        blob = blobs[section]
        if blob["sha256"] != sha256(got.content).hexdigest() or blob["size"] != len(got.content):
            faults.append(f"{section}: GraphQL says {blob}, REST sends {len(got.content)} octets")
        if part["decoded_size"] not in (None, len(got.content)):
            faults.append(f"{section}: decoded_size {part['decoded_size']}, {len(got.content)} octets")
        binary = await imap.command(
            b"UID FETCH %d (UID BINARY.PEEK[%s] BINARY.SIZE[%s])" % (one.uid, section.encode(), section.encode())
        )
        if binary.status == "OK":
            items_ = binary.fetched()[one.uid]
            if items_[f"BINARY[{section}]"] != got.content:
                faults.append(f"{section}: BINARY and REST differ ({node.encoding})")
            if int(items_[f"BINARY.SIZE[{section}]"]) != len(got.content):
                faults.append(f"{section}: BINARY.SIZE {items_[f'BINARY.SIZE[{section}]']}")
        elif not binary.code.startswith(b"UNKNOWN-CTE"):
            faults.append(f"{section}: BINARY {binary.status} {binary.text[:100]!r}")
        known = plainly_decoded(node.encoding, bodies[f"BODY[{section}]"])
        if known is not None and known != got.content:
            faults.append(f"{section}: decoded wrongly from {node.encoding}: {got.content[:60]!r}, not {known[:60]!r}")
    return faults


@pytest.mark.corpus
@pytest.mark.timeout(300)
async def test_people_see_what_was_written(server: Served, new_person: NewPerson) -> None:
    """Subjects, texts, file names and attachments of our own messages, by REST and GraphQL."""
    person = await new_person()
    stored = await stored_samples(
        server, person, [one for one in collection("own") if one.subject or one.text or one.attachments]
    )
    wrong: list[str] = []
    async with await server.rest(person) as http:
        for one in stored:
            message = (await http.get(f"/v1/messages/{one.id}")).json()
            sample = one.sample
            if sample.subject is not None and message["subject"] != sample.subject:
                wrong.append(f"{sample.name}: subject {message['subject']!r}, not {sample.subject!r}")
            if sample.text is not None:
                text = (message["body"]["text"] or "").replace("\r\n", "\n").rstrip("\n")
                if text != sample.text:
                    wrong.append(f"{sample.name}: text {text[:200]!r}, not {sample.text[:200]!r}")
            if sample.attachments is not None:
                named = [part for part in message["parts"] if part["filename"] is not None]
                found = [(part["filename"], (await http.get(part["url"])).content) for part in named]
                if found != list(sample.attachments):
                    wrong.append(
                        f"{sample.name}: {[(n, len(o)) for n, o in found]}, not {[(n, len(o)) for n, o in sample.attachments]}"
                    )
    assert wrong == []
