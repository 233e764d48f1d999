"""JSON without its ambiguities."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.rest.json_response import encode
from api.rest.problems import ProblemError
from api.rest.request_body import MAX_DEPTH, decode_json


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"\xff",
        b'{"a":1}x',
        b'{"a":1,"a":2}',
        b'{"a":{"b":1,"b":1}}',
        b"NaN",
        b"[Infinity]",
        b'"\\ud800"',
        b'{"\\u0000":1}',
        b'"a\\r\\nb"',
        b'"\\u0085"',
        b'"\\u2028"',
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b"9" * 10_000,
    ],
)
def test_refused_with_400(text: bytes) -> None:
    with pytest.raises(ProblemError) as caught:
        decode_json(text)
    assert caught.value.status == 400
    assert caught.value.code == "bad-json"


def test_depth_is_bounded_exactly() -> None:
    assert decode_json(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH) is not None
    with pytest.raises(ProblemError):
        decode_json(b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1))


def test_a_control_character_is_pointed_at() -> None:
    with pytest.raises(ProblemError) as caught:
        decode_json(b'{"a/b":["x","y\\n"]}')
    assert caught.value.errors[0].pointer == "#/a~1b/1"


_printable = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=20)
_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | _printable,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_printable, inner, max_size=4),
    max_leaves=10,
)


@given(_values)
def test_everything_else_is_read_as_json_has_it(value: object) -> None:
    assert decode_json(json.dumps(value, ensure_ascii=False).encode("utf-8")) == value


@pytest.mark.parametrize(
    ("text", "value"), [(b"3600.0", 3600), (b"1e3", 1000), (b"-0.0", 0), (b"2.5", 2.5), (b"1e999", float("inf"))]
)
def test_a_number_without_a_fraction_is_an_integer(text: bytes, value: float) -> None:
    """JSON Schema says so (section 4.2.3 of its core), so the contract takes it where it asks for one."""
    read = decode_json(text)
    assert (read, type(read)) == (value, type(value))


class _Text(msgspec.Struct):
    text: str


def test_a_lone_surrogate_of_broken_mail_becomes_a_replacement_character() -> None:
    assert encode(_Text("a\ud800b")) == '{"text":"a\ufffdb"}'.encode()
    assert encode(_Text("ção 😀")) == '{"text":"ção 😀"}'.encode()
