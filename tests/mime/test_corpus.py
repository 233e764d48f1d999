"""Every message of the directory named by CORREIO_CORPUS: no exception, sane offsets, strict grammar, stdlib's octets."""

from __future__ import annotations

import email
import email.message
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from correio.mime.model import ParsedMessage
from correio.mime.normalise import to_crlf
from correio.mime.parse import parse_message, with_prefix
from correio.mime.sanitise import sanitise_html
from correio.mime.text import part_text
from correio.mime.transfer import UnknownEncodingError, decode_transfer
from tests.mime.test_properties import PREFIX, check

CORPUS = os.environ.get("CORREIO_CORPUS", "")
pytestmark = [pytest.mark.corpus, pytest.mark.skipif(not CORPUS, reason="CORREIO_CORPUS is not set")]


def messages() -> Iterator[tuple[Path, bytes]]:
    for path in sorted(Path(CORPUS).rglob("*")):
        if path.is_file() and path.suffix.lower() in (".eml", ".msg", ".txt", ""):
            yield path, path.read_bytes()


def test_every_message_has_a_structure() -> None:
    seen = 0
    for path, octets in messages():
        for raw in {octets, to_crlf(octets)}:
            parsed = parse_message(raw)
            try:
                check(raw, parsed)
                assert with_prefix(parsed, len(PREFIX)).size == parse_message(PREFIX + raw).size
                show(raw, parsed)
            except Exception as error:
                raise AssertionError(path) from error
        seen += 1
    assert seen


def show(raw: bytes, parsed: ParsedMessage) -> None:
    """Read every text as a reader would."""
    for part in parsed.parts:
        if part.media_type.startswith("text/"):
            try:
                text = part_text(part, decode_transfer(raw[part.body_start : part.end], part.encoding))
            except UnknownEncodingError:
                continue
            if part.media_type == "text/html":
                assert "<script" not in sanitise_html(text, part_urls={}).html.lower()


def stdlib_leaves(message: email.message.Message) -> list[tuple[str, bytes]] | None:
    """Return the leaves as the standard library reads them, None where it found the message wanting or sees encoded messages."""
    found: list[tuple[str, bytes]] = []
    for part in message.walk():
        if part.defects or (
            part.get_content_type() == "message/rfc822" and part.get("content-transfer-encoding", "7bit") != "7bit"
        ):
            return None
        encoding = part.get("content-transfer-encoding", "7bit").strip().lower()
        if encoding not in ("7bit", "8bit", "binary", "base64", "quoted-printable"):
            return None
        if not part.is_multipart():
            payload = part.get_payload(decode=True)
            if not isinstance(payload, bytes):
                return None
            found.append((part.get_content_type(), payload))
    return found


def test_leaves_hold_the_octets_that_the_standard_library_reads() -> None:
    compared = 0
    different: list[str] = []
    for path, octets in messages():
        raw = to_crlf(octets)
        if len(raw) > 300_000 or b"message/" in raw or b"multipart/digest" in raw:
            continue
        try:
            expected = stdlib_leaves(email.message_from_bytes(raw))
        except Exception:  # noqa: BLE001 - the library itself fails on some mail
            continue
        if expected is None:
            continue
        parsed = parse_message(raw)
        found = [
            (part.media_type, decode_transfer(raw[part.body_start : part.end], part.encoding))
            for part in parsed.parts
            if not part.media_type.startswith("multipart/")
        ]
        compared += 1
        if [octets.rstrip() for _, octets in found] != [octets.rstrip() for _, octets in expected]:
            different.append(str(path))
    # The library ends a header at the first stray line and knows fewer misspellings.
    assert len(different) * 50 <= compared, different
