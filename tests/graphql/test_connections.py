"""Lists of messages over a real socket: pages, filters, orders, counts, and mail that arrives meanwhile."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from correio.mail.mailbox_commands import create_mailbox
from correio.mail.update_messages import destroy_messages
from tests.graphql.conftest import User
from tests.graphql.mail import EPOCH, append, plain

PAGE = """
query($filter: MessageFilter, $orderBy: [MessageOrder!], $first: Int, $after: String, $last: Int, $before: String) {
  account { messages(filter: $filter, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {
    totalCount state pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    edges { cursor node { id subject } } nodes { id }
  } }
}
"""


async def page(user: User, **variables: Any) -> dict[str, Any]:
    data = await user.client.data(PAGE, **variables)
    found: dict[str, Any] = data["account"]["messages"]
    assert [edge["node"]["id"] for edge in found["edges"]] == [node["id"] for node in found["nodes"]]
    if found["edges"]:
        assert found["pageInfo"]["startCursor"] == found["edges"][0]["cursor"]
        assert found["pageInfo"]["endCursor"] == found["edges"][-1]["cursor"]
    else:
        assert found["pageInfo"]["startCursor"] is found["pageInfo"]["endCursor"] is None
    return found


def subjects(found: dict[str, Any]) -> list[str]:
    return [edge["node"]["subject"] for edge in found["edges"]]


async def test_the_last_received_stands_first_in_all_mailboxes_together(user: User) -> None:
    other = await create_mailbox(user.account, "Other")
    await append(user, [plain(1), plain(2), plain(3)], dates=[EPOCH + 30, EPOCH + 10, EPOCH + 20])
    await append(user, [plain(4), plain(5)], mailbox=other.id, dates=[EPOCH + 15, EPOCH + 40])
    expected = [f"Message {number}" for number in (5, 1, 3, 4, 2)]
    found = await page(user)
    assert subjects(found) == expected
    assert (found["totalCount"], found["state"]) == (5, str(user.account.modseq))
    rising = await page(user, orderBy=[{"by": "RECEIVED_AT", "direction": "ASC"}])
    assert subjects(rising) == expected[::-1]
    assert subjects(await page(user, orderBy=[{"by": "RECEIVED_AT"}])) == expected


@pytest.mark.parametrize("size", [1, 2, 3, 7])
async def test_walking_both_ways_sees_everything_once(user: User, size: int) -> None:
    await append(user, [plain(number) for number in range(7)], dates=[EPOCH + number % 3 for number in range(7)])
    whole = subjects(await page(user))
    assert len(set(whole)) == 7
    forwards: list[str] = []
    info: dict[str, Any] = {"hasNextPage": True, "endCursor": None}
    while info["hasNextPage"]:
        found = await page(user, first=size, after=info["endCursor"])
        info = found["pageInfo"]
        assert info["hasPreviousPage"] is bool(forwards)
        assert found["totalCount"] == 7
        forwards += subjects(found)
    backwards: list[str] = []
    info = {"hasPreviousPage": True, "startCursor": None}
    while info["hasPreviousPage"]:
        found = await page(user, last=size, before=info["startCursor"])
        info = found["pageInfo"]
        assert info["hasNextPage"] is bool(backwards)
        backwards = subjects(found) + backwards
    assert forwards == backwards == whole


async def test_mail_that_comes_and_goes_repeats_and_hides_nothing(user: User) -> None:
    appended = await append(user, [plain(number) for number in range(12)])
    stop = asyncio.Event()

    async def rivals() -> None:
        number = 100
        while not stop.is_set():
            # New mail, mail that is older than all, and mail of the same second as one on the next page.
            await append(
                user,
                [plain(number), plain(number + 1), plain(number + 2)],
                dates=[EPOCH + number, EPOCH - number, EPOCH + 5],
            )
            number += 3

    writer = asyncio.create_task(rivals())
    seen: list[str] = []
    after = None
    for _ in range(200):
        found = await page(user, first=3, after=after)
        seen += [edge["node"]["id"] for edge in found["edges"]]
        after = found["pageInfo"]["endCursor"]
        if set(seen) >= {one.id for one in appended}:
            break
    stop.set()
    await writer
    assert len(seen) == len(set(seen))
    assert [one for one in seen if one in {each.id for each in appended}] == [one.id for one in appended[::-1]]


async def test_a_cursor_outlives_its_message(user: User) -> None:
    appended = await append(user, [plain(number) for number in range(4)])
    found = await page(user, first=2)
    await destroy_messages(user.account, [appended[2].id])
    rest = await page(user, first=2, after=found["pageInfo"]["endCursor"])
    assert subjects(rest) == ["Message 1", "Message 0"]


async def test_between_two_cursors(user: User) -> None:
    await append(user, [plain(number) for number in range(5)])
    edges = (await page(user))["edges"]
    found = await page(user, after=edges[0]["cursor"], before=edges[4]["cursor"])
    assert subjects(found) == ["Message 3", "Message 2", "Message 1"]
    assert (found["pageInfo"]["hasNextPage"], found["pageInfo"]["hasPreviousPage"]) == (True, True)


async def test_pages_of_nothing(user: User) -> None:
    empty = await page(user)
    assert empty["pageInfo"] == {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None}
    assert empty["totalCount"] == 0
    await append(user, [plain(1)])
    cursor = (await page(user))["edges"][0]["cursor"]
    for arguments, before, after in (
        ({"first": 0}, False, True),
        ({"last": 0}, True, False),
        ({"first": 5, "after": cursor}, True, False),
        ({"last": 5, "before": cursor}, False, True),
    ):
        info = (await page(user, **arguments))["pageInfo"]  # type: ignore[arg-type]
        assert (info["hasPreviousPage"], info["hasNextPage"]) == (before, after), arguments


async def test_filters(user: User) -> None:
    work = await create_mailbox(user.account, "Work")
    await append(user, [plain(1), plain(2)], flags=["\\Seen"], dates=[EPOCH, EPOCH + 10])
    await append(
        user, [plain(3), plain(4, "long " * 50)], mailbox=work.id, flags=["$Work"], dates=[EPOCH + 5, EPOCH + 6]
    )
    for wanted, expected in (
        ({}, {1, 2, 3, 4}),
        ({"inMailbox": work.id}, {3, 4}),
        ({"inMailboxRole": "INBOX"}, {1, 2}),
        ({"notInMailboxes": [work.id]}, {1, 2}),
        ({"hasKeyword": "$seen"}, {1, 2}),
        ({"notKeyword": "$seen"}, {3, 4}),
        ({"hasKeyword": "$WORK"}, {3, 4}),
        ({"after": "2023-11-14T22:13:25Z"}, {2, 3, 4}),
        ({"before": "2023-11-14T22:13:25Z"}, {1}),
        ({"after": "2023-11-14T19:13:25-03:00", "before": "2023-11-14T22:13:26Z"}, {3}),
        ({"minSize": 300}, {4}),
        ({"maxSize": 300}, {1, 2, 3}),
        ({"inMailbox": "Bzzzzzzzzzzzzzzzzzzzzzzzz"}, set()),
        ({"any": [{"inMailbox": work.id, "minSize": 300}, {"before": "2023-11-14T22:13:21Z"}]}, {1, 4}),
        ({"none": [{"hasKeyword": "$seen"}, {"minSize": 300}]}, {3}),
        ({"all": [{"hasKeyword": "$seen"}, {"after": "2023-11-14T22:13:25Z"}]}, {2}),
        ({"any": []}, set()),
    ):
        found = await page(user, filter=wanted)
        numbers = {4 if subject.startswith("long") else int(subject.split()[1]) for subject in subjects(found)}
        assert numbers == expected, wanted
        assert found["totalCount"] == len(expected), wanted


async def test_a_mailbox_lists_its_own(user: User) -> None:
    other = await create_mailbox(user.account, "Other")
    await append(user, [plain(1)])
    await append(user, [plain(2)], mailbox=other.id)
    data = await user.client.data(
        "query($id: ID!) { node(id: $id) { ... on Mailbox { messages(filter: {inMailboxRole: INBOX}) { totalCount } "
        "mine: messages { nodes { subject } } } } }",
        id=other.id,
    )
    assert data["node"] == {"messages": {"totalCount": 0}, "mine": {"nodes": [{"subject": "Message 2"}]}}


async def test_flags_are_those_of_now(user: User) -> None:
    """A page shows a message that was read before with the keywords it has had since."""
    [appended] = await append(user, [plain(1)])
    query = "{ account { messages { nodes { version keywords isUnread } } } }"
    before = (await user.client.data(query))["account"]["messages"]["nodes"][0]
    await user.client.data(
        "mutation($input: UpdateMessagesInput!) { updateMessages(input: $input) { __typename } }",
        input={"accountId": user.account.id, "target": {"ids": [appended.id]}, "addKeywords": ["$seen"]},
    )
    after = (await user.client.data(query))["account"]["messages"]["nodes"][0]
    assert (before["keywords"], before["isUnread"]) == ([], True)
    assert (after["keywords"], after["isUnread"]) == (["$seen"], False)
    assert int(after["version"]) > int(before["version"])


@pytest.mark.parametrize(
    ("variables", "field"),
    [
        ({"first": 201}, "first"),
        ({"last": 201}, "last"),
        ({"first": -1}, "first"),
        ({"first": 1, "last": 1}, "last"),
        ({"after": "nonsense"}, "after"),
        ({"before": ""}, "before"),
        ({"after": "é"}, "after"),
        ({"after": "k" * 5000}, "after"),
        ({"filter": {"hasKeyword": "not an atom"}}, "keywords"),
        ({"filter": {"notKeyword": "\\Seen"}}, "keywords"),
    ],
)
async def test_bad_arguments_are_told(user: User, variables: dict[str, Any], field: str) -> None:
    [error] = await user.client.errors(PAGE, **variables)
    assert error["extensions"] == {"code": "invalid-input", "field": field}
    assert error["path"] == ["account", "messages"]


@pytest.mark.parametrize(
    "value", ["2026-01-01", "2026-01-01T00:00:00", "yesterday", "", 5, "2026-13-01T00:00:00Z", "9" * 100]
)
async def test_bad_moments_are_told(user: User, value: Any) -> None:
    [error] = await user.client.errors(PAGE, filter={"after": value})
    assert error["extensions"]["code"] == "variables"
    assert "RFC 3339" in error["message"]
