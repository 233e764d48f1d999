"""The stream shell over real sockets, with a small protocol of its own: each line comes back in upper case."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from correio.config import Endpoint, Limits
from protocols.wire.connection import READ_AHEAD, WRITE_HIGH, Connection
from protocols.wire.input_buffer import InputBuffer
from protocols.wire.session import Farewell, Session
from protocols.wire.stream_server import StreamServer
from tests.wire.certificate import client_context, server_context

ANYWHERE = Endpoint("127.0.0.1", 0)


class Upper(Session[bytes]):
    """TLS, FLOOD, BURST, WAIT, FAIL and QUIT do what they say; any other line is shouted back."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.buffer = InputBuffer()
        self.seconds = 60.0
        self.release = asyncio.Event()

    @property
    def timeout(self) -> float:
        return self.seconds

    async def opened(self) -> None:
        await self.connection.write(b"hello\n")

    def receive(self, data: bytes) -> None:
        self.buffer.append(data)

    @property
    def pending(self) -> int:
        return len(self.buffer)

    def next_event(self) -> bytes | None:
        return self.buffer.take_line(1 << 20)

    async def handle(self, event: bytes) -> None:
        if event == b"TLS":
            self.buffer.clear()
            await self.connection.start_tls(b"go\n")
        elif event == b"FLOOD":
            for _ in range(64):
                await self.connection.write(b"x" * 65_535 + b"\n")
        elif event == b"BURST":
            await self.connection.write(b"x" * 4_194_303 + b"\n")
        elif event == b"WAIT":
            await self.release.wait()
            await self.connection.write(b"waited\n")
        elif event == b"FAIL":
            raise RuntimeError("secret")
        elif event == b"HURRY":
            self.seconds = 0.05
            await self.connection.write(b"hurrying\n")
        elif event == b"WAKE":
            self.connection.wake()
        elif event == b"QUIT":
            await self.connection.write(b"bye\n")
            self.connection.close()
        else:
            await self.connection.write(event.upper() + b"\n")

    async def woken(self) -> None:
        await self.connection.write(b"woken\n")

    def farewell(self, reason: Farewell) -> bytes:
        return b"farewell " + reason.name.encode() + b"\n"


class Running:
    def __init__(self, server: StreamServer, sessions: list[Upper], plain: int, tls: int) -> None:
        self.server, self.sessions, self.plain, self.tls = server, sessions, plain, tls

    async def dial(self, *, tls: bool = False) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        context = client_context() if tls else None
        return await asyncio.open_connection("127.0.0.1", self.tls if tls else self.plain, ssl=context)


@contextlib.asynccontextmanager
async def serving(directory: Path, limits: Limits | None = None) -> AsyncIterator[Running]:
    sessions: list[Upper] = []

    def make(connection: Connection) -> Upper:
        sessions.append(Upper(connection))
        return sessions[-1]

    server = StreamServer("UPPER", limits or Limits(), make, server_context(directory))
    plain = await server.listen(ANYWHERE, implicit_tls=False)
    tls = await server.listen(ANYWHERE, implicit_tls=True)
    try:
        yield Running(server, sessions, plain.port, tls.port)
    finally:
        await server.close(0.1)
    assert server.connections == 0


@pytest.mark.parametrize("tls", [False, True])
async def test_lines_are_answered_in_order(tmp_path: Path, tls: bool) -> None:
    async with serving(tmp_path) as running:
        reader, writer = await running.dial(tls=tls)
        writer.write(b"a\nb\nc\nQUIT\nafter\n")
        assert await reader.read() == b"hello\nA\nB\nC\nbye\n"
        assert running.sessions[0].connection.secure is tls
        writer.close()


async def test_no_task_stays_with_an_idle_connection(tmp_path: Path) -> None:
    async with serving(tmp_path) as running:
        reader, writer = await running.dial()
        writer.write(b"a\n")
        await reader.readuntil(b"A\n")
        await asyncio.sleep(0)
        assert not running.sessions[0].connection.busy
        writer.close()


async def test_plain_text_behind_starttls_is_dropped(tmp_path: Path) -> None:
    async with serving(tmp_path) as running:
        reader, writer = await running.dial()
        writer.write(b"TLS\ninjected\n")
        assert await reader.readuntil(b"go\n") == b"hello\ngo\n"
        await writer.start_tls(client_context())
        writer.write(b"clean\nQUIT\n")
        assert await reader.read() == b"CLEAN\nbye\n"
        assert running.sessions[0].connection.secure
        writer.close()


async def test_a_failed_handshake_ends_the_connection_quietly(tmp_path: Path) -> None:
    async with serving(tmp_path) as running:
        reader, writer = await running.dial()
        writer.write(b"TLS\n")
        await reader.readuntil(b"go\n")
        writer.write(b"this is not a handshake\r\n" * 10)
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            await reader.read()
        writer.close()


async def test_writes_wait_for_a_slow_reader(tmp_path: Path) -> None:
    async with serving(tmp_path) as running:
        reader, writer = await running.dial()
        writer.write(b"FLOOD\nQUIT\n")
        await reader.readuntil(b"hello\n")
        total = len(await reader.read())
        assert total == 64 * 65_536 + len(b"bye\n")
        writer.close()


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("command", [b"FLOOD", b"BURST"], ids=["pieces", "at-once"])
async def test_what_nobody_reads_does_not_pile_up_and_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tls: bool, command: bytes
) -> None:
    async with serving(tmp_path) as running:
        reader, writer = await running.dial(tls=tls)
        await reader.readuntil(b"hello\n")
        writer.transport.pause_reading()
        writer.write((command + b"\n") * 8)
        (served,) = running.server._connections
        assert isinstance(served, Connection)
        while served._drained is None:
            await asyncio.sleep(0.001)
        for _ in range(50):
            await asyncio.sleep(0.001)
            transport = served._transport
            assert transport is not None
            # Under TLS what is waiting is encrypted, and a little larger.
            assert transport.get_write_buffer_size() < 2 * WRITE_HIGH
        monkeypatch.setattr("protocols.wire.connection.STALL_TIMEOUT", 0.0)
        served._watch_clock()
        while running.server.connections:
            await asyncio.sleep(0.001)
        writer.close()


async def test_input_behind_a_running_command_is_bounded(tmp_path: Path) -> None:
    async with serving(tmp_path) as running:
        reader, writer = await running.dial()
        await reader.readuntil(b"hello\n")
        writer.write(b"WAIT\n")
        writer.write((b"y" * 1023 + b"\n") * 16_384)
        session = running.sessions[0]
        while session.pending <= READ_AHEAD:
            await asyncio.sleep(0.001)
        for _ in range(50):
            await asyncio.sleep(0.001)
        assert session.pending < READ_AHEAD + 512 * 1024
        session.release.set()
        answer = 0
        while answer < len(b"waited\n") + 16_384 * 1024:
            answer += len(await reader.read(1 << 20))
        assert answer == len(b"waited\n") + 16_384 * 1024
        writer.close()


async def test_half_closed_clients_get_all_their_answers(tmp_path: Path) -> None:
    async with serving(tmp_path) as running:
        reader, writer = await running.dial()
        writer.write(b"WAIT\nlast words\n")
        writer.write_eof()
        await reader.readuntil(b"hello\n")
        await asyncio.sleep(0.01)
        running.sessions[0].release.set()
        assert await reader.read() == b"waited\nLAST WORDS\n"
        writer.close()


async def test_the_last_words_reach_a_client_that_goes_on_sending(tmp_path: Path) -> None:
    async with serving(tmp_path) as running:
        reader, writer = await running.dial()
        writer.write(b"QUIT\n")
        for _ in range(20):
            writer.write(b"more\n" * 1000)
            await asyncio.sleep(0.01)
        assert await reader.read() == b"hello\nbye\n"
        writer.close()
        while running.server.connections:
            await asyncio.sleep(0.01)


async def test_a_client_that_never_closes_is_cut_after_the_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("protocols.wire.connection.LINGER", 0.1)
    async with serving(tmp_path) as running:
        reader, writer = await running.dial()
        writer.write(b"QUIT\n")
        assert await reader.read() == b"hello\nbye\n"
        while running.server.connections:
            await asyncio.sleep(0.01)
        writer.close()


async def test_a_defect_is_logged_and_never_shown(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with serving(tmp_path) as running:
        reader, writer = await running.dial()
        writer.write(b"FAIL\n")
        assert await reader.read() == b"hello\nfarewell FAULT\n"
        assert "secret" in caplog.text
        writer.close()


async def test_silence_ends_the_connection(tmp_path: Path) -> None:
    async with serving(tmp_path, Limits()) as running:
        reader, writer = await running.dial()
        session = running.sessions
        await reader.readuntil(b"hello\n")
        session[0].seconds = 0.0
        session[0].connection._watch_clock()
        assert await reader.read() == b"farewell TIMEOUT\n"
        writer.close()


async def test_wake_runs_between_commands(tmp_path: Path) -> None:
    async with serving(tmp_path) as running:
        reader, writer = await running.dial()
        writer.write(b"WAKE\na\n")
        assert await reader.readexactly(14) == b"hello\nwoken\nA\n"
        running.sessions[0].connection.wake()
        assert await reader.readline() == b"woken\n"
        writer.close()


async def test_connections_are_bounded_in_all_and_by_address(tmp_path: Path) -> None:
    for limits in (Limits(connections=2), Limits(connections_per_address=2)):
        async with serving(tmp_path, limits) as running:
            pairs = [await running.dial() for _ in range(2)]
            for reader, _ in pairs:
                await reader.readuntil(b"hello\n")
            reader, writer = await running.dial()
            assert await reader.read() == b"farewell TOO_MANY\n"
            writer.close()
            pairs[0][1].write(b"QUIT\n")
            await pairs[0][0].read()
            while running.server.connections > 1:
                await asyncio.sleep(0.001)
            again, writer = await running.dial()
            assert await again.readline() == b"hello\n"
            for pair in (*pairs, (again, writer)):
                pair[1].close()


async def test_stopping_lets_the_running_command_end(tmp_path: Path) -> None:
    async with serving(tmp_path) as running:
        busy_reader, busy = await running.dial()
        idle_reader, idle = await running.dial()
        busy.write(b"WAIT\nnever answered\n")
        for reader in (busy_reader, idle_reader):
            await reader.readuntil(b"hello\n")
        stopping = asyncio.create_task(running.server.close(5.0))
        assert await idle_reader.read() == b"farewell SHUTDOWN\n"
        idle.close()
        for session in running.sessions:
            session.release.set()
        assert await busy_reader.read() == b"waited\nfarewell SHUTDOWN\n"
        busy.close()
        await stopping


async def test_stopping_cuts_what_does_not_end(tmp_path: Path) -> None:
    async with serving(tmp_path) as running:
        reader, writer = await running.dial()
        writer.write(b"WAIT\n")
        await reader.readuntil(b"hello\n")
        await running.server.close(0.05)
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
        writer.close()
        running.sessions[0].release.set()
