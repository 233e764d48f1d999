"""BINARYMIME (RFC 3030): octets that are no lines, in by BDAT, and out as they were."""

from __future__ import annotations

import base64
import secrets

import pytest

from correio.mail.alias_directory import add_alias
from correio.mail.directory import add_domain
from correio.mail.message_store import MessageStore
from correio.mime.binary_parts import text_form
from tests.mime.test_binary_parts import BINARY, leaves, message
from tests.peers.nameserver import nameserver
from tests.peers.queued import octets_of, queued
from tests.peers.served import Person, Served
from tests.peers.smtp import SmtpClient
from tests.smtp.listeners import Listener, inbox, trace_and_message
from tests.smtp.test_policies import listening

ATTACHED = BINARY + b"\r\n.\r\nMAIL FROM:<x@y.test>\r\n" + BINARY * 400
RAW = message(ATTACHED)


async def chunked(
    client: SmtpClient, recipient: str, raw: bytes, sender: str = "s@outside.test", body: str = "BINARYMIME"
) -> int:
    for line in (f"MAIL FROM:<{sender}> BODY={body}", f"RCPT TO:<{recipient}>"):
        assert (await client.command(line.encode())).code == 250
    half = len(raw) // 2
    client.writer.write(b"BDAT %d\r\n" % half + raw[:half] + b"BDAT %d LAST\r\n" % (len(raw) - half) + raw[half:])
    assert (await client.reply()).code == 250
    return (await client.reply()).code


@pytest.mark.parametrize("listener", ["smtp", "lmtp"])
async def test_every_octet(server: Served, person: Person, listener: str) -> None:
    client = await server.smtp(listener)
    assert "BINARYMIME" in client.extensions
    assert await chunked(client, person.address, RAW) == 250
    await client.close()
    imap = await server.imap(person)
    await imap.ok(b"SELECT INBOX")
    asked = b"UID FETCH 1:* (BODY.PEEK[] BINARY.PEEK[2] BINARY.SIZE[2] BINARY.PEEK[3.1])"
    [items] = (await imap.ok(asked)).fetched().values()
    assert items["BINARY[2]"] == items["BINARY[3.1]"] == ATTACHED
    assert items["BODY[]"].endswith(b"\r\n" + text_form(RAW))
    await imap.close()
    pop3 = await server.pop3(person)
    assert await pop3.multiline(b"RETR 1") == items["BODY[]"]
    await pop3.close()


async def test_every_octet_of_a_message_that_is_authenticated(directory: MessageStore, person: Person) -> None:
    async with nameserver() as dns, listening(directory, dns=(dns.endpoint,)) as address:
        client = await SmtpClient.connect(address)
        assert await chunked(client, person.address, RAW) == 250
        await client.close()
    [stored] = await inbox(directory, person.id)
    assert b"\r\nAuthentication-Results: " in stored
    assert leaves(stored) == leaves(RAW)


async def test_others_have_no_binary(smtp: Listener, person: Person, directory: MessageStore) -> None:
    client = await SmtpClient.connect(smtp.address)
    mislabelled = b"Content-Transfer-Encoding: binary\r\n\r\na\nb"
    assert await chunked(client, person.address, mislabelled, body="8BITMIME") == 250
    [stored] = await inbox(directory, person.id)
    assert trace_and_message(stored)[1] == b"Content-Transfer-Encoding: binary\r\n\r\na\r\nb"
    await client.close()


async def test_it_comes_by_bdat_alone(smtp: Listener, person: Person) -> None:
    client = await SmtpClient.connect(smtp.address)
    for line in (b"MAIL FROM:<s@outside.test> BODY=BINARYMIME", b"RCPT TO:<" + person.address.encode() + b">"):
        assert (await client.command(line)).code == 250
    answer = await client.command(b"DATA")
    assert (answer.code, answer.text[:6]) == (503, b"5.5.1 ")
    client.writer.write(b"BDAT 4 LAST\r\nA: b")
    assert (await client.reply()).code == 250
    await client.close()


async def test_it_goes_on_in_lines(smtp: Listener, directory: MessageStore) -> None:
    domain = (await add_domain(directory, f"d{secrets.token_hex(5)}.test")).id
    await add_alias(directory, f"out@{domain}", ["x@elsewhere.test"])
    client = await SmtpClient.connect(smtp.address)
    assert await chunked(client, f"out@{domain}", RAW) == 250
    await client.close()
    [(send, _)] = await queued(directory, f"@{domain}")
    sent = await octets_of(directory, send)
    assert sent.count(b"\n") == sent.count(b"\r") == sent.count(b"\r\n")
    assert leaves(sent) == leaves(RAW)


async def test_it_is_submitted(server: Served, person: Person) -> None:
    client = await server.smtp("submission")
    plain = base64.b64encode(f"\0{person.address}\0{person.password}".encode())
    assert (await client.command(b"AUTH PLAIN " + plain)).code == 235
    assert await chunked(client, person.address, RAW, sender=person.address) == 250
    await client.close()
    imap = await server.imap(person)
    for mailbox in (b"INBOX", b"Sent"):
        await imap.ok(b"SELECT " + mailbox)
        [items] = (await imap.ok(b"UID FETCH 1:* (BINARY.PEEK[2])")).fetched().values()
        assert items["BINARY[2]"] == ATTACHED
    await imap.close()
