"""Whatever comes in, REST answers a problem document (RFC 9457) whose status is the response's."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from tests.peers.served import Person, Served

JSON = {"Content-Type": "application/json"}
MAIL = {"Content-Type": "message/rfc822"}


@dataclass
class Bad:
    """A request, and the statuses that are right for it. ``{inbox}`` and ``{message}`` in the path are one's own."""

    method: str
    path: str
    status: int | tuple[int, ...]
    content: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.method} {self.path[:60]} {self.content[:40]!r}"


def posted(content: bytes, status: int | tuple[int, ...], path: str = "/v1/mailboxes") -> Bad:
    return Bad("POST", path, status, content, JSON)


BAD = [
    Bad("GET", "/nowhere", 404),
    Bad("GET", "/v1/nowhere", 404),
    Bad("GET", "/v1/mailboxes/../account", (400, 404, 200)),
    Bad("GET", "/v1/mailboxes/%00", 404),
    Bad("GET", "/v1/mailboxes/" + "x" * 5000, 404),
    Bad("GET", "/v1/mailboxes/%ff%fe", 404),
    Bad("GET", "/v1/messages/Maaaaaaaaaaaaaaaaaaaaaaaa", 404),
    Bad("PUT", "/v1/mailboxes", 405),
    Bad("POST", "/v1/account", 405),
    Bad("TRACE", "/v1/account", (405, 501, 400)),
    Bad("GET", "/v1/mailboxes/{inbox}/messages?limit=0", 400),
    Bad("GET", "/v1/mailboxes/{inbox}/messages?limit=100000", 400),
    Bad("GET", "/v1/mailboxes/{inbox}/messages?limit=x", 400),
    Bad("GET", "/v1/mailboxes/{inbox}/messages?limit=1&limit=2", 400),
    Bad("GET", "/v1/mailboxes/{inbox}/messages?cursor=junk", 400),
    Bad("GET", "/v1/mailboxes/{inbox}/messages?cursor=%00", 400),
    Bad("GET", "/v1/mailboxes/{inbox}/messages?order=up", 400),
    Bad("GET", "/v1/mailboxes/{inbox}/messages?foo=1", 400),
    Bad("GET", "/v1/mailboxes/{inbox}/messages?keyword=a%20b", 400),
    Bad("GET", "/v1/messages/{message}/parts/9", 404),
    Bad("GET", "/v1/messages/{message}/parts/0", (400, 404)),
    Bad("GET", "/v1/messages/{message}/parts/" + "1." * 600 + "1", (400, 404)),
    Bad("GET", "/v1/messages/{message}/raw", 416, headers={"Range": "bytes=999999-"}),
    Bad("PATCH", "/v1/messages/{message}", 412, b'{"keywords":{"$seen":true}}', {**JSON, "If-Match": '"0"'}),
    Bad("PATCH", "/v1/messages/{message}", 422, b"{}", JSON),
    Bad("PATCH", "/v1/messages/{message}", 422, b'{"keywords":{"a b":true}}', JSON),
    Bad("PATCH", "/v1/messages/{message}", (400, 422), b'{"keywords":["\\u0000"]}', JSON),
    Bad("PATCH", "/v1/messages/{message}", 422, b'{"mailbox_id":"x"}', JSON),
    Bad("PATCH", "/v1/messages/{message}", 422, b'{"mailbox_id":1}', JSON),
    Bad("DELETE", "/v1/mailboxes/{inbox}", (403, 409)),
    Bad("DELETE", "/v1/mailboxes/{inbox}?delete_messages=maybe", 400),
    Bad("POST", "/v1/mailboxes/{inbox}/messages", 415, b"x", {"Content-Type": "text/plain"}),
    Bad("POST", "/v1/mailboxes/{inbox}/messages?received_at=yesterday", 400, b"x", MAIL),
    Bad("POST", "/v1/mailboxes/{inbox}/messages?keyword=%0d%0a", 400, b"x", MAIL),
    posted(b"", (400, 422)),
    posted(b"{", 400),
    posted(b"\xff\xfe", 400),
    posted(b"[]", 422),
    posted(b"null", 422),
    posted(b'"x"', 422),
    posted(b'{"name":NaN}', 400),
    posted(b'{"name":"a","name":"b"}', (400, 422)),
    posted(b'{"name":1}', 422),
    posted(b'{"name":""}', 422),
    posted(b'{"name":"a","foo":1}', 422),
    posted(b'{"name":"a\\u0000b"}', (400, 422)),
    posted(b'{"name":"a\\r\\nb"}', (400, 422)),
    posted('{"name":"a\u0085b"}'.encode(), (400, 422)),
    posted('{"name":"a\u2028b"}'.encode(), (400, 422)),
    posted(b'{"name":"\\ud800"}', (400, 422)),
    posted(b'{"name":"' + b"x" * 300 + b'"}', 422),
    posted(b'{"name":"a/b"}', 422),
    posted(b'{"name":"a","parent_id":"Baaaaaaaaaaaaaaaaaaaaaaaa"}', (404, 422)),
    posted(b'{"name":"INBOX"}', 409),
    posted(b'{"path":"a//b"}', 422),
    posted(b'{"path":"' + b"a/" * 300 + b'a"}', 422),
    posted(b"[" * 100_000 + b"]" * 100_000, (400, 413, 422)),
    posted(b'{"a":' * 50_000 + b"1" + b"}" * 50_000, (400, 413, 422)),
    posted(b'{"name":' + b"9" * 50_000 + b"}", (400, 422)),
    Bad("POST", "/v1/mailboxes", 415, b"name=a", {"Content-Type": "application/x-www-form-urlencoded"}),
    Bad("POST", "/v1/mailboxes", 415, b'{"name":"a"}', {"Content-Type": ""}),
    posted(b'{"ids":[]}', 422, "/v1/messages/batch"),
    posted(b'{"ids":["x"],"destroy":true}', 422, "/v1/messages/batch"),
    posted(b'{"ids":["Maaaaaaaaaaaaaaaaaaaaaaaa"]}', 422, "/v1/messages/batch"),
    posted(b'{"address":"a","password":"b"}', (401, 422), "/v1/tokens"),
    posted(b'{"address":"nobody@correio.test","password":"b"}', 401, "/v1/tokens"),
    posted(b'{"address":"nobody@correio.test","password":"b\\u0000"}', (400, 401, 422), "/v1/tokens"),
    Bad("GET", "/v1/account", 401, headers={"Authorization": "Bearer junk"}),
    Bad("GET", "/v1/account", 401, headers={"Authorization": "Basic YTpi"}),
    Bad("GET", "/v1/account", 401, headers={"Authorization": "Bearer " + "x" * 5000}),
    Bad("GET", "/v1/account", 401, headers={"Authorization": ""}),
]


def assert_problem(answer: httpx.Response) -> None:
    """RFC 9457, and nothing of the inside."""
    assert answer.headers["content-type"] == "application/problem+json", (answer.status_code, answer.text[:300])
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == answer.status_code
    assert problem["title"]
    assert problem["detail"]
    assert "Traceback" not in answer.text
    assert ".py" not in answer.text


@pytest.mark.parametrize("bad", BAD, ids=str)
async def test_bad_requests(bad: Bad, server: Served, person: Person) -> None:
    """Each has the status it should."""
    async with await server.rest(person) as http:
        mailboxes = (await http.get("/v1/mailboxes")).json()["mailboxes"]
        inbox = next(one["id"] for one in mailboxes if one["role"] == "inbox")
        made = await http.post(f"/v1/mailboxes/{inbox}/messages", content=b"Subject: a\r\n\r\nb\r\n", headers=MAIL)
        path = bad.path.replace("{inbox}", inbox).replace("{message}", made.json()["id"])
        answer = await http.request(bad.method, path, content=bad.content or None, headers=bad.headers)
    statuses = bad.status if isinstance(bad.status, tuple) else (bad.status,)
    assert answer.status_code in statuses, (answer.status_code, answer.text[:500])
    if answer.status_code != 200:
        assert_problem(answer)
    if answer.status_code == 401:
        assert answer.headers["www-authenticate"].startswith("Bearer")
    if answer.status_code == 405:
        assert answer.headers["allow"]


async def test_body_over_the_bound(server: Served, person: Person) -> None:
    """413 for a JSON body that is far too large, announced or not."""

    async def endless() -> Any:
        for _ in range(300):
            yield b" " * (1 << 20)

    async with await server.rest(person) as http:
        for content in (b" " * (80 << 20), endless()):
            try:
                answer = await http.post("/v1/mailboxes", content=content, headers=JSON)
            except (httpx.WriteError, httpx.ReadError, httpx.RemoteProtocolError):
                continue  # The server may hang up on who does not stop.
            assert answer.status_code == 413
            assert_problem(answer)


RAW = [
    b"\r\n\r\n",
    b"GARBAGE\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET http://\xff/ HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\nHost: a\r\nBad Header\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 1_000_000 + b"\r\n\r\n",
    b"GET /" + b"x" * 1_000_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 50_000 + b"\r\n",
    (
        b"POST /v1/tokens HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
    ),
    b"POST /v1/tokens HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n",
    b"POST /v1/tokens HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
    b"POST /v1/tokens HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
    b"POST /v1/tokens HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
]


@pytest.mark.parametrize("request_", RAW, ids=lambda octets: repr(octets[:60]))
async def test_not_even_http(request_: bytes, server: Served) -> None:
    """4xx and closed, or closed; never two answers to one, never 5xx but 501 and 505."""
    reader, writer = await asyncio.open_connection(*server.address("http"))
    writer.write(request_)
    try:
        writer.write_eof()
        async with asyncio.timeout(20):
            answer = await reader.read()
    except OSError:
        answer = b""
    writer.close()
    assert len(re.findall(rb"HTTP/1\.1 \d{3} ", answer)) <= 1
    if answer:
        status = int(answer.split(b" ")[1])
        assert 400 <= status < 500 or status in (501, 505), answer[:300]
    assert b"Traceback" not in answer
