"""The server audits of the GraphQL over HTTP specification, by the ids the npm package graphql-http 1.23 gives them.

What that package calls MUST, SHOULD and MAY is all asserted here.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.graphql.client import RESPONSE, GraphQLClient

JSON = "application/json"
TYPENAME = {"query": "{ __typename }"}
BY_NAME = "query Type($name: String!) { __type(name: $name) { name } }"
COERCION = {"query": "query CoerceFailure($id: ID!){ __typename }", "variables": {"id": None}}
UNKNOWN_FIELD = {"query": "{ f31403dfe404bccbb0e835f2629c6a7 }"}
NOT_OBJECTS = ["string", 0, False, ["array"]]
NOT_STRINGS = [{"obj": "ect"}, 0, False, ["array"]]


@pytest.fixture
async def bare(client: GraphQLClient) -> GraphQLClient:
    """A client that says nothing of what it accepts."""
    del client.http.headers["accept"]
    return client


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        pytest.param(RESPONSE, RESPONSE, id="22EB"),
        pytest.param(JSON, JSON, id="4655"),
        pytest.param("*/*", JSON, id="47DE"),
        pytest.param(f"{JSON};q=0.5, {RESPONSE}", RESPONSE, id="quality"),
        pytest.param(f"{RESPONSE};q=0.5, */*", JSON, id="wildcard-preferred"),
        pytest.param(f"text/html, {RESPONSE}; charset=utf-8", RESPONSE, id="charset"),
        pytest.param("application/*", JSON, id="half-wildcard"),
    ],
)
async def test_the_answer_has_the_type_that_is_accepted(bare: GraphQLClient, accept: str, expected: str) -> None:
    response = await bare.post(TYPENAME, accept=accept)
    assert response.status_code == 200
    assert response.headers["content-type"] == f"{expected}; charset=utf-8"


async def test_80d8_82a3_json_in_utf_8_is_assumed_without_accept(bare: GraphQLClient) -> None:
    assert "accept" not in bare.http.headers
    response = await bare.post(TYPENAME)
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    assert json.loads(response.content.decode("utf-8")) == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize("content_type", [JSON, f"{JSON}; charset=utf-8", f'{JSON};charset="UTF-8"'])
async def test_bf61_78d5_2c94_03d4_requests_are_json_in_utf_8(bare: GraphQLClient, content_type: str) -> None:
    body = json.dumps({"query": '{ __type(name: "Run🏃Swim🏊") { name } }'}, ensure_ascii=False).encode()
    response = await bare.http.post("/graphql", content=body, headers={"content-type": content_type})
    assert response.status_code == 200
    assert response.json() == {"data": {"__type": None}}


async def test_5a70_queries_by_get(bare: GraphQLClient) -> None:
    response = await bare.http.get("/graphql", params={"query": "{ __typename }"})
    assert response.status_code == 200
    assert response.json() == {"data": {"__typename": "Query"}}


async def test_9c48_no_mutations_by_get(bare: GraphQLClient) -> None:
    response = await bare.http.get(
        "/graphql", params={"query": "mutation { __typename }"}, headers={"accept": RESPONSE}
    )
    assert response.status_code == 405
    assert response.headers["allow"] == "POST"
    assert "data" not in response.json()


async def test_9abe_a_post_says_what_it_is(bare: GraphQLClient) -> None:
    response = await bare.http.post("/graphql", content=json.dumps(TYPENAME))
    assert response.status_code == 415


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="A5BF"),
        pytest.param(b'{"notquery": "{ __typename }"}', id="423L"),
        pytest.param(b'{"qeury": "{ __typename }"}', id="8764-3E3A"),
        pytest.param(b'{ "not a JSON', id="B6DC-BCF8-B7N8"),
        pytest.param(b'[{"query": "{ __typename }"}]', id="batch"),
        pytest.param(b'"{ __typename }"', id="string"),
        pytest.param(b'{"query": ""}', id="empty"),
        pytest.param(b'{"query": "\xff"}', id="not-utf-8"),
        pytest.param(b"[" * 100_000, id="nested"),
        *[
            pytest.param(json.dumps({"query": invalid}).encode(), id=f"LKJ{at}")
            for at, invalid in enumerate(NOT_STRINGS)
        ],
        *[
            pytest.param(json.dumps({**TYPENAME, "operationName": invalid}).encode(), id=f"6C0{at}")
            for at, invalid in enumerate(NOT_STRINGS)
        ],
        *[
            pytest.param(json.dumps({**TYPENAME, "variables": invalid}).encode(), id=f"476{at}")
            for at, invalid in enumerate(NOT_OBJECTS)
        ],
        *[
            pytest.param(json.dumps({**TYPENAME, "extensions": invalid}).encode(), id=f"58B{at}")
            for at, invalid in enumerate(NOT_OBJECTS)
        ],
    ],
)
@pytest.mark.parametrize("accept", [JSON, RESPONSE])
async def test_what_is_no_graphql_request_is_400(bare: GraphQLClient, body: bytes, accept: str) -> None:
    response = await bare.http.post("/graphql", content=body, headers={"content-type": JSON, "accept": accept})
    assert response.status_code == 400
    assert set(response.json()) == {"errors"}


@pytest.mark.parametrize("accept", [JSON, RESPONSE])
@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(TYPENAME, {"__typename": "Query"}, id="34A2-13EE"),
        pytest.param(
            {"operationName": "Query", "query": "query Query { __typename }"}, {"__typename": "Query"}, id="8161-B8B3"
        ),
        pytest.param({**TYPENAME, "variables": None}, {"__typename": "Query"}, id="94B0-0220"),
        pytest.param({**TYPENAME, "operationName": None}, {"__typename": "Query"}, id="94B1-0221"),
        pytest.param({**TYPENAME, "extensions": None}, {"__typename": "Query"}, id="94B2-0222"),
        pytest.param({"query": BY_NAME, "variables": {"name": "Query"}}, {"__type": {"name": "Query"}}, id="2EA1-28B9"),
        pytest.param({**TYPENAME, "extensions": {"some": "value"}}, {"__typename": "Query"}, id="428F-1B7A"),
    ],
)
async def test_parameters_that_are_taken(bare: GraphQLClient, body: Any, expected: Any, accept: str) -> None:
    response = await bare.post(body, accept=accept)
    assert response.status_code == 200
    assert response.json() == {"data": expected}


@pytest.mark.parametrize("accept", [pytest.param(RESPONSE, id="D6D5"), pytest.param(JSON, id="6A70")])
async def test_variables_by_get_are_json(bare: GraphQLClient, accept: str) -> None:
    parameters = {"query": BY_NAME, "variables": json.dumps({"name": "Query"}), "extensions": "{}", "operationName": ""}
    response = await bare.http.get("/graphql", params=parameters, headers={"accept": accept})
    assert response.status_code == 200
    assert response.json() == {"data": {"__type": {"name": "Query"}}}


@pytest.mark.parametrize(
    "query_string",
    [
        "",
        "query=%7B__typename%7D&variables=%7B",
        "query=%7B__typename%7D&variables=[]",
        "query=%7B__typename%7D&query=%7B__typename%7D",
        "query=%FF",
        "&".join(["a=b"] * 100),
    ],
)
async def test_query_strings_that_are_no_request_are_400(bare: GraphQLClient, query_string: str) -> None:
    response = await bare.http.get(f"/graphql?{query_string}")
    assert response.status_code == 400
    assert set(response.json()) == {"errors"}


REQUEST_ERRORS = [
    pytest.param({"query": "{"}, "syntax", id="572B-865D-556A-D586"),
    pytest.param(UNKNOWN_FIELD, "validation", id="FDE2-51FE-74FF-5E5B"),
    pytest.param(COERCION, "validation", id="7B9B-86EE"),
    pytest.param({"query": BY_NAME, "variables": {"name": None}}, "variables", id="null-for-a-variable"),
    pytest.param({"query": BY_NAME, "variables": {"name": 5}}, "variables", id="wrong-type-for-a-variable"),
    pytest.param({"query": BY_NAME}, "variables", id="missing-variable"),
    pytest.param({"query": "query A { __typename } query B { __typename }"}, "operation-name", id="which-operation"),
    pytest.param({"query": "query A { __typename }", "operationName": "B"}, "operation-name", id="no-such-operation"),
    pytest.param({"query": "fragment A on Query { __typename }"}, "validation", id="no-operation"),
    pytest.param({"query": "subscription { __typename }"}, "validation", id="no-subscriptions"),
]


@pytest.mark.parametrize(("body", "code"), REQUEST_ERRORS)
@pytest.mark.parametrize(("accept", "status"), [(JSON, 200), (RESPONSE, 400)])
async def test_request_errors_have_no_data(bare: GraphQLClient, body: Any, code: str, accept: str, status: int) -> None:
    response = await bare.post(body, accept=accept)
    assert response.status_code == status
    found = response.json()
    assert set(found) == {"errors"}
    assert {error["extensions"]["code"] for error in found["errors"]} == {code}


@pytest.mark.parametrize("accept", ["text/html", f"{RESPONSE};q=0", f"{RESPONSE};charset=latin-1", "x" * 2000])
async def test_what_cannot_be_answered_is_406(bare: GraphQLClient, accept: str) -> None:
    response = await bare.post(TYPENAME, accept=accept)
    assert response.status_code == 406
    assert set(response.json()) == {"errors"}


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "HEAD"])
async def test_other_methods_are_405(client: GraphQLClient, method: str) -> None:
    response = await client.http.request(method, "/graphql", params={"query": "{ __typename }"})
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, POST"


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/graphql",
        f"{JSON}; charset=latin-1",
        f"text/plain; {JSON}",
    ],
)
async def test_other_content_types_are_415(client: GraphQLClient, content_type: str) -> None:
    body = json.dumps(TYPENAME)
    response = await client.http.post("/graphql", content=body, headers={"content-type": content_type})
    assert response.status_code == 415
    assert response.headers["accept-post"] == JSON
    assert set(response.json()) == {"errors"}


async def test_answers_are_not_cached_and_not_sniffed(client: GraphQLClient) -> None:
    response = await client.post(TYPENAME)
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert {"Accept", "Authorization"} <= {name.strip() for name in response.headers["vary"].split(",")}
