"""The throttle, with a clock of our own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correio.auth.throttle import Bound, Levels, Throttle, remote_key


def test_a_level_fills_and_leaks() -> None:
    levels = Levels(Bound(burst=3, leak=10.0))
    for _ in range(3):
        assert levels.wait("a", 0.0) == 0
        levels.add("a", 0.0)
    assert levels.wait("a", 0.0) == pytest.approx(10.0)
    assert levels.wait("a", 9.0) == pytest.approx(1.0)
    assert levels.wait("a", 10.0) == 0
    assert levels.wait("b", 0.0) == 0
    assert levels.wait("a", 30.0) == 0
    assert len(levels) == 0


def test_failures_beyond_the_burst_do_not_add_up_for_ever() -> None:
    levels = Levels(Bound(burst=3, leak=10.0))
    for _ in range(1000):
        levels.add("a", 0.0)
    assert levels.wait("a", 0.0) == pytest.approx(10.0)


def test_memory_is_bounded_and_the_oldest_goes_first() -> None:
    levels = Levels(Bound(burst=1, leak=100.0), keys=10)
    for number in range(50):
        levels.add(f"k{number}", float(number))
    assert len(levels) == 10
    assert levels.wait("k0", 50.0) == 0
    assert levels.wait("k49", 50.0) > 0


@given(st.lists(st.tuples(st.floats(0, 50), st.sampled_from("ab")), max_size=60))
def test_never_more_than_the_burst_plus_what_has_leaked(steps: list[tuple[float, str]]) -> None:
    bound = Bound(burst=4, leak=7.0)
    levels, now, tried = Levels(bound), 0.0, {"a": 0, "b": 0}
    for pause, key in steps:
        now += pause
        if levels.wait(key, now) == 0:
            levels.add(key, now)
            tried[key] += 1
        assert tried[key] <= bound.burst + now / bound.leak + 1e-6


def failures(throttle: Throttle, remote: str, account: str, count: int, now: float = 0.0) -> int:
    """Fail as often as the throttle lets one; returns how often that was."""
    done = 0
    for _ in range(count):
        if throttle.wait(remote, account, now) > 0:
            break
        throttle.failed(remote, account, now)
        done += 1
    return done


def test_guessing_one_account_from_one_place_ends_after_ten() -> None:
    throttle = Throttle()
    assert failures(throttle, "192.0.2.1", "a@x.test", 50) == 10
    assert throttle.wait("192.0.2.1", "b@x.test", 0.0) == 0
    assert throttle.wait("192.0.2.2", "a@x.test", 0.0) == 0


def test_guessing_many_accounts_from_one_place_ends_after_thirty() -> None:
    throttle = Throttle()
    done = sum(failures(throttle, "192.0.2.1", f"a{number}@x.test", 1) for number in range(100))
    assert done == 30
    assert throttle.wait("192.0.2.1", None, 0.0) > 0
    assert throttle.wait("192.0.2.2", "a1@x.test", 0.0) == 0


def test_guessing_one_account_from_many_places_ends_after_a_hundred_but_not_for_its_owner() -> None:
    throttle = Throttle()
    throttle.succeeded("198.51.100.7", "a@x.test")
    done = sum(failures(throttle, f"192.0.2.{number}", "a@x.test", 5) for number in range(100))
    assert done == 100
    assert throttle.wait("203.0.113.9", "a@x.test", 0.0) > 0
    assert throttle.wait("198.51.100.7", "a@x.test", 0.0) == 0


def test_signing_in_empties_the_account_s_own_level_and_not_the_place_s() -> None:
    throttle = Throttle()
    for _ in range(5):
        failures(throttle, "192.0.2.1", "mine@x.test", 5)
        throttle.succeeded("192.0.2.1", "mine@x.test")
    assert failures(throttle, "192.0.2.1", "mine@x.test", 50) == 5


def test_loopback_is_everybody_and_has_no_level_of_its_own() -> None:
    throttle = Throttle()
    assert sum(failures(throttle, "127.0.0.1", f"a{number}@x.test", 1) for number in range(200)) == 200
    assert failures(throttle, "::1", "one@x.test", 50) == 10


@pytest.mark.parametrize(
    ("remote", "key"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("127.8.0.1", ""),
        ("::1", ""),
        ("::ffff:127.0.0.1", ""),
        ("unknown", "unknown"),
    ],
)
def test_what_counts_as_one_place(remote: str, key: str) -> None:
    assert remote_key(remote) == key
