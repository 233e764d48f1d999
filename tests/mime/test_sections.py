"""BODY[section] and HEADER.FIELDS."""

from __future__ import annotations

import pytest

from correio.mime.parse import parse_message
from correio.mime.sections import part_at, section_range, select_header_fields

RAW = (
    (
        "Subject: outer\nContent-Type: multipart/mixed; boundary=o\n\npre\n--o\n\none\n--o\nContent-Type: message/rfc822\n"
        "X: mime\n\n"
        "Subject: inner\nContent-Type: multipart/alternative; boundary=i\n\n--i\n\nA\n--i\nContent-Type: text/html\n\nB\n--i--\n"
        "--o\nContent-Type: message/rfc822\n\nSubject: simple\n\ntext\n--o--\n"
    )
    .replace("\n", "\r\n")
    .encode()
)
PARSED = parse_message(RAW)


@pytest.mark.parametrize(
    ("path", "specifier", "expected"),
    [
        ((), None, RAW),
        ((), "HEADER", b"Subject: outer\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\n"),
        ((), "TEXT", RAW[RAW.index(b"pre") :]),
        ((1,), None, b"one"),
        ((1,), "MIME", b"\r\n"),
        ((2,), "MIME", b"Content-Type: message/rfc822\r\nX: mime\r\n\r\n"),
        ((2,), "HEADER", b"Subject: inner\r\nContent-Type: multipart/alternative; boundary=i\r\n\r\n"),
        ((2,), "TEXT", b"--i\r\n\r\nA\r\n--i\r\nContent-Type: text/html\r\n\r\nB\r\n--i--"),
        ((2, 1), None, b"A"),
        ((2, 2), "MIME", b"Content-Type: text/html\r\n\r\n"),
        ((3,), None, b"Subject: simple\r\n\r\ntext"),
        ((3,), "TEXT", b"text"),
        ((3, 1), None, b"text"),
        ((3, 1), "MIME", b"Subject: simple\r\n\r\n"),
    ],
)
def test_sections(path: tuple[int, ...], specifier: str | None, expected: bytes) -> None:
    found = section_range(PARSED, path, specifier)  # type: ignore[arg-type]
    assert found is not None
    assert RAW[found[0] : found[1]] == expected


@pytest.mark.parametrize(
    ("path", "specifier"),
    [
        ((), "MIME"),
        ((1,), "HEADER"),
        ((1,), "TEXT"),
        ((1, 1), None),
        ((4,), None),
        ((0,), None),
        ((2, 3), None),
        ((3, 1), "TEXT"),
    ],
)
def test_sections_that_are_not_there(path: tuple[int, ...], specifier: str | None) -> None:
    assert section_range(PARSED, path, specifier) is None  # type: ignore[arg-type]


def test_body_1_of_a_message_that_is_no_multipart() -> None:
    raw = b"Subject: s\r\n\r\ntext\r\n"
    parsed = parse_message(raw)
    assert section_range(parsed, (1,)) == (14, 20)
    assert section_range(parsed, (1,), "MIME") == (0, 14)
    assert section_range(parsed, (1,), "TEXT") is None
    assert section_range(parsed, (1, 1)) is None
    assert section_range(parsed, (2,)) is None


def test_part_at() -> None:
    assert part_at(PARSED, ()) is PARSED.parts[0]
    found = part_at(PARSED, (2,))
    assert found is not None
    assert found.media_type == "message/rfc822"
    assert part_at(PARSED, (9,)) is None


HEADER = b"Subject: s\r\nTo : a@x.test,\r\n\tb@x.test\r\nstray line\r\nSUBJECT:2\r\nSubject-X: y\r\n\r\n"


@pytest.mark.parametrize(
    ("names", "exclude", "expected"),
    [
        (["subject"], False, b"Subject: s\r\nSUBJECT:2\r\n\r\n"),
        (["TO"], False, b"To : a@x.test,\r\n\tb@x.test\r\n\r\n"),
        (["nothing"], False, b"\r\n"),
        ([], False, b"\r\n"),
        ([], True, HEADER),
        (["Subject", "To"], True, b"stray line\r\nSubject-X: y\r\n\r\n"),
        (["sub.*", "(", "", "b@x.test"], False, b"\r\n"),
    ],
)
def test_header_fields(names: list[str], exclude: bool, expected: bytes) -> None:
    assert select_header_fields(HEADER, names, exclude=exclude) == expected


def test_header_fields_of_a_header_without_an_end() -> None:
    assert select_header_fields(b"A: b\r\nC: d", ["c"], exclude=False) == b"C: d"
    assert select_header_fields(b"A: b\r\nC: d", ["a"], exclude=True) == b"C: d"
    assert select_header_fields(b"", ["a"], exclude=False) == b""
    assert select_header_fields(b"\r\n", ["a"], exclude=False) == b"\r\n"
    assert select_header_fields(b"A: b\n\n", ["a"], exclude=False) == b"A: b\n\n"
