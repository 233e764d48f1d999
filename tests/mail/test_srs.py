"""Rewritten senders."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correio.mail.srs import MAX_ADDRESS, MAX_AGE, SrsError, is_rewritten, original_sender, rewrite_sender

KEY, OTHER = b"k" * 32, b"o" * 32
DAY = 86_400
NOW = 1_700_000_000

LOCALS = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=30)
DOMAINS = st.from_regex(r"[a-zA-Z0-9]{1,10}(\.[a-z]{2,8}){1,3}", fullmatch=True)
TIMES = st.integers(0, 3_000_000_000)


def as_sent(local: str, domain: str) -> str:
    quoted = local.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}"@{domain}'


@given(LOCALS, DOMAINS, TIMES, st.integers(0, MAX_AGE))
def test_round_trip(local: str, domain: str, now: int, days: int) -> None:
    rewritten = rewrite_sender(as_sent(local, domain), "ours.test", KEY, now)
    if len(local.encode()) < 100:
        assert rewritten
    if not rewritten or is_rewritten(local):
        return
    assert rewritten.endswith("@ours.test")
    assert is_rewritten(rewritten)
    back = original_sender(rewritten, KEY, now + days * DAY)
    assert back in (f"{local}@{domain}", as_sent(local, domain))


@given(DOMAINS, DOMAINS, TIMES)
def test_a_second_forwarder_leads_to_the_first(first: str, second: str, now: int) -> None:
    once = rewrite_sender("ana@home.test", first, KEY, now)
    twice = rewrite_sender(once, second, OTHER, now)
    thrice = rewrite_sender(twice, "third.test", b"t" * 32, now)
    if first.lower() == second.lower():
        assert twice == once
        return
    assert twice.startswith("SRS1=")
    assert original_sender(twice, OTHER, now) == once
    assert original_sender(thrice, b"t" * 32, now) == once or second.lower() == "third.test"
    assert original_sender(once, KEY, now) == "ana@home.test"


def test_the_case_of_letters_does_not_matter() -> None:
    rewritten = rewrite_sender("Ana@Home.test", "ours.test", KEY, NOW)
    assert rewritten.startswith("SRS0=")
    assert original_sender(rewritten, KEY, NOW) == "Ana@Home.test"
    assert original_sender(rewritten.lower(), KEY, NOW) == "ana@home.test"
    assert original_sender(rewritten.upper(), KEY, NOW) == "ANA@HOME.TEST"


def test_what_is_not_ours_or_too_old() -> None:
    rewritten = rewrite_sender("ana@home.test", "ours.test", KEY, NOW)
    for wrong in (
        rewritten.replace("=ana@", "=eva@"), rewritten.replace("home", "hone"), "SRS0=aaaaaaaa=aa=home.test=ana@ours.test",
        "SRS0=@ours.test", "SRS0==aa=home.test=ana@ours.test", "SRS0=\N{LATIN SMALL LETTER O WITH DIAERESIS}=aa=h.test=a@ours.test",
        "srs0=x@ours.test", "SRS1=aaaaaaaa=home.test==aaaaaaaa=aa=h.test=a@ours.test",
    ):  # fmt: skip
        with pytest.raises(SrsError):
            original_sender(wrong, KEY, NOW)
    with pytest.raises(SrsError):
        original_sender(rewritten, OTHER, NOW)
    with pytest.raises(SrsError):
        original_sender(rewritten, KEY, NOW + (MAX_AGE + 1) * DAY)
    with pytest.raises(SrsError):
        original_sender(rewritten, KEY, NOW - DAY)


def test_what_stays_as_it_is() -> None:
    assert rewrite_sender("", "ours.test", KEY, NOW) == ""
    assert rewrite_sender("ana@OURS.test", "ours.test", KEY, NOW) == "ana@OURS.test"
    assert not is_rewritten("srs@ours.test")
    assert not is_rewritten("xsrs0=a@ours.test")


def test_too_long_to_be_an_address() -> None:
    fits = rewrite_sender("a" * 200 + "@home.test", "ours.test", KEY, NOW)
    assert len(fits) <= MAX_ADDRESS
    assert original_sender(fits, KEY, NOW) == "a" * 200 + "@home.test"
    assert rewrite_sender("a" * 230 + "@home.test", "ours.test", KEY, NOW) == ""


@given(st.text(max_size=80))
def test_nothing_but_srs_errors(text: str) -> None:
    for form in (f"SRS0={text}@ours.test", f"SRS1={text}@ours.test"):
        with pytest.raises(SrsError):
            original_sender(form, KEY, NOW)
