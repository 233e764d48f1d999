"""updateMessages and destroyMessages: what they do, and every Problem they give."""

from __future__ import annotations

from typing import Any

import pytest

from correio.ids import Kind, derived_id, new_id
from correio.mail.fetch import find_messages
from correio.mail.mailbox_commands import create_mailbox
from tests.graphql.conftest import User
from tests.graphql.mail import append, plain

PROBLEM = "... on Problem { code message path } ... on NotFound { nodeId } ... on StateMismatch { currentState }"
PAYLOAD = (
    "... on UpdateMessagesPayload { fromState toState affected clientMutationId results { __typename "
    "... on Message { id keywords isUnread version mailbox { id } } ... on Destroyed { nodeId } "
    "... on NotFound { code message nodeId } } }"
)
UPDATE = f"mutation($input: UpdateMessagesInput!) {{ result: updateMessages(input: $input) {{ __typename {PAYLOAD} {PROBLEM} }} }}"
DESTROY = (
    "mutation($input: DestroyMessagesInput!) { result: destroyMessages(input: $input) "
    f"{{ __typename {PAYLOAD} {PROBLEM} }} }}"
)


async def mutate(user: User, document: str, **given: Any) -> dict[str, Any]:
    data = await user.client.data(document, input={"accountId": user.account.id, **given})
    found: dict[str, Any] = data["result"]
    return found


async def test_keywords_are_added_and_removed(user: User) -> None:
    appended = await append(user, [plain(1), plain(2)], flags=["\\Flagged"])
    ids = [one.id for one in appended]
    before = user.account.modseq
    result = await mutate(
        user,
        UPDATE,
        target={"ids": ids},
        addKeywords=["$seen", "$Work"],
        removeKeywords=["$FLAGGED"],
        clientMutationId="mine",
    )
    assert result["__typename"] == "UpdateMessagesPayload"
    assert (result["affected"], result["clientMutationId"]) == (2, "mine")
    assert int(result["fromState"]) == before < int(result["toState"]) == user.account.modseq
    assert [one["id"] for one in result["results"]] == ids
    for one in result["results"]:
        assert (one["keywords"], one["isUnread"], one["version"]) == (["$Work", "$seen"], False, result["toState"])
    stored = await find_messages(user.account, ids)
    assert all(stored[one].flags.names == {"\\Seen", "$Work"} for one in ids)


async def test_a_move_keeps_the_id(user: User) -> None:
    other = await create_mailbox(user.account, "Other")
    [appended] = await append(user, [plain(1)])
    result = await mutate(user, UPDATE, target={"ids": [appended.id]}, moveTo=other.id, addKeywords=["$flagged"])
    [moved] = result["results"]
    assert (moved["id"], moved["mailbox"]["id"], moved["keywords"]) == (appended.id, other.id, ["$flagged"])
    data = await user.client.data(
        "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Mailbox { totalMessages messages { nodes { id } } } } }",
        ids=[user.inbox, other.id],
    )
    assert [one["totalMessages"] for one in data["nodes"]] == [0, 1]
    assert data["nodes"][1]["messages"]["nodes"] == [{"id": appended.id}]


async def test_messages_are_destroyed(user: User) -> None:
    appended = await append(user, [plain(1), plain(2)])
    gone = new_id(Kind.MESSAGE)
    result = await mutate(user, DESTROY, target={"ids": [appended[0].id, gone]})
    assert result["affected"] == 1
    assert result["results"] == [
        {"__typename": "Destroyed", "nodeId": appended[0].id},
        {"__typename": "NotFound", "code": "not-found", "message": "There is no such message.", "nodeId": gone},
    ]
    data = await user.client.data(
        "query($ids: [ID!]!) { nodes(ids: $ids) { id } account { messages { totalCount } } }",
        ids=[one.id for one in appended],
    )
    assert data == {"nodes": [None, {"id": appended[1].id}], "account": {"messages": {"totalCount": 1}}}
    again = await mutate(user, DESTROY, target={"ids": [appended[0].id]})
    assert (again["affected"], again["results"][0]["__typename"]) == (0, "NotFound")


async def test_threads_are_targets(user: User) -> None:
    root = plain(1, "Plan")
    message_id = root.split(b"Message-ID: ")[1].split(b"\r\n")[0]
    answer = plain(2).replace(b"\r\n\r\n", b"\r\nIn-Reply-To: " + message_id + b"\r\n\r\n", 1)
    appended = await append(user, [root, answer, plain(3)])
    target = {"threadIds": [appended[0].thread, new_id(Kind.THREAD), "no thread"]}
    result = await mutate(user, UPDATE, target=target, addKeywords=["$seen"])
    assert [one["id"] for one in result["results"]] == [one.id for one in appended[:2]]
    assert (await mutate(user, DESTROY, target=target))["affected"] == 2


async def test_nothing_targeted_is_nothing_done(user: User) -> None:
    before = user.account.modseq
    result = await mutate(user, UPDATE, target={"ids": []}, addKeywords=["$seen"])
    assert (result["affected"], result["results"], result["toState"]) == (0, [], str(before))


async def test_an_id_given_twice_is_one_message(user: User) -> None:
    [appended] = await append(user, [plain(1)])
    result = await mutate(user, UPDATE, target={"ids": [appended.id, appended.id]}, addKeywords=["$seen"])
    assert (result["affected"], len(result["results"])) == (1, 1)


@pytest.mark.parametrize("document", [UPDATE, DESTROY])
async def test_a_stale_state_stops_everything(user: User, document: str) -> None:
    appended = await append(user, [plain(1), plain(2)])
    ids = [one.id for one in appended]
    stale = str(user.account.modseq)
    change: dict[str, Any] = {"addKeywords": ["$flagged"]}
    assert (await mutate(user, UPDATE, target={"ids": ids[:1]}, **change))["affected"] == 1
    given = change if document is UPDATE else {}
    result = await mutate(user, document, target={"ids": ids}, ifInState=stale, **given)
    assert result["__typename"] == "StateMismatch"
    assert (result["code"], result["path"]) == ("state-mismatch", ["input"])
    assert result["currentState"] == str(user.account.modseq)
    stored = await find_messages(user.account, ids)
    assert [len(stored[one].flags.names) for one in ids] == [1, 0]
    # What has not changed since may still be changed, and the state of now is never stale.
    assert (await mutate(user, document, target={"ids": ids[1:]}, ifInState=stale, **given))["affected"] == 1


@pytest.mark.parametrize("keywords", [["with space"], ["\\Seen"], [""], ["x" * 200], ["\\Recent"]])
@pytest.mark.parametrize("field", ["addKeywords", "removeKeywords"])
async def test_bad_keywords_are_told(user: User, keywords: list[str], field: str) -> None:
    [appended] = await append(user, [plain(1)])
    result = await mutate(user, UPDATE, target={"ids": [appended.id]}, **{field: keywords})
    assert result["__typename"] == "InvalidInput"
    assert (result["code"], result["path"]) == ("invalid-input", ["input", field])


async def test_too_many_keywords_are_told(user: User) -> None:
    [appended] = await append(user, [plain(1)])
    result = await mutate(user, UPDATE, target={"ids": [appended.id]}, addKeywords=[f"k{at}" for at in range(400)])
    assert (result["__typename"], result["code"]) == ("LimitReached", "limit")


async def test_nothing_to_do_is_told(user: User) -> None:
    result = await mutate(user, UPDATE, target={"ids": []})
    assert (result["__typename"], result["path"]) == ("InvalidInput", ["input"])


@pytest.mark.parametrize(
    "target", [derived_id(Kind.MAILBOX, "unknown"), "", "Mailbox", derived_id(Kind.MESSAGE, "unknown")]
)
async def test_an_unknown_mailbox_is_told(user: User, target: str) -> None:
    [appended] = await append(user, [plain(1)])
    result = await mutate(user, UPDATE, target={"ids": [appended.id]}, moveTo=target)
    assert result["__typename"] == "NotFound"
    assert (result["code"], result["path"], result["nodeId"]) == ("not-found", ["input", "moveTo"], target)


async def test_a_mailbox_that_holds_no_messages_is_told(user: User) -> None:
    above = await create_mailbox(user.account, "Above")
    await create_mailbox(user.account, "Above/Below")
    [appended] = await append(user, [plain(1)])
    data = await user.client.data("mutation($id: ID!) { deleteMailbox(input: {id: $id}) { __typename } }", id=above.id)
    assert data["deleteMailbox"]["__typename"] == "MailboxDeleted"
    [name] = [one for one in user.account.mailboxes if one.path == "Above"]
    result = await mutate(user, UPDATE, target={"ids": [appended.id]}, moveTo=name.id)
    assert (result["__typename"], result["code"]) == ("Forbidden", "forbidden")


@pytest.mark.parametrize("document", [UPDATE, DESTROY])
@pytest.mark.parametrize("target", [{}, {"ids": ["a"], "threadIds": ["b"]}, {"ids": None}])
async def test_one_target_is_given(user: User, document: str, target: Any) -> None:
    [error, *_] = await user.client.errors(
        document, input={"accountId": user.account.id, "target": target, "ifInState": "1"}
    )
    assert error["extensions"]["code"] == "variables"


@pytest.mark.parametrize("state", ["", "x", "-1", "1" * 30, "١", 5])
async def test_a_state_is_one_that_was_given(user: User, state: Any) -> None:
    [error] = await user.client.errors(
        DESTROY, input={"accountId": user.account.id, "target": {"ids": []}, "ifInState": state}
    )
    assert error["extensions"]["code"] == "variables"
