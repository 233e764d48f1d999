"""Every bound on a request: what is within passes, what is beyond is told and not run."""

from __future__ import annotations

import asyncio
import json

import pytest

from correio.config import Limits
from schema.operation.document import MAX_DEFINITIONS, MAX_REPEATS
from tests.graphql.client import GraphQLClient
from tests.graphql.conftest import User
from tests.graphql.mail import append

LIMITS = Limits()
NODES = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"


async def refused(client: GraphQLClient, document: str, code: str = "limit", /, **variables: object) -> str:
    """The message of a request error."""
    response = await client.post({"query": document, "variables": variables})
    assert response.status_code == 400
    found = response.json()
    assert set(found) == {"errors"}
    assert found["errors"][0]["extensions"]["code"] == code, found
    message: str = found["errors"][0]["message"]
    return message


def nested(depth: int) -> str:
    """A query so many fields deep."""
    return "{ account { mailboxes { " + "parent { " * (depth - 3) + "id" + " }" * depth


async def test_depth(client: GraphQLClient) -> None:
    await client.data(nested(LIMITS.graphql_depth))
    assert "17 fields deep" in await refused(client, nested(LIMITS.graphql_depth + 1))
    through_fragments = "{ account { mailboxes { ...A } } } " + " ".join(
        f"fragment {name} on Mailbox {{ parent {{ parent {{ parent {{ ...{below} }} }} }} }}"
        for name, below in ("AB", "BC", "CD", "DE")
    )
    await refused(client, through_fragments + " fragment E on Mailbox { parent { parent { id } } }")
    await client.data(through_fragments + " fragment E on Mailbox { id }")


async def test_nesting_that_would_exhaust_a_stack(client: GraphQLClient) -> None:
    await refused(client, "{ a " * 900 + "}" * 900, "syntax")
    await refused(client, "{ nodes(ids: " + "[" * 900 + "]" * 900 + ") { id } }", "syntax")
    deep: object = "x"
    for _ in range(400):
        deep = [deep]
    await refused(client, NODES, ids=deep)


async def test_tokens(client: GraphQLClient) -> None:
    message = await refused(client, "{" + " __typename" * LIMITS.graphql_tokens + "}", "syntax")
    assert str(LIMITS.graphql_tokens) in message
    await refused(client, "#\n" * LIMITS.graphql_tokens + "{ __typename }", "syntax")


async def test_aliases(client: GraphQLClient) -> None:
    within = " ".join(f"a{at}: __typename" for at in range(LIMITS.graphql_aliases))
    assert len(await client.data("{" + within + "}")) == LIMITS.graphql_aliases
    await refused(client, "{" + within + " b: __typename }")


async def test_repeated_fields(client: GraphQLClient) -> None:
    await client.data("{" + " __typename" * MAX_REPEATS + "}")
    await refused(client, "{" + " __typename" * (MAX_REPEATS + 1) + "}")


async def test_definitions(client: GraphQLClient) -> None:
    many = " ".join(f"query Q{at} {{ __typename }}" for at in range(MAX_DEFINITIONS + 1))
    await refused(client, many)


async def test_circular_fragments(client: GraphQLClient) -> None:
    await refused(client, "{ ...A } fragment A on Query { ...A }", "validation")
    await refused(
        client, "{ ...A } fragment A on Query { account { id } ...B } fragment B on Query { ...A }", "validation"
    )


async def test_lists(client: GraphQLClient) -> None:
    await client.data(NODES, ids=["x"] * LIMITS.graphql_list)
    await refused(client, NODES, ids=["x"] * (LIMITS.graphql_list + 1))
    await refused(client, "{ nodes(ids: [" + '"x" ' * (LIMITS.graphql_list + 1) + "]) { id } }")
    await refused(
        client,
        "query($f: MessageFilter) { account { messages(filter: $f) { totalCount } } }",
        f={"any": [{"notInMailboxes": ["x"] * 400}] * 20},
    )


async def test_filters_within_filters(client: GraphQLClient) -> None:
    query = "query($f: MessageFilter) { account { messages(filter: $f) { totalCount } } }"
    within: object = {}
    for _ in range(4):
        within = {"all": [within]}
    await client.data(query, f=within)
    for _ in range(4):
        within = {"none": [within]}
    await refused(client, query, f=within)
    await refused(client, "{ account { messages(filter: " + "{all: [" * 8 + "]}" * 8 + ") { totalCount } } }")


@pytest.mark.parametrize(
    "document",
    [
        "{ account { mailboxes { messages(first: 200) { nodes { parts { id } } } } } }",
        "{ account { messages(first: 200) { nodes { thread { messages(first: 200) { nodes { id } } } } } } }",
        "query($n: Int = 200) { account { messages(last: $n) { nodes { thread { messages(first: 100) { nodes { id } } } } } } }",
        "{ account { messages(first: 200) { nodes { body { text } parts { text headers { name } } } } } }",
        "{ __schema { types { name } } " + " ".join(f"a{at}: __schema {{ types {{ name }} }}" for at in range(5)) + "}",
        "query($ids: [ID!]!) { nodes(ids: $ids) { ...on Mailbox { messages { nodes { id } } } } }",
        (
            "{ account { ...A } } fragment A on Account { messages(first: 200) { ...B } } fragment B on MessageConnection "
            "{ edges { node { ...C } } nodes { ...C } } fragment C on Message { thread { messages { nodes { id } } } }"
        ),
    ],
)
async def test_cost(client: GraphQLClient, document: str) -> None:
    ids = {"ids": ["x"] * LIMITS.graphql_list} if "$ids" in document else {}
    assert "Ask for smaller pages" in await refused(client, document, "limit", **ids)


async def test_usual_pages_are_within_the_cost(client: GraphQLClient) -> None:
    await client.data(
        "{ account { id mailboxes { id name parent { id } } messages(first: 50) { totalCount pageInfo { hasNextPage } "
        "edges { cursor node { id subject from { name email } to { name email } mailbox { id } thread { id messageCount } "
        "body { html text } attachments { filename blob { url } } } } } } }"
    )
    await client.data(
        "{ account { messages(first: 200) { nodes { id subject snippet from { email } mailbox { id } } } } }"
    )


async def test_octets(client: GraphQLClient) -> None:
    for body in (
        json.dumps({"query": "{ __typename }", "extensions": {"x": "y" * LIMITS.graphql_body}}).encode(),
        b"x" * (LIMITS.graphql_body + 1),
    ):
        response = await client.http.post("/graphql", content=body, headers={"content-type": "application/json"})
        assert response.status_code == 413
        assert response.json()["errors"][0]["extensions"]["code"] == "too-large"

    async def unannounced() -> object:
        for _ in range(LIMITS.graphql_body // 65_536 + 2):
            yield b" " * 65_536

    response = await client.http.post("/graphql", content=unannounced(), headers={"content-type": "application/json"})  # type: ignore[arg-type]
    assert response.status_code == 413


async def test_a_wrong_document_gets_a_bounded_answer(client: GraphQLClient) -> None:
    response = await client.run("{" + " ".join(f"a{at}" for at in range(1500)) + "}")
    assert len(response["errors"]) <= 21


async def test_many_hostile_documents_at_once_leave_room_for_others(user: User) -> None:
    hostile = "{ account {" + " ".join("mailboxes {" + "children {" * 12 + "id" + "}" * 13 for _ in range(25)) + "}}"
    await asyncio.gather(
        *(user.client.run(hostile) for _ in range(4)), user.client.data("{ account { id } }"), user.client.run(hostile)
    )


async def test_lists_longer_than_assumed_are_charged_when_they_are_seen(user: User) -> None:
    """The cost told beforehand takes a message for one of ten parts, and a field for one of a few addresses."""
    boundary = b"\r\n--b\r\n\r\nx"
    parts = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + boundary * 1_000 + b"\r\n--b--\r\n"
    people = b"To: " + b",\r\n ".join(b"p%d@x" % at for at in range(6_000)) + b"\r\n\r\n"
    [many, crowded] = await append(user, [parts, people])
    query = "query($id: ID!) { node(id: $id) { ... on Message { %s } } }"
    data = await user.client.data(query % "parts { id text }", id=many.id)
    assert len(data["node"]["parts"]) == 1_001
    for message, fields in (
        (many, "parts { id text headers { name decoded } blob { size sha256 } }"),
        (crowded, "a: to { email } b: to { email } c: to { email } d: to { email }"),
    ):
        response = await user.client.run(query % fields, id=message.id)
        assert response["data"] is None
        [error] = response["errors"]
        assert error["extensions"] == {"code": "limit"}
        assert "subject" in (await user.client.data(query % "subject body { text }", id=message.id))["node"]
