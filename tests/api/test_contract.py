"""openapi/openapi.yaml and the service say the same, both ways.

Every response of every test here is held against the contract by ContractClient. This file adds the other direction: each
operation is served, and each response that the contract documents by its number is really given.
"""

from __future__ import annotations

import base64
import dataclasses
import tomllib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from openapi_spec_validator import validate
from starlette.routing import Route

from api.app import create_app
from api.contract import METHODS, Contract
from api.rest.route import rest_routes
from api.rest.timestamps import rfc3339
from correio.auth.throttle import Throttle
from tests.api.conftest import LIMITS, Service
from tests.api.contract_client import CONTRACT, DOCUMENT, ContractClient, resolved
from tests.api.messages import plain
from tests.peers.served import Person

ROOT = Path(__file__).resolve().parents[2]
RFC822 = {"Content-Type": "message/rfc822"}
SIEVE = {"Content-Type": "application/sieve"}
NOBODY = {
    "token_id": "K" + "a" * 24,
    "key_id": "P" + "a" * 24,
    "mailbox_id": "B" + "a" * 24,
    "message_id": "M" + "a" * 24,
    "send_id": "S" + "a" * 24,
    "delivery_id": "D" + "a" * 24,
    "part_path": "1",
    "script_name": "none",
}
OPEN = {"MessageFields", "KeyFields", "EmailFields"}
"""Schemas that others close."""


def test_the_document_is_valid_openapi() -> None:
    validate(DOCUMENT)


def test_the_licence_is_that_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert DOCUMENT["info"]["license"]["identifier"] == project["license"]
    assert DOCUMENT["info"]["license"]["name"] in " ".join((ROOT / "README.md").read_text().split())


def test_routes_and_operations_are_the_same(service: Service) -> None:
    app = create_app(service.store, service.authenticator, service.settings)
    served = {
        (route.path_format, method, route.name)
        for route in app.routes
        if isinstance(route, Route) and route.name != "graphql"
        for method in (route.methods or set()) - {"HEAD"}
    }
    written = {
        (path, method.upper(), item[method]["operationId"])
        for path, item in DOCUMENT["paths"].items()
        for method in METHODS
        if method in item
    }
    assert served == written


def test_a_difference_is_refused_at_start() -> None:
    source = CONTRACT.source.replace(b"operationId: get_account", b"operationId: get_acount")
    with pytest.raises(RuntimeError, match="get_acount"):
        rest_routes(Contract(source), (), None)  # type: ignore[arg-type]


def test_every_schema_is_closed() -> None:
    """A field that the contract does not name would pass unseen."""
    for name, schema in DOCUMENT["components"]["schemas"].items():
        if schema.get("type") == "object" and name not in OPEN:
            assert schema.get("additionalProperties") is False or schema.get("unevaluatedProperties") is False, name


def test_parameters_and_handlers_take_the_same(service: Service) -> None:
    app = create_app(service.store, service.authenticator, service.settings)
    for route in app.routes:
        if not isinstance(route, Route) or route.name == "graphql":
            continue
        operation = CONTRACT.operations[route.name]
        handler = route.endpoint._handler
        taken = {field.name for field in msgspec.structs.fields(handler.parameters)}
        written = (
            operation.path_parameters.names
            | operation.query_parameters.names
            | {name.replace("-", "_") for name in operation.header_parameters.names}
        )
        assert taken == written, route.name
        assert (operation.body is not None) == (
            handler.body is not bytes and bool(msgspec.structs.fields(handler.body))
        ), route.name


def test_defaults_are_the_same(service: Service) -> None:
    app = create_app(service.store, service.authenticator, service.settings)
    handlers = {
        route.name: route.endpoint._handler
        for route in app.routes
        if isinstance(route, Route) and route.name != "graphql"
    }
    for path, item in DOCUMENT["paths"].items():
        for method in METHODS:
            for parameter in map(resolved, item.get(method, {}).get("parameters", ())):
                schema = resolved(parameter["schema"])
                if "default" in schema:
                    fields = msgspec.structs.fields(handlers[item[method]["operationId"]].parameters)
                    default = next(field.default for field in fields if field.name == parameter["name"])
                    assert default == schema["default"], (path, parameter["name"])


@dataclasses.dataclass
class World:
    """What there is to call operations on."""

    client: ContractClient
    anyone: ContractClient
    person: Person
    service: Service
    patch: pytest.MonkeyPatch

    async def ids(self) -> dict[str, str]:
        """Fresh things of the client's own."""
        box = (
            await self.client.post("/v1/mailboxes", json={"path": f"Box {len(await self.client.mailboxes())}"})
        ).json()
        message = await self.client.put(plain())
        account = await self.service.store.account(self.person.id)
        token = await self.service.authenticator.issue_token(account)
        script = f"script {len(await self.client.mailboxes())}"
        await self.client.request("put", f"/v1/sieve/scripts/{script}", content=b"keep;", headers=SIEVE)
        key = await self.service.authenticator.issue_key(account, "test", ["full"])
        later = {**self.email(), "scheduled_at": rfc3339(self.service.store.now() + 3600)}
        sent = await self.client.post("/v1/emails", json=later)
        [waiting] = [
            one
            for one in (await self.client.get("/v1/queue")).json()["deliveries"]
            if one["email_id"] == sent.json()["id"]
        ]
        return {
            "token_id": token.id,
            "key_id": key.document.id,
            "mailbox_id": box["id"],
            "message_id": message["id"],
            "send_id": sent.json()["id"],
            "delivery_id": waiting["id"],
            "part_path": "1",
            "script_name": script,
        }

    def email(self) -> dict[str, Any]:
        """An e-mail to oneself."""
        return {"from": self.person.address, "to": self.person.address, "subject": "Olá", "text": "Um texto curto."}


def path_of(operation_id: str, ids: dict[str, str]) -> str:
    """The path with its parameters filled in."""
    return CONTRACT.operations[operation_id].path.format(**ids)


def good_body(operation_id: str, world: World, ids: dict[str, str]) -> dict[str, Any]:
    """What to send for an operation to succeed."""
    return {
        "create_token": {"json": {"address": world.person.address, "password": world.person.password}},
        "create_key": {"json": {"name": "program", "scopes": ["send"]}},
        "send_email": {"json": world.email()},
        "create_mailbox": {"json": {"name": "New"}},
        "update_mailbox": {"json": {"name": "Newer"}},
        "import_message": {"content": plain(), "headers": RFC822},
        "put_sieve_script": {"content": b"discard;", "headers": SIEVE},
        "check_sieve_script": {"content": b"discard;", "headers": SIEVE},
        "update_message": {"json": {"keywords": {"$seen": True}}},
        "update_messages": {"json": {"ids": [ids["message_id"]], "keywords": {"$seen": True}}},
    }.get(operation_id, {})


async def call(world: World, operation_id: str, client: ContractClient | None = None, **more: Any) -> httpx.Response:
    """Call an operation as it should be called, but for what ``more`` says otherwise."""
    ids = more.pop("ids", None) or await world.ids()
    options = {**good_body(operation_id, world, ids), **more}
    operation = CONTRACT.operations[operation_id]
    return await (client or world.client).request(operation.method, path_of(operation_id, ids), **options)


async def good(world: World, operation_id: str) -> httpx.Response:
    return await call(world, operation_id)


async def no_token(world: World, operation_id: str) -> httpx.Response:
    if operation_id == "create_token":
        wrong = {"address": world.person.address, "password": "wrong"}
        return await call(world, operation_id, json=wrong)
    return await call(world, operation_id, world.anyone)


async def nowhere(world: World, operation_id: str) -> httpx.Response:
    if operation_id == "update_messages":
        ids = await world.ids()
        return await call(world, operation_id, json={"ids": [ids["message_id"]], "mailbox_id": NOBODY["mailbox_id"]})
    return await call(world, operation_id, ids=NOBODY)


async def malformed(world: World, operation_id: str) -> httpx.Response:
    if CONTRACT.operations[operation_id].body is not None:
        return await call(world, operation_id, json=None, content=b"{", headers={"Content-Type": "application/json"})
    return await call(world, operation_id, params={"nonsense": "1"})


async def other_media_type(world: World, operation_id: str) -> httpx.Response:
    return await call(world, operation_id, json=None, content=b"x", headers={"Content-Type": "text/x-odd"})


async def unacceptable(world: World, operation_id: str) -> httpx.Response:
    if operation_id == "import_message":
        return await call(world, operation_id, content=b"")
    if operation_id == "put_sieve_script":
        return await call(world, operation_id, content=b"discar;")
    return await call(world, operation_id, json={"nonsense": 1})


async def not_modified(world: World, operation_id: str) -> httpx.Response:
    ids = await world.ids()
    first = await call(world, operation_id, ids=ids)
    return await call(world, operation_id, ids=ids, headers={"If-None-Match": first.headers["etag"]})


async def stale(world: World, operation_id: str) -> httpx.Response:
    return await call(world, operation_id, headers={"If-Match": '"0"'})


async def first_octet(world: World, operation_id: str) -> httpx.Response:
    return await call(world, operation_id, headers={"Range": "bytes=0-0"})


async def behind_the_end(world: World, operation_id: str) -> httpx.Response:
    return await call(world, operation_id, headers={"Range": "bytes=99999999-"})


async def too_large(world: World, operation_id: str) -> httpx.Response:
    if operation_id == "import_message":
        return await call(world, operation_id, content=plain(text="x" * LIMITS.message_size))
    if "sieve" in operation_id:
        return await call(world, operation_id, content=b"#" * (LIMITS.sieve_script_size + 1))
    if operation_id == "send_email":
        large = {"content": base64.b64encode(bytes(LIMITS.message_size)).decode()}
        return await call(world, operation_id, json={**world.email(), "attachments": [large]})
    return await call(world, operation_id, json={"address": "x" * 200_000})


async def of_the_inbox(world: World, operation_id: str) -> httpx.Response:
    if operation_id == "send_email":
        return await call(world, operation_id, json={**world.email(), "from": "somebody@else.test"})
    ids = {**NOBODY, "mailbox_id": await world.client.mailbox_id()}
    return await call(world, operation_id, ids=ids)


async def taken(world: World, operation_id: str) -> httpx.Response:
    if operation_id == "delete_mailbox":
        await world.client.put(plain(), "Sent")
        return await call(world, operation_id, ids={**NOBODY, "mailbox_id": await world.client.mailbox_id("Sent")})
    if operation_id == "delete_sieve_script":
        ids = await world.ids()
        await call(world, "activate_sieve_script", ids=ids)
        return await call(world, operation_id, ids=ids)
    if operation_id == "send_email":
        headers = {"Idempotency-Key": "one"}
        await call(world, operation_id, headers=headers)
        return await call(world, operation_id, headers=headers, json={**world.email(), "subject": "another"})
    if operation_id in ("cancel_email", "cancel_delivery", "retry_delivery", "hold_delivery"):
        ids = await world.ids()
        await call(world, "cancel_email", ids=ids)
        return await call(world, operation_id, ids=ids)
    return await call(world, operation_id, json={"name": "Sent"})


async def throttled(world: World, operation_id: str) -> httpx.Response:
    world.patch.setattr(world.service.authenticator, "_throttle", Throttle())
    ids = await world.ids()
    for _ in range(100):
        response = await call(world, operation_id, ids=ids, json={"address": world.person.address, "password": "wrong"})
        if response.status_code == 429:
            break
    return response


async def without_room(world: World, operation_id: str) -> httpx.Response:
    ids = await world.ids()
    accounts = world.service.store.database["accounts"]
    await accounts.update_one({"_id": world.person.id}, {"$set": {"quota": 1}, "$inc": {"modseq": 1}})
    await world.client.get("/v1/account")
    return await call(world, operation_id, ids=ids)


PROVOKE: dict[str, Callable[[World, str], Awaitable[httpx.Response]]] = {
    "200": good,
    "201": good,
    "204": good,
    "206": first_octet,
    "304": not_modified,
    "400": malformed,
    "401": no_token,
    "403": of_the_inbox,
    "404": nowhere,
    "409": taken,
    "412": stale,
    "413": too_large,
    "415": other_media_type,
    "416": behind_the_end,
    "422": unacceptable,
    "429": throttled,
    "507": without_room,
}
ELSEWHERE = {("readiness", "503")}
"""Documented answers that test_service.py provokes with a listener of its own."""

DOCUMENTED = sorted(
    (item[method]["operationId"], status)
    for item in DOCUMENT["paths"].values()
    for method in METHODS
    if method in item
    for status in item[method]["responses"]
    if status != "default" and (item[method]["operationId"], status) not in ELSEWHERE
)


@pytest.mark.parametrize(("operation_id", "status"), DOCUMENTED)
async def test_every_documented_answer_is_given(
    operation_id: str,
    status: str,
    client: ContractClient,
    anyone: ContractClient,
    person: Person,
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(service.authenticator, "_throttle", Throttle())
    world = World(client, anyone, person, service, monkeypatch)
    response = await PROVOKE[status](world, operation_id)
    assert response.status_code == int(status), response.text


@pytest.mark.parametrize("operation_id", sorted(CONTRACT.operations))
async def test_every_operation_answers_what_is_not_its_own_as_documented(
    operation_id: str,
    client: ContractClient,
    anyone: ContractClient,
    person: Person,
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Unknown parameters, and a body with each type of JSON: 4xx by the contract, or the operation takes no body."""
    monkeypatch.setattr(service.authenticator, "_throttle", Throttle())
    world = World(client, anyone, person, service, monkeypatch)
    unknown = await call(world, operation_id, params={"no_such_parameter": "1"})
    assert (unknown.status_code, unknown.json()["code"]) == (400, "bad-parameter")
    if CONTRACT.operations[operation_id].body is None:
        return
    for body in (None, True, 0, "x", [], {}, {"a": {"b": [1]}}):
        headers = {"Content-Type": "application/json"}
        refused = await call(world, operation_id, json=None, content=msgspec.json.encode(body), headers=headers)
        assert refused.status_code == 422, (body, refused.text)
