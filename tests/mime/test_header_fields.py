"""Header fields and encoded words."""

from __future__ import annotations

import pytest

from correio.mime.encoded_words import decode_encoded_words, encode_words
from correio.mime.header_fields import MAX_VALUE, decode_value, header_fields, unfold


def test_fields_in_order_with_their_offsets() -> None:
    header = b"A: 1\r\nstray\r\nB :\r\n 2\r\n\t3\r\nC:4\nD"
    found = list(header_fields(header))
    assert [(field.name, field.value, header[field.start : field.end]) for field in found] == [
        ("A", b" 1", b"A: 1\r\n"),
        ("B", b"\r\n 2\r\n\t3", b"B :\r\n 2\r\n\t3\r\n"),
        ("C", b"4", b"C:4\n"),
    ]
    assert [field.unfolded for field in found] == ["1", "2 3", "4"]
    assert next(header_fields(b"S: =?utf-8?q?=C3=A1?=")).decoded == "á"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b" a\r\n\tb ", "a b"),
        (b"a\n b", "a b"),
        (b"a\r\r\n b", "a b"),
        (b"a\rb\x00c", "a b c"),
        ("olá".encode(), "olá"),
        (b"ol\xe1", "olá"),
        (b"\x93q\x94", "“q”"),
        (b"\x81", "\x81"),
    ],
)
def test_unfold(value: bytes, text: str) -> None:
    assert unfold(value) == text


def test_unfold_is_bounded_and_never_splits_a_character() -> None:
    assert unfold(b"x" * 100_000) == "x" * MAX_VALUE
    assert unfold(b"x" + "á".encode() * 50_000) == "x" + "á" * (MAX_VALUE // 2 - 1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # RFC 2047 section 8
        ("=?ISO-8859-1?Q?a?=", "a"),
        ("=?ISO-8859-1?Q?a?= b", "a b"),
        ("=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=", "ab"),
        ("=?ISO-8859-1?Q?a?=  \t=?ISO-8859-1?Q?b?=", "ab"),
        ("=?ISO-8859-1?Q?a_b?=", "a b"),
        ("=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=", "a b"),
        ("=?US-ASCII?Q?Keith_Moore?= <moore@cs.utk.edu>", "Keith Moore <moore@cs.utk.edu>"),
        ("=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?=", "If you can read this yo"),
        ("=?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?=", "u understand the example."),
        ("=?iso-8859-8?b?7eXs+SDv4SDp7Oj08A==?=", "םולש ןב ילטפנ"),
        # RFC 2231 section 5
        ("=?US-ASCII*EN?Q?Keith?=", "Keith"),
        # real mail
        ("plain", "plain"),
        ("=?utf-8?Q?a?=b", "ab"),
        ("x=?utf-8?Q?a?==?utf-8?Q?b?=", "xab"),
        ("=?utf-8?q?caf=C3?= =?utf-8?q?=A9?=", "café"),
        ("=?utf-8?B?Y2Fmww==?= =?utf-8?B?qQ==?=", "café"),
        ("=?utf-8?B?Y2Fmw6k?=", "café"),
        ("=?utf-8?B?Y2F?= =?utf-8?B?mw6k=?=", "café"),
        ("=?utf-8?B?Y2 Fm\tw6k=?=", "café"),
        ("=?utf-8?B?!!!?=", ""),
        ("=?utf-8?Q?with spaces inside?=", "with spaces inside"),
        ("=?utf-8?Q?really??=", "really?"),
        ("=?utf-8?Q?100%_=ZZ_=4?=", "100% =ZZ =4"),
        ("=?gb2312?B?xOO6ww==?=", "你好"),
        ("=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "日本"),
        ("=?iso-8859-1?Q?=93quoted=94?=", "“quoted”"),
        ("=?x-nowhere?Q?ol=C3=A1?=", "olá"),
        ("=?x-nowhere?Q?ol=E1?=", "olá"),
        ("=?utf-8?Q?ol=E1?=", "olá"),
        ("=?unknown-8bit?Q?=FF?=", "ÿ"),
        # no encoded words
        ("=?utf-8?X?abc?=", "=?utf-8?X?abc?="),
        ("=?utf-8?Q?abc", "=?utf-8?Q?abc"),
        ("=??Q?abc?=", "=??Q?abc?="),
    ],
)
def test_decode(text: str, expected: str) -> None:
    assert decode_encoded_words(text) == expected


def test_encode_keeps_words_short_and_characters_whole() -> None:
    text = "日本語のとても長い件名です。" * 10
    words = encode_words(text).split(b" ")
    assert all(len(word) <= 75 for word in words)
    for word in words:
        assert "\ufffd" not in decode_encoded_words(word.decode())
    assert decode_encoded_words(b" ".join(words).decode()) == text


def test_many_words_are_decoded_in_one_pass() -> None:
    assert decode_encoded_words("=?utf-8?q?a?= " * 16_000) == "a" * 16_000 + " "
    assert decode_encoded_words("=?utf-8?q?a" * 16_000) == "=?utf-8?q?a" * 16_000


def test_a_decoded_value_stays_one_line() -> None:
    assert decode_value(b" =?utf-8?B?YQ0KQmNjOiB4QHkueg==?=\r\n") == "a Bcc: x@y.z"
    assert decode_value(b" =?utf-8?Q?a=0Ab=0D=00c?=") == "a b c"
