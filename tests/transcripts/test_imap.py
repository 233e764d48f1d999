"""The IMAP transcripts: line by line, all at once, and octet by octet; and the framer at every split of them."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from correio.auth.authenticator import Authenticator
from correio.config import Limits
from correio.mail.message_store import MessageStore
from protocols.imap.core.command_table import COMMANDS
from tests.conftest import NewPerson
from tests.fuzz.test_imap_parser import events
from tests.imap.conftest import Imap, Serve
from tests.peers.imap import ImapClient
from tests.peers.imap_responses import check_response
from tests.transcripts.transcript import Said, Transcript, pattern, read, spoken

TRANSCRIPTS = [read(path) for path in sorted((Path(__file__).parent / "imap").glob("*.txt"))]
CODES = (
    "ALREADYEXISTS", "APPENDUID", "AUTHENTICATIONFAILED", "BADCHARSET", "BADEVENT", "CANNOT", "CAPABILITY", "CLOSED", "COPYUID",
    "EXPUNGEISSUED", "HASCHILDREN", "HIGHESTMODSEQ", "MAILBOXID", "MODIFIED", "NONEXISTENT", "PERMANENTFLAGS", "READ-ONLY",
    "READ-WRITE", "TRYCREATE", "UIDNEXT", "UIDVALIDITY", "UNSEEN", "USEATTR", "UNKNOWN-CTE",
)  # fmt: skip
"""Response codes that a client can bring about here without a limit being reached."""

ELSEWHERE = frozenset({"STARTTLS", "SETACL", "DELETEACL", "GETACL", "LISTRIGHTS", "MYRIGHTS"})
"""Commands with dialogues in tests of their own: a transcript has one account, and cannot go on under TLS."""


@pytest.fixture(scope="session")
async def authenticator(directory: MessageStore) -> AsyncIterator[Authenticator]:
    one = Authenticator(directory)
    yield one
    one.close()


class Stage:
    """The connections of one run."""

    def __init__(self, transcript: Transcript, client: ImapClient, other: ImapClient, bearer: bytes) -> None:
        self.transcript = transcript
        self.client = client
        self.other = other
        self.bearer = bearer

    async def say(self, octets: bytes, *, one_by_one: bool) -> None:
        if not one_by_one:
            self.client.writer.write(octets)
            return
        for at in range(len(octets)):
            self.client.writer.write(octets[at : at + 1])
            await asyncio.sleep(0)

    async def hear(self, line: Said) -> None:
        async with asyncio.timeout(20):
            response = await self.client.response()
        check_response(response + b"\r\n")
        assert pattern(line.text).fullmatch(response), (
            f"{self.transcript.name}: expected {line.text}\ncame {response!r}"
        )

    async def other_says(self, line: Said) -> None:
        """A command of the other session; a literal need not be asked for."""
        await self.other.ok(spoken(line.text.replace("<sync:", "<literal:"), b"").removesuffix(b"\r\n"))

    async def end(self) -> None:
        """LOGOUT, and nothing that was not expected before it."""
        if not any("LOGOUT" in line.text for line in self.transcript.lines):
            self.client.writer.write(b"zz LOGOUT\r\n")
            await self.hear(Said("S", "* BYE …"))
            await self.hear(Said("S", "zz OK …"))
        assert await self.client.reader.read() == b""


@pytest.fixture(params=TRANSCRIPTS, ids=lambda one: one.name)
async def stage(
    request: pytest.FixtureRequest,
    serve: Serve,
    new_person: NewPerson,
    directory: MessageStore,
    authenticator: Authenticator,
) -> AsyncIterator[Stage]:
    transcript: Transcript = request.param
    person = await new_person()
    issued = await authenticator.issue_token(await directory.account(person.id))
    bearer = base64.b64encode(f"user={person.address}\x01auth=Bearer {issued.token}\x01\x01".encode())
    async with serve(Limits()) as imap:

        async def connected(imap: Imap, *, signed_in: bool) -> ImapClient:
            client = await ImapClient.connect((imap.plain.host, imap.plain.port))
            if signed_in:
                await client.ok(b"AUTHENTICATE XOAUTH2 " + bearer)
            return client

        client = await connected(imap, signed_in=transcript.signed_in)
        other = await connected(imap, signed_in=True)
        yield Stage(transcript, client, other, bearer)
        await client.close()
        await other.close()


@pytest.mark.parametrize("one_by_one", [False, True], ids=["lines", "octets"])
async def test_line_by_line(stage: Stage, one_by_one: bool) -> None:
    for line in stage.transcript.lines:
        if line.who == "C":
            await stage.say(spoken(line.text, stage.bearer), one_by_one=one_by_one)
        elif line.who == "O":
            await stage.other_says(line)
        else:
            await stage.hear(line)
    await stage.end()


async def test_all_at_once(stage: Stage) -> None:
    """The client says all it has to say until somebody else speaks, and listens only then."""
    pending: list[Said] = []
    for line in (*stage.transcript.lines, Said("O", "NOOP")):
        if line.who != "O":
            pending.append(line)
            continue
        said = [spoken(one.text, stage.bearer) for one in pending if one.who == "C"]
        await stage.say(b"".join(said), one_by_one=False)
        for one in pending:
            if one.who == "S":
                await stage.hear(one)
        pending.clear()
        await stage.other_says(line)
    await stage.end()


@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=lambda one: one.name)
def test_the_framer_at_every_split(transcript: Transcript) -> None:
    octets = transcript.client
    whole = events(octets)
    for size in (1, 2, 3, 7):
        assert events(octets, size) == whole
    for start in range(0, len(octets), 400):
        # A window at a time, split at each of its octets: the framer forgets a command when it is complete.
        window = octets[start : start + 400]
        expected = events(window)
        for cut in range(1, len(window)):
            assert events(window, cut) == expected


def test_every_command_and_response_code_is_in_a_transcript() -> None:
    said = "\n".join(line.text.upper() for one in TRANSCRIPTS for line in one.lines if line.who == "C")
    commands = [one.name for one in COMMANDS if not re.search(rf"^\S+ {one.name}\b", said, re.MULTILINE)]
    assert set(commands) <= ELSEWHERE
    heard = "\n".join(line.text for one in TRANSCRIPTS for line in one.lines if line.who == "S")
    assert [code for code in CODES if f"[{code}" not in heard] == []
