"""createMailbox, updateMailbox, deleteMailbox: what they do, and every Problem they give."""

from __future__ import annotations

from typing import Any

import pytest

from correio.ids import Kind, derived_id, new_id
from tests.graphql.conftest import User
from tests.graphql.mail import append, plain

PROBLEM = "... on Problem { code message path } ... on NotFound { nodeId } ... on InvalidInput { fields { path code message } }"
MAILBOX = (
    "... on Mailbox { id version name path role parent { id } children { name } totalMessages unreadMessages sizeBytes "
    "sortOrder isSubscribed isSelectable } ... on StateMismatch { currentState }"
)
CREATE = f"mutation($input: CreateMailboxInput!) {{ result: createMailbox(input: $input) {{ __typename {MAILBOX} {PROBLEM} }} }}"
UPDATE = f"mutation($input: UpdateMailboxInput!) {{ result: updateMailbox(input: $input) {{ __typename {MAILBOX} {PROBLEM} }} }}"
DELETE = (
    "mutation($input: DeleteMailboxInput!) { result: deleteMailbox(input: $input) { __typename "
    f"... on MailboxDeleted {{ nodeId state }} {PROBLEM} }} }}"
)


async def mutate(user: User, document: str, **given: Any) -> dict[str, Any]:
    data = await user.client.data(document, input=given)
    found: dict[str, Any] = data["result"]
    return found


async def create(user: User, name: str, **given: Any) -> dict[str, Any]:
    return await mutate(user, CREATE, accountId=user.account.id, name=name, **given)


async def names(user: User) -> list[list[str]]:
    data = await user.client.data("{ account { mailboxes { path } } }")
    return [one["path"] for one in data["account"]["mailboxes"]]


async def test_mailboxes_are_made(user: User) -> None:
    made = await create(user, "Projetos é", role=None)
    assert made == {
        "__typename": "Mailbox",
        "id": made["id"],
        "version": str(user.account.modseq),
        "name": "Projetos é",
        "path": ["Projetos é"],
        "role": None,
        "parent": None,
        "children": [],
        "totalMessages": 0,
        "unreadMessages": 0,
        "sizeBytes": 0,
        "sortOrder": 0,
        "isSubscribed": made["isSubscribed"],
        "isSelectable": True,
    }
    inner = await create(user, "Inner", parentId=made["id"])
    assert (inner["path"], inner["parent"]) == (["Projetos é", "Inner"], {"id": made["id"]})
    data = await user.client.data(
        "query($id: ID!) { node(id: $id) { ... on Mailbox { children { name } } } }", id=made["id"]
    )
    assert data["node"]["children"] == [{"name": "Inner"}]
    assert ["Projetos é", "Inner"] in await names(user)


async def test_roles_are_found(user: User) -> None:
    taken = {one.role for one in user.account.mailboxes}
    free = "important"
    assert free not in taken
    made = await create(user, "Important ones", role="IMPORTANT")
    assert made["role"] == "IMPORTANT"
    data = await user.client.data("{ account { mailboxes(role: IMPORTANT) { id } } }")
    assert data["account"]["mailboxes"] == [{"id": made["id"]}]
    again = await create(user, "More", role="IMPORTANT")
    assert (again["__typename"], again["code"], again["path"]) == ("InvalidInput", "already-exists", ["input"])


@pytest.mark.parametrize("name", ["", "a/b", "a\r\nb", "x" * 300, "\x00"])
async def test_bad_names_are_told(user: User, name: str) -> None:
    made = await create(user, "Good")
    for result in (await create(user, name), await mutate(user, UPDATE, id=made["id"], name=name)):
        assert result["__typename"] == "InvalidInput"
        assert (result["code"], result["path"]) == ("invalid-input", ["input", "name"])
        assert result["fields"] == [{"path": ["input", "name"], "code": "invalid-input", "message": result["message"]}]


async def test_a_taken_name_is_told(user: User) -> None:
    first = await create(user, "Name")
    second = await create(user, "Other")
    for result in (await create(user, "Name"), await mutate(user, UPDATE, id=second["id"], name="Name")):
        assert (result["__typename"], result["code"]) == ("InvalidInput", "already-exists")
    assert (await mutate(user, UPDATE, id=first["id"], name="Name"))["__typename"] == "Mailbox"


async def test_an_unknown_parent_is_told(user: User) -> None:
    made = await create(user, "Good")
    for parent in (new_id(Kind.MAILBOX), "x"):
        for result in (
            await create(user, "Inner", parentId=parent),
            await mutate(user, UPDATE, id=made["id"], parentId=parent),
        ):
            assert (result["__typename"], result["path"]) == ("InvalidInput", ["input", "parentId"])


async def test_a_mailbox_is_renamed_and_moved(user: User) -> None:
    one = await create(user, "One")
    two = await create(user, "Two")
    below = await create(user, "Below", parentId=one["id"])
    moved = await mutate(user, UPDATE, id=one["id"], name="Uno", parentId=two["id"])
    assert (moved["id"], moved["path"]) == (one["id"], ["Two", "Uno"])
    assert ["Two", "Uno", "Below"] in await names(user)
    back = await mutate(user, UPDATE, id=one["id"], parentId=None)
    assert back["path"] == ["Uno"]
    under = await mutate(user, UPDATE, id=one["id"], parentId=below["id"])
    assert (under["__typename"], under["code"]) == ("Forbidden", "forbidden")


async def test_a_subscription_is_changed(user: User) -> None:
    made = await create(user, "News")
    for wanted in (False, True, True):
        assert (await mutate(user, UPDATE, id=made["id"], isSubscribed=wanted))["isSubscribed"] is wanted


async def test_an_older_version_is_told(user: User) -> None:
    made = await create(user, "Name")
    renamed = await mutate(user, UPDATE, id=made["id"], ifVersion=made["version"], name="New")
    assert renamed["name"] == "New"
    stale = await mutate(user, UPDATE, id=made["id"], ifVersion=made["version"], name="Newer")
    assert (stale["__typename"], stale["currentState"]) == ("StateMismatch", str(user.account.modseq))


async def test_the_inbox_stays(user: User) -> None:
    renamed = await mutate(user, UPDATE, id=user.inbox, name="Old")
    deleted = await mutate(user, DELETE, id=user.inbox)
    for result in (renamed, deleted):
        assert (result["__typename"], result["code"]) == ("Forbidden", "forbidden")
    assert ["INBOX"] in await names(user)


async def test_a_mailbox_is_deleted(user: User) -> None:
    made = await create(user, "Gone")
    await append(user, [plain(1)], mailbox=made["id"])
    kept = await mutate(user, DELETE, id=made["id"])
    assert (kept["__typename"], kept["path"]) == ("InvalidInput", ["input", "destroyMessages"])
    deleted = await mutate(user, DELETE, id=made["id"], destroyMessages=True)
    assert deleted == {"__typename": "MailboxDeleted", "nodeId": made["id"], "state": str(user.account.modseq)}
    assert ["Gone"] not in await names(user)
    data = await user.client.data("query($id: ID!) { node(id: $id) { id } account { totalMessages } }", id=made["id"])
    assert data == {"node": None, "account": {"totalMessages": 0}}


async def test_a_name_above_others_is_not_deleted(user: User) -> None:
    above = await create(user, "Above")
    await create(user, "Below", parentId=above["id"])
    assert (await mutate(user, DELETE, id=above["id"]))["__typename"] == "MailboxDeleted"
    data = await user.client.data("{ account { mailboxes { id path isSelectable } } }")
    [name] = [one for one in data["account"]["mailboxes"] if one["path"] == ["Above"]]
    assert name["isSelectable"] is False
    assert name["id"] != above["id"]
    result = await mutate(user, DELETE, id=name["id"])
    assert (result["__typename"], result["code"]) == ("Forbidden", "has-children")


@pytest.mark.parametrize("document", [UPDATE, DELETE])
@pytest.mark.parametrize("mailbox", [derived_id(Kind.MAILBOX, "unknown"), "x", ""])
async def test_an_unknown_mailbox_is_told(user: User, document: str, mailbox: str) -> None:
    result = await mutate(user, document, id=mailbox)
    assert result["__typename"] == "NotFound"
    assert (result["code"], result["path"], result["nodeId"]) == ("not-found", ["input", "id"], mailbox)


async def test_an_unknown_account_is_told(user: User) -> None:
    other = new_id(Kind.ACCOUNT)
    result = await mutate(user, CREATE, accountId=other, name="Name")
    assert (result["__typename"], result["path"], result["nodeId"]) == ("NotFound", ["input", "accountId"], other)


async def test_null_is_not_a_name(user: User) -> None:
    made = await create(user, "Name")
    for field in ("name", "isSubscribed"):
        [error] = await user.client.errors(UPDATE, input={"id": made["id"], field: None})
        assert error["extensions"]["code"] == "invalid-input"
        assert "null" in error["message"]
