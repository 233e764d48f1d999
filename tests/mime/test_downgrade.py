"""Surrogates of internationalised messages."""

from __future__ import annotations

import itertools
from email import message_from_bytes, policy
from email.header import decode_header, make_header

from hypothesis import given
from hypothesis import strategies as st

from correio.mime.downgrade import Downgrader, downgrade_header, is_internationalised
from correio.mime.parse import parse_message

MESSAGE = (
    "Delivered-To: maría@exämple.test\r\n"
    "Received: from a by b for <maría@exämple.test>;\r\n\tMon, 23 Nov 2026 12:00:00 +0000\r\n"
    "From: José Müller <josé@exämple.test>, Ann <ann@exämple.test>,\r\n bob@example.test\r\n"
    'To: "Dr. B, C" <dr@example.test>, Equipe: ana@exämple.test, éva@b.test;\r\n'
    "Subject: Coração é\r\n longo\r\n"
    "X-Plain: untouched  value\r\n"
    "Message-ID: <é@b.test>\r\n"
    'Content-Type: multipart/mixed; boundary="b b"; x=é\r\n'
    "\r\n"
    "preâmbulo\r\n"
    "--b b\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n"
    "Content-Transfer-Encoding: 8bit\r\n"
    'Content-Disposition: attachment; filename="relatório.txt"\r\n'
    "Content-Description: Relatório\r\n"
    "\r\n"
    "Olá\r\n"
    "--b b\r\n"
    "Content-Type: message/rfc822\r\n"
    "Content-Transfer-Encoding: 8bit\r\n"
    "\r\n"
    "Subject: é dentro\r\n"
    "\r\n"
    "é\r\n"
    "--b b--\r\n"
).encode()


def downgraded(message: bytes, cuts: list[int] | None = None) -> bytes:
    edges = [0, *sorted(cuts or []), len(message)]
    downgrader = Downgrader(parse_message(message))
    pieces = [downgrader.feed(message[start:end]) for start, end in itertools.pairwise(edges)]
    return b"".join(pieces) + downgrader.end()


def test_a_surrogate_says_the_same_in_us_ascii() -> None:
    surrogate = downgraded(MESSAGE)
    header, _, body = surrogate.partition(b"\r\n\r\n")
    assert header.isascii()
    assert max(map(len, header.split(b"\r\n"))) <= 998
    parsed = message_from_bytes(surrogate, policy=policy.default)
    assert not parsed.defects
    assert str(parsed["Subject"]) == "Coração é longo"
    assert [(one.display_name, one.addr_spec) for one in parsed["From"].addresses] == [
        ("José Müller", "invalid@internationalized-address.invalid"),
        ("Ann", "ann@xn--exmple-cua.test"),
        ("", "bob@example.test"),
    ]
    assert [(one.display_name, one.addr_spec) for one in parsed["To"].addresses] == [
        ("Dr. B, C", "dr@example.test"),
        ("", "ana@xn--exmple-cua.test"),
        ("éva@b.test", "invalid@internationalized-address.invalid"),
    ]
    name, _, address = parsed["Delivered-To"].partition(" <")
    assert str(make_header(decode_header(name))) == "maría@exämple.test"
    assert address == "invalid@internationalized-address.invalid>"
    assert parsed["Received"] is None
    assert parsed["Message-ID"] is None
    assert b"X-Plain: untouched  value\r\n" in surrogate
    assert parsed.get_content_type() == "multipart/mixed"
    attachment, embedded = parsed.iter_parts()
    assert attachment.get_filename() == "relatório.txt"
    assert attachment.get_content() == "Olá"
    assert attachment["Content-Description"] == "Relatório"
    assert embedded.get_content_type() == "message/rfc822"
    # What is a body stays as it is, the header of an embedded message too.
    assert "preâmbulo\r\n".encode() in body
    assert "Subject: é dentro\r\n".encode() in body


def test_which_messages_need_one() -> None:
    assert is_internationalised(MESSAGE.partition(b"\r\n\r\n")[0])
    for header in (
        "From: josé@b.test\r\n",
        "To: a@b.test,\r\n  B <b@exämple.test>\r\n",
        "Delivered-To: é@b.test\r\n",
    ):
        assert is_internationalised(header.encode()), header
    for other in (
        "Subject: Olá\r\nFrom: a@b.test\r\n".encode(),
        "From: José <a@b.test>\r\n".encode(),
        "From: Jos\xe9 <a@b.test>\r\n".encode("latin-1"),
        b"From: =?utf-8?q?Jos=C3=A9?= <a@b.test>\r\n",
        b"",
    ):
        assert not is_internationalised(other), other


def test_what_is_in_us_ascii_stays() -> None:
    for header in (b"", b"A: b\r\n\r\n", b"not a field\r\nA : b\r\n", b"From x\r\nA: b\n"):
        assert downgrade_header(header) == header
    assert downgrade_header("lixo é\r\nA: b\r\n\r\n".encode()) == b"A: b\r\n\r\n"


@given(st.lists(st.integers(0, len(MESSAGE)), max_size=8))
def test_in_any_pieces(cuts: list[int]) -> None:
    assert downgraded(MESSAGE, cuts) == downgraded(MESSAGE)


PIECE = st.sampled_from(
    ["From", "To", "Content-Type", "Content-Disposition", "Subject", "Xé", ":", " ", "\r\n", "\r\n ", "é",
     "@", "<", ">", '"', "(", ")", ",",
     ";", "=", "a", "\\", "text/plain", "[", "]", ".", "日本", "\ud7ff", "\x01", "*", "%", "..", "x" * 70]
)  # fmt: skip


@given(st.lists(PIECE, max_size=60).map("".join), st.booleans())
def test_a_surrogate_of_anything_is_a_header_in_us_ascii(text: str, latin: bool) -> None:
    header = text.encode("latin-1", "replace") if latin else text.encode()
    surrogate = downgrade_header(header)
    assert surrogate.isascii()
    is_internationalised(header)
    if not header.isascii():
        assert surrogate.count(b"\n") <= header.count(b"\n") + len(header)
