"""Content-Type and Content-Disposition of parts: what a message says is never trusted."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.rest.octets import content_disposition, content_type, may_be_inline


@pytest.mark.parametrize(
    ("media_type", "charset", "expected"),
    [
        ("text/plain", "utf-8", "text/plain; charset=utf-8"),
        ("image/png", None, "image/png"),
        ("text/html", 'utf-8"; x="', "text/html"),
        ("text/html\r\nX: y", None, "application/octet-stream"),
        ("multipart/mixed", None, "application/octet-stream"),
        ("nonsense", None, "application/octet-stream"),
    ],
)
def test_content_type(media_type: str, charset: str | None, expected: str) -> None:
    assert content_type(media_type, charset) == expected


@pytest.mark.parametrize(
    ("filename", "expected"),
    [
        (None, "attachment"),
        ("report.pdf", 'attachment; filename="report.pdf"'),
        ("../../etc/passwd", 'attachment; filename="passwd"'),
        ("C:\\x\\y.exe", 'attachment; filename="y.exe"'),
        ('a"b\r\nSet-Cookie: x', "attachment; filename=\"a_bSet-Cookie: x\"; filename*=UTF-8''a%22bSet-Cookie%3A%20x"),
        ("relatório.pdf", "attachment; filename=\"relat_rio.pdf\"; filename*=UTF-8''relat%C3%B3rio.pdf"),
        ("evil\u202efdp.exe", 'attachment; filename="evilfdp.exe"'),
        ("...", "attachment"),
    ],
)
def test_content_disposition(filename: str | None, expected: str) -> None:
    assert content_disposition("attachment", filename) == expected


@given(st.text(max_size=300))
def test_any_filename_gives_one_clean_ascii_field(filename: str) -> None:
    value = content_disposition("attachment", filename)
    assert re.fullmatch(r"[ -~]*", value)
    assert len(value) < 4000


@pytest.mark.parametrize(
    "media_type", ["text/html", "image/svg+xml", "application/pdf", "application/xhtml+xml", "text/xml"]
)
def test_what_could_run_is_never_inline(media_type: str) -> None:
    assert not may_be_inline(media_type)
    assert may_be_inline("image/png")
    assert may_be_inline("text/plain")
