"""No string of an e-mail can end a line: every string field that the contract has, with every character some reader takes for
an end.
"""

from __future__ import annotations

import base64
import copy
from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.contract_client import DOCUMENT, ContractClient, resolved
from tests.peers.served import Person

ENDS = ["\r\n", "\r", "\n", "\0", "\x85", "\u2028", "\u2029", "\x0b", "\x0c", "\x1e", "\x7f"]
INJECTED = "Bcc: victim@destino.test"
FULL: dict[str, Any] = {
    "from": {"email": "", "name": "N"},
    "to": [{"email": "a@destino.test", "name": "N"}],
    "cc": "N <b@destino.test>",
    "bcc": ["c@destino.test"],
    "reply_to": "N <d@destino.test>",
    "subject": "s",
    "text": "t",
    "html": "h",
    "headers": {"X-A": "v"},
    "attachments": [{"filename": "a.png", "content": "AAAA", "content_type": "image/png", "content_id": "i"}],
    "tags": [{"name": "n", "value": "v"}],
    "metadata": {"k": "v"},
    "scheduled_at": "2020-01-01T00:00:00Z",
    "ambiguous": "fail",
}
"""An e-mail that says everything."""

Path = tuple[str | int, ...]


def strings(value: Any, path: Path = ()) -> Iterator[Path]:
    """The places of strings in a body; ``"key"`` at the end stands for a name that the client chooses."""
    if isinstance(value, str):
        yield path
    elif isinstance(value, list):
        for at, one in enumerate(value):
            yield from strings(one, (*path, at))
    else:
        for name, one in value.items():
            yield from strings(one, (*path, name))
            if path in (("headers",), ("metadata",)):
                yield (*path, name, "key")


def named(schema: Any, name: str = "") -> Iterator[str]:
    """The names of the members that are strings somewhere in a schema."""
    schema = resolved(schema)
    if schema.get("type") == "string":
        yield name
    for one, inner in schema.get("properties", {}).items():
        yield from named(inner, one)
    for inner in (*schema.get("oneOf", ()), *([schema["items"]] if "items" in schema else [])):
        yield from named(inner, name)
    if isinstance(schema.get("additionalProperties"), dict):
        yield from named(schema["additionalProperties"], name)


def changed(body: dict[str, Any], path: Path, text: str) -> dict[str, Any]:
    """The body with a text put into one of its strings."""
    made = copy.deepcopy(body)
    at: Any = made
    is_key = path[-1] == "key"
    *way, last = path[:-1] if is_key else path
    for step in way:
        at = at[step]
    if is_key:
        at[f"{last}{text}"] = at.pop(last)
    else:
        at[last] = f"{at[last]}{text}"
    return made


PLACES = list(strings(FULL))


def test_no_string_of_the_contract_is_left_out() -> None:
    schema = DOCUMENT["components"]["schemas"]["NewEmail"]
    covered = {step for place in PLACES for step in place if isinstance(step, str)}
    assert set(named(schema)) <= covered
    assert set(FULL) == set(schema["properties"])


@pytest.mark.parametrize("place", PLACES, ids=lambda place: "/".join(map(str, place)))
async def test_no_string_can_end_a_line(place: Path, client: ContractClient, person: Person) -> None:
    body = changed(FULL, ("from", "email"), person.address)
    lines_allowed = place in (("text",), ("html",), ("attachments", 0, "content"))
    for end in ENDS:
        response = await client.post("/v1/emails", json=changed(body, place, f"{end}{INJECTED}"))
        if lines_allowed and response.status_code == 200:
            assert end in ("\r\n", "\r", "\n", "\u2028", "\u2029")
            sent = (await client.get(f"/v1/emails/{response.json()['id']}")).json()
            raw = (await client.get(f"/v1/messages/{sent['sent_message']}/raw")).content
            assert b"\nBcc:" not in raw.partition(b"\r\n\r\n")[0]
            assert all(one["address"] != "victim@destino.test" for one in sent["recipients"])
            continue
        assert 400 <= response.status_code < 500, (end, response.text)
        pointers = [fault["pointer"] for fault in response.json()["errors"]]
        assert any(pointer.startswith(f"#/{place[0]}") for pointer in pointers), (end, response.text)


async def test_not_in_large_bodies_either(client: ContractClient, person: Person) -> None:
    """These are read in a worker, the attachment taken out first."""
    body = changed(FULL, ("from", "email"), person.address)
    body["attachments"][0]["content"] = base64.b64encode(bytes(100_000)).decode()
    for place in PLACES:
        if place in (("text",), ("html",), ("attachments", 0, "content")):
            continue
        response = await client.post("/v1/emails", json=changed(body, place, f"\r\n{INJECTED}"))
        assert 400 <= response.status_code < 500, (place, response.text)
