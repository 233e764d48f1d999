"""Damaged POP3 dialogues through a real socket."""

from __future__ import annotations

import asyncio
import base64
import logging
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from correio.auth.authenticator import Authenticator
from correio.mail.message_store import MessageStore
from tests.fuzz.exchange import exchanged
from tests.fuzz.mutation import damaged
from tests.peers.served import Person
from tests.smtp.listeners import Listener

pytestmark = pytest.mark.filterwarnings("ignore:Do not use the `random` module")

COMMANDS = (
    b"CAPA", b"STAT", b"LIST", b"LIST 1", b"UIDL", b"UIDL 2", b"RETR 1", b"TOP 1 0", b"TOP 2 5", b"DELE 1", b"RSET", b"NOOP",
    b"USER a@b.test", b"PASS x y", b"AUTH", b"AUTH PLAIN =", b"AUTH SCRAM-SHA-256", b"APOP a b", b"LANG *", b"UTF8",
)  # fmt: skip
_STATUS = re.compile(rb"(\+OK|-ERR)( [\x20-\x7e]*)?|\+ [A-Za-z0-9+/=]*")
_END = b"\r\n*\r\n" + b"QUIT\r\n" * 3


async def dialogue(address: tuple[str, int], octets: bytes) -> list[bytes]:
    """Send octets and QUIT; return all lines. A line is a status, or stands between a positive one and a dot."""
    came = await exchanged(address, octets + _END)
    assert came.endswith(b"\r\n"), came[-200:]
    lines = came.split(b"\r\n")[:-1]
    assert lines[0].startswith(b"+OK")
    within = False
    for line in lines:
        if within:
            within = line != b"."
        elif line != b"." and not _STATUS.fullmatch(line):
            # A dot ends what has no lines. The first line of content: the status before it must have been positive.
            within = True
    assert not within, lines[-5:]
    assert _STATUS.fullmatch(lines[-1]), lines[-1]
    assert b"Traceback" not in came
    return lines


@pytest.fixture
async def before(directory: MessageStore, person: Person) -> bytes:
    authenticator = Authenticator(directory)
    issued = await authenticator.issue_token(await directory.account(person.id))
    authenticator.close()
    return (
        b"AUTH XOAUTH2 "
        + base64.b64encode(f"user={person.address}\x01auth=Bearer {issued.token}\x01\x01".encode())
        + b"\r\n"
    )


async def damage_sessions(count: int, pop3: Listener, before: bytes, caplog: pytest.LogCaptureFixture) -> None:
    loop = asyncio.get_running_loop()
    played = 0

    @settings(
        max_examples=count, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    @given(st.sampled_from((b"", before)), damaged(COMMANDS))
    def session(first: bytes, octets: bytes) -> None:
        nonlocal played
        asyncio.run_coroutine_threadsafe(dialogue(pop3.address, first + octets), loop).result()
        bad = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
        assert not bad, (octets, bad)
        played += 1

    await asyncio.to_thread(session)
    assert played >= count


async def test_damaged_dialogues(pop3: Listener, before: bytes, caplog: pytest.LogCaptureFixture) -> None:
    await damage_sessions(60, pop3, before, caplog)


@pytest.mark.model
@pytest.mark.timeout(600)
async def test_many_damaged_dialogues(pop3: Listener, before: bytes, caplog: pytest.LogCaptureFixture) -> None:
    await damage_sessions(1000, pop3, before, caplog)


@pytest.mark.parametrize(
    "octets",
    [
        b"x" * 1_000_000 + b"\r\n",
        b"RETR " + b"9" * 200 + b"\r\n",
        b"TOP 1 99999999999999999999\r\n",
        b"LIST -1\r\nDELE 0\r\nRETR 1 2\r\n",
        b"NO\0OP\r\nNOOP\nNOOP\rNOOP\r\n",
        b"NOOP\r\n" * 2000,
        b"AUTH PLAIN " + b"A" * 100_000 + b"\r\n",
    ],
    ids=lambda octets: octets[:12].decode("ascii").strip().replace("\0", "0"),
)
async def test_traps(octets: bytes, pop3: Listener, before: bytes, caplog: pytest.LogCaptureFixture) -> None:
    lines = await dialogue(pop3.address, before + octets)
    assert any(line.startswith((b"-ERR", b"+OK")) for line in lines[2:])
    assert not [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
