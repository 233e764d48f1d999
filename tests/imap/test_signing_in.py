"""AUTHENTICATE as only IMAP has it; what all protocols share is in tests/wire/test_sign_in.py."""

from __future__ import annotations

import asyncio

import pytest

from tests.imap.conftest import Imap
from tests.peers.sasl import ScramClient, plain
from tests.peers.sasl_dialogue import ImapDialogue
from tests.peers.served import Person
from tests.wire.certificate import client_context


async def test_scram_off_loopback_needs_no_tls(imap: Imap, person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("protocols.wire.connection.is_loopback", lambda _: False)
    dialogue = await ImapDialogue.at((imap.plain.host, imap.plain.port))
    assert await dialogue.offered() == ["SCRAM-SHA-256"]
    for mechanism in ("PLAIN", "LOGIN", "OAUTHBEARER", "XOAUTH2"):
        assert (await dialogue.begin(mechanism, b"=")).startswith(b"a NO [PRIVACYREQUIRED]")
    assert (await dialogue.begin("SCRAM-SHA-256-PLUS", b"=")).startswith(b"a NO [CANNOT]")
    client = ScramClient(person.address, person.password, flag="y")
    final = client.final(dialogue.challenge(await dialogue.begin("SCRAM-SHA-256", client.first())))
    assert client.knows(dialogue.challenge(await dialogue.say(final)))
    welcome = await dialogue.say(b"")
    assert welcome.startswith(dialogue.WELCOME)
    assert b"AUTH=" not in welcome
    assert b"LOGINDISABLED" not in welcome
    await dialogue.close()


async def test_after_starttls_the_list_is_another(imap: Imap, person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("protocols.wire.connection.is_loopback", lambda _: False)
    dialogue = await ImapDialogue.at((imap.plain.host, imap.plain.port))
    await dialogue.start_tls(client_context())
    assert (await dialogue.offered())[0] == "SCRAM-SHA-256-PLUS"
    assert (await dialogue.begin("PLAIN", plain(person.address, person.password))).startswith(dialogue.WELCOME)
    assert (await dialogue.begin("PLAIN", b"=")).startswith(b"a BAD")
    await dialogue.close()


async def test_guessing_ends_whatever_the_mechanism(imap: Imap) -> None:
    dialogue = await ImapDialogue.at((imap.plain.host, imap.plain.port))
    for number in range(9):
        line = await dialogue.begin("PLAIN", [b"=", plain("nobody", "x"), plain("nobody", "x", "other")][number % 3])
        assert line.startswith(b"a NO"), line
    assert (await dialogue.say(b"a LOGIN nobody x")).startswith(b"* BYE [AUTHENTICATIONFAILED]")
    assert await dialogue.reader.read() == b""
    await dialogue.close()


async def test_an_exchange_cut_off_leaves_nothing_behind(imap: Imap, person: Person) -> None:
    dialogue = await ImapDialogue.at((imap.plain.host, imap.plain.port))
    client = ScramClient(person.address, person.password)
    client.final(dialogue.challenge(await dialogue.begin("SCRAM-SHA-256", client.first())))
    assert (await dialogue.say(b"*")).startswith(b"a BAD")
    # "*" is no cancellation where an initial response stands, and "=" only there an empty one.
    assert (await dialogue.begin("PLAIN", b"*")).startswith(b"a BAD")
    dialogue.challenge(await dialogue.begin("PLAIN"))
    assert (await dialogue.say(b"=")).startswith(b"a BAD")
    assert (await dialogue.say(b"a NOOP")).startswith(b"a OK")
    await dialogue.close()


async def test_the_same_exchange_split_at_every_octet(imap: Imap, person: Person) -> None:
    secret = plain(person.address, person.password)
    octets = b"a AUTHENTICATE PLAIN\r\n*\r\nb AUTHENTICATE PLAIN\r\n" + secret + b"\r\nc NOOP\r\nd LOGOUT\r\n"

    async def whole(cut: int) -> bytes:
        wire = await imap.wire()
        wire.send(octets[:cut])
        await asyncio.sleep(0.002)
        wire.send(octets[cut:])
        answer = await wire.rest()
        await wire.close()
        return answer

    expected = await whole(0)
    starts = [b"+", b"a BAD", b"+", b"b OK [CAPABILITY", b"c OK", b"* BYE", b"d OK"]
    assert all(line.startswith(start) for line, start in zip(expected.splitlines(), starts, strict=True)), expected
    for cut in range(1, len(octets)):
        assert await whole(cut) == expected, cut
