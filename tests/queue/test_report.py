"""Delivery status notifications, read by the standard library and by ourselves."""

from __future__ import annotations

import email
import email.policy
from email.message import Message

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correio.mime.parse import parse_message
from correio.queue.report import Report, ReportedRecipient, compose_report

ORIGINAL = b"From: ana@here\r\nSubject: Hi\r\nMessage-ID: <1@here>\r\n\r\nBody\r\n"


def one(**fields: object) -> ReportedRecipient:
    given = {"address": "x@else.where", "action": "failed", "status": "5.1.1", "diagnostic": "550 5.1.1 Unknown user"}
    return ReportedRecipient(**(given | fields))  # type: ignore[arg-type]


def report(*recipients: ReportedRecipient, **fields: object) -> bytes:
    given = {
        "to": "ana@here", "hostname": "mx.here", "message_id": "Sabc@mx.here", "time": 1_800_000_000, "arrived": 1_799_999_000,
        "recipients": recipients or (one(),), "original": ORIGINAL, "whole": True,
    }  # fmt: skip
    return compose_report(Report(**(given | fields)))  # type: ignore[arg-type]


def fields_of(message: Message, number: int) -> Message:
    part = message.get_payload()[1]  # type: ignore[index]
    return part.get_payload()[number]  # type: ignore[union-attr, index, return-value]


def test_it_is_what_rfc_3464_asks_for() -> None:
    raw = report(one(remote="mx.else.where", original="rfc822;x+2Ba@y"), one(address="y@else.where"), envid="e1")
    message = email.message_from_bytes(raw)
    assert message.get_content_type() == "multipart/report"
    assert message.get_param("report-type") == "delivery-status"
    assert message["Auto-Submitted"] == "auto-replied"
    assert message["To"] == "<ana@here>"
    text, status, returned = message.get_payload()
    assert "550 5.1.1 Unknown user" in text.get_payload()
    assert "y@else.where" in text.get_payload()
    assert status.get_content_type() == "message/delivery-status"
    about = fields_of(message, 0)
    assert (about["Reporting-MTA"], about["Original-Envelope-Id"]) == ("dns; mx.here", "e1")
    first, second = fields_of(message, 1), fields_of(message, 2)
    assert first["Final-Recipient"] == "rfc822;x@else.where"
    assert first["Original-Recipient"] == "rfc822;x+a@y"
    assert (first["Action"], first["Status"], first["Remote-MTA"]) == ("failed", "5.1.1", "dns; mx.else.where")
    assert first["Diagnostic-Code"] == "smtp; 550 5.1.1 Unknown user"
    assert second["Original-Recipient"] is None
    assert returned.get_content_type() == "message/rfc822"
    assert returned.get_payload()[0]["Message-ID"] == "<1@here>"


@pytest.mark.parametrize(
    ("orcpt", "field"),
    [
        ("rfc822;a+2Bb@x.test", "rfc822;a+b@x.test"),
        ("utf-8;a\\x{E9}@x.test", "utf-8;a\\x{E9}@x.test"),
        ("x400;/G+3Da/", "x400;/G=a/"),
        # What cannot stand here, and what is not xtext, stays as it came.
        ("rfc822;a+E9@x.test", "rfc822;a+E9@x.test"),
        ("rfc822;a+0D+0Ab@x.test", "rfc822;a+0D+0Ab@x.test"),
        ("rfc822;a+zz@x.test", "rfc822;a+zz@x.test"),
    ],
)
def test_the_original_recipient_is_as_the_sender_knows_it(orcpt: str, field: str) -> None:
    message = email.message_from_bytes(report(one(original=orcpt)))
    assert fields_of(message, 1)["Original-Recipient"] == field


def test_headers_alone_come_back_as_headers() -> None:
    raw = report(original=ORIGINAL.partition(b"Body")[0], whole=False)
    returned = email.message_from_bytes(raw).get_payload()[2]
    assert returned.get_content_type() == "text/rfc822-headers"
    assert "Subject: Hi" in returned.get_payload()


def test_addresses_and_messages_in_other_alphabets() -> None:
    raw = report(one(address="rené@else.where"), original="Subject: Olá\r\n\r\nç\r\n".encode())
    message = email.message_from_bytes(raw)
    assert [part.get_content_type() for part in message.get_payload()] == [
        "text/plain",
        "message/global-delivery-status",
        "message/global",
    ]
    assert "utf-8;rené@else.where".encode() in raw


@pytest.mark.parametrize("action", ["failed", "delayed", "delivered", "relayed", "expanded"])
def test_every_kind_of_news_has_its_words(action: str) -> None:
    raw = report(one(action=action, retry_until=1_800_400_000))
    assert fields_of(email.message_from_bytes(raw), 1)["Action"] == action
    assert (b"Will-Retry-Until" in raw) is (action == "delayed")


@given(st.text(max_size=300), st.text(max_size=2000), st.binary(max_size=300))
def test_nothing_that_others_say_breaks_it(remote: str, diagnostic: str, original: bytes) -> None:
    raw = report(one(remote=remote, diagnostic=diagnostic), original=original)
    parsed = parse_message(raw)
    assert parsed.parts[0].media_type == "multipart/report"
    message = email.message_from_bytes(raw, policy=email.policy.compat32)
    assert fields_of(message, 1)["Status"] == "5.1.1"
    head = raw[: raw.index(original)] if original else raw
    assert all(len(line) <= 998 for line in head.split(b"\r\n"))
