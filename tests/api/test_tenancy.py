"""Another account's ids are the ids of nothing, in every operation the contract has."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.contract_client import CONTRACT, ContractClient
from tests.api.messages import RICH, plain
from tests.api.test_contract import NOBODY, RFC822

NAMES = frozenset({"script_name"})
"""Path parameters that name something within an account: two accounts may have the same."""
WITH_IDS = sorted(name for name, operation in CONTRACT.operations.items() if operation.path_parameters.names - NAMES)

BODIES: dict[str, dict[str, Any]] = {
    "update_mailbox": {"json": {"name": "Mine"}},
    "import_message": {"content": plain(), "headers": RFC822},
    "update_message": {"json": {"keywords": ["$flagged"]}},
}


async def things_of(client: ContractClient) -> dict[str, str]:
    """One of each kind that belongs to an account."""
    message = await client.put(RICH)
    tokens = (await client.get("/v1/tokens")).json()["tokens"]
    email = {"from": (await client.get("/v1/account")).json()["address"], "text": "x"}
    return {
        "message_id": message["id"],
        "mailbox_id": message["mailbox_id"],
        "token_id": tokens[0]["id"],
        "key_id": (await client.post("/v1/keys", json={"name": "n", "scopes": ["send"]})).json()["id"],
        "send_id": (await client.post("/v1/emails", json={**email, "to": "x@destino.test"})).json()["id"],
        "delivery_id": (await client.get("/v1/queue")).json()["deliveries"][0]["id"],
        "part_path": "2",
    }


@pytest.mark.parametrize("operation_id", WITH_IDS)
async def test_an_id_of_another_account_is_404_like_one_of_nobody(
    operation_id: str, client: ContractClient, stranger: ContractClient
) -> None:
    things = await things_of(client)
    before = (await client.get("/v1/account")).json()["state"]
    operation = CONTRACT.operations[operation_id]
    assert operation.path_parameters.names <= things.keys(), "a new kind of id needs a thing of its kind here"
    answers = []
    for ids in (things, {**NOBODY, "part_path": "2"}):
        response = await stranger.request(
            operation.method, operation.path.format(**ids), **BODIES.get(operation_id, {})
        )
        assert response.status_code == 404, response.text
        answers.append({**response.json(), "request_id": ""})
    assert answers[0] == answers[1]
    assert (await client.get("/v1/account")).json()["state"] == before


async def test_ids_in_bodies_and_cursors(client: ContractClient, stranger: ContractClient) -> None:
    things = await things_of(client)
    own = await stranger.put(plain())
    move = await stranger.patch(f"/v1/messages/{own['id']}", json={"mailbox_id": things["mailbox_id"]})
    below = await stranger.post("/v1/mailboxes", json={"name": "x", "parent_id": things["mailbox_id"]})
    assert move.status_code == below.status_code == 404
    for change in ({"destroy": True}, {"keywords": {"$seen": True}}, {"mailbox_id": own["mailbox_id"]}):
        result = (await stranger.post("/v1/messages/batch", json={"ids": [things["message_id"]], **change})).json()
        assert (result["missing"], result["updated"], result["destroyed"]) == ([things["message_id"]], [], [])
    await client.put(plain())
    page = (await client.get(f"/v1/mailboxes/{things['mailbox_id']}/messages?limit=1")).json()
    borrowed = {"cursor": page["next_cursor"]}
    refused = await stranger.get(f"/v1/mailboxes/{own['mailbox_id']}/messages", params=borrowed)
    assert refused.status_code == 400
    assert (await client.get(f"/v1/messages/{things['message_id']}/raw")).status_code == 200


async def test_lists_hold_only_ones_own(client: ContractClient, stranger: ContractClient) -> None:
    await things_of(client)
    theirs = {mailbox["id"] for mailbox in (await client.mailboxes()).values()}
    own = {mailbox["id"] for mailbox in (await stranger.mailboxes()).values()}
    assert not theirs & own
    assert (await stranger.get("/v1/account")).json()["messages"] == 0
    assert (await stranger.get("/v1/emails")).json()["data"] == []
    assert (await stranger.get("/v1/keys")).json()["keys"] == []
    for mailbox_id in own:
        assert (await stranger.get(f"/v1/mailboxes/{mailbox_id}/messages")).json()["messages"] == []


async def test_a_name_is_of_ones_own(client: ContractClient, stranger: ContractClient) -> None:
    """What another account has under a name is not found, and not touched by what one stores there oneself."""
    path, headers = "/v1/sieve/scripts/mine", {"Content-Type": "application/sieve"}
    assert (await client.request("PUT", path, content=b"keep;", headers=headers)).status_code == 200
    for method, below in (("GET", ""), ("DELETE", ""), ("POST", "/activate")):
        assert (await stranger.request(method, path + below)).status_code == 404
    assert (await stranger.request("PUT", path, content=b"discard;", headers=headers)).status_code == 200
    assert (await client.get(path)).content == b"keep;"
