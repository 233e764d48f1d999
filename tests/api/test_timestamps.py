"""Times on the wire."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.rest.timestamps import optional_rfc3339, parse_rfc3339, rfc3339
from correio.errors import InvalidInputError


@given(st.integers(-62_135_596_800, 253_402_300_799))
def test_round_trip(seconds: int) -> None:
    assert parse_rfc3339(rfc3339(seconds), "when") == seconds


def test_examples() -> None:
    assert rfc3339(0) == "1970-01-01T00:00:00Z"
    assert parse_rfc3339("2026-11-23T18:30:00+03:00", "when") == parse_rfc3339("2026-11-23T15:30:00Z", "when")
    # RFC 3339 section 5.6: T and Z may be in lower case.
    assert parse_rfc3339("2026-11-23t15:30:00z", "when") == parse_rfc3339("2026-11-23T15:30:00Z", "when")
    assert rfc3339(10**15) == "9999-12-31T23:59:59Z"
    assert optional_rfc3339(10**15) is None
    assert optional_rfc3339(None) is None


@pytest.mark.parametrize("text", ["", "yesterday", "2026-11-23", "2026-11-23T15:30:00", "2026-13-01T00:00:00Z"])
def test_what_is_no_time_with_an_offset_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError):
        parse_rfc3339(text, "when")
