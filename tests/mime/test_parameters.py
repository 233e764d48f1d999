"""Parameters: RFC 2045, RFC 2231, and the rest."""

from __future__ import annotations

import pytest

from correio.mime.parameters import parse_media_type, parse_parameters


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("; charset=us-ascii (Plain text)", [("charset", "us-ascii")]),
        ('; charset="us-ascii"; FORMAT=flowed', [("charset", "us-ascii"), ("format", "flowed")]),
        ('; charset="utf-8" format=flowed', [("charset", "utf-8"), ("format", "flowed")]),
        (" charset = utf-8 ;; x = y", [("charset", "utf-8"), ("x", "y")]),
        ('; name="a;b=c, \\"d\\".txt"', [("name", 'a;b=c, "d".txt')]),
        ("; name=my file (1).pdf", [("name", "my file (1).pdf")]),
        ('; name="never closed', [("name", "never closed")]),
        ('; name=half.txt"', [("name", "half.txt")]),
        ('; boundary=\\"x y\\"', [("boundary", "x")]),
        ('; boundary=\\"xy\\"', [("boundary", "xy")]),
        ("; (comment; a=b) c=d", [("c", "d")]),
        ("; x; y=z", [("y", "z")]),
        ("; a=1; A=2", [("a", "1")]),
        ('; boundary="=?x?q?y?="', [("boundary", "=?x?q?y?=")]),
        ("; name==?utf-8?q?ol=C3=A1.txt?=", [("name", "olá.txt")]),
        # RFC 2231 sections 3 and 4
        (
            '; access-type=URL; URL*0="ftp://"; URL*1="cs.utk.edu/x.txt"',
            [("access-type", "URL"), ("url", "ftp://cs.utk.edu/x.txt")],
        ),
        ("; title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A", [("title", "This is ***fun***")]),
        (
            "; title*0*=us-ascii'en'This%20is%20even%20more%20; title*1*=%2A%2A%2Afun%2A%2A%2A%20; title*2=\"isn't it!\"",
            [("title", "This is even more ***fun*** isn't it!")],
        ),
        ("; title*1=b; title*0=a", [("title", "ab")]),
        ("; title*0=a; title*0=x; title*1=b", [("title", "ab")]),
        ("; filename=plain.txt; filename*=utf-8''%C3%A1.txt", [("filename", "á.txt")]),
        ("; filename*=iso-8859-1''ol%E1", [("filename", "olá")]),
        ("; filename*=''ol%C3%A1", [("filename", "olá")]),
        ("; filename*=nowhere''ol%E1", [("filename", "olá")]),
        ("; filename*=utf-8''100%", [("filename", "100%")]),
        ("; filename*0*=utf-8''%C3; filename*1*=%A1", [("filename", "á")]),
        ('; filename*0="=?utf-8?q?ol"; filename*1="=C3=A1?="', [("filename", "olá")]),
    ],
)
def test_parameters(text: str, expected: list[tuple[str, str]]) -> None:
    assert parse_parameters(text) == expected


def test_media_type() -> None:
    assert parse_media_type(" Text/Plain ; a=b") == ("text", "plain", " ; a=b")
    assert parse_media_type("text") is None
    assert parse_media_type("text/") is None
    assert parse_media_type("") is None


def test_hostile_parameters_are_bounded() -> None:
    assert len(parse_parameters("; a=b" * 10_000)) == 1
    assert len(parse_parameters("".join(f"; a{at}=b" for at in range(10_000)))) <= 1000
    for text in ("(" * 60_000 + "=", '"' * 60_000 + "=", '="' * 30_000, "a " * 30_000 + "=", '="' + "\\" * 60_000):
        parse_parameters(text)
