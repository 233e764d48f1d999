"""saveDraft: what it writes, and every Problem it gives."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from correio.ids import Kind, new_id
from correio.mail.directory import set_quota
from correio.mail.fetch import find_message
from tests.graphql.conftest import NewUser, Service, User
from tests.graphql.mail import EVERYTHING, PNG, append, plain
from tests.graphql.sending import SAVE, save, to
from tests.graphql.test_round_trips import run


async def test_a_draft_is_what_was_given(user: User) -> None:
    draft = await save(
        user,
        to=[{"name": 'Zoë, "Z"', "email": "zoe@bücher.test"}, {"email": "b@else.where"}],
        cc=to("c@else.where"),
        bcc=to("d@else.where"),
        subject="Olá",
        html="<p>Olá <b>mundo</b></p>",
    )
    assert draft["__typename"] == "Message"
    assert (draft["subject"], draft["isDraft"], draft["isUnread"], draft["mailbox"]["role"]) == (
        "Olá", True, False, "DRAFTS",
    )  # fmt: skip
    assert draft["keywords"] == ["$draft", "$seen"]
    assert draft["from"] == [{"name": None, "email": user.account.address}]
    assert draft["to"] == [
        {"name": 'Zoë, "Z"', "email": "zoe@xn--bcher-kva.test"},
        {"name": None, "email": "b@else.where"},
    ]
    assert (draft["cc"], draft["bcc"]) == (to("c@else.where"), to("d@else.where"))
    assert "<b>mundo</b>" in draft["body"]["html"]
    assert draft["body"]["text"].strip() == "Olá mundo"
    assert draft["submission"] is None


async def test_every_save_is_the_whole_draft(user: User) -> None:
    first = await save(user, to=to("a@else.where"), subject="One", text="text")
    second = await save(user, draftId=first["id"], subject="Two", ifVersion=first["version"])
    assert (second["to"], second["subject"], second["body"]["text"].strip()) == ([], "Two", "")
    assert second["id"] != first["id"]
    assert second["messageId"] == first["messageId"]
    stale = await save(user, draftId=first["id"], subject="Three", ifVersion=first["version"])
    assert (stale["__typename"], stale["code"]) == ("StateMismatch", "state-mismatch")
    assert int(stale["currentState"]) >= int(second["version"])
    third = await save(user, draftId=first["id"], subject="Three")
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { id } account { mailboxes(role: DRAFTS) { totalMessages } } }"
    data = await user.client.data(query, ids=[first["id"], second["id"], third["id"]])
    assert data["nodes"] == [None, None, {"id": third["id"]}]
    assert data["account"]["mailboxes"] == [{"totalMessages": 1}]


async def test_identities(user: User) -> None:
    data = await user.client.data("{ account { identities { __typename id name email } } }")
    [identity] = data["account"]["identities"]
    assert identity["email"] == user.account.address
    assert (await user.client.data("query($id: ID!) { node(id: $id) { id } }", id=identity["id"]))["node"]
    assert (await save(user, identityId=identity["id"]))["from"][0]["email"] == user.account.address
    problem = await save(user, identityId=new_id(Kind.IDENTITY))
    assert (problem["__typename"], problem["path"]) == ("NotFound", ["input", "identityId"])


async def test_parts_of_messages_are_attached(user: User) -> None:
    [stored] = await append(user, [EVERYTHING])
    small = base64.b64encode(b"hello").decode()
    draft = await save(
        user,
        html="<img src='cid:logo@x'>",
        attachments=[
            {"blobId": f"{stored.id}.1.2", "contentId": "logo@x"},
            {"blobId": f"{stored.id}.2"},
            {"blobId": f"{stored.id}.3", "filename": "inner.eml"},
            {"blobId": stored.id},
            {"blobId": f"{stored.id}.1.1.1", "filename": "números.txt", "type": "application/x-other"},
            {"content": small, "filename": "a.txt"},
        ],
    )
    assert draft["__typename"] == "Message", draft
    shown = [(one["filename"], one["type"], one["contentId"]) for one in draft["attachments"]]
    assert shown == [
        ("picture.png", "image/png", "logo@x"),
        ("números.csv", "text/csv", None),
        ("inner.eml", "message/rfc822", None),
        ("Olá, mundo!.eml", "message/rfc822", None),
        ("números.txt", "application/x-other", None),
        ("a.txt", "text/plain", None),
    ]
    message = await find_message(user.account, draft["id"])
    octets = {part.filename: await message.decoded(part) for part in message.parsed.parts if part.filename}
    assert octets["picture.png"] == PNG
    assert octets["a.txt"] == b"hello"
    assert octets["Olá, mundo!.eml"] == EVERYTHING
    assert octets["números.csv"] == b"a,b\r\n1,2"
    # What is attached to a draft can be attached again to what it becomes.
    parts = await user.client.data(
        "query($id: ID!) { node(id: $id) { ... on Message { attachments { blob { id } } } } }", id=draft["id"]
    )
    again = [{"blobId": one["blob"]["id"]} for one in parts["node"]["attachments"]]
    saved = await save(user, draftId=draft["id"], attachments=again)
    assert [one["filename"] for one in saved["attachments"]] == [name for name, *_ in shown[1:]]


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"to": to("a@b.test", "no address")}, ["to", "1"]),
        ({"bcc": to("a@b.test\r\nX: y")}, ["bcc", "0"]),
        ({"cc": [{"email": "a@b.test", "name": "x\u2028y"}]}, ["cc", "0"]),
        ({"subject": "a\nb"}, ["subject"]),
        ({"text": "a\x00b"}, ["text"]),
        ({"html": "a\x1bb"}, ["html"]),
        ({"attachments": [{}]}, ["attachments", "0"]),
        ({"attachments": [{"blobId": "x", "content": ""}]}, ["attachments", "0"]),
        ({"attachments": [{"content": "no base64"}]}, ["attachments", "0", "content"]),
        ({"attachments": [{"content": "é"}]}, ["attachments", "0", "content"]),
        ({"attachments": [{"content": "", "type": "no type"}]}, ["attachments", "0", "type"]),
        ({"attachments": [{"content": "", "filename": "a\nb"}]}, ["attachments", "0", "filename"]),
        ({"attachments": [{"content": "", "contentId": "a b"}]}, ["attachments", "0", "contentId"]),
        ({"attachments": [{"content": ""}] * 101}, ["attachments"]),
        ({"inReplyToId": "x", "forwardOfId": "y"}, ["forwardOfId"]),
    ],
)
async def test_what_cannot_be_written(user: User, given: dict[str, Any], path: list[str]) -> None:
    problem = await save(user, **given)
    assert (problem["__typename"], problem["path"]) == ("InvalidInput", ["input", *path]), problem
    assert problem["fields"] == [{"path": ["input", *path], "code": "invalid-input"}]


async def test_what_is_not_there(user: User) -> None:
    [stored] = await append(user, [EVERYTHING])
    gone = new_id(Kind.MESSAGE)
    for given, path in (
        ({"draftId": gone}, ["draftId"]),
        ({"inReplyToId": gone}, ["inReplyToId"]),
        ({"forwardOfId": gone}, ["forwardOfId"]),
        ({"attachments": [{"content": ""}, {"blobId": gone}]}, ["attachments", "1", "blobId"]),
        ({"attachments": [{"blobId": f"{stored.id}.9"}]}, ["attachments", "0", "blobId"]),
    ):
        problem = await save(user, **given)
        assert (problem["__typename"], problem["path"]) == ("NotFound", ["input", *path]), problem
        assert problem["nodeId"]
    [problem] = [await save(user, attachments=[{"blobId": f"{stored.id}.0"}])]
    assert (problem["__typename"], problem["path"]) == ("InvalidInput", ["input", "attachments", "0", "blobId"])
    problem = await save(user, draftId=stored.id)
    assert (problem["__typename"], problem["path"]) == ("InvalidInput", ["input", "draftId"])


async def test_answers_and_forwards(user: User) -> None:
    [stored] = await append(user, [EVERYTHING])
    answer = await save(user, inReplyToId=stored.id)
    assert (answer["inReplyTo"], answer["references"]) == (
        ["everything@example.test"],
        ["first@example.test", "before@example.test", "everything@example.test"],
    )
    kept = await save(user, draftId=answer["id"])
    assert (kept["inReplyTo"], kept["references"]) == (answer["inReplyTo"], answer["references"])
    forward = await save(user, draftId=kept["id"], forwardOfId=stored.id)
    assert (forward["inReplyTo"], forward["references"]) == ([], answer["references"])
    neither = await save(user, draftId=forward["id"], inReplyToId=None)
    assert (neither["inReplyTo"], neither["references"]) == ([], [])


async def test_message_ids_beyond_ascii_are_not_answered_by_name(user: User) -> None:
    """RFC 6532 allows them; to name one, the answer would need SMTPUTF8 all the way. Control characters are no part of one."""
    raw = (
        "From: a@b.test\r\nMessage-ID: <é@b.test>\r\nReferences: <fine@b.test> <ü@b.test> <a\x01@b.test>\r\n\r\nText\r\n"
    ).encode()
    [stored] = await append(user, [raw])
    answer = await save(user, inReplyToId=stored.id)
    assert (answer["inReplyTo"], answer["references"]) == ([], ["fine@b.test"])
    [draft] = await append(user, [raw], flags=["\\Draft"])
    assert (await save(user, draftId=draft.id))["messageId"].isascii()


async def test_a_full_account(service: Service, directory: Any, user: User) -> None:
    await set_quota(directory, user.account.address, messages=1)
    first = await save(user)
    problem = await save(user)
    assert (problem["__typename"], problem["code"]) == ("LimitReached", "over-quota")
    # In its place there is room.
    assert (await save(user, draftId=first["id"], subject="again"))["subject"] == "again"


async def test_what_is_too_large(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    large = plain(1) + b"x" * 1000 + b"\r\n"
    large += b"y" * 76 + b"\r\n"
    big = large + (b"z" * 76 + b"\r\n") * 100_000
    [stored] = await append(user, [big])
    problem = await save(user, attachments=[{"blobId": stored.id}] * 7)
    assert (problem["__typename"], problem["code"]) == ("InvalidInput", "too-large")


async def test_what_a_save_costs(service: Service, user: User) -> None:
    [stored] = await append(user, [EVERYTHING])
    base: dict[str, Any] = {"accountId": user.account.id, "to": to("a@else.where")}
    trips, data = await run(service, user, SAVE, input=base)
    # Whether anything changed; accounts, mailboxes, the message, commit; and what was stored.
    assert trips <= 6
    given = base | {
        "draftId": data["result"]["id"],
        "inReplyToId": stored.id,
        "attachments": [{"blobId": f"{stored.id}.2"}, {"blobId": f"{stored.id}.1.2"}],
    }
    trips, data = await run(service, user, SAVE, input=given)
    assert data["result"]["__typename"] == "Message"
    # The original, the draft, the index of Drafts, and the old one's tombstone besides.
    assert trips <= 10
    given["draftId"] = data["result"]["id"]
    trips, _ = await run(service, user, SAVE, input=given)
    assert trips <= 9


async def test_nobody_saves_for_another(new_user: NewUser) -> None:
    user, other = await new_user(), await new_user()
    theirs = await save(other, subject="secret")
    for given in ({"draftId": theirs["id"]}, {"attachments": [{"blobId": f"{theirs['id']}.1"}]}):
        assert (await save(user, **given))["__typename"] == "NotFound"
    data = await user.client.data(SAVE, input={"accountId": other.account.id})
    assert (data["result"]["__typename"], data["result"]["path"]) == ("NotFound", ["input", "accountId"])
