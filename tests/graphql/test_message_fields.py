"""Every field of Message, Part, Blob and EmbeddedMessage, of one message that has one of everything."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from tests.graphql.conftest import User
from tests.graphql.mail import EPOCH, EVERYTHING, PNG, append, plain

ADDRESS = "{ name email group }"
PART = "id path parentId type charset encoding disposition filename contentId description language size isAttachment"


@pytest.fixture
async def message(user: User) -> str:
    """The id of the message."""
    [appended] = await append(user, [EVERYTHING], flags=["\\Flagged", "$Forwarded"])
    return appended.id


async def field(user: User, message: str, selection: str) -> dict[str, Any]:
    """Ask for fields of the message."""
    data = await user.client.data(
        f"query($id: ID!) {{ node(id: $id) {{ ... on Message {{ {selection} }} }} }}", id=message
    )
    found: dict[str, Any] = data["node"]
    return found


async def test_plain_fields(user: User, message: str) -> None:
    found = await field(
        user,
        message,
        "id version keywords isUnread isFlagged isDraft isAnswered subject snippet sentAt receivedAt size messageId "
        "inReplyTo references hasAttachments isTruncated emailId account { id address } "
        "mailbox { id name role totalMessages unreadMessages }",
    )
    assert found["id"] == message
    assert found.pop("emailId").startswith("E")
    assert found.pop("version") == str(user.account.modseq)
    assert found == {
        "id": message,
        "keywords": ["$Forwarded", "$flagged"],
        "isUnread": True,
        "isFlagged": True,
        "isDraft": False,
        "isAnswered": False,
        "subject": "Olá, mundo!",
        "snippet": "Olá, mundo!",
        "sentAt": "2026-01-05T13:00:00Z",
        "receivedAt": "2023-11-14T22:13:20Z",
        "size": len(EVERYTHING),
        "messageId": "everything@example.test",
        "inReplyTo": ["before@example.test"],
        "references": ["first@example.test", "before@example.test"],
        "hasAttachments": True,
        "isTruncated": False,
        "account": {"id": user.account.id, "address": user.account.address},
        "mailbox": {"id": user.inbox, "name": "INBOX", "role": "INBOX", "totalMessages": 1, "unreadMessages": 1},
    }


async def test_addresses(user: User, message: str) -> None:
    found = await field(
        user, message, " ".join(f"{name} {ADDRESS}" for name in ("from", "sender", "replyTo", "to", "cc", "bcc"))
    )
    assert found == {
        "from": [{"name": "José Silva", "email": "jose@example.test", "group": None}],
        "sender": {"name": "Secretary", "email": "secretary@example.test", "group": None},
        "replyTo": [{"name": None, "email": "reply@example.test", "group": None}],
        "to": [
            {"name": "Maria", "email": "maria@example.test", "group": None},
            {"name": None, "email": "ana@example.test", "group": "friends"},
            {"name": None, "email": "bo@example.test", "group": "friends"},
        ],
        "cc": [{"name": None, "email": "cc@example.test", "group": None}],
        "bcc": [{"name": None, "email": "bcc@example.test", "group": None}],
    }


async def test_headers(user: User, message: str) -> None:
    found = await field(
        user,
        message,
        'twice: headers(names: ["x-TWICE"]) { name value decoded } all: headers { name } none: headers(names: []) { name }',
    )
    assert found["twice"] == [
        {"name": "X-Twice", "value": "one", "decoded": "one"},
        {"name": "X-Twice", "value": "=?utf-8?q?tw=C3=B6?=", "decoded": "twö"},
    ]
    assert found["none"] == []
    assert [one["name"] for one in found["all"]][:3] == ["Received", "From", "Sender"]
    assert len(found["all"]) == 16


async def test_body(user: User, message: str) -> None:
    found = await field(
        user,
        message,
        "html: body { kind html text blockedRemoteCount truncated } text: body(prefer: TEXT) { kind html text truncated }",
    )
    assert found["text"] == {"kind": "TEXT", "html": None, "text": "Olá, mundo!", "truncated": False}
    html = found["html"]
    assert (html["kind"], html["text"], html["blockedRemoteCount"]) == ("HTML", "Olá, mundo!", 1)
    assert "<b>mundo</b>" in html["html"]
    assert "spy.test" not in html["html"]
    assert "script" not in html["html"]
    assert "onclick" not in html["html"]
    assert f"/v1/messages/{message}/parts/1.2?disposition=inline" in html["html"]


async def test_parts_are_flat_and_give_the_tree(user: User, message: str) -> None:
    found = await field(user, message, f"parts {{ {PART} blob {{ id type url size sha256 }} }}")
    parts = found["parts"]
    assert [(part["path"], part["type"], part["id"]) for part in parts] == [
        ("", "multipart/mixed", f"{message}.0"),
        ("1", "multipart/related", f"{message}.1"),
        ("1.1", "multipart/alternative", f"{message}.1.1"),
        ("1.1.1", "text/plain", f"{message}.1.1.1"),
        ("1.1.2", "text/html", f"{message}.1.1.2"),
        ("1.2", "image/png", f"{message}.1.2"),
        ("2", "text/csv", f"{message}.2"),
        ("3", "message/rfc822", f"{message}.3"),
        ("3", "multipart/mixed", f"{message}.3.0"),
        ("3.1", "text/plain", f"{message}.3.1"),
        ("3.2", "application/pdf", f"{message}.3.2"),
    ]
    names = {part["id"]: part["path"] for part in parts}
    parents = [names.get(part["parentId"]) for part in parts]
    assert parents == [None, "", "1", "1.1", "1.1", "1", "", "", "3", "3", "3"]
    picture = parts[5]
    assert picture["filename"] == "picture.png"
    assert picture["contentId"] == "picture@x"
    assert picture["disposition"] == "inline"
    assert picture["encoding"] == "base64"
    assert picture["blob"] == {
        "id": f"{message}.1.2",
        "type": "image/png",
        "url": f"/v1/messages/{message}/parts/1.2",
        "size": len(PNG),
        "sha256": hashlib.sha256(PNG).hexdigest(),
    }
    assert (parts[3]["charset"], parts[4]["language"]) == ("iso-8859-1", ["pt", "en"])
    assert (parts[6]["filename"], parts[6]["description"], parts[6]["isAttachment"]) == ("números.csv", "Figures", True)
    assert [part["blob"] is None for part in parts] == [part["type"].startswith("multipart/") for part in parts]


async def test_blobs_are_served_where_they_say(user: User, message: str) -> None:
    found = await field(user, message, "raw { id type url size sha256 } parts { blob { url size sha256 } }")
    raw = found["raw"]
    assert (raw["id"], raw["type"], raw["size"]) == (message, "message/rfc822", len(EVERYTHING))
    for blob in [raw, *(part["blob"] for part in found["parts"] if part["blob"] is not None)]:
        response = await user.client.http.get(blob["url"], headers={"accept": "*/*"})
        assert response.status_code == 200, blob
        assert len(response.content) == blob["size"]
        assert hashlib.sha256(response.content).hexdigest() == blob["sha256"]


async def test_part_text(user: User, message: str) -> None:
    found = await field(user, message, "parts { text short: text(maxBytes: 3) headers { name } }")
    texts = [part["text"] for part in found["parts"]]
    assert texts[3] == "Olá, mundo!"
    assert texts[6] == "a,b\n1,2"
    assert texts[5] is None
    assert found["parts"][3]["short"] == "Ol", "a character is never cut in two"
    assert [one["name"] for one in found["parts"][6]["headers"]] == [
        "Content-Type",
        "Content-Description",
        "Content-Disposition",
    ]
    for size in (-1, 1024 * 1024 + 1):
        [error, *_] = await user.client.errors(
            "query($id: ID!, $size: Int!) { node(id: $id) { ... on Part { text(maxBytes: $size) } } }",
            id=f"{message}.2",
            size=size,
        )
        assert error["extensions"] == {"code": "invalid-input", "field": "maxBytes"}


async def test_attachments(user: User, message: str) -> None:
    found = await field(user, message, "attachments { path } all: attachments(includeInline: true) { path type }")
    assert [part["path"] for part in found["attachments"]] == ["2", "3"]
    assert [part["path"] for part in found["all"]] == ["1.2", "2", "3"]


async def test_a_message_within_a_message(user: User, message: str) -> None:
    found = await field(
        user,
        message,
        "parts { embeddedMessage { subject from { email } to { email } sentAt messageId sender { email } replyTo { email } "
        'cc { email } bcc { email } inReplyTo references headers(names: ["subject"]) { decoded } '
        "body { kind text } parts { id path } attachments { filename } } }",
    )
    inside = [part["embeddedMessage"] for part in found["parts"]]
    assert [one is not None for one in inside] == [part == 7 for part in range(11)]
    assert inside[7] == {
        "subject": "Inside",
        "from": [{"email": "inner@example.test"}],
        "to": [{"email": "outer@example.test"}],
        "sentAt": None,
        "messageId": "inner@example.test",
        "sender": None,
        "replyTo": [],
        "cc": [],
        "bcc": [],
        "inReplyTo": [],
        "references": [],
        "headers": [{"decoded": "Inside"}],
        "body": {"kind": "TEXT", "text": "Text inside."},
        "parts": [
            {"id": f"{message}.3.0", "path": "3"},
            {"id": f"{message}.3.1", "path": "3.1"},
            {"id": f"{message}.3.2", "path": "3.2"},
        ],
        "attachments": [{"filename": "inside.pdf"}],
    }


async def test_parts_are_nodes(user: User, message: str) -> None:
    found = await field(user, message, "parts { id path type }")
    ids = [part["id"] for part in found["parts"]]
    data = await user.client.data("query($ids: [ID!]!) { nodes(ids: $ids) { id ... on Part { path type } } }", ids=ids)
    assert data["nodes"] == found["parts"]
    wrong = [
        f"{message}.",
        f"{message}.9",
        f"{message}.3.0.0",
        f"{message}.1.",
        f"{message}.{'1.' * 500}1",
        f"{message}.x",
    ]
    data = await user.client.data("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=wrong)
    assert data["nodes"] == [None] * len(wrong)


async def test_a_thread(user: User) -> None:
    first = plain(1, "Plan")
    message_id = first.split(b"Message-ID: ")[1].split(b"\r\n")[0]
    answer = plain(2, "Re: Plan").replace(b"\r\n\r\n", b"\r\nReferences: " + message_id + b"\r\n\r\n", 1)
    [root] = await append(user, [first], flags=["\\Seen"])
    [reply] = await append(user, [answer], dates=[EPOCH + 100])
    data = await user.client.data(
        "query($id: ID!) { node(id: $id) { ... on Message { thread { id subject snippet lastReceivedAt messageCount "
        "unreadCount keywords mailboxes { name } messages(first: 1) { totalCount pageInfo { hasNextPage } nodes { id } } } } } }",
        id=reply.id,
    )
    thread = data["node"]["thread"]
    assert thread.pop("id") == root.thread == reply.thread
    assert thread == {
        "subject": "Plan",
        "snippet": "Text of message 2.",
        "lastReceivedAt": "2023-11-14T22:15:00Z",
        "messageCount": 2,
        "unreadCount": 1,
        "keywords": ["$seen"],
        "mailboxes": [{"name": "INBOX"}],
        "messages": {"totalCount": 2, "pageInfo": {"hasNextPage": True}, "nodes": [{"id": root.id}]},
    }
    again = await user.client.data(
        "query($id: ID!) { node(id: $id) { id ... on Thread { messages(last: 1) { nodes { id } } } } }", id=root.thread
    )
    assert again["node"] == {"id": root.thread, "messages": {"nodes": [{"id": reply.id}]}}


async def test_an_empty_message_has_every_field(user: User) -> None:
    [appended] = await append(user, [b"\r\n"])
    found = await field(
        user,
        appended.id,
        "subject snippet sentAt from { email } sender { email } messageId headers { name } body { kind html text } "
        "parts { path type text } attachments { path }",
    )
    assert found == {
        "subject": "",
        "snippet": "",
        "sentAt": None,
        "from": [],
        "sender": None,
        "messageId": None,
        "headers": [],
        "body": {"kind": "TEXT", "html": None, "text": ""},
        "parts": [{"path": "1", "type": "text/plain", "text": ""}],
        "attachments": [],
    }
