"""What is remembered of messages that did not fit."""

from __future__ import annotations

from protocols.smtp.core.no_room import LIFETIME, MOST, TRACE, NoRoom


def test_for_a_day_and_for_this_sender_and_recipient() -> None:
    known = NoRoom()
    known.note("a@b.test", "c@d.test", 5000, 10.0)
    assert known.expected("a@b.test", "c@d.test", 0, 20.0) == 5000
    assert known.expected("a@b.test", "e@d.test", 0, 20.0) == 0
    assert known.expected("", "c@d.test", 0, 20.0) == 0
    assert known.expected("a@b.test", "c@d.test", 0, 10.0 + LIFETIME) == 0


def test_another_size_is_another_message() -> None:
    known = NoRoom()
    known.note("", "c@d.test", 5000, 0.0)
    assert known.expected("", "c@d.test", 5000 - TRACE, 1.0) == 5000
    assert known.expected("", "c@d.test", 5000 - TRACE - 1, 1.0) == 0


def test_the_oldest_go_first() -> None:
    known = NoRoom()
    for number in range(MOST + 1):
        known.note("", f"{number}@d.test", 1, 0.0)
    assert known.expected("", "0@d.test", 0, 1.0) == 0
    assert known.expected("", "1@d.test", 0, 1.0) == 1
