"""BODYSTRUCTURE and BODY as octets."""

from __future__ import annotations

from correio.mime.body_structure import render_body_structure
from correio.mime.parse import parse_message


def structures(text: str) -> tuple[bytes, bytes]:
    parsed = parse_message(text.replace("\n", "\r\n").encode())
    assert render_body_structure(parsed, extensible=True) == parsed.body_structure
    return parsed.body_structure, render_body_structure(parsed, extensible=False)


def test_the_default_of_the_rfc() -> None:
    assert structures("A: b\n\nHello\n") == (
        b'("TEXT" "PLAIN" ("CHARSET" "us-ascii") NIL NIL "7BIT" 7 1 NIL NIL NIL NIL)',
        b'("TEXT" "PLAIN" ("CHARSET" "us-ascii") NIL NIL "7BIT" 7 1)',
    )


def test_empty_message() -> None:
    assert (
        parse_message(b"").body_structure
        == b'("TEXT" "PLAIN" ("CHARSET" "us-ascii") NIL NIL "7BIT" 0 0 NIL NIL NIL NIL)'
    )


def test_text_without_charset_and_other_types() -> None:
    assert structures("Content-Type: text/html; format=x\n\n")[1] == (
        b'("TEXT" "HTML" ("FORMAT" "x" "CHARSET" "us-ascii") NIL NIL "7BIT" 0 0)'
    )
    assert structures("Content-Type: image/png\n\nabc")[0] == b'("IMAGE" "PNG" NIL NIL NIL "7BIT" 3 NIL NIL NIL NIL)'


def test_multipart_with_every_kind_of_extension() -> None:
    extended, plain = structures(
        "Content-Type: multipart/mixed; boundary=b\nContent-Language: de\n\n--b\nContent-Type: text/plain; charset=utf-8\n"
        "Content-Transfer-Encoding: 8bit\nContent-Language: en, fr\nContent-ID: <i>\nContent-Description: d\n\nA\nB\n"
        '--b\nContent-Type: application/pdf; name="x y.pdf"\nContent-Disposition: attachment; filename="x y.pdf"\n'
        "Content-MD5: m\nContent-Location: l\nContent-Transfer-Encoding: base64\n\nQUJD\n--b--\n"
    )
    assert extended == (
        b'(("TEXT" "PLAIN" ("CHARSET" "utf-8") "<i>" "d" "8BIT" 4 2 NIL NIL ("en" "fr") NIL)'
        b'("APPLICATION" "PDF" ("NAME" "x y.pdf") NIL NIL "BASE64" 4 "m" ("ATTACHMENT" ("FILENAME" "x y.pdf")) NIL "l")'
        b' "MIXED" ("BOUNDARY" "b") NIL "de" NIL)'
    )
    assert plain == (
        b'(("TEXT" "PLAIN" ("CHARSET" "utf-8") "<i>" "d" "8BIT" 4 2)'
        b'("APPLICATION" "PDF" ("NAME" "x y.pdf") NIL NIL "BASE64" 4) "MIXED")'
    )


def test_embedded_message() -> None:
    extended, plain = structures("Content-Type: message/rfc822\n\nSubject: s\n\nx\n")
    inner = b'(NIL "s" NIL NIL NIL NIL NIL NIL NIL NIL)'
    assert extended == (
        b'("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 17 '
        + inner
        + b' ("TEXT" "PLAIN" ("CHARSET" "us-ascii") NIL NIL "7BIT" 3 1'
        b" NIL NIL NIL NIL) 3 NIL NIL NIL NIL)"
    )
    assert plain == (
        b'("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 17 '
        + inner
        + b' ("TEXT" "PLAIN" ("CHARSET" "us-ascii") NIL NIL "7BIT" 3 1) 3)'
    )


def test_names_beyond_ascii_are_encoded_words() -> None:
    extended, _ = structures("Content-Type: image/png\nContent-Disposition: inline; filename*=utf-8''%C3%A1.png\n\n")
    assert extended == (
        b'("IMAGE" "PNG" NIL NIL NIL "7BIT" 0 NIL ("INLINE" ("FILENAME" "=?UTF-8?B?w6EucG5n?=")) NIL NIL)'
    )
