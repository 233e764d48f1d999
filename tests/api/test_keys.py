"""``/v1/keys``, and what a key may do: what its scopes say, from where its senders say, and nothing else."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from correio.auth.api_keys import MOST
from correio.auth.grant import READ, SEND
from correio.auth.throttle import Throttle
from tests.api.conftest import Service
from tests.api.contract_client import CONTRACT, ContractClient
from tests.api.test_contract import NOBODY
from tests.conftest import DOMAIN
from tests.peers.served import Person


async def new_key(client: ContractClient, scopes: list[str], **more: Any) -> dict[str, Any]:
    response = await client.post("/v1/keys", json={"name": "program", "scopes": scopes, **more})
    assert response.status_code == 201, response.text
    assert response.headers["location"] == f"/v1/keys/{response.json()['id']}"
    found: dict[str, Any] = response.json()
    return found


def bearer(key: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {key['key']}"}


def simple(person: Person, **more: Any) -> dict[str, Any]:
    return {"from": person.address, "to": person.address, "text": "Um texto curto.", **more}


async def test_make_use_and_revoke(client: ContractClient, anyone: ContractClient, person: Person) -> None:
    key = await new_key(client, ["send"], allowed_senders=[f"@{DOMAIN.upper()}", person.address.upper()])
    assert (key["name"], key["scopes"], key["expires_at"], key["last_used_at"]) == ("program", ["send"], None, None)
    assert key["allowed_senders"] == [DOMAIN, person.address]
    assert (await anyone.post("/v1/emails", json=simple(person), headers=bearer(key))).status_code == 200
    listed: list[dict[str, Any]] = []
    for _ in range(100):
        listed = (await client.get("/v1/keys")).json()["keys"]
        if listed[0]["last_used_at"]:
            break
        await asyncio.sleep(0.02)
    assert listed == [
        {**{name: value for name, value in key.items() if name != "key"}, "last_used_at": listed[0]["last_used_at"]}
    ]
    assert listed[0]["last_used_at"] is not None
    assert [one["id"] for one in (await client.get("/v1/tokens")).json()["tokens"]] != [key["id"]]
    assert (await client.delete(f"/v1/keys/{key['id']}")).status_code == 204
    assert (await client.delete(f"/v1/keys/{key['id']}")).status_code == 404
    assert (await anyone.post("/v1/emails", json=simple(person), headers=bearer(key))).status_code == 401
    assert (await client.get("/v1/keys")).json()["keys"] == []


async def test_the_secret_is_not_stored(client: ContractClient, service: Service) -> None:
    key = await new_key(client, ["read"])
    stored = await service.store.database["tokens"].find_one({"_id": key["id"]})
    assert key["key"] not in repr(stored)
    assert key["key"][6:] not in repr(stored)


async def test_a_use_is_noted_once(client: ContractClient, anyone: ContractClient, service: Service) -> None:
    key = await new_key(client, ["read"])
    before = service.store.database.round_trips.total
    for _ in range(5):
        assert (await anyone.get("/v1/account", headers=bearer(key))).status_code == 200
    # The key, the note of its use; what the account itself asks for is not more than one a call.
    assert service.store.database.round_trips.total - before <= 2 + 5


@pytest.mark.parametrize("operation_id", sorted(CONTRACT.operations))
async def test_scopes_open_what_the_contract_says(
    operation_id: str, client: ContractClient, anyone: ContractClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service.authenticator, "_throttle", Throttle())
    operation = CONTRACT.operations[operation_id]
    if not operation.secured:
        return
    for scope in (READ, SEND):
        key = await new_key(client, [scope])
        options = {"json": {}} if operation.body is not None else {}
        response = await anyone.request(
            operation.method, operation.path.format(**NOBODY), headers=bearer(key), **options
        )
        if scope in operation.scopes:
            assert response.status_code in (200, 404, 422), response.text
            continue
        assert (response.status_code, response.json()["code"]) == (403, "insufficient-scope")
        challenge = response.headers["www-authenticate"]
        assert challenge.startswith('Bearer realm="correio", error="insufficient_scope", scope="')
        assert set(challenge.rpartition('scope="')[2][:-1].split()) == set(operation.scopes or ("full",))


def test_reading_is_all_that_read_opens_and_nothing_that_send_does() -> None:
    for operation in CONTRACT.operations.values():
        if READ in operation.scopes:
            assert operation.method == "GET"
        if SEND in operation.scopes:
            assert operation.path.startswith("/v1/emails")


async def test_graphql_takes_full_keys_alone(client: ContractClient, service: Service, person: Person) -> None:
    query = {"query": "{ __typename }"}
    for scopes, status in ((["send", "read"], 403), (["full"], 200)):
        key = await new_key(client, scopes)
        answer = await client.http.post("/graphql", json=query, headers=bearer(key))
        assert answer.status_code == status, answer.text


async def test_senders_bind(client: ContractClient, anyone: ContractClient, person: Person) -> None:
    tagged = person.address.replace("@", "+bills@")
    key = await new_key(client, ["send"], allowed_senders=[tagged])
    assert (
        await anyone.post("/v1/emails", json=simple(person, **{"from": tagged}), headers=bearer(key))
    ).status_code == 200
    refused = await anyone.post("/v1/emails", json=simple(person), headers=bearer(key))
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert refused.json()["errors"][0]["pointer"] == "#/from"
    # That it is allowed does not make it the account's.
    key = await new_key(client, ["send"], allowed_senders=["else.test"])
    other = simple(person, **{"from": "a@else.test"})
    assert (await anyone.post("/v1/emails", json=other, headers=bearer(key))).status_code == 403


async def test_a_key_sees_and_cancels_what_it_sent(
    client: ContractClient, anyone: ContractClient, person: Person
) -> None:
    one, two, both = (
        await new_key(client, ["send"]),
        await new_key(client, ["send"]),
        await new_key(client, ["send", "read"]),
    )
    sent = (
        await anyone.post("/v1/emails", json=simple(person) | {"to": "x@destino.test"}, headers=bearer(one))
    ).json()["id"]
    for key, status in ((one, 200), (two, 404), (both, 200)):
        assert (await anyone.get(f"/v1/emails/{sent}", headers=bearer(key))).status_code == status
    for key, status in ((two, 404), (both, 404), (one, 200)):
        assert (await anyone.post(f"/v1/emails/{sent}/cancel", headers=bearer(key))).status_code == status
    assert (await client.get(f"/v1/emails/{sent}")).json()["last_event"] == "canceled"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"name": ""}, "#/name"),
        ({"name": "x" * 101}, "#/name"),
        ({"scopes": []}, "#/scopes"),
        ({"scopes": ["admin"]}, "#/scopes/0"),
        ({"scopes": ["send", "send"]}, "#/scopes"),
        ({"allowed_senders": ["a@b.test", "a b"]}, "#/allowed_senders/1"),
        ({"allowed_senders": ["x@"]}, "#/allowed_senders/0"),
        ({"allowed_senders": ["a.test"] * 51}, "#/allowed_senders"),
        ({"scopes": ["full"], "allowed_senders": ["a.test"]}, "#/allowed_senders"),
        ({"expires_in": 59}, "#/expires_in"),
    ],
)
async def test_what_is_no_key(client: ContractClient, change: dict[str, Any], pointer: str) -> None:
    response = await client.post("/v1/keys", json={"name": "n", "scopes": ["send"]} | change)
    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize("expires_in", ["3600", "3600.0", "3.6e3"])
async def test_an_integer_in_every_writing(client: ContractClient, expires_in: str) -> None:
    body = f'{{"name": "n", "scopes": ["send"], "expires_in": {expires_in}}}'
    response = await client.post("/v1/keys", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 201, response.text
    assert response.json()["expires_at"] is not None


async def test_keys_expire_and_are_bounded(
    client: ContractClient, anyone: ContractClient, service: Service, person: Person
) -> None:
    key = await new_key(client, ["read"], expires_in=60)
    assert key["expires_at"] is not None
    tokens = service.store.database["tokens"]
    await tokens.update_one({"_id": key["id"]}, {"$set": {"expires": 1}})
    assert (await anyone.get("/v1/account", headers=bearer(key))).status_code == 401
    assert (await client.get("/v1/keys")).json()["keys"] == []
    account = await service.store.account(person.id)
    for _ in range(MOST):
        await service.authenticator.issue_key(account, "n", ["send"])
    refused = await client.post("/v1/keys", json={"name": "n", "scopes": ["send"]})
    assert (refused.status_code, refused.json()["code"]) == (422, "limit")


async def test_tokens_and_keys_are_two_lists(client: ContractClient) -> None:
    """The id of the one is not an id of the other."""
    key = await new_key(client, ["read"])
    assert (await client.delete(f"/v1/tokens/{key['id']}")).status_code == 404
    [token] = (await client.get("/v1/tokens")).json()["tokens"]
    assert (await client.delete(f"/v1/keys/{token['id']}")).status_code == 404
    assert len((await client.get("/v1/keys")).json()["keys"]) == 1
