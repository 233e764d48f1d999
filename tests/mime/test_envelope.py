"""ENVELOPE as octets."""

from __future__ import annotations

import pytest

from correio.mime.parse import parse_message
from tests.mime.imap_grammar import read_envelope


def envelope(header: str | bytes) -> bytes:
    octets = header.encode() if isinstance(header, str) else header
    return parse_message(octets.replace(b"\n", b"\r\n") + b"\r\n\r\n").envelope


def test_the_example_of_the_rfc() -> None:
    assert (
        envelope(
            "Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\nFrom: Terry Gray <gray@cac.washington.edu>\n"
            "Subject: IMAP4rev2 WG mtg summary and minutes\nTo: imap@cac.washington.edu\n"
            "Cc: minutes@CNRI.Reston.VA.US, John Klensin <KLENSIN@MIT.EDU>\nMessage-Id: <B27397-0100000@cac.washington.edu>"
        )
        == b'("Wed, 17 Jul 1996 02:23:25 -0700 (PDT)" "IMAP4rev2 WG mtg summary and minutes" '
        b'(("Terry Gray" NIL "gray" "cac.washington.edu")) (("Terry Gray" NIL "gray" "cac.washington.edu")) '
        b'(("Terry Gray" NIL "gray" "cac.washington.edu")) ((NIL NIL "imap" "cac.washington.edu")) '
        b'((NIL NIL "minutes" "CNRI.Reston.VA.US")("John Klensin" NIL "KLENSIN" "MIT.EDU")) NIL NIL '
        b'"<B27397-0100000@cac.washington.edu>")'
    )


def test_absent_fields_are_nil_and_empty_ones_are_empty() -> None:
    assert envelope("X: y") == b"(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)"
    assert envelope("Subject:\nTo:\nIn-Reply-To: ") == b'(NIL "" NIL NIL NIL NIL NIL NIL "" NIL)'


def test_sender_and_reply_to_of_their_own() -> None:
    assert (
        envelope("From: a@x.test\nSender: b@x.test\nReply-To: c@x.test")
        == b'(NIL NIL ((NIL NIL "a" "x.test")) ((NIL NIL "b" "x.test")) ((NIL NIL "c" "x.test")) NIL NIL NIL NIL NIL)'
    )


def test_groups() -> None:
    assert (
        envelope("To: Team: a@x.test, B <b@x.test>;, c@x.test\nCc: undisclosed-recipients:;")
        == b'(NIL NIL NIL NIL NIL ((NIL NIL "Team" NIL)(NIL NIL "a" "x.test")("B" NIL "b" "x.test")(NIL NIL NIL NIL)'
        b'(NIL NIL "c" "x.test")) ((NIL NIL "undisclosed-recipients" NIL)(NIL NIL NIL NIL)) NIL NIL NIL)'
    )


def test_source_route_and_missing_domain() -> None:
    assert (
        envelope("To: <@a.test,@b.test:c@d.test>, somebody")
        == b'(NIL NIL NIL NIL NIL ((NIL "@a.test,@b.test" "c" "d.test")(NIL NIL "somebody" "")) NIL NIL NIL NIL)'
    )


def test_quoting() -> None:
    assert (
        envelope('Subject: a "b" \\c\nFrom: "D \\"E\\" \\\\F" <"g h"@x.test>')
        == b'(NIL "a \\"b\\" \\\\c" (("D \\"E\\" \\\\F" NIL "g h" "x.test")) (("D \\"E\\" \\\\F" NIL "g h" "x.test")) '
        b'(("D \\"E\\" \\\\F" NIL "g h" "x.test")) NIL NIL NIL NIL NIL)'
    )


def test_encoded_words_stay_and_folds_go() -> None:
    assert envelope("Subject: =?utf-8?q?Ol=C3=A1?=\n =?utf-8?q?_mundo?=\n\tagain").startswith(
        b'(NIL "=?utf-8?q?Ol=C3=A1?= =?utf-8?q?_mundo?= again" '
    )


@pytest.mark.parametrize(
    "octets", [b"Subject: Ol\xc3\xa1", b"Subject: Ol\xe1", b"Subject: =?utf-8?q?O?= =?utf-8?q?l?=\xc3\xa1"]
)
def test_eight_bit_text_becomes_an_encoded_word(octets: bytes) -> None:
    # base64 of "Olá" in UTF-8
    assert envelope(octets).startswith(b'(NIL "=?UTF-8?B?T2zDoQ==?=" ')


def test_eight_bit_addresses() -> None:
    found = envelope("To: José <josé@exámple.test>")
    assert found.isascii()
    assert read_envelope(found)[5] == [
        [b"=?UTF-8?B?Sm9zw6k=?=", None, b"=?UTF-8?B?am9zw6k=?=", b"=?UTF-8?B?ZXjDoW1wbGUudGVzdA==?="]
    ]


@pytest.mark.parametrize("octets", [b"Subject: a\x00b", b"Subject: a\rb", b"Subject: a\n\x0bb", b"Subject: \x01\x7f"])
def test_control_characters_cannot_break_the_response(octets: bytes) -> None:
    found = envelope(octets)
    read_envelope(found)
    assert not set(found) & {0, 10, 13}
