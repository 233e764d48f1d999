"""Parts in the encoding ``binary``, rewritten in lines."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from correio.mime.binary_parts import text_form
from correio.mime.normalise import to_crlf
from correio.mime.parse import parse_message
from correio.mime.transfer import decode_transfer

BINARY = bytes(range(256)) * 3 + b"\n.\n\r.\r\n-b\n"


def message(binary: bytes, *, label: bytes = b"binary", line: bytes = b"\r\n") -> bytes:
    lines = [
        b"From: a@b.test", b"MIME-Version: 1.0", b"Content-Type: multipart/mixed; boundary=b", b"Content-Transfer-Encoding: binary",
        b"", b"--b", b"", b"Text", b"", b"--b", b"Content-Type: application/octet-stream",
        b"Content-transfer-encoding:" + line + b" " + label, b"", binary, b"--b", b"Content-Type: message/rfc822",
        b"Content-Transfer-Encoding: binary", b"", b"Subject: inner", b"Content-Type: image/png",
        b"Content-Transfer-Encoding: Binary", b"", binary, b"--b--", b"",
    ]  # fmt: skip
    return line.join(lines)


def leaves(raw: bytes) -> list[tuple[str, bytes]]:
    """Type and decoded octets of each leaf."""
    parsed = parse_message(raw)
    parents = {part.parent for part in parsed.parts}
    return [
        (part.media_type, decode_transfer(raw[part.body_start : part.end], part.encoding))
        for number, part in enumerate(parsed.parts)
        if number not in parents
    ]


def encodings(raw: bytes) -> list[str]:
    return [one.encoding for one in parse_message(raw).parts]


def test_what_becomes_of_it() -> None:
    raw = message(BINARY)
    made = text_form(raw)
    assert [octets for _, octets in leaves(raw)] == [b"Text\r\n", BINARY, BINARY]
    assert leaves(made) == leaves(raw)
    assert encodings(made) == ["8bit", "7bit", "base64", "8bit", "base64"]
    assert text_form(made) is made
    assert max(map(len, made.split(b"\r\n"))) <= 78
    # Line ends that are no part of it are mended; everything else is as it was.
    assert text_form(message(BINARY, line=b"\n")) == made


def test_what_is_made_of_lines_stays() -> None:
    for octets in (b"", b"\xc3\xa9\r\n", b"x" * 998 + b"\r\ny"):
        raw = message(octets)
        assert text_form(raw) == raw.replace(b"binary", b"8bit").replace(b"Binary", b"8bit")
    for octets in (b"a\0", b"x" * 1000, b"a\n", b"\r"):
        assert leaves(text_form(message(octets))) == leaves(message(octets))
        assert encodings(text_form(message(octets)))[2] == "base64"


def test_a_whole_message() -> None:
    made = text_form(b"Content-Transfer-Encoding: binary\r\n\r\n\0\n")
    assert made == b"Content-Transfer-Encoding: base64\r\n\r\nAAo=\r\n"
    assert text_form(b"Subject: x\n\na\rb") == b"Subject: x\r\n\r\na\r\nb"


@given(st.binary(max_size=300), st.sampled_from([b"binary", b"8bit", b"BINARY", b"nonsense"]))
def test_any_octets(octets: bytes, label: bytes) -> None:
    if b"--b" in octets:
        return
    made = text_form(message(octets, label=label))
    assert to_crlf(made) is made
    if label.lower() == b"binary":
        assert [one for _, one in leaves(made)] == [b"Text\r\n", octets, octets]


@given(st.binary(max_size=300))
def test_any_message(raw: bytes) -> None:
    made = text_form(raw)
    assert to_crlf(made) is made
