"""``/v1/emails``: what is accepted becomes a message, once, and what becomes of it can be read and taken back."""

from __future__ import annotations

import asyncio
import base64
import email
import email.policy
import email.utils
from typing import Any

import pytest

from api.rest.timestamps import rfc3339
from tests.api.conftest import LIMITS, Service, SignIn
from tests.api.contract_client import ContractClient
from tests.conftest import DOMAIN, NewPerson
from tests.peers.served import Person

PDF = bytes(range(256)) * 20


def simple(person: Person, **more: Any) -> dict[str, Any]:
    return {"from": person.address, "to": person.address, "subject": "Olá", "text": "Um texto curto.", **more}


async def accepted(client: ContractClient, body: dict[str, Any], **options: Any) -> str:
    response = await client.post("/v1/emails", json=body, **options)
    assert response.status_code == 200, response.text
    found: str = response.json()["id"]
    return found


async def read(client: ContractClient, send_id: str) -> dict[str, Any]:
    response = await client.get(f"/v1/emails/{send_id}")
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


async def inbox(client: ContractClient, path: str = "INBOX") -> list[dict[str, Any]]:
    listed = await client.get(f"/v1/mailboxes/{await client.mailbox_id(path)}/messages")
    found: list[dict[str, Any]] = listed.json()["messages"]
    return found


async def test_everything_that_can_be_said(
    client: ContractClient, person: Person, new_person: NewPerson, sign_in: SignIn
) -> None:
    other, hidden = await new_person(), await new_person()
    body = {
        "from": f"Ana Só <{person.address}>",
        "to": [{"email": other.address, "name": "Rui, o outro"}, "Longe <ivan@destino.test>"],
        "cc": "cc@destino.test",
        "bcc": [hidden.address, "CC@destino.test".lower()],
        "reply_to": ["answers@origem.test", "Ana <more@origem.test>"],
        "subject": "Orçamento – 漢字",
        "text": "Linha um\nlinha dois\n",
        "html": "<p>Olá <img src='cid:logo'></p>",
        "headers": {"X-Entity-Ref": "1", "In-Reply-To": "<9@destino.test>"},
        "attachments": [
            {"filename": "relatório.pdf", "content": base64.b64encode(PDF).decode()},
            {"content": base64.b64encode(b"png").decode(), "content_type": "image/png", "content_id": "logo"},
        ],
        "tags": [{"name": "kind", "value": "offer"}],
        "metadata": {"customer": "Ção 7"},
    }
    send_id = await accepted(client, body)
    shown = await read(client, send_id)
    assert shown["object"] == "email"
    assert shown["from"] == f"Ana Só <{person.address}>"
    assert shown["to"] == [f"Rui, o outro <{other.address}>", "Longe <ivan@destino.test>"]
    assert (shown["cc"], shown["bcc"]) == (["cc@destino.test"], [hidden.address])
    assert shown["reply_to"] == ["answers@origem.test", "Ana <more@origem.test>"]
    assert (shown["subject"], shown["text"], shown["html"]) == (body["subject"], body["text"], f"{body['html']}\n")
    assert (shown["tags"], shown["metadata"]) == (body["tags"], body["metadata"])
    assert (shown["scheduled_at"], shown["last_event"]) == (None, "partial")
    assert [(one["address"], one["status"]) for one in sorted(shown["recipients"], key=lambda one: one["address"])] == (
        sorted(
            [
                (other.address, "delivered"),
                (hidden.address, "delivered"),
                ("ivan@destino.test", "queued"),
                ("cc@destino.test", "queued"),
            ]
        )
    )
    waiting = next(one for one in shown["recipients"] if one["status"] == "queued")
    assert waiting["next_attempt_at"] is not None
    assert (waiting["attempts"], waiting["reply"], waiting["history"]) == (0, None, [])

    raw = (await client.get(f"/v1/messages/{shown['sent_message']}/raw")).content
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert message["subject"] == body["subject"]
    assert (message["bcc"], message["x-entity-ref"], message["in-reply-to"]) == (None, "1", "<9@destino.test>")
    assert message["message-id"] == f"<{shown['message_id']}>"
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/mixed", "multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png", "application/pdf"
    ]  # fmt: skip
    [attached] = message.iter_attachments()
    assert attached.get_filename() == "relatório.pdf"
    assert attached.get_payload(decode=True) == PDF
    for one in (other, hidden):
        [received] = await inbox(await sign_in(one))
        assert received["subject"] == body["subject"]


async def test_a_copy_that_is_gone_from_sent_changes_nothing(client: ContractClient, person: Person) -> None:
    large = base64.b64encode(PDF * 20).decode()
    send_id = await accepted(client, simple(person, html="<p>x", attachments=[{"content": large, "filename": "a.bin"}]))
    before = await read(client, send_id)
    assert (await client.delete(f"/v1/messages/{before['sent_message']}")).status_code == 204
    assert await read(client, send_id) == before
    assert before["text"] == "Um texto curto.\n"


async def test_fifty_at_once_with_one_key_are_one(client: ContractClient, person: Person) -> None:
    headers = {"Idempotency-Key": "order 7/!"}
    answers = await asyncio.gather(
        *(client.post("/v1/emails", json=simple(person), headers=headers) for _ in range(50))
    )
    assert {(one.status_code, one.content) for one in answers} == {(200, answers[0].content)}
    assert len(await inbox(client)) == 1
    assert len(await inbox(client, "Sent")) == 1
    # However it is written.
    reordered = dict(reversed(simple(person).items()))
    again = await client.post("/v1/emails", json=reordered, headers=headers)
    assert again.json() == answers[0].json()
    other = await client.post("/v1/emails", json=simple(person, subject="another"), headers=headers)
    assert (other.status_code, other.json()["code"]) == (409, "conflict")
    assert other.json()["errors"][0]["parameter"] == "idempotency-key"
    assert len(await inbox(client)) == 1


async def test_the_content_of_attachments_counts_too(client: ContractClient, person: Person) -> None:
    headers = {"Idempotency-Key": "1"}
    one = simple(person, attachments=[{"content": "AAAA"}])
    two = simple(person, attachments=[{"content": "AAAB"}])
    assert (await client.post("/v1/emails", json=one, headers=headers)).status_code == 200
    assert (await client.post("/v1/emails", json=two, headers=headers)).status_code == 409


@pytest.mark.parametrize("key", ["", "x" * 257, "é", "a\tb"])
async def test_malformed_keys_are_400(client: ContractClient, person: Person, key: str) -> None:
    response = await client.post("/v1/emails", json=simple(person), headers={"Idempotency-Key": key.encode()})
    assert (response.status_code, response.json()["code"]) == (400, "bad-parameter")
    assert response.json()["errors"][0]["parameter"] == "idempotency-key"


async def test_schedule_and_cancel(client: ContractClient, person: Person, service: Service) -> None:
    when = rfc3339(service.store.now() + 3600)
    send_id = await accepted(client, simple(person, to=[person.address, "ivan@destino.test"], scheduled_at=when))
    shown = await read(client, send_id)
    assert (shown["scheduled_at"], shown["last_event"]) == (when, "scheduled")
    assert [one["next_attempt_at"] for one in shown["recipients"]] == [when, when]
    assert await inbox(client) == []
    raw = (await client.get(f"/v1/messages/{shown['sent_message']}/raw")).content
    # RFC 5322 section 3.6.1: when it is ready to enter the mail system.
    date = email.utils.parsedate_to_datetime(email.message_from_bytes(raw)["date"])
    assert rfc3339(int(date.timestamp())) == when
    response = await client.post(f"/v1/emails/{send_id}/cancel")
    assert response.status_code == 200
    assert response.json()["last_event"] == "canceled"
    assert [one["status"] for one in response.json()["recipients"]] == ["canceled", "canceled"]
    again = await client.post(f"/v1/emails/{send_id}/cancel")
    assert (again.status_code, again.json()["code"]) == (409, "too-late")
    assert f"{person.address}: canceled" in [one["detail"] for one in again.json()["errors"]]


async def test_what_is_served_cannot_be_canceled(client: ContractClient, person: Person) -> None:
    send_id = await accepted(client, simple(person))
    response = await client.post(f"/v1/emails/{send_id}/cancel")
    assert response.status_code == 409
    assert [one["detail"] for one in response.json()["errors"]] == [f"{person.address}: delivered"]


async def test_pages_newest_first(client: ContractClient, person: Person) -> None:
    ids = [
        await accepted(client, simple(person, subject=str(number), tags=[{"name": "n", "value": str(number)}]))
        for number in range(5)
    ]
    seen: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        query = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = (await client.get("/v1/emails", params=query)).json()
        assert page["has_more"] == (page["next_cursor"] is not None)
        seen += page["data"]
        cursor = page["next_cursor"]
    assert sorted(one["id"] for one in seen) == sorted(ids)
    assert [one["created_at"] for one in seen] == sorted((one["created_at"] for one in seen), reverse=True)
    assert {one["tags"][0]["value"] for one in seen} == set("01234")
    for bad in ("x", "!", base64.urlsafe_b64encode(b"\x93\xa1S\x01\xa1x").decode()):
        assert (await client.get("/v1/emails", params={"cursor": bad})).json()["code"] == "bad-cursor"


@pytest.mark.parametrize(
    ("change", "status", "pointer"),
    [
        ({"from": "a"}, 422, "#/from"),
        ({"from": ["a@b.test"]}, 422, "#/from"),
        ({"to": []}, 422, "#/to"),
        ({"to": "a@b.test, c@d.test"}, 422, "#/to"),
        ({"to": ["a@b.test", "x@"]}, 422, "#/to/1"),
        ({"to": ["a@b.test", "x@xn--1.test"]}, 422, "#/to/1"),
        ({"to": ["a@b.test", "x@a.xn--ba.test"]}, 422, "#/to/1"),
        ({"reply_to": "x@xn--1.test"}, 422, "#/reply_to"),
        ({"to": {"email": "a@b@c"}}, 422, "#/to/email"),
        ({"cc": [{"email": "a@b.test", "name": "x" * 257}]}, 422, "#/cc"),
        ({"bcc": ["a..b@c.test"]}, 422, "#/bcc/0"),
        ({"to": ["a@b.test"] * 1001}, 422, "#/to"),
        ({"to": [f"a{number}@b.test" for number in range(1000)], "cc": "c@b.test"}, 422, "#/to"),
        ({"headers": {"Subject": "x"}}, 422, "#/headers/Subject"),
        ({"headers": {"X/Y~": "x", "DKIM-Signature": "x"}}, 422, "#/headers/DKIM-Signature"),
        ({"headers": {"Message-ID": "<é@b.test>"}}, 422, "#/headers/Message-ID"),
        ({"headers": {"References": "<a@b>\u00a0<c@d>"}}, 422, "#/headers/References"),
        ({"attachments": [{"content": "AAAA"}, {"content": "!"}]}, 422, "#/attachments/1/content"),
        ({"attachments": [{"content": "A"}]}, 422, "#/attachments/0/content"),
        ({"attachments": [{"content": "AA==AAAA"}]}, 422, "#/attachments/0/content"),
        ({"attachments": [{"content": "", "content_type": "multipart/mixed"}]}, 422, "#/attachments/0/content_type"),
        ({"attachments": [{"content": "", "content_id": "a b"}]}, 422, "#/attachments/0/content_id"),
        ({"tags": [{"name": "a", "value": "1"}, {"name": "a", "value": "2"}]}, 422, "#/tags/1/name"),
        ({"metadata": {"a.b": "1"}}, 422, "#/metadata"),
        ({"scheduled_at": "tomorrow"}, 422, "#/scheduled_at"),
        ({"scheduled_at": "2999-01-01T00:00:00Z"}, 422, "#/scheduled_at"),
        ({"ambiguous": "maybe"}, 422, "#/ambiguous"),
        ({"ambiguous": None}, 422, "#/ambiguous"),
        ({"from": "somebody@else.test"}, 403, "#/from"),
        ({"attachments": [{"content": "A" * 4 * (LIMITS.message_size // 3 + 1)}]}, 413, "#/attachments"),
        ({"attachments": [{"content": "A" * LIMITS.message_size}]}, 413, "#/attachments"),
        ({"text": "é" * LIMITS.message_size}, 413, "#/text"),
        ({"html": "é" * LIMITS.message_size}, 413, "#/html"),
        ({"text": None}, 422, "#/text"),
        ({"text": "x" * 5_000_001}, 413, None),
        ({"nonsense": 1}, 422, "#"),
    ],
)  # fmt: skip
async def test_refusals_point_at_the_field(
    client: ContractClient, person: Person, change: dict[str, Any], status: int, pointer: str | None
) -> None:
    response = await client.post("/v1/emails", json=simple(person) | change)
    assert response.status_code == status, response.text
    if pointer is not None:
        assert response.json()["errors"][0]["pointer"].startswith(pointer), response.text
    assert await inbox(client, "Sent") == []


async def test_html_with_numbers_that_nobody_reads(client: ContractClient, person: Person) -> None:
    """Python refuses to read more than 4,300 digits, in what is sent and in what somebody else sends."""
    markup = f"<p>a&#{'1' * 5000};b</p>"
    assert (await read(client, await accepted(client, simple(person, html=markup))))["html"]
    body = {"from": person.address, "to": person.address, "html": markup}
    assert (await read(client, await accepted(client, body)))["text"] == "a\ufffdb\n"
    raw = f"From: a@b.test\r\nContent-Type: text/html\r\n\r\n{markup}\r\n".encode()
    path = f"/v1/mailboxes/{await client.mailbox_id('INBOX')}/messages"
    response = await client.post(path, content=raw, headers={"Content-Type": "message/rfc822"})
    assert (response.status_code, response.json()["preview"]) == (201, "a b")


async def test_what_to_do_where_nobody_knows(client: ContractClient, person: Person, service: Service) -> None:
    key = {"Idempotency-Key": "ambiguous"}
    retry = await accepted(client, simple(person), headers=key)
    assert await accepted(client, simple(person, ambiguous="retry", cc=[]), headers=key) == retry
    assert (await client.post("/v1/emails", json=simple(person, ambiguous="fail"), headers=key)).status_code == 409
    fail = await accepted(client, simple(person, ambiguous="fail"))
    assert [(await read(client, one))["ambiguous"] for one in (retry, fail)] == ["retry", "fail"]
    listed = (await client.get("/v1/emails")).json()["data"]
    assert {one["id"]: one["ambiguous"] for one in listed} == {retry: "retry", fail: "fail"}
    stored = await service.store.database["sends"].find_one({"_id": fail})
    assert stored["ambiguous"] == "fail"


async def test_neither_text_nor_html(client: ContractClient, person: Person) -> None:
    body = simple(person)
    del body["text"]
    assert (await client.post("/v1/emails", json=body)).status_code == 422


@pytest.mark.parametrize("escape", [False, True])
async def test_large_attachments_in_every_writing(client: ContractClient, person: Person, *, escape: bool) -> None:
    """Larger than what a JSON parser sees: lines of base64, escaped slashes and plus signs, the other alphabet, no padding."""
    content = bytes(range(251)) * 1000
    text = base64.encodebytes(content).decode() if escape else base64.urlsafe_b64encode(content).decode().rstrip("=")
    written = text.replace("\n", "\\r\\n").replace("/", "\\/").replace("+", "\\u002B") if escape else text
    body = (
        f'{{"from":"{person.address}","to":"{person.address}","text":"a \\"content\\": b","attachments":'
        f'[{{"filename":"a.bin", "content" :\n "{written}"}},{{"content":"AAEC","filename":"b.bin"}}]}}'
    )
    response = await client.post("/v1/emails", content=body.encode(), headers={"Content-Type": "application/json"})
    assert response.status_code == 200, response.text
    shown = await read(client, response.json()["id"])
    raw = (await client.get(f"/v1/messages/{shown['sent_message']}/raw")).content
    parts = {
        one.get_filename(): one for one in email.message_from_bytes(raw, policy=email.policy.default).iter_attachments()
    }
    assert parts["a.bin"].get_payload(decode=True) == content
    assert parts["b.bin"].get_payload(decode=True) == b"\0\1\2"
    assert shown["text"] == 'a "content": b\n'


@pytest.mark.parametrize("address", ["a@under_score.test", "a@_x.test", "a@XN--BCHER-KVA.test", '"a b"@x.test', "a@b"])
async def test_addresses_that_look_odd(client: ContractClient, person: Person, address: str) -> None:
    shown = await read(client, await accepted(client, simple(person, to=address)))
    assert (shown["to"], shown["bcc"]) == ([address], [])
    assert [one["address"] for one in shown["recipients"]] == [address]


async def test_an_address_beyond_ascii(client: ContractClient, person: Person) -> None:
    send_id = await accepted(client, simple(person, to="josé@bücher.test", cc="x@bücher.test"))
    shown = await read(client, send_id)
    assert [one["address"] for one in shown["recipients"]] == ["josé@bücher.test", "x@xn--bcher-kva.test"]
    assert (shown["to"], shown["bcc"]) == (["josé@bücher.test"], [])


async def test_from_may_be_any_address_of_ones_own(client: ContractClient, person: Person) -> None:
    tagged = person.address.replace("@", "+news@")
    assert (await read(client, await accepted(client, simple(person, **{"from": tagged}))))["from"] == tagged
    other = await client.post("/v1/emails", json=simple(person, **{"from": f"postmaster@{DOMAIN}"}))
    assert (other.status_code, other.json()["code"]) == (403, "forbidden")
