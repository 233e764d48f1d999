"""INPROGRESS (RFC 9585): what a client hears of a command that runs long."""

from __future__ import annotations

import re

import pytest

from protocols.imap import in_progress
from protocols.imap.core.command_table import BY_NAME
from protocols.imap.in_progress import InProgress, report
from tests.imap.conftest import Imap
from tests.imap.deflated import Deflated
from tests.peers.served import Person

ONE = b"Subject: one\r\n\r\nfirst\r\n"
STATE = re.compile(rb"OK \[INPROGRESS \(\"([^\"]+)\" (NIL|\d+) (NIL|\d+)\)\] ")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Report at every turn of the loop: a command that asks the database takes some."""
    monkeypatch.setattr(in_progress, "FIRST", 0.0)
    monkeypatch.setattr(in_progress, "EVERY", 0.0)


@pytest.mark.parametrize(
    ("done", "goal", "state"),
    [(None, None, b"NIL NIL"), (7, None, b"7 NIL"), (0, 9, b"0 9"), (9, 9, b"8 9"), (0, 0, b"NIL NIL")],
)
def test_a_report_follows_the_grammar(done: int | None, goal: int | None, state: bytes) -> None:
    line = report(b"a]1", done, goal)
    assert line.startswith(b'* OK [INPROGRESS ("a]1" ' + state + b")] ")
    assert line.endswith(b"\r\n")


def test_the_long_commands_are_commands() -> None:
    assert {name for name in in_progress.LONG if not name.startswith("UID ")} <= {name.decode() for name in BY_NAME}


@pytest.mark.usefixtures("impatient")
async def test_long_commands_are_reported_on_under_their_tag(
    imap: Imap, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await imap.client(person)
    assert b" INPROGRESS" in (await client.ok(b"CAPABILITY")).untagged[0]
    for _ in range(3):
        await client.append(b"INBOX", ONE)
    await client.ok(b"SELECT INBOX")
    monkeypatch.setattr("correio.mail.portions.PORTION", 1)
    for command in (b"STORE 1:3 +FLAGS (\\Seen)", b"UID COPY 1:3 Sent", b"MOVE 1 Trash", b"EXPUNGE"):
        tag = client.send(command)
        reply = await client.finish(tag)
        assert reply.status == "OK"
        states = [found for line in reply.untagged if (found := STATE.match(line))]
        assert states, (command, reply.untagged)
        assert {found[1] for found in states} == {tag.encode()}
        if command.startswith(b"STORE"):
            assert {(found[2], found[3]) for found in states} >= {(b"0", b"3"), (b"1", b"3"), (b"2", b"3")}
    reply = await client.ok(b"NOOP")
    assert not any(STATE.match(line) for line in reply.untagged)
    await client.close()


@pytest.mark.usefixtures("impatient")
async def test_a_search_tells_how_far_it_is(imap: Imap, person: Person) -> None:
    client = await imap.client(person)
    for _ in range(5):
        await client.append(b"INBOX", ONE)
    await client.ok(b"SELECT INBOX")
    reply = await client.ok(b"SEARCH TEXT first")
    assert reply.of("SEARCH") == [b"1 2 3 4 5"]
    states = [(found[2], found[3]) for line in reply.untagged if (found := STATE.match(line))]
    counted = [int(done) for done, goal in states if goal == b"5"]
    assert counted, reply.untagged
    assert counted == sorted(counted)
    assert counted[-1] < 5
    await client.close()


@pytest.mark.usefixtures("impatient")
async def test_reports_are_compressed_like_everything(imap: Imap, person: Person) -> None:
    wire = await imap.wire()
    wire.send(f'l LOGIN {person.address} "{person.password}"\r\n'.encode())
    assert (await wire.line()).startswith(b"l OK")
    stream = await Deflated.start(wire)
    stream.send(b"a APPEND INBOX {%d+}\r\n%b\r\n" % (len(ONE), ONE))
    lines = await stream.until(b"a OK")
    assert any(STATE.match(line.removeprefix(b"* ")) for line in lines)
    await wire.close()


@pytest.mark.usefixtures("impatient")
async def test_nothing_is_said_into_what_is_being_written(imap: Imap, person: Person) -> None:
    client = await imap.client(person)
    (served,) = imap.server._streams._connections
    progress = InProgress(served)  # type: ignore[arg-type]
    served._writing = True  # type: ignore[attr-defined]
    progress.start(b"x")
    assert (await client.ok(b"NOOP")).untagged == []
    served._writing = False  # type: ignore[attr-defined]
    assert STATE.match((await client.response())[2:])
    progress.stop()
    await client.close()
