"""Whatever comes in, GraphQL answers JSON with errors, or a Problem, and bounds what it does."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.peers.served import Person, Served

ACCOUNT = "viewer { accounts { id } }"
FRAGMENTS = "fragment A on Account { ...B } fragment B on Account { ...A }"
BAD_DOCUMENTS = [
    "",
    "{",
    "}",
    "not graphql",
    "{ nowhere }",
    "{ viewer }",
    "{ node }",
    "{ node(id: 1.5) { id } }",
    '{ node(id: "x", foo: 1) { id } }',
    "query A { __typename } query B { __typename }",
    "mutation { nowhere }",
    "subscription { nowhere }",
    "query ($a: Nothing) { __typename }",
    "query ($a: ID!) { node(id: $a) { id } }",
    "{ viewer { accounts { ...A } } } " + FRAGMENTS,
    "{ viewer { accounts { ...Nowhere } } }",
    "{" + " ".join(f"a{n}: viewer {{ accounts {{ id }} }}" for n in range(2000)) + "}",
    "{" + "viewer {accounts {" * 200 + "id" + "}}" * 200 + "}",
    "{" * 50_000,
    "{ viewer { accounts { " + "id " * 50_000 + "} } }",
    "{ a(" + "x: [" * 20_000 + "]" * 20_000 + ") }",
    "{ viewer @skip { accounts { id } } }",
    "{ __typename " + "@include(if: true) " * 5000 + "}",
    "{ viewer { accounts { messages(first: 1000000) { nodes { id } } } } }",
    "{ viewer { accounts { messages(first: -1) { nodes { id } } } } }",
    '{ viewer { accounts { messages(first: 1, after: "junk") { nodes { id } } } } }',
    "{ viewer { accounts { messages(first: 1, last: 1) { nodes { id } } } } }",
    "{ nodes(ids: [" + ", ".join(f'"{n}"' for n in range(5000)) + "]) { id } }",
    '"\\ud800"',
    '{ node(id: "\\u0000") { id } nowhere }',
    "{ é }",
]
BAD_BODIES = [
    (b"", "application/json"),
    (b"{", "application/json"),
    (b"null", "application/json"),
    (b'"x"', "application/json"),
    (b"[]", "application/json"),
    (b'[{"query":"{ __typename }"}]', "application/json"),
    (b"{}", "application/json"),
    (b'{"query":1}', "application/json"),
    (b'{"query":null}', "application/json"),
    (b'{"query":"{ __typename }","variables":1}', "application/json"),
    (b'{"query":"{ __typename }","variables":[]}', "application/json"),
    (b'{"query":"{ __typename }","operationName":1}', "application/json"),
    (b'{"query":"{ __typename }","extensions":1}', "application/json"),
    (b"\xff\xfe", "application/json"),
    (b'{"query":"{ __typename }"}', "text/plain"),
    (b'{"query":"{ __typename }"}', "multipart/form-data; boundary=x"),
    (b'{"query":"{ __typename }"}', ""),
    (b"[" * 100_000, "application/json"),
    (b'{"query":"' + b"#" * 10_000_000 + b'"}', "application/json"),
]


def assert_errors(body: dict[str, Any], text: str) -> None:
    """Each error has a message and tells nothing of the inside."""
    assert body.get("errors"), text[:300]
    assert all(error["message"] for error in body["errors"])
    assert "Traceback" not in text
    assert ".py" not in text


@pytest.mark.parametrize("query", BAD_DOCUMENTS, ids=lambda query: repr(query[:50]))
@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json"])
async def test_bad_documents(query: str, accept: str, server: Served, person: Person) -> None:
    """Errors, no data, and a 4xx where the media type allows to say it by status."""
    async with await server.rest(person) as http:
        answer = await http.post(
            "/graphql",
            content=json.dumps({"query": query}),
            headers={"Accept": accept, "Content-Type": "application/json"},
        )
    assert answer.status_code < 500, answer.text[:300]
    assert_errors(answer.json(), answer.text)
    if accept != "application/json" and "data" not in answer.json():
        assert answer.status_code >= 400


@pytest.mark.parametrize(("content", "media_type"), BAD_BODIES, ids=lambda value: repr(value[:40]))
async def test_bad_bodies(content: bytes, media_type: str, server: Served, person: Person) -> None:
    """4xx with errors or a problem."""
    async with await server.rest(person) as http:
        try:
            answer = await http.post("/graphql", content=content, headers={"Content-Type": media_type})
        except (httpx.WriteError, httpx.ReadError):
            assert len(content) > 1 << 20
            return  # The server may hang up on who sends far too much.
    assert 400 <= answer.status_code < 500, answer.text[:300]
    body = answer.json()
    assert "errors" in body or body["status"] == answer.status_code
    assert "Traceback" not in answer.text


async def test_no_mutation_by_get(server: Served, person: Person) -> None:
    """405: links must not change anything."""
    query = 'mutation { createMailbox(input: {accountId: "x", name: "y"}) { __typename } }'
    async with await server.rest(person) as http:
        answer = await http.get("/graphql", params={"query": query})
    assert answer.status_code == 405


async def test_expected_failures_are_problems(server: Served, person: Person) -> None:
    """A name that is taken, a bad name, an unknown parent: a member of the result, not an error."""
    async with await server.rest(person) as http:
        account = (await http.get("/v1/account")).json()["id"]
        for name, parent in [("Sent", None), ("", None), ("a\nb", None), ("a/b", None), ("x" * 300, None), ("a", "Bx")]:
            query = """mutation ($input: CreateMailboxInput!) {
              createMailbox(input: $input) { __typename ... on Problem { code message } } }"""
            given = {"accountId": account, "name": name} | ({"parentId": parent} if parent else {})
            answer = (await http.post("/graphql", json={"query": query, "variables": {"input": given}})).json()
            assert "errors" not in answer, answer
            result = answer["data"]["createMailbox"]
            assert result["code"], result
            assert result["message"], result
