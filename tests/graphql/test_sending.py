"""send and cancelSubmission: what they do, and every Problem they give."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from correio.ids import Kind, new_id
from correio.mail.directory import set_quota
from correio.mail.sent import find_send
from correio.store.deliveries import lease_due
from tests.graphql.client import GraphQLClient
from tests.graphql.conftest import NewUser, Service, User
from tests.graphql.mail import append, plain
from tests.graphql.sending import CANCEL, SEND, cancel, save, send, sent, to
from tests.graphql.test_round_trips import run

JSON = {"accept": "application/json"}


def seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


async def test_a_draft_is_sent_and_taken_back(new_user: NewUser) -> None:
    user, friend = await new_user(), await new_user()
    [original] = await append(user, [plain(1)])
    draft = await save(
        user, to=to(friend.account.address), bcc=to("h@else.where"), subject="Olá", inReplyToId=original.id
    )
    before = user.account.store.now()
    submission = await send(user, draft["id"], ifVersion=draft["version"], undoSeconds=30)
    assert submission["__typename"] == "Submission", submission
    assert (submission["status"], submission["subject"], submission["sender"]) == (
        "PENDING", "Olá", user.account.address,
    )  # fmt: skip
    assert submission["undoUntil"] == submission["sendAt"]
    assert 0 <= seconds(submission["sendAt"]) - before - 30 <= 10
    assert submission["identity"]["email"] == user.account.address
    assert submission["messageId"] == draft["messageId"]
    assert {one["email"]: one["state"] for one in submission["recipients"]} == {
        friend.account.address: "QUEUED",
        "h@else.where": "QUEUED",
    }
    assert all(
        (one["attempts"], one["smtpReply"], one["nextAttemptAt"], one["endedAt"])
        == (0, None, submission["sendAt"], None)
        for one in submission["recipients"]
    )
    copy = submission["copy"]
    assert (copy["mailbox"]["role"], copy["isDraft"], copy["bcc"]) == ("SENT", False, to("h@else.where"))
    assert copy["submission"] == {"id": submission["id"]}
    state = (
        "query($id: ID!) { node(id: $id) { ... on Message { isAnswered } } "
        "account { mailboxes(role: DRAFTS) { totalMessages } } }"
    )
    data = await user.client.data(state, id=original.id)
    assert data == {"node": {"isAnswered": True}, "account": {"mailboxes": [{"totalMessages": 0}]}}

    back = await cancel(user, submission["id"])
    assert (back["__typename"], back["id"], back["status"], back["undoUntil"]) == (
        "Submission", submission["id"], "CANCELED", None,
    )  # fmt: skip
    assert {one["state"] for one in back["recipients"]} == {"CANCELED"}
    assert all(one["endedAt"] and one["nextAttemptAt"] is None for one in back["recipients"])
    assert (back["copy"]["id"], back["copy"]["mailbox"]["role"], back["copy"]["isDraft"]) == (
        copy["id"],
        "DRAFTS",
        True,
    )
    assert back["copy"]["bcc"] == to("h@else.where")
    data = await user.client.data(state, id=original.id)
    assert data == {"node": {"isAnswered": False}, "account": {"mailboxes": [{"totalMessages": 1}]}}
    assert (await cancel(user, submission["id"]))["status"] == "CANCELED"
    again = await send(user, copy["id"])
    assert (again["status"], again["id"] != submission["id"]) == ("PENDING", True)


async def test_at_once_it_is_there(new_user: NewUser) -> None:
    user, friend = await new_user(), await new_user()
    submission = await sent(user, friend.account.address, undoSeconds=0)
    assert (submission["status"], submission["undoUntil"]) == ("SENT", None)
    data = await friend.client.data("{ account { messages { nodes { subject } } } }")
    assert data["account"]["messages"]["nodes"] == [{"subject": "Sent"}]
    late = await cancel(user, submission["id"])
    assert (late["__typename"], late["code"], late["path"]) == ("TooLate", "too-late", ["input", "id"])
    assert late["submission"] == {"id": submission["id"], "status": "SENT"}


async def test_what_is_being_tried_is_too_late(service: Service, user: User) -> None:
    submission = await sent(user, "x@tried.test", undoSeconds=0)
    await lease_due(service.store.database, "tried.test", service.store.now() + 1, 2e9, "worker", 10)
    late = await cancel(user, submission["id"])
    assert (late["__typename"], late["submission"]["status"]) == ("TooLate", "SENDING")


async def test_later(user: User) -> None:
    now = user.account.store.now()
    when = now + 86_400
    text = datetime.fromtimestamp(when, UTC).isoformat()
    submission = await sent(user, "x@else.where", sendAt=text)
    assert seconds(submission["sendAt"]) == seconds(submission["undoUntil"]) == when
    stored = await find_send(user.account, submission["id"], octets=True)
    assert datetime.fromtimestamp(when, UTC).strftime("%a, %d %b %Y %H:%M:%S +0000").encode() in stored.source
    assert (await cancel(user, submission["id"]))["status"] == "CANCELED"
    # A time that is over is now, and can still be taken back.
    submission = await sent(user, "x@else.where", sendAt="2020-01-01t00:00:00z")
    assert 0 <= seconds(submission["sendAt"]) - now - 10 <= 10


async def test_a_request_is_done_once(user: User) -> None:
    draft = await save(user, to=to("x@else.where"))
    other = await save(user, to=to("x@else.where"))
    given = {"idempotencyKey": "key 1", "ifVersion": draft["version"]}
    done = await asyncio.gather(*(send(user, draft["id"], **given) for _ in range(8)))
    assert len({one["id"] for one in done}) == 1
    assert {one["__typename"] for one in done} == {"Submission"}
    assert (await send(user, draft["id"], **given))["id"] == done[0]["id"]
    for again in ({"undoSeconds": 11}, {"sendAt": "2020-01-01T00:00:00Z"}):
        problem = await send(user, draft["id"], **given, **again)
        assert (problem["code"], problem["path"]) == ("conflict", ["input", "idempotencyKey"])
    problem = await send(user, other["id"], idempotencyKey="key 1")
    assert (problem["__typename"], problem["code"]) == ("InvalidInput", "conflict")
    problem = await send(user, draft["id"])
    assert (problem["__typename"], problem["path"], problem["nodeId"]) == (
        "NotFound",
        ["input", "draftId"],
        draft["id"],
    )


async def test_what_to_do_where_nobody_knows(user: User) -> None:
    assert (await sent(user, "x@else.where"))["ambiguous"] == "RETRY"
    draft = await save(user, to=to("x@else.where"))
    first = await send(user, draft["id"], ambiguous="FAIL", idempotencyKey="a")
    assert first["ambiguous"] == "FAIL"
    assert (await send(user, draft["id"], ambiguous="FAIL", idempotencyKey="a"))["id"] == first["id"]
    other = await send(user, draft["id"], idempotencyKey="a")
    assert (other["__typename"], other["path"]) == ("InvalidInput", ["input", "idempotencyKey"])


async def test_recipients_that_do_not_exist(user: User) -> None:
    nobody = f"nobody@{user.account.address.partition('@')[2]}"
    draft = await save(user, to=to("x@else.where", nobody))
    problem = await send(user, draft["id"])
    assert (problem["__typename"], problem["code"], problem["path"]) == (
        "RecipientsRejected", "recipients-rejected", ["input", "draftId"],
    )  # fmt: skip
    assert problem["rejected"] == [{"email": nobody, "reason": f"There is no user {nobody} here."}]
    drafts = user.account.mailboxes.by_role("drafts")
    assert drafts is not None
    raw = f"From: {user.account.address}\r\nTo: x@else.where, somebody\r\n\r\n".encode()
    [made] = await append(user, [raw], mailbox=drafts.id)
    problem = await send(user, made.id)
    assert (problem["__typename"], [one["email"] for one in problem["rejected"]]) == (
        "RecipientsRejected",
        ["somebody"],
    )
    data = await user.client.data(
        "{ account { submissions { nodes { id } } mailboxes(role: SENT) { totalMessages } } }"
    )
    assert data["account"] == {"submissions": {"nodes": []}, "mailboxes": [{"totalMessages": 0}]}


async def test_what_cannot_be_sent(new_user: NewUser) -> None:
    user, other = await new_user(), await new_user()
    [received] = await append(user, [plain(1)])
    drafts = user.account.mailboxes.by_role("drafts")
    assert drafts is not None
    foreign = f"From: {other.account.address}\r\nTo: x@else.where\r\n\r\n".encode()
    [forged] = await append(user, [foreign], mailbox=drafts.id)
    empty = await save(user)
    good = await save(user, to=to("x@else.where"))
    theirs = await save(other, to=to("x@else.where"))
    changed = {"ifVersion": "1"}
    for draft_id, given, kind, path in (
        (received.id, {}, "InvalidInput", ["draftId"]),
        (empty["id"], {}, "InvalidInput", ["draftId"]),
        (forged.id, {}, "Forbidden", []),
        (theirs["id"], {}, "NotFound", ["draftId"]),
        ("x", {}, "NotFound", ["draftId"]),
        (good["id"], changed, "StateMismatch", []),
        (good["id"], {"identityId": new_id(Kind.IDENTITY)}, "NotFound", ["identityId"]),
        (good["id"], {"undoSeconds": -1}, "InvalidInput", ["undoSeconds"]),
        (good["id"], {"undoSeconds": 3601}, "InvalidInput", ["undoSeconds"]),
        (good["id"], {"sendAt": "2199-01-01T00:00:00Z"}, "InvalidInput", ["sendAt"]),
        (good["id"], {"idempotencyKey": ""}, "InvalidInput", ["idempotencyKey"]),
        (good["id"], {"idempotencyKey": "x" * 257}, "InvalidInput", ["idempotencyKey"]),
    ):
        problem = await send(user, draft_id, **given)
        assert (problem["__typename"], problem["path"]) == (kind, ["input", *path]), (draft_id, given, problem)
    data = await user.client.data("{ account { submissions { nodes { id } } } }")
    assert data["account"]["submissions"]["nodes"] == []
    assert (await send(user, good["id"]))["__typename"] == "Submission"


async def test_a_submission_of_another_is_like_one_of_nobody(new_user: NewUser) -> None:
    user, other = await new_user(), await new_user()
    theirs = await sent(other, "x@else.where")
    for submission_id in (theirs["id"], new_id(Kind.SEND), "x"):
        problem = await cancel(user, submission_id)
        assert (problem["__typename"], problem["nodeId"]) == ("NotFound", submission_id)


async def test_an_api_key_is_noted(user: User) -> None:
    draft = await save(user, to=to("x@else.where"))
    made = await user.client.http.post("/v1/keys", json={"name": "page", "scopes": ["full"]}, headers=JSON)
    holder = User(GraphQLClient(user.client.url, made.json()["key"]), user.account)
    submission = await send(holder, draft["id"])
    await holder.client.http.aclose()
    assert (await find_send(user.account, submission["id"])).key == made.json()["id"]


async def test_a_full_account_can_send_and_take_back(directory, user: User) -> None:
    draft = await save(user, to=to("x@else.where"))
    await set_quota(directory, user.account.address, messages=1)
    submission = await send(user, draft["id"])
    assert submission["__typename"] == "Submission"
    assert (await cancel(user, submission["id"]))["copy"]["isDraft"]


async def test_what_sending_and_taking_back_cost(service: Service, user: User) -> None:
    draft = await save(user, to=to("x@else.where"))
    trips, data = await run(service, user, SEND, input={"draftId": draft["id"], "idempotencyKey": "k"})
    # Whether anything changed; the draft, the sender, the key, the index of Drafts, the recipient, the two domains; the
    # transaction of eight; the submission with its recipients, its copy, and the identities.
    assert trips <= 19
    submission = data["result"]
    trips, data = await run(service, user, CANCEL, input={"id": submission["id"]})
    assert data["result"]["status"] == "CANCELED"
    # Whether anything changed; the send, its deliveries, the copy; the transaction of six; the copy as it is now, the
    # identities.
    assert trips <= 12
