"""What may go into one transaction: order by account, bundles whole, large ones alone."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from correio.mail.commit_queue import GROUP_WEIGHT, HEAVY, Bundle, CommitQueue


class Op(msgspec.Struct, frozen=True):
    number: int
    account_id: str
    weight: int = 1
    octets: int = 0


def queue(*bundles: list[Op]) -> CommitQueue[Op]:
    made: CommitQueue[Op] = CommitQueue()
    for items in bundles:
        made.add(Bundle(items))
    return made


def test_all_light_ones_go_together_and_a_busy_account_waits():
    waiting = queue([Op(1, "a")], [Op(2, "b")], [Op(3, "a")])
    together, alone = waiting.take({"b"}, light=True, heavy=2)
    assert ([one.number for one in together], alone, len(waiting)) == ([1, 3], [], 1)


def test_a_bundle_goes_whole_or_waits_whole():
    waiting = queue([Op(1, "a"), Op(2, "b")], [Op(3, "a")], [Op(4, "c")])
    together, _ = waiting.take({"b"}, light=True, heavy=2)
    assert [one.number for one in together] == [4], "3 must not overtake 1, which waits for b"


def test_a_heavy_one_goes_alone_and_keeps_its_place():
    waiting = queue([Op(1, "a", HEAVY + 1)], [Op(2, "a")], [Op(3, "b")], [Op(4, "c", HEAVY + 1)])
    together, alone = waiting.take((), light=True, heavy=1)
    assert ([one.number for one in together], [[one.number for one in group] for group in alone]) == ([3], [[1]])
    assert len(waiting) == 2


def test_put_back_goes_first():
    waiting = queue([Op(1, "a")])
    waiting.put_back([Op(2, "a"), Op(3, "a")])
    together, _ = waiting.take((), light=True, heavy=0)
    assert [one.number for one in together] == [2, 3, 1]


sizes = st.one_of(st.integers(1, 5), st.integers(HEAVY - 2, HEAVY + 2))
bundles = st.lists(st.lists(st.tuples(st.sampled_from("abcd"), sizes), min_size=1, max_size=3), max_size=12)


@given(bundles, st.sets(st.sampled_from("abcd")), st.data())
def test_order_and_bounds_hold(drawn, busy, data):
    waiting: CommitQueue[Op] = CommitQueue()
    number = 0
    order: dict[str, list[int]] = {}
    for items in drawn:
        made = []
        for account, weight in items:
            made.append(Op(number, account, weight))
            order.setdefault(account, []).append(number)
            number += 1
        waiting.add(Bundle(made))
    taken: dict[str, list[int]] = {}
    total = len(waiting)
    for _ in range(total + 1):
        together, alone = waiting.take(busy, light=data.draw(st.booleans()), heavy=data.draw(st.integers(0, 2)))
        assert sum(one.weight for one in together) <= GROUP_WEIGHT
        for group in [together, *alone]:
            for one in group:
                assert one.account_id not in busy
                taken.setdefault(one.account_id, []).append(one.number)
        busy = set()
    while len(waiting):
        together, alone = waiting.take((), light=True, heavy=4)
        assert together or alone, "what waits must go in the end"
        for group in [together, *alone]:
            for one in group:
                taken.setdefault(one.account_id, []).append(one.number)
    assert taken == order
