"""Messages that are written: what goes in comes out, for our own parser and for the standard library's."""

from __future__ import annotations

import email
import email.policy
import re
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from correio.mime.bodies import choose_bodies
from correio.mime.compose.letter import Attachment, Letter, Mailbox
from correio.mime.compose.message import compose, new_message_id
from correio.mime.header_fields import decode_value, raw_fields
from correio.mime.parse import parse_message as parse
from correio.mime.text import html_to_text, part_text
from correio.mime.transfer import decode_transfer

DATE = 1_800_000_000
ANA = Mailbox("ana", "origem.test")

clean = st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"))
lines = st.text(clean, max_size=120)
words = st.text(st.sampled_from("abc ñ漢🙂\"\\,;:<>@()[]=?_.'%*\u00a0"), max_size=60)
text_bodies = st.text(
    st.characters(exclude_categories=("Cc", "Cs")) | st.sampled_from("\n\t .=-"), max_size=400
) | st.builds(str.__mul__, st.sampled_from(["a", "é", "x y ", "漢", "\n", "= "]), st.integers(0, 2500))
atoms = st.text(st.sampled_from("abcXYZ019!#$%&'*+-/=?^_`{|}~"), min_size=1, max_size=20)
domains = st.sampled_from(["destino.test", "a.b-c.destino.test", "xn--bcher-kva.test", "x_y.test"])
mailboxes = st.builds(Mailbox, atoms, domains, (words | st.text(clean, max_size=60)).map(str.strip))


def letter(**more: object) -> Letter:
    return Letter(**{"from_": [ANA], "date": DATE, "message_id": "<1@origem.test>", **more})  # type: ignore[arg-type]


def stdlib(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def well_formed(raw: bytes) -> None:
    """Lines end with CRLF, have at most 998 octets, and a header has no other fields than lines with names."""
    assert raw.count(b"\n") == raw.count(b"\r\n") == raw.count(b"\r")
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    header = raw.partition(b"\r\n\r\n")[0]
    for line in header.split(b"\r\n"):
        assert line.strip(), header
        assert not re.search(rb"=\?", line) or len(line) <= 76


@given(subject=lines | words)
@settings(max_examples=60, deadline=None)
def test_subjects(subject: str) -> None:
    raw = compose(letter(subject=subject)).raw
    well_formed(raw)
    assert parse(raw).summary.subject == subject
    assert (stdlib(raw)["subject"] or "") == subject


@given(boxes=st.lists(mailboxes, min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_addresses(boxes: list[Mailbox]) -> None:
    written = compose(letter(to=boxes, reply_to=boxes[:1]))
    well_formed(written.raw)
    assert not written.smtputf8
    summary = parse(written.raw).summary
    for found, wanted in ((summary.to, boxes), (summary.reply_to, boxes[:1])):
        assert [(one.name or "", one.local, one.domain) for one in found] == [
            (one.name, one.local, one.domain) for one in wanted
        ]
    shown = stdlib(written.raw)["to"].addresses
    assert [(one.username, one.domain) for one in shown] == [(one.local, one.domain) for one in boxes]


@pytest.mark.parametrize("local", ["a b", 'q"q', "x@y", "a..b", ".a", "back\\slash", "(c)"])
def test_local_parts_that_need_quotes(local: str) -> None:
    raw = compose(letter(to=[Mailbox(local, "destino.test", "N")])).raw
    [found] = parse(raw).summary.to
    assert (found.local, found.domain) == (local, "destino.test")


def test_utf8_local_parts_are_raw_and_need_smtputf8() -> None:
    written = compose(letter(to=[Mailbox("josé", "büro.test", "José")]))
    assert written.smtputf8
    [found] = parse(written.raw).summary.to
    assert (found.name, found.local, found.domain) == ("José", "josé", "büro.test")
    assert "josé@büro.test".encode() in written.raw


@given(text=text_bodies, html=text_bodies)
@settings(max_examples=40, deadline=None)
def test_bodies(text: str, html: str) -> None:
    raw = compose(letter(text=text, html=html)).raw
    well_formed(raw)
    assert raw.isascii()
    parsed = parse(raw)
    bodies = choose_bodies(parsed)
    assert bodies.text is not None
    assert bodies.html is not None
    message = stdlib(raw)
    for index, wanted, kind in ((bodies.text, text, "plain"), (bodies.html, html, "html")):
        part = parsed.parts[index]
        given_lines = wanted if wanted.endswith("\n") else wanted + "\n"
        assert part_text(part, decode_transfer(raw[part.body_start : part.end], part.encoding)) == given_lines
        body = message.get_body((kind,))
        assert body is not None
        assert body.get_content().replace("\r\n", "\n") == given_lines


filenames = st.text(st.sampled_from("ab.é漢🙂\"\\ ;=%'*()<>,/"), min_size=1, max_size=100).map(str.strip).filter(bool)


@given(filename=filenames, content=st.binary(max_size=300), content_id=st.sampled_from(["", "pic@x", "logo"]))
@settings(max_examples=40, deadline=None)
def test_attachments(filename: str, content: bytes, content_id: str) -> None:
    one = Attachment(content, filename, "application/x-odd; v=1", content_id)
    raw = compose(letter(text="x", html="<img src=cid:logo>", attachments=[one])).raw
    well_formed(raw)
    parsed = parse(raw)
    [part] = [part for part in parsed.parts if part.media_type == "application/x-odd"]
    assert part.filename == filename
    assert ("v", "1") in part.parameters
    assert part.content_id == (content_id or None)
    assert part.disposition == ("inline" if content_id else "attachment")
    assert decode_transfer(raw[part.body_start : part.end], part.encoding) == content
    assert parsed.parts[part.parent].media_type == ("multipart/related" if content_id else "multipart/mixed")
    [found] = [sub for sub in stdlib(raw).walk() if sub.get_content_type() == "application/x-odd"]
    # Not get_filename(), which takes a pair of angle brackets off.
    assert found["content-disposition"].params["filename"] == filename
    assert found.get_payload(decode=True) == content


def test_the_tree() -> None:
    raw = compose(
        letter(
            text="words",
            html="<img src='cid:logo'>",
            attachments=[
                Attachment(b"1", "a.pdf"),
                Attachment(b"2", "logo.png", content_id="<logo>"),
                Attachment(b"From: x@y.test\n\nwords\n", "a.eml"),
            ],
        )
    ).raw
    assert [(part.path, part.media_type, part.encoding) for part in parse(raw).parts] == [
        ("", "multipart/mixed", "7bit"),
        ("1", "multipart/alternative", "7bit"),
        ("1.1", "text/plain", "7bit"),
        ("1.2", "multipart/related", "7bit"),
        ("1.2.1", "text/html", "7bit"),
        ("1.2.2", "image/png", "base64"),
        ("2", "application/pdf", "base64"),
        ("3", "message/rfc822", "7bit"),
        ("3.1", "text/plain", "7bit"),
    ]


def test_html_alone_gets_its_words() -> None:
    raw = compose(letter(html="<p>Hello&#7;&#129; <b>you</b></p><p>Bye</p>")).raw
    parsed = parse(raw)
    part = parsed.parts[choose_bodies(parsed).text or 0]
    text = part_text(part, decode_transfer(raw[part.body_start : part.end], part.encoding))
    assert text == "Hello  you\n\nBye\n"
    assert html_to_text("<p>a</p>") == "a"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("plain words\n" * 20, "7bit"),
        ("x" * 998, "7bit"),
        ("x" * 999, "quoted-printable"),
        ("palavras e mais, então", "quoted-printable"),
        ("漢字かな交じり文", "base64"),
        ("é" + "x" * 300_000, "base64"),
        (("é" + "x" * 300) * 20 * 50 + "\n", "base64"),
        (("é" + "x" * 300 + "\n") * 2000, "quoted-printable"),
    ],
)
def test_the_encoding_suits_the_content(text: str, encoding: str) -> None:
    assert parse(compose(letter(text=text)).raw).parts[-1].encoding == encoding


@pytest.mark.parametrize(
    ("content", "media_type", "encoding"),
    [
        (b"Subject: a\n\nwords", "message/rfc822", "7bit"),
        ("Subject: é\n\nwords".encode(), "message/rfc822", "8bit"),
        (b"Subject: a\n\n" + b"x" * 999, "application/octet-stream", "base64"),
        (b"\0", "application/octet-stream", "base64"),
    ],
)
def test_messages_within_are_not_encoded(content: bytes, media_type: str, encoding: str) -> None:
    raw = compose(letter(text="x", attachments=[Attachment(content, "a.eml")])).raw
    parsed = parse(raw)
    part = next(part for part in parsed.parts if part.path == "2")
    assert (part.media_type, part.encoding) == (media_type, encoding)
    assert parsed.parts[0].encoding == ("8bit" if encoding == "8bit" else "7bit")


@given(name=st.from_regex(r"\AX-[A-Za-z0-9-]{0,40}\Z"), value=lines.filter(lambda one: one.strip() != ""))
@settings(max_examples=40, deadline=None)
def test_own_fields(name: str, value: str) -> None:
    raw = compose(letter(headers=[(name, value)])).raw
    well_formed(raw)
    fields = dict(raw_fields(raw.partition(b"\r\n\r\n")[0] + b"\r\n"))
    assert decode_value(fields[name.lower().encode()]) == value
    assert stdlib(raw)[name] == value


def test_threads_and_own_ids() -> None:
    raw = compose(
        letter(
            in_reply_to=["<2@x.test>"], references=["<1@x.test>", "<2@x.test>"], headers=[("Message-ID", "<9@x.test>")]
        )
    ).raw
    summary = parse(raw).summary
    assert (summary.message_id, summary.in_reply_to) == ("9@x.test", ["2@x.test"])
    assert summary.references == ["1@x.test", "2@x.test"]
    assert raw.lower().count(b"message-id:") == 1
    assert summary.date == DATE


def test_several_authors_have_a_sender() -> None:
    summary = parse(compose(letter(from_=[ANA, Mailbox("rui", "origem.test")])).raw).summary
    assert [one.local for one in summary.from_] == ["ana", "rui"]
    assert [one.local for one in summary.sender] == ["ana"]


def test_message_ids_are_new_and_in_ascii() -> None:
    first, second = new_message_id("bücher.test"), new_message_id("bücher.test")
    assert first != second
    assert re.fullmatch(r"<[a-z2-7]{24}@xn--bcher-kva\.test>", first)


def test_a_large_attachment_is_copied_in_linear_time() -> None:
    """Twice the octets make twice the octets, and each is there once."""
    content = bytes(range(256)) * 8192
    raw = compose(letter(text="x", attachments=[Attachment(content, "a.bin")])).raw
    [part] = [part for part in parse(raw).parts if part.filename == "a.bin"]
    assert decode_transfer(raw[part.body_start : part.end], "base64") == content
    well_formed(raw)
