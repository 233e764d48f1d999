"""Octets taken out of JSON before a parser sees them, and base64 in pieces."""

from __future__ import annotations

import base64
import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.body_shape import PLAIN, Shape, shape_of
from api.rest import octets_in_json
from api.rest.octets_in_json import LARGE, MAX_STRINGS, MAX_STRUCTURE, Base64, decode_octets, take_aside
from api.rest.problems import ProblemError
from tests.api.contract_client import CONTRACT

SHAPE = Shape(members={"files": Shape(items=Shape(members={"content": Shape(octets=True)}))})


def read(body: bytes) -> object:
    aside = take_aside(body, ["content"])
    return decode_octets(json.loads(aside.rest), SHAPE, body, aside.taken)


def test_the_contract_says_where_octets_and_lines_are() -> None:
    shape = CONTRACT.operations["send_email"].shape
    assert list(shape.names_of_octets()) == ["content"]
    assert [name for name, one in shape.members.items() if one.lines] == ["text", "html"]
    assert all(operation.shape == PLAIN for name, operation in CONTRACT.operations.items() if name != "send_email")
    looped = {"schemas": {"A": {"properties": {"a": {"$ref": "#/components/schemas/A"}}}}}
    assert shape_of({"$ref": "#/components/schemas/A"}, looped) == PLAIN


@given(content=st.binary(max_size=40), copies=st.integers(1, 3), spaces=st.sampled_from(["", " ", "\n\t"]))
@settings(deadline=None, max_examples=50)
def test_large_and_small_come_out_the_same(content: bytes, copies: int, spaces: str) -> None:
    large = content * (LARGE // max(len(content), 1) + 1)
    text = base64.b64encode(large).decode()
    members = ",".join(f'{{"x":"\\\\","content"{spaces}:{spaces}"{text}"}}' for _ in range(copies))
    body = f'{{"files":[{members},{{"content":"{text[:400]}"}}]}}'.encode()
    expected = [{"x": "\\", "content": large}] * copies + [{"content": base64.b64decode(text[:400])}]
    assert read(body) == {"files": expected}


@pytest.mark.parametrize("piece", [7, 8, 9, 10, 64])
def test_escapes_are_never_cut_in_two(piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(octets_in_json, "_PIECE", piece)
    content = bytes(range(251)) * 300
    text = base64.encodebytes(content).decode().replace("\n", "\\n").replace("/", "\\u002f").replace("+", "\\u002B")
    assert read(f'{{"files":[{{"content":"{text}"}}]}}'.encode()) == {"files": [{"content": content}]}


@pytest.mark.parametrize(
    "where", ['{"content":"%s"}', '{"files":{"content":"%s"}}', '{"files":[{"x\\"content":"%s"}]}']
)
def test_what_is_large_elsewhere_is_refused(where: str) -> None:
    with pytest.raises(ProblemError) as caught:
        read((where % ("A" * LARGE)).encode())
    assert caught.value.status == 422


@pytest.mark.parametrize(
    "bad", ["A" * LARGE + "!", "A" * (LARGE + 1), "A" * LARGE + "==", "AA==" + "A" * LARGE, "\\q" + "A" * LARGE]
)
def test_what_is_no_base64_is_pointed_at(bad: str) -> None:
    with pytest.raises(ProblemError) as caught:
        read(f'{{"files":[{{"content":"AAAA"}},{{"content":"{bad}"}}]}}'.encode())
    assert caught.value.status == 422
    assert caught.value.errors[0].pointer == "#/files/1/content"


@pytest.mark.parametrize(
    "body", [b'{"content":"', b'{"content":"' + b"A" * LARGE, b'"' + b"\\" * LARGE, b'{"content":"A\\"']
)
def test_what_is_no_json_is_left_to_the_parser(body: bytes) -> None:
    aside = take_aside(body, ["content"])
    assert aside.rest == body
    with pytest.raises(ValueError):
        json.loads(aside.rest)


def test_bounds() -> None:
    for body in (
        b'["' + b'","' * MAX_STRINGS + b'"]',
        b"[" + b"1," * (MAX_STRUCTURE // 2) + b"1]",
        b'"' + b"a" * octets_in_json.MAX_REST + b'"',
    ):
        with pytest.raises(ProblemError) as caught:
            take_aside(body, ["content"])
        assert caught.value.status == 413


@given(content=st.binary(max_size=100), cuts=st.lists(st.integers(0, 140), max_size=6), safe=st.booleans())
def test_base64_in_any_pieces(content: bytes, cuts: list[int], safe: bool) -> None:
    text = (base64.urlsafe_b64encode if safe else base64.encodebytes)(content).decode()
    decoder = Base64()
    edges = sorted({0, len(text), *(min(cut, len(text)) for cut in cuts)})
    pieces = [decoder.feed(text[start:end]) for start, end in pairwise(edges)]
    assert b"".join(pieces) + decoder.end() == content
