"""The connection itself: bounds, bad octets, slow clients, many clients, and an end without losses."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from api import http_protocol
from api.http_protocol import MAX_FIELDS, MAX_HEAD, ConnectionTable
from api.rest import request_body
from api.rest.request_body import Held, Room
from api.rest.route import BODIES
from api.server import HttpServer
from correio.config import Endpoint, Limits, Settings
from correio.errors import UnavailableError
from correio.metrics import CONNECTIONS
from tests.api.conftest import LIMITS, Service
from tests.api.contract_client import ContractClient, check
from tests.api.messages import plain


async def talk(endpoint: Endpoint, *pieces: bytes) -> tuple[int, dict[str, str], bytes]:
    """Send pieces, read one response up to its end or the connection's."""
    reader, writer = await asyncio.open_connection(endpoint.host, endpoint.port)
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        return await response_of(reader)
    finally:
        writer.close()


async def response_of(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    """Read one response."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return int(head[0].split()[1]), headers, body


async def until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so; the test's own time limit ends it otherwise."""
    while not is_so():
        await asyncio.sleep(0.005)


def json_head(client: ContractClient, length: int) -> bytes:
    """The head of a request to create a mailbox."""
    return (
        f"POST /v1/mailboxes HTTP/1.1\r\nAuthorization: Bearer {client.token}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {length}\r\n\r\n"
    ).encode()


def is_problem(answer: tuple[int, dict[str, str], bytes], status: int, code: str) -> None:
    """Fail unless an answer is this problem."""
    assert answer[0] == status
    assert answer[1]["content-type"] == "application/problem+json"
    problem = json.loads(answer[2])
    check({"$ref": "#/components/schemas/Problem"}, problem, "problem")
    assert problem["code"] == code


@pytest.mark.parametrize(
    "octets",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"EHLO example.test\r\n",
        b"GET /healthz HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nA\x00B: c\r\n\r\n",
        b"GET /h\xff HTTP/1.1\r\n\r\n",
    ],
)
async def test_what_is_not_http_is_a_400_problem(service: Service, octets: bytes) -> None:
    is_problem(await talk(service.endpoint, octets), 400, "bad-request")


async def test_the_head_is_bounded(service: Service) -> None:
    large = b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: " + b"a" * MAX_HEAD + b"\r\n\r\n"
    is_problem(await talk(service.endpoint, large), 431, "header-too-large")
    many = b"GET /healthz HTTP/1.1\r\n" + b"X: y\r\n" * (MAX_FIELDS + 1) + b"\r\n"
    is_problem(await talk(service.endpoint, many), 431, "header-too-large")
    endless = b"GET /healthz HTTP/1.1\r\nX: " + b"a" * (MAX_HEAD + 512 * 1024)
    is_problem(await talk(service.endpoint, endless), 431, "header-too-large")
    fits = b"GET /healthz HTTP/1.1\r\nX: " + b"a" * (MAX_HEAD - 100) + b"\r\n\r\n"
    assert (await talk(service.endpoint, fits))[0] == 200


async def test_a_body_over_the_limit_is_refused_before_it_is_sent(client: ContractClient, service: Service) -> None:
    inbox = await client.mailbox_id()
    head = (
        f"POST /v1/mailboxes/{inbox}/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {client.token}\r\n"
        f"Content-Type: message/rfc822\r\nExpect: 100-continue\r\nContent-Length: {LIMITS.request_body + 1}\r\n\r\n"
    )
    is_problem(await talk(service.endpoint, head.encode()), 413, "too-large")


async def test_a_body_that_does_not_say_its_length_is_counted_as_it_comes(client: ContractClient) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(LIMITS.request_body // 65_536 + 2):
            yield b"x" * 65_536

    inbox = await client.mailbox_id()
    response = await client.post(
        f"/v1/mailboxes/{inbox}/messages", content=endless(), headers={"Content-Type": "message/rfc822"}
    )
    assert (response.status_code, response.json()["code"]) == (413, "too-large")


async def test_json_bodies_are_bounded_too(client: ContractClient) -> None:
    response = await client.post("/v1/mailboxes", json={"name": "x" * request_body.MAX_JSON})
    assert response.status_code == 413


def test_the_room_for_bodies_is_given_back() -> None:
    room = Room(10)
    with Held(room) as first:
        first.take(6)
        with Held(room) as second, pytest.raises(UnavailableError):
            second.take(5)
        with Held(room) as third:
            third.take(4)
    with Held(room) as all_of_it:
        all_of_it.take(10)


async def test_more_at_once_than_there_is_room_for_is_503(client: ContractClient, service: Service) -> None:
    """Bodies that have begun hold room; it is free again when their clients are gone."""
    inbox = await client.mailbox_id()
    head = (
        f"POST /v1/mailboxes/{inbox}/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {client.token}\r\n"
        f"Content-Type: message/rfc822\r\nContent-Length: {LIMITS.request_body}\r\n\r\n"
    ).encode()
    held: list[asyncio.StreamWriter] = []
    refused: tuple[int, dict[str, str], bytes] | None = None
    for _ in range(BODIES + 2):
        reader, writer = await asyncio.open_connection(service.endpoint.host, service.endpoint.port)
        held.append(writer)
        writer.write(head + b"x" * (LIMITS.request_body - 1))
        try:
            async with asyncio.timeout(0.3):
                refused = await response_of(reader)
                break
        except TimeoutError:
            continue
    assert refused is not None
    is_problem(refused, 503, "unavailable")
    for writer in held:
        writer.close()
    for _ in range(200):
        response = await client.post(
            f"/v1/mailboxes/{inbox}/messages",
            content=plain(text="x" * 500_000),
            headers={"Content-Type": "message/rfc822"},
        )
        if response.status_code == 201:
            break
        await asyncio.sleep(0.01)
    assert response.status_code == 201


async def test_a_body_in_pieces_is_one_body(client: ContractClient, service: Service) -> None:
    inbox = await client.mailbox_id()
    raw = plain()
    head = (
        f"POST /v1/mailboxes/{inbox}/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {client.token}\r\n"
        "Content-Type: message/rfc822\r\nTransfer-Encoding: chunked\r\n\r\n"
    ).encode()
    pieces = [b"1\r\n" + raw[at : at + 1] + b"\r\n" for at in range(len(raw))]
    status, _, body = await talk(service.endpoint, head, *pieces, b"0\r\n\r\n")
    assert status == 201
    assert (await client.get(f"/v1/messages/{json.loads(body)['id']}/raw")).content == raw


async def test_a_slow_head_and_a_slow_body_end(
    client: ContractClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "HEAD_TIMEOUT", 0.05)
    is_problem(await talk(service.endpoint, b"GET /healthz HTTP/1.1\r\nHost"), 408, "request-timeout")
    reader, writer = await asyncio.open_connection(service.endpoint.host, service.endpoint.port)
    assert await reader.read() == b""
    writer.close()
    monkeypatch.setattr(http_protocol, "HEAD_TIMEOUT", 30.0)
    monkeypatch.setattr(request_body, "PATIENCE", 0.05)
    head = json_head(client, 9) + b"{"
    is_problem(await talk(service.endpoint, head), 408, "request-timeout")


async def test_pipelined_requests_are_answered_in_order(service: Service) -> None:
    reader, writer = await asyncio.open_connection(service.endpoint.host, service.endpoint.port)
    writer.write(b"GET /healthz HTTP/1.1\r\n\r\nGET /nowhere HTTP/1.1\r\n\r\nHEAD /healthz HTTP/1.1\r\n\r\n")
    assert (await response_of(reader))[0] == 200
    assert (await response_of(reader))[0] == 404
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    writer.close()


async def test_a_client_that_leaves_in_the_middle_harms_nobody(
    client: ContractClient, service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    message = await client.put(plain() + b"x" * 900_000)
    for _ in range(5):
        with socket.create_connection((service.endpoint.host, service.endpoint.port)) as raw:
            raw.sendall(
                f"GET /v1/messages/{message['id']}/raw HTTP/1.1\r\nAuthorization: Bearer {client.token}\r\n\r\n".encode()
            )
    with socket.create_connection((service.endpoint.host, service.endpoint.port)) as raw:
        raw.sendall(json_head(client, 99) + b"{")
    assert (await client.get("/healthz")).status_code == 200
    assert not [record for record in caplog.records if record.exc_info]


async def test_a_client_that_never_reads_is_cut_off(
    client: ContractClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "WRITE_TIMEOUT", 0.05)
    message = await client.put(plain() + b"x" * 900_000)
    request = f"GET /v1/messages/{message['id']}/raw HTTP/1.1\r\nAuthorization: Bearer {client.token}\r\n\r\n".encode()
    before = CONNECTIONS.value("http")
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect((service.endpoint.host, service.endpoint.port))
        await until(lambda: CONNECTIONS.value("http") == before + 1)
        deaf.sendall(request * 20)
        await until(lambda: CONNECTIONS.value("http") == before)


def test_the_table_of_connections() -> None:
    table = ConnectionTable(3, 2)
    assert table.admit("a")
    assert table.admit("a")
    assert not table.admit("a")
    assert table.admit("b")
    assert not table.admit("c")
    table.leave("a")
    assert table.admit("c")


@asynccontextmanager
async def listener(service: Service, limits: Limits) -> AsyncIterator[tuple[HttpServer, Endpoint]]:
    """A second listener on the same store."""
    server = HttpServer(service.store, service.authenticator, Settings(data=service.settings.data, limits=limits))
    endpoint = await server.listen(Endpoint("127.0.0.1", 0))
    try:
        yield server, endpoint
    finally:
        await server.close(1)


async def test_too_many_connections_are_503(service: Service) -> None:
    async with listener(service, Limits(connections_per_address=2)) as (_, endpoint):
        held = [await asyncio.open_connection(endpoint.host, endpoint.port) for _ in range(2)]
        await asyncio.sleep(0.05)
        answer = await talk(endpoint)
        is_problem(answer, 503, "unavailable")
        assert answer[1]["retry-after"] == "5"
        held[0][1].close()
        await held[0][1].wait_closed()
        for _ in range(100):
            answer = await talk(endpoint, b"GET /healthz HTTP/1.1\r\n\r\n")
            if answer[0] == 200:
                break
            await asyncio.sleep(0.01)
        assert answer[0] == 200
        held[1][1].close()


async def test_close_lets_a_request_under_way_finish(client: ContractClient, service: Service) -> None:
    async with listener(service, LIMITS) as (server, endpoint):
        idle_reader, idle_writer = await asyncio.open_connection(endpoint.host, endpoint.port)
        reader, writer = await asyncio.open_connection(endpoint.host, endpoint.port)
        body = json.dumps({"name": "While closing"}).encode()
        writer.write(json_head(client, len(body)))
        await writer.drain()
        await asyncio.sleep(0.05)
        closing = asyncio.create_task(server.close(10))
        assert await idle_reader.read() == b""
        with pytest.raises(OSError, match=r"refused|Connect"):
            await asyncio.open_connection(endpoint.host, endpoint.port)
        writer.write(body)
        status, headers, _ = await response_of(reader)
        assert (status, headers["connection"]) == (201, "close")
        await closing
        idle_writer.close()
        writer.close()
    assert "While closing" in await client.mailboxes()


async def test_close_cuts_off_what_does_not_end(client: ContractClient, service: Service) -> None:
    async with listener(service, LIMITS) as (server, endpoint):
        reader, writer = await asyncio.open_connection(endpoint.host, endpoint.port)
        writer.write(json_head(client, 10))
        await asyncio.sleep(0.05)
        await server.close(0.1)
        assert b"201" not in await reader.read()
        writer.close()
