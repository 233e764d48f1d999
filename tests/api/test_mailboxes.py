"""``/v1/mailboxes`` over a real socket."""

from __future__ import annotations

import pytest

from tests.api.contract_client import ContractClient
from tests.api.messages import plain


async def test_a_new_account_has_its_mailboxes(client: ContractClient) -> None:
    mailboxes = await client.mailboxes()
    assert next(iter(mailboxes)) == "INBOX"
    assert {mailbox["role"] for mailbox in mailboxes.values()} >= {
        "inbox",
        "drafts",
        "sent",
        "trash",
        "junk",
        "archive",
    }


async def test_counts_follow_the_messages(client: ContractClient) -> None:
    await client.put(plain())
    message = await client.put(plain(), keyword=["$seen"])
    inbox = (await client.mailboxes())["INBOX"]
    assert (inbox["total_messages"], inbox["unread_messages"]) == (2, 1)
    assert inbox["size"] == 2 * message["size"]
    assert inbox["uid_next"] == message["uid"] + 1


async def test_create_by_name_and_by_path(client: ContractClient) -> None:
    response = await client.post("/v1/mailboxes", json={"name": "Trabalho"})
    assert response.status_code == 201
    top = response.json()
    assert response.headers["location"] == f"/v1/mailboxes/{top['id']}"
    below = (await client.post("/v1/mailboxes", json={"name": "2026", "parent_id": top["id"]})).json()
    assert (below["path"], below["parent_id"]) == ("Trabalho/2026", top["id"])
    deep = (await client.post("/v1/mailboxes", json={"path": "A/B/C"})).json()
    mailboxes = await client.mailboxes()
    assert mailboxes["A/B"]["id"] == deep["parent_id"]
    assert (await client.get(f"/v1/mailboxes/{deep['id']}")).json() == deep


async def test_a_taken_name_is_409(client: ContractClient) -> None:
    for body in ({"name": "Sent"}, {"path": "inbox"}, {"name": "x", "role": "sent"}):
        response = await client.post("/v1/mailboxes", json=body)
        assert response.status_code == 409, response.text
        assert response.json()["code"] == "already-exists"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": "a/b"},
        {"name": "a", "path": "b"},
        {"path": "a", "parent_id": None},
        {"path": "a//b"},
        {"path": "/".join("x" * 40)},
        {"name": "x" * 256},
        {"name": "ç" * 200},
        {"name": "a", "role": "boss"},
        {"name": "a", "more": 1},
        {"name": 5},
        [],
        "name",
    ],
)
async def test_what_is_no_new_mailbox_is_422(client: ContractClient, body: object) -> None:
    response = await client.post("/v1/mailboxes", json=body)
    assert response.status_code == 422, response.text


async def test_rename_and_move_take_the_children_along(client: ContractClient) -> None:
    a = (await client.post("/v1/mailboxes", json={"path": "A"})).json()
    b = (await client.post("/v1/mailboxes", json={"path": "A/B"})).json()
    c = (await client.post("/v1/mailboxes", json={"path": "C"})).json()
    moved = await client.patch(f"/v1/mailboxes/{a['id']}", json={"name": "Z", "parent_id": c["id"]})
    assert moved.status_code == 200
    assert moved.json()["path"] == "C/Z"
    assert (await client.get(f"/v1/mailboxes/{b['id']}")).json()["path"] == "C/Z/B"
    back = await client.patch(f"/v1/mailboxes/{b['id']}", json={"parent_id": None})
    assert (back.json()["path"], back.json()["parent_id"]) == ("B", None)


async def test_subscribe(client: ContractClient) -> None:
    mailbox_id = await client.mailbox_id("Sent")
    first = await client.get(f"/v1/mailboxes/{mailbox_id}")
    wanted = not first.json()["subscribed"]
    changed = await client.patch(f"/v1/mailboxes/{mailbox_id}", json={"subscribed": wanted})
    assert changed.json()["subscribed"] is wanted
    assert changed.headers["etag"] != first.headers["etag"]


async def test_what_may_not_be_done_to_mailboxes(client: ContractClient) -> None:
    inbox = await client.mailbox_id()
    assert (await client.patch(f"/v1/mailboxes/{inbox}", json={"name": "Inbox2"})).status_code == 403
    assert (await client.delete(f"/v1/mailboxes/{inbox}")).status_code == 403
    a = (await client.post("/v1/mailboxes", json={"path": "A/B"})).json()
    below_itself = await client.patch(f"/v1/mailboxes/{a['parent_id']}", json={"parent_id": a["id"]})
    assert below_itself.status_code == 403
    taken = await client.patch(f"/v1/mailboxes/{a['id']}", json={"name": "Sent", "parent_id": None})
    assert taken.status_code == 409
    assert (await client.patch(f"/v1/mailboxes/{a['id']}", json={})).status_code == 422


async def test_delete_asks_before_it_destroys_messages(client: ContractClient) -> None:
    box = (await client.post("/v1/mailboxes", json={"name": "Old"})).json()
    message = await client.put(plain(), "Old")
    refused = await client.delete(f"/v1/mailboxes/{box['id']}")
    assert (refused.status_code, refused.json()["code"]) == (409, "not-empty")
    assert (await client.delete(f"/v1/mailboxes/{box['id']}?delete_messages=maybe")).status_code == 400
    assert (await client.delete(f"/v1/mailboxes/{box['id']}?delete_messages=true")).status_code == 204
    assert (await client.get(f"/v1/mailboxes/{box['id']}")).status_code == 404
    assert (await client.get(f"/v1/messages/{message['id']}")).status_code == 404
    assert (await client.delete(f"/v1/mailboxes/{box['id']}")).status_code == 404


async def test_a_mailbox_is_conditional(client: ContractClient) -> None:
    inbox = await client.mailbox_id()
    first = await client.get(f"/v1/mailboxes/{inbox}")
    same = await client.get(f"/v1/mailboxes/{inbox}", headers={"If-None-Match": first.headers["etag"]})
    assert same.status_code == 304
    await client.put(plain())
    changed = await client.get(f"/v1/mailboxes/{inbox}", headers={"If-None-Match": first.headers["etag"]})
    assert changed.status_code == 200
