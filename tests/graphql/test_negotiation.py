"""Accept, Content-Type and the scalars: pure, with any text whatever."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.graphql.media_types import MediaType, is_json_in_utf8, negotiate
from api.graphql.parameters import ParametersError, from_body, from_query_string
from schema.operation.request import GraphQLRequest
from schema.scalars import MAX_TIME, MIN_TIME, SCALARS, DateTime, State, clamped, date_time


@given(st.text(max_size=300))
def test_any_accept_is_answered_or_refused(accept: str) -> None:
    assert negotiate(accept) in (None, MediaType.JSON, MediaType.GRAPHQL_RESPONSE)


@given(st.text(max_size=100))
def test_only_json_is_json(content_type: str) -> None:
    assert is_json_in_utf8(content_type) is (
        content_type.split(";", maxsplit=1)[0].strip().lower() == "application/json"
    )


@given(st.binary(max_size=200))
def test_any_body_is_a_request_or_refused(body: bytes) -> None:
    for read in (from_body, from_query_string):
        try:
            found = read(body)
        except ParametersError:
            continue
        assert isinstance(found, GraphQLRequest)


def scalar(kind: object) -> Any:
    return SCALARS[kind]


@given(st.integers(MIN_TIME, MAX_TIME))
def test_moments_come_back(seconds: int) -> None:
    text = scalar(DateTime).serialize(seconds)
    assert len(text) == 20
    assert (
        scalar(DateTime).parse_value(text) == seconds == int(datetime.fromisoformat(text).astimezone(UTC).timestamp())
    )


@given(st.text(max_size=50))
def test_any_text_is_a_moment_or_refused(text: str) -> None:
    try:
        assert isinstance(scalar(DateTime).parse_value(text), int)
    except ValueError as error:
        assert "RFC 3339" in str(error)  # noqa: PT017


@given(st.integers(-(2**63), 2**63 - 1))
def test_moments_that_no_calendar_has(seconds: int) -> None:
    assert MIN_TIME <= clamped(seconds) <= MAX_TIME
    assert (date_time(seconds) is None) is not (MIN_TIME <= seconds <= MAX_TIME)
    assert date_time(None) is None


@given(st.integers(0, 2**63 - 1))
def test_states_come_back(modseq: int) -> None:
    assert scalar(State).parse_value(str(modseq)) == modseq


@pytest.mark.parametrize("value", [str(2**63), "-1", "1.0", " 1", "", None, 1, True, ["1"]])
def test_what_is_no_state_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="State"):
        scalar(State).parse_value(value)
