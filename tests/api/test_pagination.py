"""Cursors: opaque, checked, of one mailbox and order."""

from __future__ import annotations

import base64

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.rest.pagination import MessageCursor, Order, decode_cursor, encode_cursor
from api.rest.problems import ProblemError

MAILBOX = "B" + "a" * 24


@given(st.integers(0, 0xFFFFFFFF), st.sampled_from(["asc", "desc"]))
def test_round_trip(uid: int, order: Order) -> None:
    text = encode_cursor(MessageCursor(MAILBOX, 9, order, uid))
    assert len(text) <= 256
    assert decode_cursor(text, MAILBOX, 9, order) == uid


@pytest.mark.parametrize(
    ("mailbox_id", "uid_validity", "order"), [("B" + "b" * 24, 9, "desc"), (MAILBOX, 8, "desc"), (MAILBOX, 9, "asc")]
)
def test_a_cursor_of_elsewhere_is_refused(mailbox_id: str, uid_validity: int, order: Order) -> None:
    text = encode_cursor(MessageCursor(MAILBOX, 9, "desc", 5))
    with pytest.raises(ProblemError) as caught:
        decode_cursor(text, mailbox_id, uid_validity, order)
    assert caught.value.status == 400
    assert caught.value.errors[0].parameter == "cursor"


def test_a_forged_uid_out_of_range_is_refused() -> None:
    for uid in (-1, 1 << 32, 1 << 63):
        forged = base64.urlsafe_b64encode(msgspec.msgpack.encode([MAILBOX, 9, "desc", uid])).decode().rstrip("=")
        with pytest.raises(ProblemError):
            decode_cursor(forged, MAILBOX, 9, "desc")


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda octets: base64.urlsafe_b64encode(octets).decode()))
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ProblemError) as caught:
        decode_cursor(text, MAILBOX, 9, "desc")
    assert caught.value.code == "bad-cursor"
