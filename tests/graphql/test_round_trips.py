"""A page costs a fixed, small number of database round trips, whatever is asked of its messages."""

from __future__ import annotations

from typing import Any

from correio.config import Limits
from correio.mail.mailbox_commands import create_mailbox
from schema.build import build_schema
from schema.context import OperationContext
from schema.operation.execution import Engine
from schema.operation.request import GraphQLRequest
from tests.graphql.conftest import Service, User
from tests.graphql.mail import append, plain

LIMITS = Limits()
PAGE = """
query($n: Int) { account { state mailboxes { name parent { name } children { name } } quota { usedBytes } messages(first: $n) {
  totalCount pageInfo { hasNextPage hasPreviousPage }
  edges { cursor node {
    id subject snippet keywords from { name email } to { email } mailbox { name parent { name } } account { id }
    headers { name decoded } body { text html } parts { id text blob { url size } } attachments { id } raw { url size } %s
  } }
} } }
"""
THREAD = "thread { id messageCount unreadCount mailboxes { id } }"


async def run(service: Service, user: User, document: str, /, **variables: Any) -> tuple[int, dict[str, Any]]:
    """Run an operation as the transport does once it knows who asks; return the commands this took, and the data."""
    engine = Engine(build_schema(), LIMITS, introspection=True)
    trips = service.store.database.round_trips
    before = trips.count
    context = OperationContext(service.store, user.account, LIMITS)
    response = await engine.run(GraphQLRequest(document, None, variables), context)
    assert "errors" not in response
    return trips.count - before, response["data"]


async def page(service: Service, user: User, extra: str, size: int) -> int:
    """Ask for a page and return the commands that this took."""
    trips, data = await run(service, user, PAGE % extra, n=size)
    assert len(data["account"]["messages"]["edges"]) == size
    return trips


async def test_a_page_of_fifty(service: Service, user: User) -> None:
    await append(user, [plain(number) for number in range(100)])
    await run(service, user, "{ account { messages(first: 1) { nodes { id } } } }")
    # One to see whether anything has changed since, one for the messages that are not in memory.
    assert await page(service, user, "", 50) <= 2
    assert await page(service, user, "", 50) == 1
    # One more for all their threads together, or two where they are more than fifty.
    assert await page(service, user, THREAD, 50) == 2
    assert await page(service, user, THREAD, 100) <= 4


async def test_empty_mailboxes_cost_nothing(service: Service, user: User) -> None:
    for number in range(5):
        await create_mailbox(user.account, f"Empty {number}")
    await append(user, [plain(1)])
    trips, data = await run(service, user, "{ account { messages { totalCount nodes { id } } } }")
    assert data["account"]["messages"]["totalCount"] == 1
    # Whether anything changed, the index of the inbox, the message.
    assert trips <= 3


async def test_nodes_by_id_are_read_together(service: Service, user: User) -> None:
    appended = await append(user, [plain(number) for number in range(40)])
    ids = [one.id for one in appended] + [f"{one.id}.1" for one in appended] + [one.thread for one in appended[:9]]
    trips, data = await run(service, user, "query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=ids)
    assert [one["id"] for one in data["nodes"]] == ids
    assert trips == 3


async def test_a_question_about_the_schema_asks_no_database(service: Service, user: User) -> None:
    trips, data = await run(service, user, "{ __typename __schema { queryType { name } } }")
    assert data["__typename"] == "Query"
    assert trips == 0
