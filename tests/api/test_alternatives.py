"""Alternatives told apart by type take what they took before, say what is wrong with a value, and say it quickly."""

from __future__ import annotations

import time
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.alternatives import told_apart
from api.rest.request_body import MAX_ITEMS, MAX_MEMBERS
from tests.api.contract_client import DOCUMENT, ContractClient
from tests.peers.served import Person

COMPONENTS = DOCUMENT["components"]
TOLD = {**COMPONENTS, "schemas": told_apart(COMPONENTS["schemas"], COMPONENTS)}
BODIES = ["NewEmail", "NewKey", "NewToken", "NewMailbox", "MailboxPatch", "MessagePatch", "MessageBatch"]


def validator(name: str, components: Any) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": components})


BEFORE = {name: validator(name, COMPONENTS) for name in BODIES}
AFTER = {name: validator(name, TOLD) for name in BODIES}
NAMES = ["from", "to", "cc", "text", "email", "name", "path", "parent_id", "keywords", "ids", "destroy", "mailbox_id"]
LEAVES = st.sampled_from(["a@b.test", "", "$seen", "B" + "a" * 24, "M" + "a" * 24, None, True, 1, 1.5])
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=1000)
@given(st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=5))
def test_the_same_is_taken(body: dict[str, Any]) -> None:
    for name in BODIES:
        assert AFTER[name].is_valid(body) == BEFORE[name].is_valid(body), name


@pytest.mark.parametrize(
    ("change", "pointer", "detail"),
    [
        ({"to": ["a@b.test", {"email": "a@b.test", "nme": "x"}]}, "#/to/1", "'nme' was unexpected"),
        ({"to": ["a@b.test", 3]}, "#/to/1", '"string", "object"'),
        ({"to": []}, "#/to", "less than 1 item"),
        ({"from": {"email": 3}}, "#/from/email", 'not of type "string"'),
        ({"from": "a" * 641}, "#/from", "longer than 640"),
        ({"to": ["a@b.test"] * (MAX_ITEMS + 1)}, "#/to", f"at most {MAX_ITEMS}"),
        ({"text": None}, "#/text", 'not of type "string"'),
        ({"x" * 10_000: 1}, "#", "…"),
    ],
)
async def test_what_is_wrong_is_told_with_its_place(
    client: ContractClient, person: Person, change: dict[str, Any], pointer: str, detail: str
) -> None:
    response = await client.post("/v1/emails", json={"from": person.address, "to": "a@b.test", "text": ""} | change)
    assert response.status_code == 422
    [fault] = response.json()["errors"]
    assert fault["pointer"] == pointer
    assert detail in fault["detail"]


async def test_one_of_several_is_needed(client: ContractClient, person: Person) -> None:
    response = await client.post("/v1/emails", json={"from": person.address, "to": "a@b.test"})
    assert response.json()["errors"][0]["detail"] == "One of these is needed: text, html."
    response = await client.post("/v1/mailboxes", json={"name": "a", "path": "b"})
    assert response.json()["errors"][0]["detail"] == "It has none of the forms that are taken here."


@pytest.mark.parametrize("size", [100, 5000])
@pytest.mark.parametrize(
    ("path", "name", "wrong"),
    [
        ("/v1/emails", "headers", {"a b": 1}),
        ("/v1/emails", "metadata", {"a b": 1}),
        ("/v1/emails", "to", [1]),
        ("/v1/emails", "attachments", [{}]),
        ("/v1/keys", "scopes", [[]]),
        ("/v1/messages/batch", "keywords", {"a b": 1}),
        ("/v1/messages/batch", "ids", [1]),
        ("/v1/tokens", "address", {"a b": 1}),
    ],
)
async def test_however_much_is_wrong_it_is_told_at_once(
    client: ContractClient, path: str, name: str, wrong: Any, size: int
) -> None:
    """What is found of a wrong object takes the square of its members: 6,000 of them held a process up for half a minute."""
    many = (
        {f"{number} {key}": one for key, one in wrong.items() for number in range(size)}
        if isinstance(wrong, dict)
        else wrong * size
    )
    began = time.monotonic()
    response = await client.post(path, json={name: many})
    assert time.monotonic() - began < 1
    assert response.status_code == 422
    assert any(fault["pointer"].startswith(f"#/{name}") for fault in response.json()["errors"])


def test_no_operation_takes_more_than_every_body_may_hold() -> None:
    def bounds(node: Any) -> list[tuple[str, int]]:
        if isinstance(node, list):
            return [found for one in node for found in bounds(one)]
        if not isinstance(node, dict):
            return []
        own = [(name, node[name]) for name in ("maxItems", "maxProperties") if name in node]
        return own + [found for one in node.values() for found in bounds(one)]

    found = bounds([COMPONENTS["schemas"][name] for name in (*BODIES, "GivenAddresses", "KeywordPatch")])
    assert found
    assert all(most <= (MAX_ITEMS if name == "maxItems" else MAX_MEMBERS) for name, most in found)
