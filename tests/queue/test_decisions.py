"""When to try again, what an attempt means, and what a sender hears."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correio.queue.backoff import JITTER, STEPS, pause_after
from correio.queue.courier import Outcome, Reply
from correio.queue.verdict import DELAY_TOLD_AFTER, judge
from correio.queue.window import LEAST, MOST, after
from correio.store.queue_documents import DeliveryDocument

OK = Outcome(Reply(250, "2.0.0", "fine"))
PROMISED = Outcome(Reply(250, "2.0.0", "fine"), relayed_dsn=True)
LATER = Outcome(Reply(451, "4.7.1", "greylisted"))
NEVER = Outcome(Reply(550, "5.1.1", "unknown"))
SILENT = Outcome(Reply(0, "4.4.1", "nobody there"))


def delivery(**fields: object) -> DeliveryDocument:
    given = {"id": "D", "send": "S", "recipient": "a@b", "queue": "b", "due": 0.0, "created": 1000, "expires": 433_000}
    return DeliveryDocument(**(given | fields))  # type: ignore[arg-type]


@given(st.integers(1, 1000), st.floats(1, 3600), st.floats(0, 1))
def test_pauses_grow_to_four_hours_and_no_further(attempts: int, first: float, chance: float) -> None:
    pause = pause_after(attempts, first, chance)
    assert first * (1 - JITTER) <= pause <= first * STEPS[-1] * (1 + JITTER)
    assert pause_after(attempts, first, 0.5) <= pause_after(attempts + 1, first, 0.5)


def test_the_pauses_are_those_agreed_on() -> None:
    minutes = [pause_after(attempts, 60, 0.5) / 60 for attempts in range(1, 11)]
    assert minutes == [1, 5, 10, 20, 40, 60, 120, 240, 240, 240]


@given(st.lists(st.booleans(), max_size=100))
def test_a_window_stays_within_its_bounds(refusals: list[bool]) -> None:
    window = 2.0
    for refused in refusals:
        before, window = window, after(window, refused=refused)
        assert LEAST <= window <= MOST
        assert window <= before if refused else window >= before


@pytest.mark.parametrize(
    ("fields", "outcome", "now", "status", "tell"),
    [
        ({}, OK, 1100, "delivered", None),
        ({"notify": ["SUCCESS"]}, OK, 1100, "delivered", "relayed"),
        ({"notify": ["SUCCESS"]}, PROMISED, 1100, "delivered", None),
        ({}, NEVER, 1100, "bounced", "failed"),
        ({"notify": ["NEVER"]}, NEVER, 1100, "bounced", None),
        ({"notify": ["SUCCESS"]}, NEVER, 1100, "bounced", None),
        ({}, LATER, 1100, "deferred", None),
        ({}, SILENT, 1100, "deferred", None),
        ({}, LATER, 1000 + DELAY_TOLD_AFTER, "deferred", "delayed"),
        ({"delay_told": True}, LATER, 1000 + DELAY_TOLD_AFTER, "deferred", None),
        ({"notify": ["FAILURE"]}, LATER, 1000 + DELAY_TOLD_AFTER, "deferred", None),
        ({}, LATER, 433_000, "expired", "failed"),
        ({"attempts": 20}, LATER, 432_000, "deferred", "delayed"),
    ],
)
def test_verdicts(fields: dict[str, object], outcome: Outcome, now: float, status: str, tell: str | None) -> None:
    verdict = judge(delivery(**fields), outcome, now, 60, 0.5)
    assert (verdict.status, verdict.tell) == (status, tell)
    if status == "deferred":
        assert now < verdict.due <= 433_000


def test_a_local_delivery_is_delivered_and_not_relayed() -> None:
    assert judge(delivery(notify=["SUCCESS"]), OK, 1100, 60, 0.5, local=True).tell == "delivered"
