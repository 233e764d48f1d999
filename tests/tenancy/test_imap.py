"""No name, UID or object id of another account gives anything by IMAP: every command of the table."""

from __future__ import annotations

import re
import secrets

import pytest

from protocols.imap.core.command_table import COMMANDS, Kind, Specification, State
from tests.peers.imap import Literal, Reply
from tests.peers.served import Served
from tests.tenancy.twins import ATTACHED, ID, NewTwin, Twin, unknown

ITEMS = {
    "STATUS": b"(MESSAGES UIDNEXT UIDVALIDITY UNSEEN)",
    "GETMETADATA": b"(/private/comment /shared/comment /private/specialuse)",
    "SETMETADATA": b'(/private/comment "x" /shared/comment NIL)',
    "SORT": b"(SUBJECT DATE) UTF-8",
    "UID SORT": b"(SUBJECT DATE) UTF-8",
    "THREAD": b"REFERENCES UTF-8",
    "UID THREAD": b"ORDEREDSUBJECT UTF-8",
    "FETCH": b"(UID FLAGS BODY.PEEK[])",
    "UID FETCH": b"(UID FLAGS BODY.PEEK[])",
}
HARMLESS = {Kind.WORDS, Kind.CREDENTIALS}
"""Kinds of arguments that name nothing in an account; tests/errors asks with wrong credentials."""
ASKED = [one for one in COMMANDS if one.kinds and not set(one.kinds) <= HARMLESS]


def quoted(text: str) -> bytes:
    return b'"' + text.replace("\\", "\\\\").replace('"', '\\"').encode() + b'"'


def arguments(spec: Specification, name: str, messages: bytes, keys: bytes) -> list[bytes]:
    """What to send after the command. Fails for a kind of argument this test does not know."""
    pieces: list[bytes] = []
    for kind in spec.kinds:
        pieces.append(b" ")
        if kind is Kind.MAILBOX or (kind is Kind.NEW_MAILBOX and Kind.MAILBOX not in spec.kinds):
            pieces.append(quoted(name))
        elif kind is Kind.NEW_MAILBOX:
            pieces.append(quoted(f"New {secrets.token_hex(4)}"))
        elif kind is Kind.PATTERN:
            pieces.append(quoted(name if len(pieces) > 2 else ""))
        elif kind is Kind.MESSAGES:
            pieces.append(messages)
        elif kind is Kind.MESSAGE:
            pieces.append(messages.partition(b":")[0])
        elif kind is Kind.ITEMS:
            assert spec.name in ITEMS, f"teach the tenancy test the items of {spec.name}"
            pieces.append(ITEMS[spec.name])
        elif kind is Kind.FLAGS:
            pieces.append(b"+FLAGS (\\Flagged)")
        elif kind is Kind.KEYS:
            pieces.append(keys)
        elif kind is Kind.LITERAL:
            pieces.append(Literal(ATTACHED))
        else:
            assert kind in HARMLESS, f"teach the tenancy test arguments of the kind {kind}"
            pieces.append(b"NIL")
    return pieces


async def ask(server: Served, twin: Twin, spec: Specification, name: str, messages: bytes, keys: bytes) -> Reply:
    """One command on a connection of its own, in the latest state it may come in."""
    client = await server.imap(twin.person)
    if State.SELECTED in spec.states:
        await client.ok(b"SELECT INBOX")
    reply = await client.command(spec.name.encode(), *arguments(spec, name, messages, keys))
    await client.close()
    return reply


def shown(reply: Reply, *names: str) -> str:
    """An answer without the numbers, ids and names that differ."""
    text = reply.status + " " + reply.text.decode() + "\n" + b"\n".join(sorted(reply.untagged)).decode(errors="replace")
    for name in names:
        text = text.replace(name, "<name>")
    return re.sub(r"\d+", "0", ID.sub("<id>", text))


def names_for(victim: Twin, only: str) -> list[tuple[str, str]]:
    """Names that could reach into the victim's mailboxes, each with one of the same form that reaches nothing."""
    address = victim.person.address
    nobody = f"n{secrets.token_hex(6)}@{address.partition('@')[2]}"
    lost = only.replace("Only", "None")
    forms = ["{}", "Other Users/{}", "user/{}", "#user/{}", "~{}", "../{}", "/{}", "#shared/{}"]
    found = [(only, lost), (victim.folder, unknown(victim.folder)), (victim.inbox, unknown(victim.inbox))]
    for form in forms:
        found.append((form.format(address), form.format(nobody)))
        found.append((form.format(f"{address}/{only}"), form.format(f"{nobody}/{lost}")))
    return found


@pytest.fixture
async def only(server: Served, victim: Twin) -> str:
    """A mailbox of the victim's with a name nobody else has, and messages with UIDs nobody else has."""
    name = f"Only {secrets.token_hex(6)}"
    client = await server.imap(victim.person)
    await client.ok(b"CREATE " + quoted(name))
    await client.ok(b"SUBSCRIBE " + quoted(name))
    for _ in range(3):
        await client.ok(b"APPEND INBOX ", Literal(b"Subject: only the victim's\r\n\r\nsecret\r\n"))
    await client.close()
    return name


@pytest.mark.parametrize("spec", ASKED, ids=lambda spec: spec.name)
async def test_foreign_names_and_numbers_are_unknown(
    spec: Specification, server: Served, victim: Twin, new_twin: NewTwin, only: str
) -> None:
    """The same answer as for what nobody has, and nothing of the victim's changes."""
    before = (await victim.http.get("/v1/account")).json()
    # UIDs above the intruder's own, which the victim has; and UIDs nobody has.
    uids = (b"3:5", b"4000000003:4000000005") if spec.uid else (b"1", b"1")
    keys = [
        (f"EMAILID {victim.own('email')}", f"EMAILID {unknown(victim.own('email'))}"),
        (f"THREADID {victim.own('thread')}", f"THREADID {unknown(victim.own('thread'))}"),
        ("TEXT secret", "TEXT nothing-of-the-kind"),
    ]
    # What is asked of the one is asked of the other, name for name, so that they stay alike.
    first, second = await new_twin(), await new_twin()
    for foreign, nobody in (
        names_for(victim, only) if spec.takes_mailbox or Kind.PATTERN in spec.kinds else [("a", "a")]
    ):
        for theirs, none in keys if Kind.KEYS in spec.kinds else keys[:1]:
            one = await ask(server, first, spec, foreign, uids[0], theirs.encode())
            two = await ask(server, second, spec, nobody, uids[1], none.encode())
            assert shown(one, foreign, first.person.address) == shown(two, nobody, second.person.address)
            assert b"secret" not in b"".join(one.untagged)
    assert (await victim.http.get("/v1/account")).json() == before


@pytest.mark.parametrize("spec", [one for one in ASKED if Kind.MAILBOX in one.kinds], ids=lambda spec: spec.name)
async def test_ones_own_mailbox_is_another_matter(spec: Specification, server: Served, new_twin: NewTwin) -> None:
    """The question is a good one: it succeeds for a mailbox of one's own."""
    reply = await ask(server, await new_twin(), spec, "Projects/Secret", b"1", b"ALL")
    assert reply.status == "OK", reply
