"""``/v1/tokens`` and what a token is asked for."""

from __future__ import annotations

import pytest

from correio.auth.throttle import Throttle
from tests.api.conftest import Service, SignIn
from tests.api.contract_client import ContractClient
from tests.peers.served import Person


async def test_sign_in_use_and_sign_out(anyone: ContractClient, person: Person) -> None:
    response = await anyone.post(
        "/v1/tokens",
        json={"address": person.address.upper(), "password": person.password, "label": "phone", "expires_in": 60},
    )
    assert response.status_code == 201
    issued = response.json()
    assert issued["account"] == {"id": person.id, "address": person.address}
    assert "no-store" in response.headers["cache-control"]
    headers = {"Authorization": f"Bearer {issued['token']}"}
    assert (await anyone.get("/v1/account", headers=headers)).json()["address"] == person.address
    listed = (await anyone.get("/v1/tokens", headers=headers)).json()["tokens"]
    assert [(one["id"], one["label"], one["current"]) for one in listed] == [(issued["id"], "phone", True)]
    assert issued["token"] not in str(listed)
    assert (await anyone.delete("/v1/tokens/current", headers=headers)).status_code == 204
    assert (await anyone.get("/v1/account", headers=headers)).status_code == 401


async def test_revoke_one_of_several(person: Person, sign_in: SignIn) -> None:
    one, two = await sign_in(person), await sign_in(person)
    listed = (await one.get("/v1/tokens")).json()["tokens"]
    other = next(token["id"] for token in listed if not token["current"])
    assert (await one.delete(f"/v1/tokens/{other}")).status_code == 204
    assert (await one.delete(f"/v1/tokens/{other}")).status_code == 404
    assert (await two.get("/v1/account")).status_code == 401
    assert (await one.get("/v1/account")).status_code == 200


async def test_a_wrong_password_and_an_unknown_address_look_alike(anyone: ContractClient, person: Person) -> None:
    wrong = await anyone.post("/v1/tokens", json={"address": person.address, "password": "no"})
    unknown = await anyone.post("/v1/tokens", json={"address": "nobody@nowhere.test", "password": "no"})
    assert wrong.status_code == unknown.status_code == 401
    assert {**wrong.json(), "request_id": ""} == {**unknown.json(), "request_id": ""}
    assert wrong.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Basic YTpi", "Bearer a b", "Bearer co_" + "x" * 43, "Bearer " + "x" * 5000, "bearer \x80"],
)
@pytest.mark.parametrize("path", ["/v1/account", "/v1/mailboxes", "/v1/tokens", "/v1/messages/M" + "a" * 24])
async def test_without_a_good_token_there_is_only_401(
    service: Service, anyone: ContractClient, authorization: str | None, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So many failures from one address would throttle it, and the tests after this one.
    monkeypatch.setattr(service.authenticator, "_throttle", Throttle())
    headers = {} if authorization is None else {"Authorization": authorization.encode("latin-1")}
    response = await anyone.get(path, headers=headers)
    assert response.status_code == 401
    assert response.headers["www-authenticate"].startswith('Bearer realm="correio"')


async def test_too_many_failures_are_429_with_retry_after(
    service: Service, anyone: ContractClient, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service.authenticator, "_throttle", Throttle())
    for _ in range(100):
        response = await anyone.post("/v1/tokens", json={"address": person.address, "password": "no"})
        if response.status_code != 401:
            break
    assert response.status_code == 429
    assert int(response.headers["retry-after"]) >= 1
    assert response.json()["code"] == "throttled"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"address": "a@b"},
        {"address": "a@b", "password": ""},
        {"address": "a@b", "password": "p" * 1025},
        {"address": "a@b", "password": "p", "expires_in": 1},
        {"address": "a@b", "password": "p", "label": "l" * 201},
        {"address": ["a@b"], "password": "p"},
        {"address": "a@b", "password": "p", "admin": True},
    ],
)
async def test_what_is_no_sign_in_is_422_and_says_where(anyone: ContractClient, body: dict[str, object]) -> None:
    response = await anyone.post("/v1/tokens", json=body)
    assert response.status_code == 422
    problem = response.json()
    assert all(fault["pointer"].startswith("#") for fault in problem["errors"])
    assert "ppppp" not in response.text
