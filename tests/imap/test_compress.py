"""COMPRESS=DEFLATE (RFC 4978) over real sockets."""

from __future__ import annotations

import asyncio
import os
import zlib

import pytest

from correio.config import Limits
from protocols.wire import connection
from tests.imap.conftest import Imap, Serve
from tests.imap.deflated import Deflated
from tests.imap.wire import Wire
from tests.peers.served import Person

ONE = b"From: a@example.test\r\nSubject: one\r\n\r\nfirst\r\n"


async def signed_in(imap: Imap, person: Person, *, tls: bool = False) -> Wire:
    wire = await imap.wire(tls=tls)
    wire.send(f'l LOGIN {person.address} "{person.password}"\r\n'.encode())
    assert (await wire.line()).startswith(b"l OK")
    return wire


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
async def test_everything_behind_the_ok_is_compressed(imap: Imap, person: Person, tls: bool) -> None:
    wire = await signed_in(imap, person, tls=tls)
    stream = await Deflated.start(wire)
    stream.send(b"a APPEND INBOX {%d+}\r\n%b\r\nb SELECT INBOX\r\n" % (len(ONE), ONE))
    await stream.until(b"b OK")
    stream.send(b"c IDLE\r\n")
    assert (await stream.until(b"+"))[-1] == b"+ idling"
    other = await imap.client(person)
    await other.append(b"INBOX", ONE)
    assert b"* 2 EXISTS" in await stream.until(b"* 2 EXISTS")
    stream.send(b"DONE\r\nd LOGOUT\r\n")
    assert (await stream.until(b"d OK"))[-1] == b"d OK Signed out."
    assert await stream.rest() == b""
    await other.close()


async def test_commands_in_the_same_piece_as_compress_are_compressed(imap: Imap, person: Person) -> None:
    wire = await signed_in(imap, person)
    stream = await Deflated.start(wire, behind=b"a NOOP\r\nb NOOP\r\n")
    assert [await stream.line() for _ in range(2)] == [b"a OK Done.", b"b OK Done."]
    await wire.close()


async def test_a_compressed_session_split_at_every_octet_is_the_same(imap: Imap, person: Person) -> None:
    script = b"a SELECT INBOX\r\nb SEARCH SUBJECT {3+}\r\none\r\nc IDLE\r\nDONE\r\nd LOGOUT\r\n"

    async def run(step: int) -> bytes:
        wire = await signed_in(imap, person)
        stream = await Deflated.start(wire)
        packed = stream.packed(script)
        for at in range(0, len(packed), step):
            wire.send(packed[at : at + step])
            await asyncio.sleep(0)
        return await stream.rest()

    whole = await run(10_000)
    assert b"d OK" in whole
    assert await run(1) == whole


async def test_compress_is_asked_for_once_and_after_sign_in(imap: Imap, person: Person) -> None:
    wire = await imap.wire()
    assert b"COMPRESS" not in wire.greeting
    wire.send(b"a COMPRESS DEFLATE\r\n")
    assert (await wire.line()).startswith(b"a BAD")
    wire.send(f'l LOGIN {person.address} "{person.password}"\r\n'.encode())
    assert b" COMPRESS=DEFLATE" in await wire.line()
    wire.send(b"b COMPRESS LZ77\r\n")
    assert (await wire.line()).startswith(b"b BAD")
    wire.send(b"c NOOP\r\n")
    assert (await wire.line()) == b"c OK Done."
    stream = await Deflated.start(wire)
    stream.send(b"d COMPRESS DEFLATE\r\ne NOOP\r\n")
    assert (await stream.line()).startswith(b"d NO [COMPRESSIONACTIVE]")
    assert (await stream.line()) == b"e OK Done."
    await wire.close()


async def test_what_is_not_deflate_ends_with_bye(imap: Imap, person: Person) -> None:
    for garbage in (b"a NOOP\r\n" * 20, os.urandom(4096)):
        wire = await signed_in(imap, person)
        stream = await Deflated.start(wire)
        # A reserved block type comes first, so that no piece of it can be taken for a command.
        wire.send(b"\x07" + garbage)
        assert (await stream.rest()).startswith(b"* BYE [CLIENTBUG]")


async def test_octets_behind_the_end_of_the_stream_end_with_bye(imap: Imap, person: Person) -> None:
    wire = await signed_in(imap, person)
    stream = await Deflated.start(wire)
    wire.send(stream.deflater.compress(b"a NOOP\r\n") + stream.deflater.flush(zlib.Z_FINISH))
    assert await stream.line() == b"a OK Done."
    wire.send(b"more")
    assert (await stream.rest()).startswith(b"* BYE [CLIENTBUG]")


async def test_a_bomb_is_a_line_too_long_and_takes_no_memory(serve: Serve, person: Person) -> None:
    """64 KiB on the wire that would be 64 MiB: what is buffered of it stays below the bounds of a plain connection."""
    bomb = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = b"".join(bomb.compress(b"A" * (1 << 20)) for _ in range(64))
    packed += bomb.compress(b"\r\nb NOOP\r\n") + bomb.flush(zlib.Z_SYNC_FLUSH)
    assert len(packed) < 70_000
    async with serve(Limits(message_size=64 << 20)) as imap:
        wire = await signed_in(imap, person)
        stream = await Deflated.start(wire)
        (served,) = imap.server._streams._connections
        wire.send(packed)
        assert isinstance(served, connection.Connection)
        session = served._session
        assert session is not None
        largest = 0
        answer = asyncio.create_task(stream.until(b"b OK"))
        while not answer.done():
            largest = max(largest, session.pending)
            await asyncio.sleep(0)
        assert answer.result()[0].startswith(b"* BAD [TOOBIG]")
        assert 0 < largest <= connection.READ_AHEAD
        await wire.close()


async def test_an_endless_line_is_not_read_for_ever(serve: Serve, person: Person) -> None:
    async with serve(Limits(message_size=1 << 20)) as imap:
        wire = await signed_in(imap, person)
        stream = await Deflated.start(wire)
        stream.send(b"A" * (8 << 20))
        assert b"* BYE [TOOBIG]" in await stream.rest()


async def test_a_literal_keeps_its_bound(serve: Serve, person: Person) -> None:
    async with serve(Limits(message_size=1 << 20)) as imap:
        wire = await signed_in(imap, person)
        stream = await Deflated.start(wire)
        stream.send(b"a APPEND INBOX {%d+}\r\n" % (1 << 20) + b"x" * (1 << 20) + b"\r\n")
        assert (await stream.line()).startswith(b"a OK")
        stream.send(b"b APPEND INBOX {%d+}\r\n" % ((1 << 20) + 1) + b"x" * ((1 << 20) + 1) + b"\r\nc NOOP\r\n")
        assert (await stream.line()).startswith(b"b NO [TOOBIG]")
        assert (await stream.line()) == b"c OK Done."
        await wire.close()


async def test_a_large_fetch_arrives_whole_and_small(imap: Imap, person: Person) -> None:
    body = b"".join(b"line %d of a text that goes on and on\r\n" % number for number in range(20_000))
    raw = b"Subject: long\r\n\r\n" + body
    client = await imap.client(person)
    await client.append(b"INBOX", raw)
    await client.close()
    wire = await signed_in(imap, person)
    stream = await Deflated.start(wire)
    stream.send(b"a SELECT INBOX\r\nb FETCH 1 BODY.PEEK[]\r\n")
    await stream.until(b"a OK")
    await stream.line()
    while b"\r\nb OK" not in stream.buffer:
        await stream.more()
    assert stream.buffer.startswith(raw + b")\r\nb OK")
    assert stream.received < len(raw) // 3
    await wire.close()


async def test_a_quiet_connection_lets_go_of_its_compressor_and_goes_on(imap: Imap, person: Person) -> None:
    wire = await signed_in(imap, person)
    stream = await Deflated.start(wire)
    (served,) = imap.server._streams._connections
    assert isinstance(served, connection.Connection)
    for number in range(5):
        stream.send(b"%d CAPABILITY\r\n" % number)
        assert (await stream.until(b"%d OK" % number))[0].startswith(b"* CAPABILITY")
        assert served._deflate is not None
        served._deflate.rest()
    await wire.close()
