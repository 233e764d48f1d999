"""Messages rewritten without octets above 127: a reader sees the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correio.mime.parse import parse_message
from correio.mime.seven_bit import CannotDowngradeError, to_seven_bit
from correio.mime.transfer import UnknownEncodingError, decode_transfer
from tests.corpus.catalogue import messages
from tests.mime.test_properties import MESSAGES

Leaf = tuple[str, str | None, bytes]


def leaves(raw: bytes) -> list[Leaf]:
    """Type, file name and decoded content of each leaf; within a message/global that became one leaf, of those too."""
    found: list[Leaf] = []
    parsed = parse_message(raw)
    parents = {part.parent for part in parsed.parts}
    for at, part in enumerate(parsed.parts):
        if at in parents:
            continue
        try:
            content = decode_transfer(raw[part.body_start : part.end], part.encoding)
        except UnknownEncodingError:
            content = raw[part.body_start : part.end]
        if part.media_type == "message/global":
            found += leaves(content)
        else:
            found.append((part.media_type, part.filename, content))
    return found


def rewritten(raw: bytes) -> bytes:
    made = to_seven_bit(raw)
    assert made.isascii()
    assert made.count(b"\n") == made.count(b"\r\n") or b"\n" in raw.replace(b"\r\n", b"")
    return made


def message(*fields: str, body: str | bytes = "") -> bytes:
    octets = body.encode() if isinstance(body, str) else body
    return (
        "".join(field + "\r\n" for field in ("From: a@x.test", "MIME-Version: 1.0", *fields)).encode()
        + b"\r\n"
        + octets
    )


def test_every_message_of_the_corpus_says_the_same() -> None:
    eight = refused = 0
    for sample in messages():
        raw = sample.transmitted
        if raw.isascii():
            assert to_seven_bit(raw) is raw
            continue
        try:
            made = rewritten(raw)
        except CannotDowngradeError:
            refused += 1
            continue
        eight += 1
        assert leaves(made) == leaves(raw), sample.name
        before, after = parse_message(raw).summary, parse_message(made).summary
        assert (after.subject, after.preview) == (before.subject, before.preview), sample.name
    assert eight > 100
    assert refused * 10 < eight


def test_text_becomes_quoted_printable() -> None:
    raw = message("Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit", body="Olá \r\n.\r\nfim")
    assert rewritten(raw) == message(
        "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: quoted-printable",
        body="Ol=C3=A1=20\r\n=2E\r\nfim",
    )  # fmt: skip


def test_all_else_becomes_base64() -> None:
    raw = message("Content-Type: image/png", "content-transfer-encoding: binary", body=b"\x89PNG\r\n" * 30)
    made = rewritten(raw)
    assert b"Content-Transfer-Encoding: base64\r\n" in made
    assert max(map(len, made.split(b"\r\n"))) <= 76
    assert leaves(made) == leaves(raw)
    # Text with line ends of its own, or none at all, is no text for quoted-printable.
    for body in (b"\xe9\0", b"\xe9\rx", b"\xe9" * 300_000):
        raw = message("Content-Type: text/plain; charset=latin1", body=body)
        assert b": base64\r\n" in rewritten(raw)
        assert leaves(rewritten(raw)) == leaves(raw)


def test_what_says_nothing_of_itself_is_given_a_name() -> None:
    made = rewritten(b"Subject: x\r\n\r\n" + "é\r\n".encode())
    assert made == (
        b"Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\n=C3=A9\r\n"
    )
    assert b"charset=unknown-8bit\r\n" in rewritten(b"Subject: x\r\n\r\n\xe9\r\n")


NESTED = message(
    "Content-Type: multipart/mixed; boundary=a", "Content-Transfer-Encoding: 8bit",
    body="preâmbulo\r\n--a\r\n\r\nsem cabeçalho: não\r\n--a\r\nnão é campo\r\n--a\r\n"
    "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n\r\nSubject: é\r\nFrom: é@x.test\r\n\r\nolá\r\n"
    "--a\r\nContent-Disposition: attachment; filename=\"é.bin\"\r\nContent-Type: application/x\r\n\r\né\r\n--a--\r\népilogo\r\n",
)  # fmt: skip


def test_nested_messages_and_parts_without_headers() -> None:
    made = rewritten(NESTED)
    assert leaves(made) == leaves(NESTED)
    assert [part.encoding for part in parse_message(made).parts] == [
        "7bit", "quoted-printable", "quoted-printable", "7bit", "quoted-printable", "base64",
    ]  # fmt: skip
    assert parse_message(made).parts[-1].filename == "é.bin"
    assert b"Subject: =?UTF-8?B?w6k=?=" in made


def test_an_internationalised_message_within_stays_whole() -> None:
    inner = "From: é@x.test\r\nSubject: é\r\n\r\nolá\r\n".encode()
    raw = message("Content-Type: message/global", "Content-Transfer-Encoding: 8bit", body=inner)
    made = rewritten(raw)
    (part,) = parse_message(made).parts
    assert decode_transfer(made[part.body_start :], part.encoding) == inner


@pytest.mark.parametrize("field", ["From", "To", "Cc", "Reply-To", "Sender", "Resent-To"])
def test_addresses_that_need_smtputf8(field: str) -> None:
    with pytest.raises(CannotDowngradeError, match=field):
        to_seven_bit(f"{field}: Ana <josé@x.test>\r\n\r\n".encode())
    made = rewritten(f"{field}: José <ana@exämple.test>\r\n\r\n".encode())
    assert made == f"{field}: =?UTF-8?B?Sm9zw6k=?= <ana@xn--exmple-cua.test>\r\n\r\n".encode()


def test_traces_of_such_addresses_are_in_nobodys_way() -> None:
    made = rewritten("Delivered-To: josé@x.test\r\nReceived: for <é@x>\r\nSubject: x\r\n\r\n".encode())
    assert made.endswith(b"\r\nSubject: x\r\n\r\n")


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (
            message(
                "Content-Type: multipart/signed; boundary=a",
                body="--a\r\nContent-Type: text/plain; charset=utf-8\r\n\r\né\r\n--a\r\n\r\nsignature\r\n--a--\r\n",
            ),
            "signed",
        ),
        (message("Content-Type: message/partial; id=x; number=1", body="é"), "partial"),
        (message("Content-Transfer-Encoding: x-odd", body="é"), "x-odd"),
        (message('Content-Type: multipart/mixed; boundary="é"', body="--é\r\n\r\nx\r\n--é--\r\n"), "boundary"),
        (message(*["Content-Type: message/rfc822\r\n"] * 101, body="é"), "deep"),
    ],
)
def test_what_cannot_be_done(raw: bytes, says: str) -> None:
    with pytest.raises(CannotDowngradeError, match=says):
        to_seven_bit(raw)


def test_the_signature_alone_may_be_rewritten() -> None:
    raw = message(
        "Subject: é", "Content-Type: multipart/signed; boundary=a",
        body="--a\r\n\r\nplain\r\n--a\r\nContent-Type: application/x\r\n\r\né\r\n--a--\r\n",
    )  # fmt: skip
    made = rewritten(raw)
    assert b"--a\r\n\r\nplain\r\n--a\r\n" in made
    assert leaves(made) == leaves(raw)


@given(MESSAGES)
def test_anything_is_rewritten_or_refused(raw: bytes) -> None:
    try:
        made = to_seven_bit(raw)
    except CannotDowngradeError:
        return
    assert made.isascii()
    assert to_seven_bit(made) is made


@given(st.text(max_size=3000).map(lambda text: text.replace("\r", "").replace("\n", "\r\n")))
def test_any_text_is_the_same_afterwards(text: str) -> None:
    raw = message("Content-Type: text/plain; charset=utf-8", "Subject: é", body=text)
    assert leaves(rewritten(raw)) == leaves(raw)
