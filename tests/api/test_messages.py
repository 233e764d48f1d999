"""Listing, importing, reading, changing and destroying messages over a real socket."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from correio.mail.fetch import find_message
from tests.api.conftest import LIMITS, Service
from tests.api.contract_client import ContractClient
from tests.api.messages import EMBEDDED, PDF, PICTURE, RICH, plain


async def test_an_imported_message_is_shown_as_it_is(client: ContractClient) -> None:
    message = await client.put(plain(), keyword=["$seen", "$Forwarded"], received_at="2026-01-02T03:04:05+01:00")
    assert message["subject"] == "Olá"
    assert message["from"] == [{"name": "José", "email": "jose@origem.test", "group": None}]
    assert [one["name"] for one in message["to"]] == ["Maria", "Иван"]
    assert message["date"] == "2026-11-23T15:34:56Z"
    assert message["received_at"] == "2026-01-02T02:04:05Z"
    assert message["keywords"] == ["$Forwarded", "$seen"]
    assert message["preview"] == "Um texto curto."
    assert message["has_attachment"] is False
    assert message["size"] == len(plain())
    inbox = await client.mailbox_id()
    page = (await client.get(f"/v1/mailboxes/{inbox}/messages")).json()
    assert page["messages"] == [message]
    whole = (await client.get(f"/v1/messages/{message['id']}")).json()
    assert {name: whole[name] for name in message} == message


async def test_location_and_tag_of_an_import(client: ContractClient) -> None:
    inbox = await client.mailbox_id()
    response = await client.post(
        f"/v1/mailboxes/{inbox}/messages", content=plain(), headers={"Content-Type": "message/rfc822"}
    )
    read = await client.get(response.headers["location"])
    assert read.headers["etag"] == response.headers["etag"]


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("limit", [1, 3, 200])
async def test_pages(client: ContractClient, order: str, limit: int) -> None:
    sent = [(await client.put(plain(f"n{number}")))["id"] for number in range(7)]
    inbox = await client.mailbox_id()
    found: list[str] = []
    query: dict[str, Any] = {"limit": limit, "order": order}
    while True:
        page = (await client.get(f"/v1/mailboxes/{inbox}/messages", params=query)).json()
        assert len(page["messages"]) <= limit
        found += [message["id"] for message in page["messages"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert found == (sent if order == "asc" else sent[::-1])


async def test_filters(client: ContractClient) -> None:
    seen = await client.put(plain(), keyword=["$seen"])
    work = await client.put(plain(), keyword=["work", "$flagged"])
    inbox = await client.mailbox_id()

    async def ids(**query: Any) -> list[str]:
        page = (await client.get(f"/v1/mailboxes/{inbox}/messages", params=query)).json()
        return [message["id"] for message in page["messages"]]

    assert await ids(unread="true") == [work["id"]]
    assert await ids(unread="false") == [seen["id"]]
    assert await ids(keyword="WORK") == [work["id"]]
    assert await ids(not_keyword="$flagged") == [seen["id"]]
    assert await ids(keyword="$seen", unread="true") == []


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=ten", "limit"),
        ("limit=1&limit=2", "limit"),
        ("limit=99999999999999999999", "limit"),
        ("order=up", "order"),
        ("unread=1", "unread"),
        ("keyword=a%20b", "keyword"),
        ("keyword=%0d%0a", "keyword"),
        ("keyword=%5CSeen", "keyword"),
        ("cursor=x", "cursor"),
        ("cursor=", "cursor"),
        ("page=2", "page"),
    ],
)
async def test_a_bad_parameter_is_400_and_named(client: ContractClient, query: str, parameter: str) -> None:
    response = await client.get(f"/v1/mailboxes/{await client.mailbox_id()}/messages?{query}")
    assert response.status_code == 400
    assert response.json()["errors"][0]["parameter"] == parameter


async def test_round_trips_of_a_page_are_fixed(client: ContractClient, service: Service) -> None:
    for number in range(60):
        await client.put(plain(f"n{number}"))
    inbox = await client.mailbox_id()
    await client.get(f"/v1/mailboxes/{inbox}/messages")
    counts = []
    for limit in (1, 50, 50):
        before = service.store.database.round_trips.count
        page = (await client.get(f"/v1/mailboxes/{inbox}/messages?limit={limit}")).json()
        assert len(page["messages"]) == limit
        counts.append(service.store.database.round_trips.count - before)
    # The account's clock, and at most the messages: the token was looked up within the last seconds.
    assert max(counts) <= 2, counts
    before = service.store.database.round_trips.count
    await client.get(f"/v1/messages/{page['messages'][0]['id']}")
    assert service.store.database.round_trips.count - before <= 2


async def test_flags_changed_elsewhere_show_on_a_cached_page(client: ContractClient) -> None:
    message = await client.put(plain())
    inbox = await client.mailbox_id()
    await client.get(f"/v1/mailboxes/{inbox}/messages")
    await client.patch(f"/v1/messages/{message['id']}", json={"keywords": {"$flagged": True}})
    page = (await client.get(f"/v1/mailboxes/{inbox}/messages")).json()
    assert page["messages"][0]["keywords"] == ["$flagged"]


async def test_a_rich_message(client: ContractClient) -> None:
    stored = await client.put(RICH)
    message = (await client.get(f"/v1/messages/{stored['id']}")).json()
    assert message["has_attachment"] is True
    assert [(one["email"], one["group"]) for one in message["cc"]] == [
        ("c@destino.test", "Group"),
        ("d@destino.test", "Group"),
    ]
    body = message["body"]
    assert "Olá, texto." in body["text"]
    assert "<b>bold</b>" in body["html"]
    for active in ("script", "onclick", "t.example"):
        assert active not in body["html"]
    assert body["blocked_remote"] == 1
    assert f"/v1/messages/{stored['id']}/parts/1.2?disposition=inline" in body["html"]
    paths = [part["path"] for part in message["parts"]]
    assert paths == ["", "1", "1.1", "1.1.1", "1.1.2", "1.2", "2", "3", "3.1", "3.2", "4", "5"]
    assert len(set(paths)) == len(paths)
    by_path = {part["path"]: part for part in message["parts"]}
    assert by_path["1.1.2"]["parent_path"] == "1.1"
    assert by_path["3.2"]["parent_path"] == "3"
    assert by_path["1.2"]["content_id"] == "pic@x"
    assert by_path["2"]["filename"] == "relatório.pdf"
    assert by_path["1"]["url"] is None
    assert message["headers"][0] == {"name": "From", "value": "a@origem.test"}
    assert message["raw_url"] == f"/v1/messages/{stored['id']}/raw"
    sizes = {path: part["decoded_size"] for path, part in by_path.items() if part["decoded_size"] is not None}
    assert sizes == {
        path: len((await client.get(part["url"])).content) for path, part in by_path.items() if part["url"] is not None
    }
    for path, octets in {"1.2": PICTURE, "2": PDF, "3": EMBEDDED, "3.2": b"\x00\x01\x02", "5": b"opaque"}.items():
        got = await client.get(by_path[path]["url"])
        assert got.content == octets, path


async def test_a_message_is_conditional(client: ContractClient) -> None:
    message = await client.put(plain())
    url = f"/v1/messages/{message['id']}"
    tag = (await client.get(url)).headers["etag"]
    assert (await client.get(url, headers={"If-None-Match": tag})).status_code == 304
    await client.patch(url, json={"keywords": {"$seen": True}})
    assert (await client.get(url, headers={"If-None-Match": tag})).status_code == 200


async def test_patch_and_replace_keywords(client: ContractClient) -> None:
    message = await client.put(plain(), keyword=["$seen", "work"])
    url = f"/v1/messages/{message['id']}"
    changed = (await client.patch(url, json={"keywords": {"$seen": False, "$Flagged": True, "home": True}})).json()
    assert changed["keywords"] == ["$flagged", "home", "work"]
    replaced = (await client.patch(url, json={"keywords": ["$draft"]})).json()
    assert replaced["keywords"] == ["$draft"]
    assert (await client.patch(url, json={"keywords": []})).json()["keywords"] == []
    assert (await client.get(url)).json()["keywords"] == []


async def test_a_move_keeps_the_id(client: ContractClient) -> None:
    message = await client.put(plain())
    trash = await client.mailbox_id("Trash")
    moved = await client.patch(f"/v1/messages/{message['id']}", json={"mailbox_id": trash, "keywords": {"$seen": True}})
    assert moved.status_code == 200
    assert (moved.json()["id"], moved.json()["mailbox_id"], moved.json()["keywords"]) == (
        message["id"],
        trash,
        ["$seen"],
    )
    inbox = await client.mailbox_id()
    assert (await client.get(f"/v1/mailboxes/{inbox}/messages")).json()["messages"] == []
    listed = (await client.get(f"/v1/mailboxes/{trash}/messages")).json()["messages"]
    assert [one["id"] for one in listed] == [message["id"]]
    assert (await client.get(f"/v1/messages/{message['id']}/raw")).content == plain()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"keywords": {}},
        {"keywords": {"$seen": 1}},
        {"keywords": {"\\Seen": True}},
        {"keywords": {"a b": True}},
        {"keywords": ["$seen", "$seen"]},
        {"keywords": [f"k{number}" for number in range(101)]},
        {"keywords": "$seen"},
        {"mailbox_id": "INBOX"},
        {"subject": "new"},
    ],
)
async def test_what_is_no_patch_is_422(client: ContractClient, body: object) -> None:
    message = await client.put(plain())
    response = await client.patch(f"/v1/messages/{message['id']}", json=body)
    assert response.status_code == 422, response.text


async def test_if_match_lets_one_of_many_rivals_win(client: ContractClient) -> None:
    message = await client.put(plain())
    url = f"/v1/messages/{message['id']}"
    tag = (await client.get(url)).headers["etag"]
    answers = await asyncio.gather(
        *(client.patch(url, json={"keywords": [f"k{n}"]}, headers={"If-Match": tag}) for n in range(8))
    )
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [200] + [412] * 7
    winner = next(answer.json() for answer in answers if answer.status_code == 200)
    assert (await client.get(url)).json()["keywords"] == winner["keywords"]
    assert (await client.patch(url, json={"keywords": []}, headers={"If-Match": "*"})).status_code == 200
    assert (await client.patch(url, json={"keywords": []}, headers={"If-Match": "nonsense"})).status_code == 400


async def test_concurrent_patches_without_a_condition_all_count(client: ContractClient) -> None:
    message = await client.put(plain())
    url = f"/v1/messages/{message['id']}"
    await asyncio.gather(*(client.patch(url, json={"keywords": {f"k{n}": True}}) for n in range(16)))
    assert (await client.get(url)).json()["keywords"] == sorted(f"k{n}" for n in range(16))


async def test_destroy(client: ContractClient) -> None:
    message = await client.put(plain())
    url = f"/v1/messages/{message['id']}"
    tag = (await client.get(url)).headers["etag"]
    await client.patch(url, json={"keywords": {"$seen": True}})
    assert (await client.delete(url, headers={"If-Match": tag})).status_code == 412
    assert (await client.delete(url)).status_code == 204
    for path in (url, f"{url}/raw", f"{url}/parts/1"):
        assert (await client.get(path)).status_code == 404
    assert (await client.delete(url)).status_code == 404
    assert (await client.patch(url, json={"keywords": []})).status_code == 404


async def test_batches(client: ContractClient) -> None:
    ids = [(await client.put(plain()))["id"] for _ in range(4)]
    gone = "M" + "a" * 24
    archive = await client.mailbox_id("Archive")
    result = (
        await client.post(
            "/v1/messages/batch", json={"ids": [*ids[:3], gone], "keywords": {"$seen": True}, "mailbox_id": archive}
        )
    ).json()
    assert {one["id"] for one in result["updated"]} == set(ids[:3])
    assert {(one["mailbox_id"], *one["keywords"]) for one in result["updated"]} == {(archive, "$seen")}
    assert result["missing"] == [gone]
    result = (await client.post("/v1/messages/batch", json={"ids": ids, "destroy": True})).json()
    assert (sorted(result["destroyed"]), result["updated"]) == (sorted(ids), [])
    assert (await client.get("/v1/account")).json()["messages"] == 0


@pytest.mark.parametrize(
    "body",
    [
        {"ids": []},
        {"ids": ["M" + "a" * 24]},
        {"ids": ["x"], "destroy": True},
        {"ids": ["M" + "a" * 24] * 2, "destroy": True},
        {"ids": ["M" + "a" * 24], "destroy": False},
        {"ids": ["M" + "a" * 24], "destroy": True, "keywords": {"$seen": True}},
    ],
)
async def test_what_is_no_batch_is_422(client: ContractClient, body: object) -> None:
    assert (await client.post("/v1/messages/batch", json=body)).status_code == 422


async def test_what_cannot_be_imported(client: ContractClient) -> None:
    inbox = await client.mailbox_id()
    url = f"/v1/mailboxes/{inbox}/messages"
    rfc822 = {"Content-Type": "message/rfc822"}
    for headers in (
        {},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/json"},
        {**rfc822, "Content-Encoding": "gzip"},
    ):
        assert (await client.post(url, content=plain(), headers=headers)).status_code == 415
    assert (await client.post(url, content=b"", headers=rfc822)).status_code == 422
    too_large = plain(text="x" * LIMITS.message_size)
    refused = await client.post(url, content=too_large, headers=rfc822)
    assert (refused.status_code, refused.json()["code"]) == (413, "too-large")
    for query in ("keyword=a%20b", "received_at=yesterday", "received_at=2026-01-01T00:00:00", "uid=4"):
        assert (await client.post(f"{url}?{query}", content=plain(), headers=rfc822)).status_code == 400
    elsewhere = f"/v1/mailboxes/B{'a' * 24}/messages"
    assert (await client.post(elsewhere, content=plain(), headers=rfc822)).status_code == 404
    assert (await client.get("/v1/account")).json()["messages"] == 0


async def test_no_room_is_507(client: ContractClient, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    account = (await client.get("/v1/account")).json()
    await service.store.database["accounts"].update_one(
        {"_id": account["id"]}, {"$set": {"quota": 100}, "$inc": {"modseq": 1}}
    )
    inbox = await client.mailbox_id()
    refused = await client.post(
        f"/v1/mailboxes/{inbox}/messages", content=plain(), headers={"Content-Type": "message/rfc822"}
    )
    assert (refused.status_code, refused.json()["code"]) == (507, "over-quota")
    found = (await client.get("/v1/account")).json()
    assert (found["quota"], found["message_quota"]) == (100, None)


async def test_a_huge_header_is_shown_in_part_and_kept_whole(client: ContractClient) -> None:
    raw = b"".join(b"X-%d: v\r\n" % number for number in range(5000)) + b"\r\nbody\r\n"
    stored = await client.put(raw)
    message = (await client.get(f"/v1/messages/{stored['id']}")).json()
    assert message["headers"][:2] == [{"name": "X-0", "value": "v"}, {"name": "X-1", "value": "v"}]
    assert len(message["headers"]) == 1000
    assert (await client.get(message["raw_url"])).content == raw


async def test_a_message_of_thousands_of_parts(client: ContractClient) -> None:
    part = b"--x\r\nContent-Type: image/png; name=p\r\n\r\n\r\n"
    raw = b"Subject: many\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n" + part * 9000 + b"--x--\r\n"
    stored = await client.put(raw)
    message = (await client.get(f"/v1/messages/{stored['id']}")).json()
    assert len(message["parts"]) == 9001
    assert message["parts"][9000]["path"] == "9000"
    assert (await client.get(message["parts"][9000]["url"])).content == b""
    page = (await client.get(f"/v1/mailboxes/{stored['mailbox_id']}/messages")).json()
    assert page["messages"] == [stored]


async def test_the_summary_alone_is_the_summary_of_the_whole(client: ContractClient, service: Service) -> None:
    stored = await client.put(RICH)
    account = await service.store.account((await client.get("/v1/account")).json()["id"])
    message = await find_message(account, stored["id"])
    assert message.summary == message.parsed.summary
    assert message.summary.subject == "rich"


async def test_a_body_of_thousands_of_parts_is_read_in_one_round_trip_and_cut(
    client: ContractClient, service: Service
) -> None:
    raw = b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + b"--x\r\n\r\nword\r\n" * 9000 + b"--x--\r\n"
    stored = await client.put(raw)
    before = service.store.database.round_trips.count
    message = (await client.get(f"/v1/messages/{stored['id']}")).json()
    assert service.store.database.round_trips.count - before <= 5
    assert message["body"]["truncated"] is True
    assert message["body"]["text"].count("word") == 100
