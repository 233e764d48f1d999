"""Charset names and decoding."""

from __future__ import annotations

import codecs

import pytest

from correio.mime.charsets import _NAMES, charset_codec, decode_charset, is_known_charset


@pytest.mark.parametrize(
    ("charset", "octets", "text"),
    [
        ("utf-8", "olá".encode(), "olá"),
        ("UTF8", "olá".encode(), "olá"),
        ('"utf-8"', "olá".encode(), "olá"),
        ("iso-8859-1", b"\x93ol\xe1\x94", "“olá”"),
        ("windows-1252", b"\x80\x81", "\x80\x81"),
        ("ISO-8859-15", b"\xa4", "€"),
        ("iso-8859-8-i", b"\xf9\xec\xe5\xed", "שלום"),
        ("windows-1251", b"\xcf\xf0\xe8\xe2\xe5\xf2", "Привет"),
        ("koi8-r", b"\xf0\xd2\xc9\xd7\xc5\xd4", "Привет"),
        ("ks_c_5601-1987", b"\xc7\xd1\xb1\xdb", "한글"),
        ("gb2312", b"\xc4\xe3\xba\xc3", "你好"),
        ("gb2312", b"\x81\x30\x81\x30", "\x80"),  # GB 18030 only
        ("big5", b"\xa7\x41\xa6\x6e", "你好"),
        ("shift_jis", b"\x93\xfa\x96\x7b", "日本"),
        ("windows-31j", b"\x87\x40", "①"),
        ("iso-2022-jp", b"\x1b$BF|K\\\x1b(B", "日本"),
        ("iso-2022-jp", b"\x93\xfa\x96\x7b", "日本"),
        ("unicode-1-1-utf-7", b"Hi +AOE-", "Hi á"),
        ("x-mac-roman", b"\x87", "á"),
        ("tis-620", b"\xca\xc7\xd1\xca\xb4\xd5", "สวัสดี"),
        ("us-ascii", "olá".encode(), "olá"),
        ("us-ascii", b"ol\xe1", "olá"),
        ("unknown-8bit", b"ol\xe1", "olá"),
        ("default", b"abc", "abc"),
        ("no-such-charset", "olá".encode(), "olá"),
        ("no-such-charset", b"\x81\xe1", "\x81á"),
        (None, "olá".encode(), "olá"),
        ("", b"x", "x"),
        ("utf-8", b"ol\xe1", "olá"),
        ("utf-8", "áéíóú".encode()[:-1], "áéíó\ufffd"),
        ("utf-16", b"a", "\ufffd"),
    ],
)
def test_decode(charset: str | None, octets: bytes, text: str) -> None:
    assert decode_charset(octets, charset) == text


@pytest.mark.parametrize(
    "name", ["rot13", "zlib", "hex", "unicode_escape", "punycode", "idna", "base64", "x" * 1000, "\x00"]
)
def test_codecs_that_are_no_charsets_are_never_used(name: str) -> None:
    assert charset_codec(name) is None
    assert decode_charset(b"\\x41", name) == "\\x41"


def test_every_codec_exists_and_reads_anything() -> None:
    octets = bytes(range(256)) * 2
    for codec in _NAMES:
        assert codecs.lookup(codec)
        assert isinstance(decode_charset(octets, codec), str)


def test_is_known_charset() -> None:
    assert is_known_charset("UTF-8")
    assert is_known_charset("us-ascii")
    assert not is_known_charset("no-such-charset")
