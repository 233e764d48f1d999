"""``/v1/sieve``: the scripts of an account."""

from __future__ import annotations

import pytest

from correio.sieve.capabilities import CAPABILITIES
from tests.api.conftest import Service
from tests.api.contract_client import ContractClient
from tests.peers.served import Person

SIEVE = {"Content-Type": "application/sieve"}
PATH = "/v1/sieve/scripts/"


async def put(client: ContractClient, name: str, text: bytes, query: str = "") -> int:
    response = await client.request("put", PATH + name + query, content=text, headers=SIEVE)
    return response.status_code


async def names(client: ContractClient) -> dict[str, bool]:
    found = (await client.get("/v1/sieve/scripts")).json()
    assert set(found["extensions"]) <= CAPABILITIES
    return {one["name"]: one["active"] for one in found["scripts"]}


async def test_from_beginning_to_end(client: ContractClient, stranger: ContractClient) -> None:
    assert await names(client) == {}
    text = 'require "fileinto";\r\n# ação\nfileinto "Junk";\n'.encode()
    assert await put(client, "Férias 1", text) == 200
    assert await put(client, "b", b"keep;", "?activate=true") == 200
    assert await names(client) == {"Férias 1": False, "b": True}
    got = await client.get(PATH + "Férias 1")
    assert (got.content, got.headers["content-type"]) == (text, "application/sieve")
    activated = await client.request("post", PATH + "Férias 1/activate")
    assert activated.json()["active"] is True
    assert await names(client) == {"Férias 1": True, "b": False}
    refused = await client.request("delete", PATH + "Férias 1")
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    assert (await client.request("delete", PATH + "b")).status_code == 204
    assert (await client.request("post", "/v1/sieve/deactivate")).status_code == 204
    assert await names(client) == {"Férias 1": False}
    # Names are an account's own.
    assert await names(stranger) == {}
    assert (await stranger.get(PATH + "Férias 1")).status_code == 404


async def test_every_mistake_has_its_place(client: ContractClient) -> None:
    text = b'keep\n;\nfoo;\nif header :is "a" { discard; }\n'
    response = await client.request("put", PATH + "a", content=text, headers=SIEVE)
    assert response.status_code == 422
    problem = response.json()
    assert problem["code"] == "invalid-script"
    assert [(one["line"], one["column"]) for one in problem["errors"]] == [(3, 1), (4, 4)]
    assert problem["errors"][0]["detail"] == 'There is no command "foo".'
    checked = (await client.request("post", "/v1/sieve/check", content=text, headers=SIEVE)).json()
    assert not checked["valid"]
    assert [(one["line"], one["column"]) for one in checked["problems"]] == [(3, 1), (4, 4)]
    good = (await client.request("post", "/v1/sieve/check", content=b"keep;", headers=SIEVE)).json()
    assert good == {"valid": True, "problems": []}
    assert await names(client) == {}


@pytest.mark.parametrize(("name", "status"), [("%2E%2E", 422), ("a%00b", 404), ("a" * 129, 404), ("a%2Fb", 404)])
async def test_what_no_script_can_be_called(client: ContractClient, name: str, status: int) -> None:
    assert await put(client, name, b"keep;") == status
    assert await names(client) == {}


async def test_so_many_scripts(client: ContractClient, service: Service, person: Person) -> None:
    most = service.settings.limits.sieve_scripts
    for number in range(most):
        assert await put(client, f"s{number}", b"keep;") == 200
    response = await client.request("put", PATH + "more", content=b"keep;", headers=SIEVE)
    assert (response.status_code, response.json()["code"]) == (422, "limit")
    # In place of one that is there it can be stored all the same.
    assert await put(client, "s0", b"discard;") == 200
