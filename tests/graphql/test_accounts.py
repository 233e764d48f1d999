"""viewer, account, node and nodes, quota and mailboxes."""

from __future__ import annotations

from correio.ids import Kind, new_id
from tests.graphql.conftest import User
from tests.graphql.mail import append, plain


async def test_the_account(user: User) -> None:
    raws = [plain(1), plain(2)]
    await append(user, raws)
    data = await user.client.data(
        "{ viewer { accounts { __typename id address name state totalMessages "
        "quota { usedBytes limitBytes usedMessages limitMessages } } } "
        "account { id } }"
    )
    assert data["viewer"]["accounts"] == [
        {
            "__typename": "Account",
            "id": user.account.id,
            "address": user.account.address,
            "name": user.account.name,
            "state": str(user.account.modseq),
            "totalMessages": 2,
            "quota": {
                "usedBytes": sum(map(len, raws)),
                "limitBytes": None,
                "usedMessages": 2,
                "limitMessages": None,
            },
        }
    ]
    assert data["account"] == {"id": user.account.id}


async def test_an_account_by_id_or_address(user: User) -> None:
    query = "query($id: ID, $address: String) { account(id: $id, address: $address) { id } }"
    assert (await user.client.data(query, id=user.account.id))["account"] == {"id": user.account.id}
    assert (await user.client.data(query, address=user.account.address))["account"] == {"id": user.account.id}
    for given in ({"id": "x"}, {"address": "nobody@nowhere.test"}, {"address": "no address"}, {"address": ""}):
        assert (await user.client.data(query, **given))["account"] is None
    [error] = await user.client.errors(query, id=user.account.id, address=user.account.address)
    assert error["extensions"] == {"code": "invalid-input", "field": "address"}


async def test_nodes_keep_the_order_of_their_ids(user: User) -> None:
    appended = await append(user, [plain(1), plain(2)])
    ids = [
        appended[1].id,
        "nothing",
        user.inbox,
        user.account.id,
        appended[0].thread,
        f"{appended[0].id}.1",
        new_id(Kind.MESSAGE),
        new_id(Kind.THREAD),
        new_id(Kind.EMAIL),
        "",
        appended[0].id,
        appended[1].id,
    ]
    data = await user.client.data("query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }", ids=ids)
    kinds = ["Message", None, "Mailbox", "Account", "Thread", "Part", None, None, None, None, "Message", "Message"]
    assert [one and one["__typename"] for one in data["nodes"]] == kinds
    assert [one["id"] for one in data["nodes"] if one] == [
        given for given, kind in zip(ids, kinds, strict=True) if kind is not None
    ]


async def test_mailboxes_stand_by_path_with_the_inbox_first(user: User) -> None:
    data = await user.client.data("{ account { mailboxes { path role isSelectable version } } }")
    found = data["account"]["mailboxes"]
    assert found[0]["path"] == ["INBOX"]
    assert [one["path"] for one in found[1:]] == sorted(one["path"] for one in found[1:])
    assert {one["role"] for one in found} >= {"INBOX"}


async def test_what_is_asked_is_as_new_as_the_asking(user: User) -> None:
    """Another process's change is seen by the next operation, whether or not the change feed has told of it."""
    state = "{ account { state messages { totalCount } } }"
    first = (await user.client.data(state))["account"]
    await append(user, [plain(1)])
    second = (await user.client.data(state))["account"]
    assert int(second["state"]) > int(first["state"])
    assert second["messages"]["totalCount"] == 1
