"""Structure: which octets belong to which part."""

from __future__ import annotations

import pytest

from correio.mime.model import ParsedMessage
from correio.mime.parse import ParseLimits, parse_message, with_prefix


def outline(raw: bytes, parsed: ParsedMessage | None = None) -> list[tuple[str, str, bytes, bytes]]:
    parsed = parsed or parse_message(raw)
    return [
        (part.path, part.media_type, raw[part.header_start : part.body_start], raw[part.body_start : part.end])
        for part in parsed.parts
    ]


def crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


def test_plain_message() -> None:
    raw = b"From: a@x.test\r\nSubject: s\r\n\r\nHello\r\nworld\r\n"
    parsed = parse_message(raw)
    assert outline(raw, parsed) == [("1", "text/plain", b"From: a@x.test\r\nSubject: s\r\n\r\n", b"Hello\r\nworld\r\n")]
    part = parsed.parts[0]
    assert (part.lines, part.parent, part.message, part.size) == (2, -1, -1, 14)
    assert part.parameters == [("charset", "us-ascii")]
    assert part.encoding == "7bit"
    assert not parsed.truncated


@pytest.mark.parametrize(
    ("raw", "header", "body"),
    [
        (b"", b"", b""),
        (b"\r\n", b"\r\n", b""),
        (b"\r\nbody", b"\r\n", b"body"),
        (b"\nbody", b"\n", b"body"),
        (b"A: b", b"A: b", b""),
        (b"A: b\r\n", b"A: b\r\n", b""),
        (b"A: b\n\nbody\n", b"A: b\n\n", b"body\n"),
        (b"A: b\r\n\r\n", b"A: b\r\n\r\n", b""),
        # A line that is no field stays in the header, as long as an empty line follows somewhere ...
        (b"A: b\r\nstray\r\nC: d\r\n\r\nbody", b"A: b\r\nstray\r\nC: d\r\n\r\n", b"body"),
        # ... and begins the body where none does.
        (b"A: b\r\nbody starts\r\nhere", b"A: b\r\n", b"body starts\r\nhere"),
        (b"just text", b"", b"just text"),
        (
            b"From a@x.test Mon Nov 23 15:54:24 2026\r\nA: b\r\nC: d",
            b"From a@x.test Mon Nov 23 15:54:24 2026\r\nA: b\r\nC: d",
            b"",
        ),
    ],
)
def test_where_a_header_ends(raw: bytes, header: bytes, body: bytes) -> None:
    assert outline(raw) == [("1", "text/plain", header, body)]


def test_mbox_line_at_the_top_is_passed_over() -> None:
    parsed = parse_message(b"From a@x.test Mon Nov 23 15:54:24 2026\r\nSubject: s\r\n\r\nbody")
    assert parsed.summary.subject == "s"
    assert parsed.summary.from_ == []


def test_multipart_with_preamble_and_epilogue() -> None:
    raw = crlf(
        'Content-Type: multipart/mixed; boundary="b"\n\npreamble\n--b\n\none\n--b\nContent-Type: text/html\n\ntwo\n\n'
        "--b--\nepilogue\n"
    )
    parsed = parse_message(raw)
    assert outline(raw, parsed)[1:] == [
        ("1", "text/plain", b"\r\n", b"one"),
        ("2", "text/html", b"Content-Type: text/html\r\n\r\n", b"two\r\n"),
    ]
    assert parsed.parts[0].path == ""
    assert parsed.parts[0].end == len(raw)
    assert [part.lines for part in parsed.parts[1:]] == [1, 1]
    assert [part.parent for part in parsed.parts] == [-1, 0, 0]


def test_multipart_without_terminator_ends_with_the_message() -> None:
    raw = crlf("Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\n\ntwo\n")
    assert outline(raw)[1:] == [("1", "text/plain", b"\r\n", b"one"), ("2", "text/plain", b"\r\n", b"two\r\n")]


def test_lf_only_message() -> None:
    raw = b"Content-Type: multipart/mixed; boundary=b\n\n--b\nA: b\n\none\n--b--\n"
    assert outline(raw)[1:] == [("1", "text/plain", b"A: b\n\n", b"one")]


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/mixed",
        'multipart/mixed; boundary=""',
        "multipart/mixed; boundary=nowhere",
        'multipart/mixed; boundary="x\nX: y',
    ],
)
def test_multipart_without_parts_is_text(content_type: str) -> None:
    raw = crlf(f"Content-Type: {content_type}\n\nsome text\n")
    parsed = parse_message(raw)
    assert len(parsed.parts) == 1
    assert (parsed.parts[0].path, parsed.parts[0].media_type) == ("1", "text/plain")
    assert raw[parsed.parts[0].body_start :] == b"some text\r\n"


def test_multipart_that_is_closed_at_once_is_text() -> None:
    raw = crlf("Content-Type: multipart/mixed; boundary=b\n\n--b--\nrest\n")
    assert outline(raw)[0][:2] == ("1", "text/plain")


def test_empty_parts_and_parts_of_a_header_only() -> None:
    raw = crlf("Content-Type: multipart/mixed; boundary=b\n\n--b\n--b\nA: b\n--b\nC: d\n\n--b\n\n--b--\n")
    assert outline(raw)[1:] == [
        ("1", "text/plain", b"", b""),
        ("2", "text/plain", b"A: b\r\n", b""),
        ("3", "text/plain", b"C: d\r\n\r\n", b""),
        ("4", "text/plain", b"\r\n", b""),
    ]


def test_part_without_a_header_begins_with_its_text() -> None:
    raw = crlf("Content-Type: multipart/mixed; boundary=b\n\n--b\nno header here\n\nmore\n--b--\n")
    assert outline(raw)[1:] == [("1", "text/plain", b"", b"no header here\r\n\r\nmore")]


def test_nested_multiparts() -> None:
    raw = crlf(
        "Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: multipart/alternative; boundary=i\n\n"
        "--i\n\nA\n--i\nContent-Type: text/html\n\nB\n--i--\nignored\n--o\n\nC\n--o--\n"
    )
    assert [(path, kind, body) for path, kind, _, body in outline(raw)[2:]] == [
        ("1.1", "text/plain", b"A"),
        ("1.2", "text/html", b"B"),
        ("2", "text/plain", b"C"),
    ]
    assert outline(raw)[1][3].endswith(b"--i--\r\nignored")


def test_outer_delimiter_ends_an_unterminated_inner_multipart() -> None:
    raw = crlf(
        "Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: multipart/mixed; boundary=i\n\n--i\n\nA\n--o\n\nC\n--o--\n"
    )
    assert [(path, body) for path, _, _, body in outline(raw)[2:]] == [("1.1", b"A"), ("2", b"C")]


def test_longest_boundary_counts_when_one_begins_with_the_other() -> None:
    raw = crlf(
        "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/mixed; boundary=bb\n\n--bb\n\nA\n"
        "--bb\n\nB\n--bb--\n--b\n\nC\n--b--\n"
    )
    assert [(path, body) for path, _, _, body in outline(raw)[2:]] == [("1.1", b"A"), ("1.2", b"B"), ("2", b"C")]


def test_inner_multipart_with_the_same_boundary_takes_the_delimiters() -> None:
    raw = crlf(
        "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nA\n"
        "--b--\n--b\n\nC\n--b--\n"
    )
    assert [(path, body) for path, _, _, body in outline(raw)[2:]] == [("1.1", b"A"), ("2", b"C")]


def test_delimiter_needs_only_the_beginning_of_its_line() -> None:
    raw = crlf("Content-Type: multipart/mixed; boundary=b\n\n--b trailing\n\nA\n --b\nx--b\n--b-- trailing\n")
    assert outline(raw)[1:] == [("1", "text/plain", b"\r\n", b"A\r\n --b\r\nx--b")]


def test_embedded_message() -> None:
    inner = "Subject: inner\nContent-Type: multipart/mixed; boundary=i\n\n--i\n\nA\n--i--\n"
    raw = crlf(f"Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: message/rfc822\n\n{inner}--o--\n")
    parsed = parse_message(raw)
    assert [(part.path, part.media_type, part.parent, part.message) for part in parsed.parts] == [
        ("", "multipart/mixed", -1, -1),
        ("1", "message/rfc822", 0, 2),
        ("1", "multipart/mixed", 1, -1),
        ("1.1", "text/plain", 2, -1),
    ]
    assert parsed.parts[2].envelope.startswith(b'(NIL "inner" ')
    assert parsed.parts[0].envelope == b""


def test_embedded_message_that_is_one_text() -> None:
    raw = crlf("Content-Type: message/rfc822\n\nSubject: inner\n\ntext")
    parsed = parse_message(raw)
    assert [(part.path, part.media_type) for part in parsed.parts] == [("1", "message/rfc822"), ("1.1", "text/plain")]


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable"])
def test_encoded_message_is_a_leaf(encoding: str) -> None:
    raw = crlf(f"Content-Type: message/rfc822\nContent-Transfer-Encoding: {encoding}\n\nU3ViamVjdDogeA0KDQo=\n")
    parsed = parse_message(raw)
    assert len(parsed.parts) == 1
    assert parsed.parts[0].media_type == "message/rfc822"
    assert parsed.parts[0].message == -1
    assert parsed.body_structure.startswith(b'("APPLICATION" "OCTET-STREAM"')


def test_digest_parts_are_messages_unless_they_say_otherwise() -> None:
    raw = crlf(
        "Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: one\n\nA\n--b\nContent-Type: text/plain\n\nB\n--b--\n"
    )
    parsed = parse_message(raw)
    assert [(part.path, part.media_type) for part in parsed.parts] == [
        ("", "multipart/digest"),
        ("1", "message/rfc822"),
        ("1.1", "text/plain"),
        ("2", "text/plain"),
    ]
    assert b'"one"' in parsed.parts[2].envelope


@pytest.mark.parametrize(
    ("value", "media_type", "parameters"),
    [
        ("text/HTML; Charset=UTF-8", "text/html", [("charset", "UTF-8")]),
        ("text", "text/plain", []),
        ("", "text/plain", []),
        ("foo bar/baz", "text/plain", []),
        ("pdf; name=x.pdf", "application/octet-stream", [("name", "x.pdf")]),
        ("text/plain charset=utf-8", "text/plain", [("charset", "utf-8")]),
        ("image/png;\n\tname=a.png", "image/png", [("name", "a.png")]),
    ],
)
def test_content_type(value: str, media_type: str, parameters: list[tuple[str, str]]) -> None:
    part = parse_message(crlf(f"Content-Type: {value}\n\nx")).parts[0]
    assert (part.media_type, part.parameters) == (media_type, parameters)


def test_first_content_field_counts() -> None:
    part = parse_message(b"Content-Type: text/html\r\nContent-Type: image/png\r\n\r\nx").parts[0]
    assert part.media_type == "text/html"


def test_all_content_fields() -> None:
    part = parse_message(
        crlf(
            "Content-Type: image/png; name=n.png\nContent-Transfer-Encoding: BASE64 (comment)\n"
            "Content-Disposition: Attachment; filename*=utf-8''a%C3%A7%C3%A3o.png; size=3\nContent-ID: <i@x.test>\n"
            "Content-Description: =?utf-8?q?Ol=C3=A1?=\nContent-Location: http://x.test/\n a.png\nContent-MD5: abc==\n"
            "Content-Language: pt-BR, en\n\nx"
        )
    ).parts[0]
    assert part.encoding == "base64"
    assert part.disposition == "attachment"
    assert part.disposition_parameters == [("size", "3"), ("filename", "ação.png")]
    assert part.filename == "ação.png"
    assert part.content_id == "i@x.test"
    assert part.description == "Olá"
    assert part.location == "http://x.test/a.png"
    assert part.md5 == "abc=="
    assert part.language == ["pt-BR", "en"]
    assert part.is_attachment


@pytest.mark.parametrize(
    ("value", "encoding"),
    [
        ("Quoted-Printable", "quoted-printable"),
        ("quoted printable", "quoted-printable"),
        ("base64;", "base64"),
        ('"base64"', "base64"),
        ("8-bit", "8bit"),
        ("8 bit (comment)", "8bit"),
        ("x-uuencode", "x-uuencode"),
        ("", "7bit"),
        ("(nothing)", "7bit"),
    ],
)
def test_transfer_encodings(value: str, encoding: str) -> None:
    assert parse_message(crlf(f"Content-Transfer-Encoding: {value}\n\nx")).parts[0].encoding == encoding


@pytest.mark.parametrize(
    ("field", "filename"),
    [
        ("Content-Disposition: attachment; filename=two words.pdf", "two words.pdf"),
        ('Content-Disposition: attachment; filename="=?utf-8?q?ol=C3=A1?="', "olá"),
        ('Content-Type: application/pdf; name="=?iso-8859-1?q?ol=E1?="', "olá"),
        ('Content-Disposition: attachment; filename="a\\"b"', 'a"b'),
        ('Content-Disposition: attachment; filename="C:\\tmp\\x.doc"', "C:\\tmp\\x.doc"),
        ("Content-Disposition: filename=x.pdf", "x.pdf"),
        ('Content-Disposition: attachment; filename="a\x01b\x7f"', "a b"),
        ('Content-Disposition: attachment; filename=""', None),
    ],
)
def test_filenames(field: str, filename: str | None) -> None:
    assert parse_message(crlf(f"{field}\n\nx")).parts[0].filename == filename


def test_summary() -> None:
    summary = parse_message(
        crlf(
            "From: =?utf-8?q?Jos=C3=A9?= <j@x.test>\nTo: a@x.test\nTo: b@x.test\nCc: g: c@x.test;\n"
            "Subject: first\nSubject: =?utf-8?b?T2zDoQ==?=\nDate: Thu, 1 Jan 1970 01:00:00 +0100\n"
            "Message-ID: <m@x.test>\nIn-Reply-To: <p@x.test>\nReferences: <a@x.test>\n <b@x.test>\n\n  Hi  there.\n"
        )
    ).summary
    assert [address.email for address in summary.to] == ["a@x.test", "b@x.test"]
    assert summary.from_[0].name == "José"
    assert (summary.cc[0].email, summary.cc[0].group) == ("c@x.test", "g")
    assert summary.subject == "Olá"
    assert summary.date == 0
    assert summary.message_id == "m@x.test"
    assert summary.in_reply_to == ["p@x.test"]
    assert summary.references == ["a@x.test", "b@x.test"]
    assert summary.preview == "Hi there."
    assert not summary.has_attachment


def test_with_prefix_is_the_parse_of_the_prefixed_message() -> None:
    raw = crlf(
        "Subject: s\nContent-Type: multipart/mixed; boundary=o\n\n"
        "--o\nContent-Type: message/rfc822\n\nSubject: i\n\nA\n--o\n\nB\n--o--\n"
    )
    prefix = b"Return-Path: <a@x.test>\r\nReceived: by x.test;\r\n\tMon, 23 Nov 2026 15:54:24 +0000\r\n"
    assert with_prefix(parse_message(raw), len(prefix)) == parse_message(prefix + raw)


# --- limits


def test_depth_limit() -> None:
    raw = b"Content-Type: message/rfc822\r\n\r\n" * 2000
    parsed = parse_message(raw)
    assert len(parsed.parts) == 100
    assert parsed.truncated
    assert parsed.parts[-1].end == len(raw)
    assert parse_message(raw, ParseLimits(depth=3)).parts[-1].path == "1.1.1"


def test_depth_limit_of_multiparts() -> None:
    raw = b"".join(b"Content-Type: multipart/mixed; boundary=b%dz\r\n\r\n--b%dz\r\n" % (at, at) for at in range(150))
    parsed = parse_message(raw)
    assert len(parsed.parts) == 100
    assert parsed.parts[-1].media_type == "application/octet-stream"
    assert parsed.truncated


def test_part_limit_makes_the_rest_one_leaf() -> None:
    raw = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 20
    parsed = parse_message(raw, ParseLimits(parts=5))
    assert len(parsed.parts) == 5
    assert parsed.truncated
    last = parsed.parts[-1]
    assert (last.path, last.media_type, last.end) == ("4", "application/octet-stream", len(raw))
    assert raw[last.body_start :].count(b"--b") == 16


def test_exactly_as_many_parts_as_allowed() -> None:
    raw = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 10_000
    parsed = parse_message(raw)
    assert len(parsed.parts) == 10_000
    assert parsed.truncated


def test_header_limit_ignores_later_fields_and_keeps_the_offsets() -> None:
    raw = b"Subject: s\r\n" + b"A: b\r\n" * 1000 + b"To: a@x.test\r\n\r\nbody"
    parsed = parse_message(raw, ParseLimits(header=200))
    assert parsed.truncated
    assert parsed.summary.subject == "s"
    assert parsed.summary.to == []
    assert raw[parsed.parts[0].body_start :] == b"body"
    assert not parse_message(raw).truncated


def test_long_values_are_cut() -> None:
    parsed = parse_message(b"Subject: " + b"x" * 100_000 + b"\r\n\r\n")
    assert len(parsed.summary.subject) == 65_535  # 64 KiB less the space after the colon


def test_search_budget_stops_deep_nesting_around_a_large_body() -> None:
    raw = b"".join(b"Content-Type: multipart/mixed; boundary=b%dz\r\n\r\n--b%dz\r\n" % (at, at) for at in range(90))
    raw += b"\r\n" + b"x" * 6_000_000
    parsed = parse_message(raw)
    assert parsed.truncated
    assert len(parsed.parts) < 40
    assert parsed.parts[-1].end == len(raw)


def test_delimiters_across_the_search_window() -> None:
    for shift in range(-6, 7):
        head = b"Content-Type: multipart/mixed; boundary=bound\r\n\r\n--bound\r\n\r\n"
        body = b"x" * (1024 * 1024 + shift - len(head))
        raw = head + body + b"\r\n--bound\r\n\r\nlast\r\n--bound--\r\n"
        parsed = parse_message(raw)
        assert [raw[part.body_start : part.end] for part in parsed.parts[1:]] == [body, b"last"]


def test_empty_line_across_the_search_window() -> None:
    for shift in range(-6, 7):
        header = b"A: " + b"x" * (1024 * 1024 + shift) + b"\r\n\r\n"
        assert parse_message(header + b"body\r\n\r\n").parts[0].body_start == len(header)
