"""Account.submissions, Submission and RecipientStatus: what is told of what was sent."""

from __future__ import annotations

import base64
from typing import Any

import msgspec
import pytest

from correio.store.deliveries import DeliveryChange, lease_due, write_updates
from correio.store.queue_documents import Attempt, DeliveryStatus
from tests.graphql.conftest import NewUser, Service, User
from tests.graphql.sending import SUBMISSION, cancel, sent
from tests.graphql.test_round_trips import run

LIST = f"""query($status: SubmissionStatus, $first: Int, $after: String, $last: Int, $before: String) {{ account {{
  submissions(status: $status, first: $first, after: $after, last: $last, before: $before) {{
    edges {{ cursor node {{ {SUBMISSION} }} }} nodes {{ id }}
    pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }}
}} }} }}"""


async def listed(user: User, **given: Any) -> tuple[list[str], dict[str, Any]]:
    found = (await user.client.data(LIST, **given))["account"]["submissions"]
    assert [one["id"] for one in found["nodes"]] == [edge["node"]["id"] for edge in found["edges"]]
    return [one["id"] for one in found["nodes"]], found["pageInfo"]


async def settle(service: Service, site: str, *states: DeliveryStatus) -> None:
    """Do what a worker does that had these outcomes, one a recipient."""
    database, now = service.store.database, service.store.now()
    leased = (await lease_due(database, site, now + 60, 2e9, f"lease {site}", 10)).deliveries
    attempt = Attempt(at=float(now), code=250, reply="250 2.0.0 Done", transcript="C: QUIT\nC: QUIT\nC: QUIT")
    changes = [
        DeliveryChange(
            id=one.id,
            lease=one.lease,
            status=state,
            due=float(now + 300),
            attempt=attempt,
            ended=0 if state == "deferred" else now,
        )
        for one, state in zip(sorted(leased, key=lambda one: one.number), states, strict=True)
    ]
    assert await write_updates(database, changes) == len(changes)


@pytest.mark.parametrize(
    ("states", "status"),
    [
        (("delivered", "delivered"), "SENT"),
        (("delivered", "bounced"), "PARTIAL"),
        (("expired", "bounced"), "FAILED"),
        (("delivered", "deferred"), "SENDING"),
        (("deferred", "deferred"), "SENDING"),
    ],
)
async def test_how_far_it_has_come(
    service: Service, user: User, states: tuple[DeliveryStatus, ...], status: str
) -> None:
    site = f"{'-'.join(states)}.test"
    submission = await sent(user, f"a@{site}", f"b@{site}", undoSeconds=0)
    assert submission["status"] == "PENDING"
    await settle(service, site, *states)
    query = f"query($id: ID!) {{ node(id: $id) {{ ... on Submission {{ {SUBMISSION} }} }} }}"
    node = (await user.client.data(query, id=submission["id"]))["node"]
    assert node["status"] == status
    assert node["undoUntil"] is None
    assert [one["email"] for one in node["recipients"]] == [f"a@{site}", f"b@{site}"]
    for one, state in zip(node["recipients"], states, strict=True):
        assert (one["state"], one["attempts"], one["smtpReply"]) == (state.upper(), 1, "250 2.0.0 Done")
        assert one["lastAttemptAt"]
        assert bool(one["nextAttemptAt"]) == (state == "deferred") != bool(one["endedAt"])


async def test_pages_in_both_directions(user: User) -> None:
    # Several of one second are told apart by their ids.
    every = [(await sent(user, "x@else.where"))["id"] for _ in range(7)]
    whole, info = await listed(user)
    assert sorted(whole) == sorted(every)
    assert (info["hasNextPage"], info["hasPreviousPage"]) == (False, False)
    pages: list[str] = []
    after = None
    while True:
        page, info = await listed(user, first=3, after=after)
        assert info["hasPreviousPage"] == (after is not None)
        pages += page
        after = info["endCursor"]
        if not info["hasNextPage"]:
            break
    assert pages == whole
    backward, info = await listed(user, last=3)
    assert (backward, info["hasNextPage"], info["hasPreviousPage"]) == (whole[-3:], False, True)
    backward, info = await listed(user, last=3, before=info["startCursor"])
    assert (backward, info["hasNextPage"], info["hasPreviousPage"]) == (whole[1:4], True, True)
    between, _ = await listed(user, after=info["startCursor"], before=info["endCursor"])
    assert between == whole[2:3]
    nothing, info = await listed(user, first=0)
    assert (nothing, info["hasNextPage"], info["hasPreviousPage"]) == ([], True, False)
    _, whole_info = await listed(user)
    nothing, info = await listed(user, first=3, after=whole_info["endCursor"])
    assert (nothing, info["hasNextPage"], info["hasPreviousPage"]) == ([], False, True)


async def test_of_one_status(user: User) -> None:
    every = [(await sent(user, "x@else.where"))["id"] for _ in range(4)]
    for one in every[::2]:
        await cancel(user, one)
    whole, _ = await listed(user)
    canceled, info = await listed(user, status="CANCELED")
    assert canceled == [one for one in whole if one in every[::2]]
    assert (await listed(user, status="FAILED"))[0] == []
    first, info = await listed(user, status="PENDING", first=1)
    second, _ = await listed(user, status="PENDING", first=1, after=info["endCursor"])
    assert first + second == [one for one in whole if one in every[1::2]]
    last, _ = await listed(user, status="PENDING", last=1)
    assert last == second


async def test_the_list_is_ones_own(new_user: NewUser) -> None:
    user, other = await new_user(), await new_user()
    theirs = await sent(other, "x@else.where")
    cursor = (await other.client.data(LIST))["account"]["submissions"]["edges"][0]["cursor"]
    assert (await listed(user))[0] == []
    assert (await listed(user, after=cursor))[0] == []
    data = await user.client.data("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=[theirs["id"]])
    assert data["nodes"] == [None]
    [error] = await user.client.errors(LIST, after="no cursor")
    assert error["extensions"]["code"] == "invalid-input"


@pytest.mark.parametrize(
    "octets",
    [
        msgspec.msgpack.encode([2**64 - 1, "x", 0]),
        msgspec.msgpack.encode([2**63, "x", 0]),
        msgspec.msgpack.encode([0, "x", 2**32]),
        b"\x93\x00\xa2\xff\xff\x00",
        b"\x93\x00",
    ],
)
async def test_a_forged_cursor_is_none(user: User, octets: bytes) -> None:
    """Numbers that no database takes, and text that is no UTF-8."""
    [error] = await user.client.errors(LIST, after=base64.urlsafe_b64encode(octets).rstrip(b"=").decode())
    assert (error["extensions"]["code"], error["extensions"]["field"]) == ("invalid-input", "after")


async def test_a_page_costs_the_same_however_long(service: Service, user: User) -> None:
    for _ in range(12):
        await sent(user, "x@else.where", user.account.address)
    costs = set()
    # Once, to learn how much the account sends.
    await run(service, user, LIST, first=1)
    for size in (2, 12):
        trips, data = await run(service, user, LIST, first=size)
        assert len(data["account"]["submissions"]["edges"]) == size
        costs.add(trips)
    # Whether anything changed, the sends, their recipients, their copies, the identities, and what lies on either side of the page.
    assert costs == {7}
    ids = [edge["node"]["id"] for edge in data["account"]["submissions"]["edges"]]
    trips, data = await run(
        service, user, "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Submission { status } } }", ids=ids
    )
    assert trips == 3
    assert data["nodes"] == [{"status": "PENDING"}] * 12
    query = "{ account { mailboxes(role: SENT) { messages(first: 12) { nodes { submission { id status } } } } } }"
    await run(service, user, query)
    trips, data = await run(service, user, query)
    [mailbox] = data["account"]["mailboxes"]
    assert {one["submission"]["id"] for one in mailbox["messages"]["nodes"]} == set(ids)
    assert trips <= 4


async def test_many_recipients_count(user: User) -> None:
    """What a list holds beyond the length assumed is charged before it is read."""
    for _ in range(3):
        await sent(user, *(f"x{number}@else.where" for number in range(100)))
    document = "{ account { %s } }"
    alias = "s%d: submissions(first: 50) { nodes { id } }"
    assert await user.client.data(document % (alias % 0))
    [error] = await user.client.errors(document % " ".join(alias % number for number in range(80)))
    assert error["extensions"]["code"] == "limit"
