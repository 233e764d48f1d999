"""FETCH of every section form, part by part against messages that are known by construction."""

from __future__ import annotations

import pytest

from tests.imap.conftest import Imap
from tests.imap.naive_message import Expected, build, fields_of
from tests.peers.imap import ImapClient
from tests.peers.served import Person

SEEDS = range(14)
MANY = 60
"""Items of one FETCH."""


async def fetched(client: ImapClient, items: list[str]) -> dict[str, object]:
    found: dict[str, object] = {}
    for at in range(0, len(items), MANY):
        wanted = " ".join(items[at : at + MANY])
        found.update((await client.ok(f"FETCH 1 (UID {wanted})".encode())).fetched()[1])
    return found


def test_the_seeds_make_every_form() -> None:
    made = [build(seed) for seed in SEEDS]
    sections = {name for one in made for name in one.sections}
    assert any(name.count(".") >= 4 and name.endswith(".HEADER") for name in sections), "no message deep in a message"
    assert any(one.unknown for one in made)
    assert any(b"\0" in octets for one in made for octets in one.decoded.values())
    assert any(set(one.sections) >= {"1", "1.MIME"} and "2" not in one.sections for one in made), "no plain message"


@pytest.mark.parametrize("seed", SEEDS)
async def test_every_section(imap: Imap, person: Person, seed: int) -> None:
    expected = build(seed)
    client = await imap.client(person)
    await client.append(b"INBOX", expected.whole, binary=b"\0" in expected.whole)
    await client.ok(b"SELECT INBOX")
    await check_sections(client, expected)
    await check_partial_sections(client, expected)
    await check_header_fields(client, expected)
    await check_binary(client, expected)
    await client.close()


async def check_sections(client: ImapClient, expected: Expected) -> None:
    found = await fetched(client, [f"BODY.PEEK[{name}]" for name in expected.sections])
    assert {name: found[f"BODY[{name}]"] for name in expected.sections} == expected.sections
    old = await fetched(client, ["RFC822.HEADER"])
    assert old["RFC822.HEADER"] == expected.sections["HEADER"]


async def check_partial_sections(client: ImapClient, expected: Expected) -> None:
    items: dict[str, bytes | None] = {}
    for name, octets in expected.sections.items():
        size = len(octets or b"")
        for start, length in {0: size + 1, 3: 7, max(size - 1, 4): 5, size + 5: 3, 2**31: 2**32 - 1}.items():
            items[f"[{name}]<{start}.{length}>"] = None if octets is None else octets[start : start + length]
    found = await fetched(client, [f"BODY.PEEK{item}" for item in items])
    for item, octets in items.items():
        # The answer names where it begins and not how much was asked for.
        assert found[f"BODY{item.rpartition('.')[0]}>"] == octets, item


async def check_header_fields(client: ImapClient, expected: Expected) -> None:
    headers = {
        name: octets
        for name, octets in expected.sections.items()
        if (name == "HEADER" or name.endswith(".HEADER")) and octets is not None
    }
    asked: dict[str, bytes] = {}
    for name, header in headers.items():
        for names in (("subject",), ("x-two", "to"), ("absent",)):
            for word, exclude in (("FIELDS", False), ("FIELDS.NOT", True)):
                octets = fields_of(header, names, exclude=exclude)
                label = f"[{name}.{word} ({' '.join(names)})]"
                asked[label] = octets
                asked[label + "<2.9>"] = octets[2:11]
    items = [f"BODY.PEEK{label}" for label in asked]
    found = await fetched(client, items)
    for label, octets in asked.items():
        assert found["BODY" + label.replace(".9>", ">").upper()] == octets, label


async def check_binary(client: ImapClient, expected: Expected) -> None:
    items = [f"BINARY.PEEK[{name}]" for name in expected.decoded]
    items += [f"BINARY.SIZE[{name}]" for name in expected.decoded]
    items += [f"BINARY.PEEK[{name}]<1.5>" for name in expected.decoded]
    items += ["BINARY.PEEK[]", "BINARY.SIZE[]", "BINARY.PEEK[77]", "BINARY.SIZE[77]"]
    found = await fetched(client, items)
    for name, octets in expected.decoded.items():
        assert found[f"BINARY[{name}]"] == octets, name
        assert found[f"BINARY[{name}]<1>"] == octets[1:6], name
        assert int(found[f"BINARY.SIZE[{name}]"]) == len(octets), name  # type: ignore[call-overload]
    assert found["BINARY[]"] == expected.whole
    assert int(found["BINARY.SIZE[]"]) == len(expected.whole)  # type: ignore[call-overload]
    assert found["BINARY[77]"] is None
    for name in expected.unknown:
        for item in (f"BINARY.PEEK[{name}]", f"BINARY.SIZE[{name}]"):
            reply = await client.command(f"FETCH 1 {item}".encode())
            assert (reply.status, reply.code) == ("NO", b"UNKNOWN-CTE"), item


@pytest.mark.parametrize(
    ("items", "marks"),
    [
        (b"BODY[]", True),
        (b"BODY[HEADER]", True),
        (b"BODY[1.MIME]", True),
        (b"BODY[TEXT]<0.1>", True),
        (b"BINARY[1]", True),
        (b"RFC822", True),
        (b"RFC822.TEXT", True),
        (b"RFC822.HEADER", False),
        (b"BODY.PEEK[]", False),
        (b"BINARY.PEEK[1]", False),
        (b"BINARY.SIZE[1]", False),
        (b"BODY", False),
        (b"FULL", False),
        (b"(ENVELOPE BODYSTRUCTURE PREVIEW)", False),
    ],
    ids=lambda value: value.decode() if isinstance(value, bytes) else None,
)
async def test_what_marks_a_message_as_seen(imap: Imap, person: Person, items: bytes, marks: bool) -> None:
    client = await imap.client(person)
    await client.append(b"INBOX", b"Subject: x\r\n\r\nbody\r\n")
    await client.ok(b"SELECT INBOX")
    (line,) = (await client.ok(b"FETCH 1 " + items)).untagged
    assert (b"\\Seen" in line) is marks
    assert (b"\\Seen" in (await client.ok(b"FETCH 1 FLAGS")).untagged[0]) is marks
    # It is told once, with the answer, and not again.
    assert (await client.ok(b"NOOP")).untagged == []
    await client.close()
