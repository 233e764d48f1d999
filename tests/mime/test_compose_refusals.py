"""What may not be written: nothing that could end a line or begin another field, and no address that could be two."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from correio.errors import InvalidInputError
from correio.mail.addresses import address_key
from correio.mail.sites import destination
from correio.mime.compose.letter import Attachment, Letter, Mailbox
from correio.mime.compose.mailbox import address_of, make_mailbox, parse_mailbox, show_mailbox
from correio.mime.compose.message import compose

ENDS = ["\r\n", "\r", "\n", "\0", "\x85", "\u2028", "\u2029", "\x0b", "\x0c", "\x1c", "\x7f", "\ud800"]
ANA = Mailbox("ana", "origem.test")


def letter(**more: object) -> Letter:
    return Letter(**{"from_": [ANA], "date": 0, "message_id": "<1@origem.test>", **more})  # type: ignore[arg-type]


def refused(made: Letter, field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        compose(made)
    assert caught.value.field == field


@pytest.mark.parametrize("end", ENDS, ids=ascii)
def test_no_string_can_end_a_line(end: str) -> None:
    bad = f"a{end}Bcc: b@destino.test"
    refused(letter(subject=bad), "subject")
    refused(letter(headers=[("X-A", bad)]), "headers/X-A")
    refused(letter(headers=[(bad, "a")]), "headers/" + bad)
    refused(letter(message_id=f"<{bad}@x>"), "message_id/0")
    refused(letter(in_reply_to=[f"<{bad}@x>"]), "in_reply_to/0")
    refused(letter(references=["<a@x>", f"<{bad}@x>"]), "references/1")
    refused(letter(references=[f"<a{end}b@x>"]), "references/0")
    for name, one in (
        ("filename", Attachment(b"", bad)),
        ("content_type", Attachment(b"", "", f"a/b; c={bad}")),
        ("content_type", Attachment(b"", "", bad)),
        ("content_id", Attachment(b"", "", "", bad)),
    ):
        refused(letter(attachments=[Attachment(b""), one]), f"attachments/1/{name}")
    for text in (f"{bad}@x.test", f"b@{bad}", f"{bad} <b@x.test>", f'"{bad}" <b@x.test>', f"b@x.test{end}"):
        with pytest.raises(InvalidInputError) as caught:
            parse_mailbox(text, "to/0")
        assert caught.value.field == "to/0"


@pytest.mark.parametrize("end", ["\0", "\x85", "\x0b", "\x7f", "\ud800"], ids=ascii)
def test_bodies_hold_no_controls_but_line_ends(end: str) -> None:
    refused(letter(text="a" + end), "text")
    refused(letter(html="a" + end), "html")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("From", "a@b.test"), ("to", "a@b.test"), ("BCC", "a@b.test"), ("Subject", "a"), ("Date", "now"), ("MIME-Version", "1"),
        ("Content-Type", "text/html"), ("content-transfer-encoding", "8bit"), ("Received", "a"), ("Return-Path", "<>"),
        ("DKIM-Signature", "v=1"), ("Resent-To", "a@b.test"), ("X:Y", "a"), ("X Y", "a"), ("X-é", "a"), ("", "a"),
        ("X-" + "a" * 80, "a"), ("Message-ID", "none"), ("Message-ID", "<a@b> <c@d>"), ("References", "<a b@c>"),
        ("Message-ID", "<é@a.test>"), ("In-Reply-To", "<a@é.test>"), ("References", "<a@b>\u2003<c@d>"),
        ("List-Unsubscribe", "<https://é.test>"), ("List-Id", "a" * 901), ("X-Long", "a" * 8193),
    ],
)  # fmt: skip
def test_fields_that_are_not_the_writers(name: str, value: str) -> None:
    refused(letter(headers=[(name, value)]), f"headers/{name}")


_letters = st.text(st.sampled_from('abK1-_.é\u0627ßİ"\\ @'), min_size=1, max_size=8)


@settings(max_examples=500)
@given(_letters, _letters | _letters.map("xn--".__add__))
def test_what_is_taken_for_an_address_can_be_sent_to(local: str, domain: str) -> None:
    try:
        mailbox = make_mailbox(f"{local}@{domain}", "", "to")
    except InvalidInputError:
        return
    assert address_key(address_of(mailbox))
    assert destination(address_of(mailbox)).isascii()


def test_bounds() -> None:
    refused(letter(subject="a" * 2001), "subject")
    refused(letter(headers=[(f"X-{number}", "a") for number in range(101)]), "headers")
    refused(letter(headers=[("X-A", "1"), ("x-a", "2")]), "headers/x-a")
    refused(letter(attachments=[Attachment(b"")] * 101), "attachments")
    refused(letter(attachments=[Attachment(b"", "a" * 256)]), "attachments/0/filename")
    refused(
        letter(html="", attachments=[Attachment(b"", content_id="a"), Attachment(b"", content_id="<a>")]),
        "attachments/1/content_id",
    )
    refused(letter(from_=[]), "from")
    for media_type in ("multipart/mixed", "message/partial", "text", "text/plain x", "é/b", "/"):
        refused(letter(attachments=[Attachment(b"", "", media_type)]), "attachments/0/content_type")


@pytest.mark.parametrize(
    ("text", "name", "local", "domain"),
    [
        ("a@b.test", "", "a", "b.test"),
        (" <a@b.test> ", "", "a", "b.test"),
        ("Ana Só <a@b.test>", "Ana Só", "a", "b.test"),
        ("Acme, Inc. <a@b.test>", "Acme, Inc.", "a", "b.test"),
        (r'"x@y \"<z>\"" <a@b.test>', 'x@y "<z>"', "a", "b.test"),
        ('"a b"@b.test', "", "a b", "b.test"),
        ("a+b.c@BÜCHER.test", "", "a+b.c", "xn--bcher-kva.test"),
        ("josé@bücher.test", "", "josé", "bücher.test"),
        ("josé@xn--bcher-kva.test", "", "josé", "xn--bcher-kva.test"),
    ],
)
def test_addresses_that_are_one(text: str, name: str, local: str, domain: str) -> None:
    found = parse_mailbox(text, "to")
    assert (found.name, found.local, found.domain) == (name, local, domain)
    assert parse_mailbox(show_mailbox(found), "to") == found


@pytest.mark.parametrize(
    "text",
    [
        "", "a", "@b.test", "a@", "a@b.test, c@d.test", "a@b.test c@d.test", "a@b.test;", "<a@b.test", "a@b.test>",
        "x@y.test <a@b.test>", "N <a@b.test> <c@d.test>", '"N <a@b.test>', 'N"M <a@b.test>', "N <<a@b.test>>", "a..b@b.test",
        ".a@b.test", "a.@b.test", "a b@b.test", "a@b..test", "a@-b.test", "a@[127.0.0.1]", "a@b test", "a(c)@b.test",
        "a" * 65 + "@b.test", "a@" + "b" * 64 + ".test", "a@" + "b." * 130 + "test", "a\u202eb@b.test", "undisclosed:;",
        "a@b\u3002test@c.test", "<>", "<a@b.test>, <c@d.test>",
    ],
)  # fmt: skip
def test_addresses_that_are_doubtful(text: str) -> None:
    with pytest.raises(InvalidInputError):
        parse_mailbox(text, "to")


@settings(deadline=None)
@given(st.text(st.sampled_from('ab.@<>", \\()é漢\r\n'), max_size=30))
def test_what_is_read_comes_back_the_same(text: str) -> None:
    try:
        found = parse_mailbox(text, "to")
    except InvalidInputError:
        return
    assert parse_mailbox(show_mailbox(found), "to") == found
    assert make_mailbox(address_of(found), found.name, "to") == found
