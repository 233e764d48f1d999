"""The POP3 transcripts: line by line, all at once (RFC 2449 section 6.6), and octet by octet."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path

import pytest

from correio.auth.authenticator import Authenticator
from correio.mail.append import NewMessage, append_messages
from correio.mail.message_store import MessageStore
from tests.conftest import NewPerson
from tests.peers.pop3 import Pop3Client
from tests.smtp.listeners import Listener, inbox
from tests.transcripts.transcript import Said, Transcript, pattern, read, spoken

TRANSCRIPTS = [read(path) for path in sorted((Path(__file__).parent / "pop3").glob("*.txt"))]


async def hear(client: Pop3Client, line: Said) -> None:
    """One line, or with ``M`` the rest of a multi-line answer, in any order."""
    async with asyncio.timeout(20):
        came = await client.line()
        while line.who == "M" and came != b".":
            came = await client.line()
    if line.who == "S":
        assert pattern(line.text).fullmatch(came), f"expected {line.text}\ncame {came!r}"


@pytest.mark.parametrize("way", ["lines", "at once", "octets"])
@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=lambda one: one.name)
async def test_transcript(
    transcript: Transcript, way: str, pop3: Listener, new_person: NewPerson, directory: MessageStore
) -> None:
    person = await new_person()
    account = await directory.account(person.id)
    box = account.mailboxes.by_path("INBOX")
    assert box is not None
    raws = (b"Subject: one\r\n\r\ntext\r\n", b"Subject: two\r\n\r\n.dot\r\nmore\r\n")
    await append_messages(account, box.id, [NewMessage(raw) for raw in raws])
    authenticator = Authenticator(directory)
    issued = await authenticator.issue_token(account)
    authenticator.close()
    bearer = base64.b64encode(f"user={person.address}\x01auth=Bearer {issued.token}\x01\x01".encode())
    client = await Pop3Client.connect(pop3.address)
    said = [spoken(line.text, bearer) for line in transcript.lines if line.who == "C"]
    if way == "at once":
        client.writer.write(b"".join(said))
    for line in transcript.lines:
        if line.who != "C":
            await hear(client, line)
        elif way == "lines":
            client.writer.write(spoken(line.text, bearer))
        elif way == "octets":
            for octet in spoken(line.text, bearer):
                client.writer.write(bytes([octet]))
                await asyncio.sleep(0)
    assert await client.reader.read() == b"", "QUIT is answered, and the connection closed"
    await client.close()
    await account.refresh()
    assert await inbox(directory, person.id) == list(raws if transcript.name == "sign-in" else raws[:1])
