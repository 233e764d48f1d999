"""Text for people: charset, format=flowed, HTML as text, previews, bodies."""

from __future__ import annotations

import time

import pytest

from correio.mime.bodies import choose_bodies
from correio.mime.parse import parse_message
from correio.mime.preview import preview_text
from correio.mime.text import html_to_text, part_text, unflow


def text_of(header: str, body: bytes) -> str:
    parsed = parse_message(header.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body)
    return part_text(parsed.parts[0], body)


def test_part_text() -> None:
    assert text_of("Content-Type: text/plain; charset=iso-8859-1", b"ol\xe1\r\nb\rc") == "olá\nb\nc"
    assert text_of("Content-Type: text/plain; charset=utf-8", b"\xef\xbb\xbfa") == "a"
    assert text_of("Content-Type: text/html", b'<meta charset="windows-1251">\xcf') == '<meta charset="windows-1251">П'
    assert text_of("Content-Type: text/html; charset=utf-8", b'<meta charset="windows-1251">\xc3\xa1').endswith("á")
    assert text_of("Content-Type: text/plain; format=flowed", b"one \r\ntwo\r\n") == "one two\n"
    assert text_of("Content-Type: text/plain; format=Flowed; DelSp=Yes", "日 \r\n本".encode()) == "日本"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a \nb\nc", "a b\nc"),
        ("> a \n> b\nc", "> a b\nc"),
        (">> a \n> b", ">> a \n> b"),
        ("a \n> b", "a \n> b"),
        (" from\n >x\n  y", "from\n>x\n y"),
        ("a \n-- \nb", "a \n-- \nb"),
        ("", ""),
        ("a\n\nb", "a\n\nb"),
    ],
)
def test_unflow(text: str, expected: str) -> None:
    assert unflow(text) == expected


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("plain", "plain"),
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("a<br>b<BR/>c", "a\nb\nc"),
        ("<style>p{}</style><script>x</script>a<!-- c -->b", "ab"),
        ("<head><title>t</title></head>body", "body"),
        ("a &amp; b &lt;c&gt; &nbsp;&eacute;", "a & b <c> \xa0é"),
        ("1 < 2 and 3 <4", "1 < 2 and 3 <4"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("<style>never closed", ""),
        ("<!-- never closed", ""),
        ("a<img src=x alt=y>b<unknown>c", "abc"),
        ("<svg>a", "a"),
        (f"a&#{'0' * 5000}65;b", "aAb"),
        (f"a&#{'1' * 5000};b", "a\ufffdb"),
        (f"a&#x{'1' * 5000};b", "a\ufffdb"),
    ],
)
def test_html_to_text(markup: str, text: str) -> None:
    assert html_to_text(markup) == text


@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("token", ["&amp;", "<b>x", "&#8364;", "x", "<!-- -->y", "<script>z</script>w"])
def test_html_is_read_the_same_in_pieces(token: str, size: int) -> None:
    once = html_to_text(token)
    many = size * 64 * 1024 // len(token)
    assert html_to_text(token * many) == once * many


@pytest.mark.parametrize("token", ["<td>", "&#32;", " \n", "<", "&", "<!--", "<script>", "&#1"])
def test_html_takes_linear_time(token: str) -> None:
    began = time.monotonic()
    html_to_text(token * (1_000_000 // len(token)) + "x")
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello\n\nworld  again", "Hello world again"),
        ("> quoted\nAnswer\n> more", "Answer"),
        ("Answer\n\nOn Monday, A wrote:\n> quoted\n", "Answer"),
        ("Text\n-- \nSignature", "Text"),
        ("> only\n> quoted", "only quoted"),
        ("Title\n=======\nText", "Title Text"),
        ("zero\u200bwidth\u2028\x00", "zero width"),
        ("", ""),
        ("x" * 300, "x" * 200),
    ],
)
def test_preview(text: str, expected: str) -> None:
    assert preview_text(text) == expected


def test_preview_looks_at_the_first_few_kib_only() -> None:
    raw = b"Content-Transfer-Encoding: base64\r\n\r\n" + b"QUJD" * 1_000_000
    assert parse_message(raw).summary.preview == "ABC" * 66 + "AB"
    raw = (
        b"Content-Type: text/html; charset=utf-8\r\n\r\n<style>"
        + b"x" * 3000
        + b"</style><p>Hi \xc3\xa1"
        + b" y" * 9000
    )
    assert parse_message(raw).summary.preview.startswith("Hi á y")


def message(*parts: str, subtype: str = "mixed") -> bytes:
    body = "".join(f"--b\n{part}\n" for part in parts)
    return f"Content-Type: multipart/{subtype}; boundary=b\n\n{body}--b--\n".replace("\n", "\r\n").encode()


PLAIN = "Content-Type: text/plain\n\np"
HTML = "Content-Type: text/html\n\nh"
IMAGE = "Content-Type: image/png\nContent-ID: <i>\n\ni"
NAMED_IMAGE = "Content-Type: image/png; name=i.png\n\ni"
PDF = "Content-Type: application/pdf; name=x.pdf\n\nx"
ATTACHED_TEXT = "Content-Type: text/plain\nContent-Disposition: attachment\n\nt"
ALTERNATIVE = "Content-Type: multipart/alternative; boundary=a\n\n--a\n" + PLAIN + "\n--a\n" + HTML + "\n--a--"
RELATED = "Content-Type: multipart/related; boundary=r\n\n--r\n" + HTML + "\n--r\n" + IMAGE + "\n--r--"
SIGNATURE = "Content-Type: application/pgp-signature; name=signature.asc\n\ns"


@pytest.mark.parametrize(
    ("raw", "text", "html", "text_body", "html_body", "attachments", "has_attachment"),
    [
        (b"\r\nx", "1", None, ["1"], ["1"], [], False),
        (message(PLAIN, PDF), "1", None, ["1"], ["1"], ["2"], True),
        (message(PLAIN, HTML, subtype="alternative"), "1", "2", ["1"], ["2"], [], False),
        (message(HTML, subtype="alternative"), None, "1", ["1"], ["1"], [], False),
        (message(ALTERNATIVE, PDF), "1.1", "1.2", ["1.1"], ["1.2"], ["2"], True),
        (message(PLAIN, RELATED, subtype="alternative"), "1", "2.1", ["1"], ["2.1"], ["2.2"], False),
        (message(HTML, IMAGE, subtype="related"), None, "1", ["1"], ["1"], ["2"], False),
        (message(PLAIN, NAMED_IMAGE), "1", None, ["1", "2"], ["1", "2"], [], True),
        (message(PLAIN, ATTACHED_TEXT), "1", None, ["1"], ["1"], ["2"], True),
        (message(PLAIN, SIGNATURE, subtype="signed"), "1", None, ["1"], ["1"], ["2"], False),
        (message(PLAIN, "Content-Type: message/rfc822\n\nSubject: i\n\nx"), "1", None, ["1"], ["1"], ["2"], True),
        (b"Content-Type: application/pdf\r\n\r\nx", None, None, [], [], ["1"], True),
        (b"Content-Type: message/rfc822\r\n\r\nA: b\r\n\r\nx", None, None, [], [], ["1"], True),
        (message(PLAIN, HTML, PLAIN), "1", "2", ["1", "2", "3"], ["1", "2", "3"], [], False),
    ],
)
def test_bodies(
    raw: bytes, text: str | None, html: str | None, text_body: list[str], html_body: list[str], attachments: list[str],
    has_attachment: bool,
) -> None:  # fmt: skip
    parsed = parse_message(raw)
    bodies = choose_bodies(parsed)

    def paths(indexes: tuple[int, ...]) -> list[str]:
        return [parsed.parts[index].path for index in indexes]

    assert [None if at is None else parsed.parts[at].path for at in (bodies.text, bodies.html)] == [text, html]
    assert paths(bodies.text_body) == text_body
    assert paths(bodies.html_body) == html_body
    assert paths(bodies.attachments) == attachments
    assert parsed.summary.has_attachment == has_attachment
