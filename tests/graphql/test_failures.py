"""What goes wrong inside is logged and masked; what a client may know is told as it stands."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import pytest
import strawberry

from correio.config import Limits
from correio.errors import InvalidInputError, NotFoundError, UnavailableError
from schema.context import OperationContext
from schema.operation.execution import Engine
from schema.operation.request import GraphQLRequest, OperationKind, OperationNotAllowedError, RequestError
from tests.graphql.conftest import Service, User

SECRET = "mongodb://user:password@10.0.0.1"


@strawberry.type
class Query:
    @strawberry.field
    async def broken(self) -> str | None:
        raise RuntimeError(SECRET)

    @strawberry.field
    def mistyped(self) -> int:
        return SECRET  # type: ignore[return-value]

    @strawberry.field
    def away(self) -> str | None:
        raise UnavailableError("The database does not answer.")

    @strawberry.field
    def unknown(self) -> str | None:
        raise NotFoundError("There is no such message.")

    @strawberry.field
    def wrong(self) -> str | None:
        raise InvalidInputError("first must be positive.", "first")

    @strawberry.field
    async def slow(self) -> str | None:
        await asyncio.sleep(30)
        return None

    @strawberry.field
    def fine(self) -> str:
        return "fine"


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def slow(self) -> str:
        await asyncio.sleep(0.05)
        return "done"


LIMITS = Limits(graphql_time=0.02)


async def run(service: Service, user: User, document: str, *, introspection: bool = True) -> dict[str, Any]:
    engine = Engine(strawberry.Schema(Query, Mutation), LIMITS, introspection)
    context = OperationContext(service.store, user.account, LIMITS)
    return await engine.run(GraphQLRequest(document), context)


async def test_an_unexpected_failure_is_logged_and_masked(
    service: Service, user: User, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "correio.graphql"):
        response = await run(service, user, "{ fine broken }")
    assert response["data"] == {"fine": "fine", "broken": None}
    [error] = response["errors"]
    assert error["path"] == ["broken"]
    assert error["extensions"]["code"] == "internal"
    assert SECRET not in str(response)
    [record] = caplog.records
    assert error["extensions"]["incident"] in record.getMessage()
    assert record.exc_info is not None
    assert SECRET in str(record.exc_info[1])


async def test_an_expected_failure_is_told(service: Service, user: User) -> None:
    response = await run(service, user, "{ away unknown wrong fine }")
    assert response["data"] == {"away": None, "unknown": None, "wrong": None, "fine": "fine"}
    assert [(error["message"], error["extensions"]) for error in response["errors"]] == [
        ("The database does not answer.", {"code": "unavailable"}),
        ("There is no such message.", {"code": "not-found"}),
        ("first must be positive.", {"code": "invalid-input", "field": "first"}),
    ]


async def test_a_value_of_the_wrong_type_is_not_shown(service: Service, user: User) -> None:
    response = await run(service, user, "{ mistyped }")
    assert response["data"] is None
    assert SECRET not in str(response)
    assert response["errors"][0]["extensions"]["code"] == "internal"


async def test_a_query_has_its_time_and_a_mutation_all_it_needs(service: Service, user: User) -> None:
    response = await run(service, user, "{ slow }")
    assert response["data"] is None
    assert response["errors"][0]["extensions"]["code"] == "timeout"
    assert await run(service, user, "mutation { slow }") == {"data": {"slow": "done"}}


async def test_introspection_can_be_turned_off(service: Service, user: User) -> None:
    assert await run(service, user, '{ __type(name: "Query") { name } }') == {"data": {"__type": {"name": "Query"}}}
    for document in ("{ __schema { types { name } } }", '{ __type(name: "Query") { name } }'):
        with pytest.raises(RequestError):
            await run(service, user, document, introspection=False)
    assert await run(service, user, "{ __typename fine }", introspection=False) == {
        "data": {"__typename": "Query", "fine": "fine"}
    }


async def test_a_kind_that_is_not_allowed_is_not_run(service: Service, user: User) -> None:
    engine = Engine(strawberry.Schema(Query, Mutation), LIMITS, introspection=True)
    context = OperationContext(service.store, user.account, LIMITS)
    request = GraphQLRequest("query A { fine } mutation B { slow }", "B")
    with pytest.raises(OperationNotAllowedError):
        await engine.run(request, context, (OperationKind.QUERY,))
    assert await engine.run(GraphQLRequest(request.query, "A"), context, (OperationKind.QUERY,)) == {
        "data": {"fine": "fine"}
    }


async def test_no_answer_to_a_wrong_request_names_what_is_inside(user: User) -> None:
    for document in (
        "{",
        "{ nope }",
        "query($a: Nope) { account { id } }",
        "{ node(id: {}) { id } }",
        "\x00",
        "{ \ud800 }",
    ):
        response = await user.client.http.post(
            "/graphql",
            content=json.dumps({"query": document}),
            headers={"content-type": "application/json"},
        )
        assert response.status_code == 400, document
        for word in ("Traceback", "strawberry", "site-packages", "graphql-core", ".py"):
            assert word not in response.text
