"""Transfer encodings."""

from __future__ import annotations

import base64
import os
import quopri

import pytest

from correio.mime.transfer import (
    UnknownEncodingError,
    decode_base64,
    decode_quoted_printable,
    decode_transfer,
    decode_uuencode,
    is_known_encoding,
)


@pytest.mark.parametrize(
    ("encoded", "decoded"),
    [
        (b"", b""),
        (b"SGVsbG8=", b"Hello"),
        (b"SGVs\r\nbG8=\r\n", b"Hello"),
        (b"SGVsbG8", b"Hello"),
        (b"SGVsbG", b"Hell"),
        (b"SGVsb", b"Hel"),
        (b"S", b""),
        (b"====", b""),
        (b"!!SGVs*bG8h--", b"Hello!"),
        (b"SGVsbG8=\r\nSGVsbG8=\r\n", b"HelloHello"),
        (b"SGVsbG8=\r\n\r\n-- \r\n", b"Hello"),
    ],
)
def test_base64(encoded: bytes, decoded: bytes) -> None:
    assert decode_base64(encoded) == decoded


@pytest.mark.parametrize("line", [76, 75, 1000])
def test_large_base64(line: int) -> None:
    data = os.urandom(5_000_001)
    text = base64.b64encode(data)
    encoded = b"\r\n".join(text[at : at + line] for at in range(0, len(text), line))
    assert decode_base64(encoded) == data


def test_large_base64_in_pieces() -> None:
    assert decode_base64(b"QQ==" * 900_000) == b"A" * 900_000


@pytest.mark.parametrize(
    ("encoded", "decoded"),
    [
        (b"a=3Db=\r\nc=C3=A1\r\n", b"a=bc\xc3\xa1\r\n"),
        (b"trailing \t\r\nspace \r\n", b"trailing\r\nspace\r\n"),
        (b"soft= \r\nbreak", b"softbreak"),
        (b"a=3d=zz=", b"a==zz"),
        (b"=\n=\r\n", b""),
    ],
)
def test_quoted_printable(encoded: bytes, decoded: bytes) -> None:
    assert decode_quoted_printable(encoded) == decoded


def test_large_quoted_printable() -> None:
    data = b"".join(b"%d \xc3\xa1 = text\r\n" % at for at in range(200_000))
    encoded = quopri.encodestring(data)
    assert decode_quoted_printable(encoded) == data
    for shift in range(4):
        assert decode_quoted_printable(b"x" * shift + b"=C3=A1" * 300_000) == b"x" * shift + b"\xc3\xa1" * 300_000


def test_uuencode() -> None:
    assert decode_uuencode(b"text\r\nbegin 644 x\r\n#8F%R\r\n`\r\nend\r\nmore\r\n") == b"bar"
    assert decode_uuencode(b"begin 644 x\n#8F%R   \n\nzz\x80zz\nend") == b"bar"


def test_by_name() -> None:
    assert decode_transfer(b"QQ==", "base64") == b"A"
    assert decode_transfer(b"=41", "quoted-printable") == b"A"
    for name in ("7bit", "8bit", "binary", ""):
        assert decode_transfer(b"=41", name) == b"=41"
    assert decode_transfer(b"begin 1 x\n#8F%R\nend", "x-uuencode") == b"bar"
    assert not is_known_encoding("x-odd")
    with pytest.raises(UnknownEncodingError):
        decode_transfer(b"", "x-odd")
