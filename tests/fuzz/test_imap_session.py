"""Damaged dialogues through a real socket: valid answers only, no traceback, and the server goes on or says BYE."""

from __future__ import annotations

import asyncio
import base64
import logging
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from correio.auth.authenticator import Authenticator
from correio.config import Limits
from correio.mail.message_store import MessageStore
from tests.fuzz.exchange import exchanged
from tests.fuzz.imap_lines import COMMANDS
from tests.fuzz.mutation import damaged
from tests.imap.conftest import Imap, Serve
from tests.peers.imap import ImapClient, Literal
from tests.peers.imap_responses import check_response
from tests.peers.served import Person

# The driver's threads use random numbers meanwhile, which change nothing here.
pytestmark = pytest.mark.filterwarnings("ignore:Do not use the `random` module")

MESSAGE = 4096
_LITERAL = re.compile(rb"\{(\d+)\}\r\n\Z")
# A literal of any size that is taken ends within these; an empty line means nothing, ends IDLE and fails an exchange.
_END = b"\r\n" * (3 * MESSAGE) + b"DONE\r\n*\r\nzz LOGOUT\r\n"


def responses(octets: bytes) -> list[bytes]:
    """Cut what came into whole responses."""
    found: list[bytes] = []
    at = 0
    while at < len(octets):
        start = at
        while True:
            end = octets.find(b"\r\n", at)
            assert end >= 0, f"cut off: {octets[start:][:200]!r}"
            at = end + 2
            literal = _LITERAL.search(octets, start, at)
            if literal is None:
                break
            at += int(literal[1])
        found.append(octets[start:at])
    return found


async def dialogue(imap: Imap, before: bytes, octets: bytes) -> list[bytes]:
    """Send octets and what ends any command; return all answers, each of them valid, the last of them BYE or of LOGOUT."""
    came = await exchanged((imap.plain.host, imap.plain.port), before + octets + _END)
    answers = responses(came)
    for answer in answers:
        check_response(answer)
        assert b"SERVERBUG" not in answer, (octets, answer)
    said_bye = [answer for answer in answers[-2:] if answer.startswith(b"* BYE ")]
    assert said_bye, (octets, answers[-3:])
    return answers


@pytest.fixture
async def ready(serve: Serve, directory: MessageStore, person: Person) -> tuple[bytes, Person]:
    """How to sign in without the cost of a password, into an INBOX with three messages."""
    authenticator = Authenticator(directory)
    issued = await authenticator.issue_token(await directory.account(person.id))
    authenticator.close()
    response = base64.b64encode(f"user={person.address}\x01auth=Bearer {issued.token}\x01\x01".encode())
    async with serve(Limits()) as imap:
        client = await ImapClient.connect((imap.plain.host, imap.plain.port))
        await client.ok(b"AUTHENTICATE XOAUTH2 " + response)
        text = b"Subject: one\r\nFrom: A <a@b.test>\r\n\r\ntext\r\n"
        await client.ok(b"APPEND INBOX", b" ", Literal(text), b" (\\Seen) ", Literal(text), b" ", Literal(text))
        await client.close()
    return b"0 AUTHENTICATE XOAUTH2 " + response + b"\r\n", person


async def test_damaged_dialogues(serve: Serve, ready: tuple[bytes, Person], caplog: pytest.LogCaptureFixture) -> None:
    """Run by Hypothesis in a thread of its own, the dialogues on this loop, where the server is."""
    await damage_sessions(60, serve, ready[0], caplog)


@pytest.mark.model
@pytest.mark.timeout(600)
async def test_many_damaged_dialogues(
    serve: Serve, ready: tuple[bytes, Person], caplog: pytest.LogCaptureFixture
) -> None:
    await damage_sessions(1000, serve, ready[0], caplog)


async def damage_sessions(count: int, serve: Serve, ready: bytes, caplog: pytest.LogCaptureFixture) -> None:
    loop = asyncio.get_running_loop()
    states = (b"", ready, ready + b"1 SELECT INBOX\r\n", ready + b"1 EXAMINE INBOX\r\n")
    played = 0
    async with serve(Limits(message_size=MESSAGE, command_line=8192)) as imap:

        @settings(
            max_examples=count, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
        )
        @given(st.sampled_from(states), damaged(COMMANDS))
        def session(before: bytes, octets: bytes) -> None:
            nonlocal played
            asyncio.run_coroutine_threadsafe(dialogue(imap, before, octets), loop).result()
            bad = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
            assert not bad, (octets, bad)
            played += 1

        await asyncio.to_thread(session)
    assert played >= count


TRAPS: dict[str, tuple[bytes, bytes]] = {
    # What is sent, and a line that must come.
    "a literal of 4 GiB announced": (b"a APPEND INBOX {4294967296}\r\n", rb"a NO \[TOOBIG\] .*"),
    "a literal of 4 GiB on its way": (b"a APPEND INBOX {4294967296+}\r\n", rb"\* BYE .*"),
    "a literal of 20 digits": (b"a LOGIN {99999999999999999999}\r\n", rb"a (BAD|NO) .*"),
    "a million parentheses": (b"a SEARCH " + b"(" * 1_000_000 + b"\r\n", rb"a BAD \[TOOBIG\] .*"),
    "a line of 3 MB": (b"a NOOP " + b"x" * 3_000_000 + b"\r\n", rb"a BAD \[TOOBIG\] .*"),
    "every UID": (b"a UID FETCH 1:4294967295 FLAGS\r\n", rb"a OK .*"),
    "every UID, backwards": (b"a UID FETCH 4294967295:1 FLAGS\r\n", rb"a OK .*"),
    "every UID, sought": (b"a UID SEARCH RETURN (ALL) UID 1:4294967295 NOT UID 1:4294967295\r\n", rb"\* ESEARCH .*"),
    "every UID, vanished": (
        b"a ENABLE QRESYNC\r\nb UID FETCH 1:4294967295 FLAGS (CHANGEDSINCE 1 VANISHED)\r\n", rb"b OK .*",
    ),
    "every UID, stored": (b"a UID STORE 1:4294967295 +FLAGS.SILENT (\\Seen)\r\n", rb"a OK .*"),
    "every UID known": (
        b"a ENABLE QRESYNC\r\nb SELECT INBOX (QRESYNC (1 1 1:4294967295))\r\n", rb"b OK \[READ-WRITE\].*",
    ),
    "NUL in a command": (b"a NO\0OP\r\nb NOOP\r\n", rb"b OK .*"),
    "NUL in a literal": (b"a APPEND INBOX {3+}\r\nx\0y\r\nb NOOP\r\n", rb"a BAD .*"),
    "a bare LF ends a line": (b"a NOOP\nb NOOP\r\n", rb"b OK .*"),
    "a bare CR ends none": (b"a NOOP\rb NOOP\r\nc NOOP\r\n", rb"c OK .*"),
    "a bare LF within quotes": (b'a SELECT "x\ny"\r\nc NOOP\r\n', rb"c OK .*"),
    "five hundred commands at once": (b"a NOOP\r\n" * 500 + b"b NOOP\r\n", rb"b OK .*"),
    "a part number of 9 digits a hundred deep": (
        b"a FETCH 1 BODY.PEEK[" + b".".join([b"999999999"] * 100) + b"]\r\n", rb"a OK .*",
    ),
    "a partial beyond everything": (b"a FETCH 1 BODY.PEEK[]<4294967295.4294967295>\r\n", rb"a OK .*"),
}  # fmt: skip


@pytest.mark.parametrize("name", TRAPS)
async def test_traps(name: str, serve: Serve, ready: tuple[bytes, Person], caplog: pytest.LogCaptureFixture) -> None:
    octets, expected = TRAPS[name]
    async with serve(Limits(message_size=MESSAGE, command_line=8192)) as imap:
        answers = await dialogue(imap, ready[0] + b"1 SELECT INBOX\r\n", octets)
    assert any(re.fullmatch(expected, answer.removesuffix(b"\r\n")) for answer in answers), answers[-4:]
    assert not [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
