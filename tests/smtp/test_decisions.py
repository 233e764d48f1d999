"""Policies, outcomes, replies and trace fields: pure functions."""

from __future__ import annotations

import pytest

from correio.errors import (
    ForbiddenError,
    InvalidInputError,
    LimitError,
    MailError,
    NotFoundError,
    OutcomeUnknownError,
    QuotaExceededError,
    TooLargeError,
    UnavailableError,
)
from correio.mime.parse import parse_message
from protocols.smtp.core import policy
from protocols.smtp.core.envelope_address import EnvelopeAddress
from protocols.smtp.core.outcome import lmtp_reply, smtp_reply
from protocols.smtp.core.pace import data_deadline
from protocols.smtp.core.parameters import MailParameters
from protocols.smtp.core.received import Trace, hops, protocol_name, received_field
from protocols.smtp.core.reply import Reply, reply_of
from protocols.smtp.core.submission_header import complete_header

FULL = QuotaExceededError("full")
NEVER = QuotaExceededError("never", never=True)
AWAY = UnavailableError("away")


def status(reply: Reply | None) -> str:
    return "go on" if reply is None else f"{reply.code} {reply.enhanced}"


@pytest.mark.parametrize(
    ("used", "quota", "size", "expected"),
    [
        (0, 0, 1 << 40, "go on"), (90, 100, 10, "go on"), (90, 100, 0, "go on"), (100, 100, 0, "452 4.2.2"),
        (90, 100, 11, "452 4.2.2"), (0, 100, 101, "552 5.2.2"), (120, 100, 0, "452 4.2.2"),
    ],
)  # fmt: skip
def test_room(used: int, quota: int, size: int, expected: str) -> None:
    assert status(policy.decide_room(used, quota, size)) == expected


@pytest.mark.parametrize(
    ("messages", "message_quota", "expected"), [(9, 0, "go on"), (9, 10, "go on"), (10, 10, "452 4.2.2")]
)
def test_room_for_one_message_more(messages: int, message_quota: int, expected: str) -> None:
    assert status(policy.decide_room(1, 0, 50, messages, message_quota)) == expected


def test_size_count_and_hops() -> None:
    assert status(policy.decide_size(100, 100)) == "go on"
    assert status(policy.decide_size(101, 100)) == "552 5.3.4"
    assert status(policy.decide_count(999, 1000)) == "go on"
    assert status(policy.decide_count(1000, 1000)) == "452 4.5.3"
    assert status(policy.decide_hops(100)) == "go on"
    assert status(policy.decide_hops(101)) == "554 5.4.6"


def test_utf8() -> None:
    address = EnvelopeAddress("josé", "example.test")
    assert status(policy.decide_utf8(address, MailParameters(), sender=False)) == "553 5.6.7"
    assert status(policy.decide_utf8(address, MailParameters(smtputf8=True), sender=False)) == "go on"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (NotFoundError("x"), "550 5.1.1"), (ForbiddenError("x"), "550 5.7.1"), (InvalidInputError("x"), "553 5.1.3"),
        (AWAY, "451 4.3.0"),
    ],
)  # fmt: skip
def test_recipients(error: MailError, expected: str) -> None:
    assert status(policy.refuse_recipient(error)) == expected


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ([None], "250 2.0.0"), ([None, None], "250 2.0.0"), ([FULL], "452 4.2.2"), ([AWAY], "451 4.3.0"),
        ([NEVER], "552 5.2.2"), ([NEVER, FULL], "452 4.2.2"),
        ([OutcomeUnknownError("x")], "451 4.3.0"), ([TooLargeError("x", 5)], "552 5.3.4"),
        ([NotFoundError("gone")], "550 5.1.1"), ([InvalidInputError("x")], "554 5.6.0"), ([LimitError("x")], "452 4.5.3"),
        # One reply for several recipients: never a success or a permanent failure that is not everybody's.
        ([None, NotFoundError("gone")], "451 4.2.0"), ([None, FULL], "452 4.2.2"), ([NotFoundError("gone"), AWAY], "451 4.3.0"),
        ([NotFoundError("a"), NotFoundError("b")], "550 5.1.1"), ([MailError("odd")], "451 4.3.0"),
    ],
)  # fmt: skip
def test_one_reply_for_all(outcomes: list[MailError | None], expected: str) -> None:
    assert status(smtp_reply(outcomes, "D1")) == expected


def test_one_reply_each() -> None:
    assert status(lmtp_reply(None, "a@b", "D1")) == "250 2.0.0"
    assert status(lmtp_reply(FULL, "a@b", "D1")) == "452 4.2.2"
    assert "a@b" in lmtp_reply(AWAY, "a@b", "D1").text


def test_replies_on_the_wire() -> None:
    assert Reply(250, "2.0.0", "Fine").encode() == b"250 2.0.0 Fine\r\n"
    assert Reply(250, "", "mx", more=("SIZE 1", "HELP")).encode() == b"250-mx\r\n250-SIZE 1\r\n250 HELP\r\n"
    sneaky = Reply(550, "5.1.1", "a\r\n250 2.0.0 é\x00" + "x" * 1000).encode()
    assert sneaky.count(b"\n") == 1
    assert sneaky.isascii()
    assert len(sneaky) <= 512


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("500 Error: bad syntax", "500 5.5.2"), ("500 Command line too long", "500 5.5.2"), ("220 mx ESMTP", "220 "),
        ("502 5.5.1 Too many unrecognized commands, goodbye.", "502 5.5.1"), ("530 Must issue", "530 5.7.0"),
        ("599 odd", "599 5.0.0"), ("250 OK", "250 2.0.0"),
    ],
)  # fmt: skip
def test_every_line_of_the_loop_gets_an_enhanced_status_code(line: str, expected: str) -> None:
    assert status(reply_of(line)) == expected


@pytest.mark.parametrize(
    ("lmtp", "extended", "tls", "authenticated", "utf8", "name"),
    [
        (False, False, False, False, False, "SMTP"), (False, True, False, False, False, "ESMTP"),
        (False, True, True, False, False, "ESMTPS"), (False, True, False, True, False, "ESMTPA"),
        (False, True, True, True, False, "ESMTPSA"), (False, True, True, True, True, "UTF8SMTPSA"),
        (True, True, False, False, False, "LMTP"), (True, True, True, True, False, "LMTPSA"),
        (True, True, True, False, True, "UTF8LMTPS"),
    ],
)  # fmt: skip
def test_with_clause(lmtp: bool, extended: bool, tls: bool, authenticated: bool, utf8: bool, name: str) -> None:
    assert protocol_name(lmtp=lmtp, extended=extended, tls=tls, authenticated=authenticated, utf8=utf8) == name


def trace(helo: str, **more: str) -> str:
    field = received_field(
        Trace(helo=helo, remote="192.0.2.9", hostname="mx.test", protocol="ESMTP", id="D1", time=1_700_000_000, **more)
    )
    assert field.endswith(b"\r\n")
    assert all(line.startswith(b"\t") for line in field.split(b"\r\n")[1:-1])
    return " ".join(field.decode().split())


def test_received() -> None:
    assert trace("client.test", recipient="a@b", tls="TLSv1.3 X") == (
        "Received: from client.test ([192.0.2.9]) by mx.test with ESMTP id D1 (TLSv1.3 X) for <a@b>;"
        " Tue, 14 Nov 2023 22:13:20 +0000"
    )
    assert "for" not in trace("client.test")


# A name outside US-ASCII (RFC 6531 section 3.7.1 has A-labels there) would make the header of an old message one of RFC 6532.
@pytest.mark.parametrize("helo", ["a b", "x;y", "(", "a)", "x\r\nBcc: y", "[1.2.3", "<x>", "", "müller.test"])
def test_received_takes_no_nonsense(helo: str) -> None:
    assert trace(helo).startswith("Received: from [192.0.2.9] ([192.0.2.9]) by mx.test")


def test_hops_are_counted_in_the_header_alone() -> None:
    header = b"Received: a\r\nX-Received: no\r\nRECEIVED : b\r\n\tReceived: folded\r\n"
    assert hops(header + b"\r\nReceived: body\r\n") == 2
    assert hops(header.replace(b"\r\n", b"\n") + b"\nReceived: body\n") == 2
    assert hops(b"\r\nReceived: body\r\n") == 0
    assert hops(b"Received: no end") == 1


def mended(message: bytes) -> bytes:
    return complete_header(message, message_id="id@mx.test", time=1_700_000_000)


DATE = b"Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"
ID = b"Message-ID: <id@mx.test>\r\n"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (b"Date: x\r\nmessage-id: <y>\r\n\r\nbody", b"Date: x\r\nmessage-id: <y>\r\n\r\nbody"),
        (b"From: a@b\r\n\r\nbody", b"From: a@b\r\n" + DATE + ID + b"\r\nbody"),
        (b"Date: x\r\n\r\n", b"Date: x\r\n" + ID + b"\r\n"),
        (
            b"Bcc: a@b,\r\n c@d\r\nDate: x\r\nBCC : e@f\r\nMessage-ID: <y>\r\n\r\nBcc: body\r\n",
            b"Date: x\r\nMessage-ID: <y>\r\n\r\nBcc: body\r\n",
        ),
        (b"\r\nbody", DATE + ID + b"\r\nbody"),
        (b"no header at all", DATE + ID + b"\r\nno header at all"),
        (b"", DATE + ID),
        (b"From: a@b", b"From: a@b\r\n" + DATE + ID),
        (b"From: a@b\nBcc: c@d\n\nbody", b"From: a@b\n" + DATE + ID + b"\nbody"),
        # A line that is no field, or one whose name is beyond US-ASCII, ends no header: readers pass it over.
        (
            b"From: a@b\r\nodd line\r\nBcc: c@d\r\nDate: x\r\n\r\nbody",
            b"From: a@b\r\nodd line\r\nDate: x\r\n" + ID + b"\r\nbody",
        ),
        (b"X\xc3\xa9: y\r\nBCC:\r\n c@d\r\n\r\nbody", b"X\xc3\xa9: y\r\n" + DATE + ID + b"\r\nbody"),
        (b"From a@b Mon\r\nBcc: c@d\r\nDate: x\r\n\r\n", b"From a@b Mon\r\nDate: x\r\n" + ID + b"\r\n"),
        # Without an empty line it does.
        (b"From: a@b\r\nodd line\r\nBcc: c@d", b"From: a@b\r\n" + DATE + ID + b"odd line\r\nBcc: c@d"),
        (b"two\r\n\r\nBcc: lines", DATE + ID + b"\r\ntwo\r\n\r\nBcc: lines"),
    ],
)  # fmt: skip
def test_submission_header(message: bytes, expected: bytes) -> None:
    assert mended(message) == expected
    read = parse_message(mended(message))
    assert (read.summary.bcc, read.summary.message_id is None) == ([], False)


def test_pace() -> None:
    assert data_deadline(start=0, last=0, received=0, timeout=300) == 300
    assert data_deadline(start=0, last=1000, received=100_000_000, timeout=300) == 1300
    # An octet a second is not a message.
    assert data_deadline(start=0, last=290, received=290, timeout=300) < 310
