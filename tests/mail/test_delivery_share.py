"""Which recipients stand or fall together, and what it costs to find out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correio.mail import delivery_share, forward
from correio.mail.deliver import deliver
from correio.mail.delivery_share import share_out
from correio.mail.message_store import MessageStore
from correio.mail.recipient import Forward, Recipient


def recipient(number: int, accounts: set[str], elsewhere: set[str]) -> Recipient:
    forwards = tuple(Forward(f"{one}@elsewhere.test", "alias@here.test") for one in sorted(elsewhere))
    return Recipient(f"r{number}@here.test", tuple(sorted(accounts)), forwards)


PLACES = st.sets(st.sampled_from("abcdefgh"), max_size=3)


@given(st.lists(st.tuples(PLACES, PLACES), max_size=12))
def test_who_shares_a_place_shares_all(places: list[tuple[set[str], set[str]]]) -> None:
    recipients = [recipient(number, *one) for number, one in enumerate(places)]
    shares = share_out(recipients, together=False)
    assert sorted(number for share in shares for number in share.recipients) == list(range(len(recipients)))
    assert all(list(share.recipients) == sorted(share.recipients) for share in shares)
    assert all(share.recipients[number] is recipients[number] for share in shares for number in share.recipients)
    # Slowly: each group takes in whoever shares a place with one of it.
    groups: list[set[int]] = []
    for number, those in enumerate(places):
        near = [
            group for group in groups if any(those[kind] & places[other][kind] for other in group for kind in (0, 1))
        ]
        groups = [group for group in groups if group not in near] + [{number}.union(*near)]
    assert sorted(map(sorted, groups)) == sorted(list(share.recipients) for share in shares)
    assert len(share_out(recipients, together=True)) == 1


def test_a_thousand_names_of_one_account_are_looked_at_once_each(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = 0
    places = delivery_share._places

    def counted(one: Recipient) -> object:
        nonlocal looked
        looked += 1
        return places(one)

    monkeypatch.setattr(delivery_share, "_places", counted)
    [share] = share_out([recipient(number, {"a"}, set()) for number in range(1000)], together=False)
    assert len(share.recipients) == 1000
    assert looked == 1000


async def test_a_loop_is_looked_for_once(directory: MessageStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many names of an alias a message is for, and however many fields it has: this is on the event loop."""
    read = 0
    address_key = forward.address_key

    def counted(address: str) -> str:
        nonlocal read
        read += 1
        return address_key(address)

    monkeypatch.setattr(forward, "address_key", counted)
    recipients = [
        Recipient(f"alias+{number}@here.test", (), (Forward("x@elsewhere.test", "alias@here.test"),))
        for number in range(50)
    ]
    content = b"Delivered-To: a@b.test\r\n" * 5000 + b"\r\nx"
    assert await deliver(directory, content, "s@outside.test", recipients, b"", all_or_none=True) == [None] * 50
    assert read == forward.MOST_DELIVERED_TO
    again = b"Delivered-To: alias@here.test\r\n" + content
    outcomes = await deliver(directory, again, "s@outside.test", recipients, b"", all_or_none=True)
    assert all(outcome is not None and "loop" in outcome.message for outcome in outcomes)
