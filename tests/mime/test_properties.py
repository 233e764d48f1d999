"""What holds for any octets whatever."""

from __future__ import annotations

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from correio.mime.addresses import parse_addresses
from correio.mime.body_structure import render_body_structure
from correio.mime.dates import parse_date
from correio.mime.encoded_words import decode_encoded_words, encode_words
from correio.mime.header_fields import header_fields
from correio.mime.model import ParsedMessage
from correio.mime.parameters import parse_parameters
from correio.mime.parse import ParseLimits, parse_message, with_prefix
from correio.mime.sections import part_at, section_range, select_header_fields
from correio.mime.text import html_to_text, part_text
from correio.mime.transfer import UnknownEncodingError, decode_transfer
from tests.mime.imap_grammar import read_body, read_envelope

LINES = [
    b"Content-Type: multipart/mixed; boundary=a", b"Content-Type: multipart/digest; boundary=aa", b"Content-Type: message/rfc822",
    b"Content-Type: multipart/alternative; boundary=b", b"Content-Type: text/html; charset=utf-8", b"Content-Type: message/global",
    b"Content-Transfer-Encoding: base64", b"Content-Transfer-Encoding: quoted-printable", b"--a", b"--a--", b"--aa", b"--aa--",
    b"--b", b"--b--", b"", b"", b"", b"Subject: =?utf-8?q?=C3=A1?= \xff", b'From: "x\\" <a@b>, g: c@d;', b"To: (((", b" folded",
    b"text", b"From a@b", b"Content-Disposition: attachment; filename*0*=utf-8''%C3; filename*1=x", b"Content-ID: <i>", b"\x00\r",
    b"Content-Language: de, en", b"Content-Type: multipart/related; boundary=\xff", b"--\xff", b"QUJD", b"<p>x</p>",
]  # fmt: skip
MESSAGES = st.one_of(
    st.lists(
        st.tuples(st.sampled_from(LINES), st.sampled_from([b"\r\n", b"\r\n", b"\n", b"\r", b""])), max_size=30
    ).map(lambda lines: b"".join(line + end for line, end in lines)),
    st.binary(max_size=200),
)
LIMITS = st.sampled_from(
    [ParseLimits(), ParseLimits(depth=3), ParseLimits(parts=3), ParseLimits(header=40), ParseLimits(depth=1, parts=1)]
)


def check(raw: bytes, parsed: ParsedMessage) -> None:
    """Everything that is promised of a structure."""
    assert parsed.size == len(raw)
    assert parsed.parts[0].parent == -1
    assert (parsed.parts[0].header_start, parsed.parts[0].end) == (0, len(raw))
    paths: dict[str, int] = {}
    previous_end: dict[int, int] = {}
    for at, part in enumerate(parsed.parts):
        assert 0 <= part.header_start <= part.body_start <= part.end <= len(raw)
        body = raw[part.body_start : part.end]
        assert part.lines == body.count(b"\n") + (bool(body) and not body.endswith(b"\n"))
        if at:
            parent = parsed.parts[part.parent]
            assert part.parent < at
            assert parent.body_start <= part.header_start
            assert part.end <= parent.end
            assert part.header_start >= previous_end.get(part.parent, 0)
            previous_end[part.parent] = part.end
        if part.message >= 0:
            assert part.media_type in ("message/rfc822", "message/global")
            assert parsed.parts[part.message].parent == at
            root = parsed.parts[part.message]
            assert (root.header_start, root.end) == (part.body_start, part.end)
            read_envelope(root.envelope)
        elif part.media_type.startswith("multipart/"):
            assert any(other.parent == at for other in parsed.parts)
        path = tuple(map(int, part.path.split("."))) if part.path else ()
        if part.path not in paths:
            paths[part.path] = at
            assert part_at(parsed, path) is part
            if path:
                assert section_range(parsed, path) == (part.body_start, part.end)
                assert section_range(parsed, path, "MIME") == (part.header_start, part.body_start)
        else:
            assert parsed.parts[paths[part.path]].message == at
    read_envelope(parsed.envelope)
    read_body(parsed.body_structure, extensible=True)
    read_body(render_body_structure(parsed, extensible=False), extensible=False)
    assert len(parsed.summary.preview) <= 200


@settings(max_examples=400, deadline=None)
@given(MESSAGES, LIMITS)
def test_any_octets_have_a_structure(raw: bytes, limits: ParseLimits) -> None:
    parsed = parse_message(raw, limits)
    check(raw, parsed)
    packed = msgspec.msgpack.encode(parsed)
    assert msgspec.msgpack.decode(packed, type=ParsedMessage) == parsed


@settings(max_examples=200, deadline=None)
@given(MESSAGES)
def test_leaves_and_embedded_messages_read_the_same_on_their_own(raw: bytes) -> None:
    parsed = parse_message(raw)
    for part in parsed.parts:
        body = raw[part.body_start : part.end]
        if part.message >= 0:
            root = parsed.parts[part.message]
            alone = parse_message(body)
            # A delimiter of an outer multipart cannot be seen from within.
            assert alone.envelope == root.envelope
            assert alone.parts[0].media_type == root.media_type
        elif not part.media_type.startswith("multipart/"):
            try:
                part_text(part, decode_transfer(body, part.encoding))
            except UnknownEncodingError:
                assert part.encoding not in ("base64", "quoted-printable", "7bit")


PREFIX = b"Return-Path: <a@x.test>\r\nReceived: by x.test;\r\n\tnow\r\n"


@settings(max_examples=200, deadline=None)
@given(MESSAGES)
def test_with_prefix(raw: bytes) -> None:
    if raw.startswith((b" ", b"\t", b"From ")):
        # Would go on with the last trace field, or no longer stands at the top.
        raw = b"X: y\r\n" + raw
    shifted = with_prefix(parse_message(raw), len(PREFIX))
    again = parse_message(PREFIX + raw)
    # With a line of text at the top and no empty line, the header was empty and now is the trace fields.
    assert [(part.body_start, part.end, part.path, part.lines) for part in shifted.parts] == [
        (part.body_start, part.end, part.path, part.lines) for part in again.parts
    ]
    assert (shifted.envelope, shifted.body_structure) == (again.envelope, again.body_structure)


NAMES = st.lists(st.sampled_from(["subject", "To", "Content-Type", "from", "x", "", "(", "\xff"]), max_size=4)


@given(MESSAGES, NAMES)
def test_selected_fields_and_the_others_make_up_the_header(raw: bytes, names: list[str]) -> None:
    header = raw[: parse_message(raw).parts[0].body_start]
    chosen = select_header_fields(header, names, exclude=False)
    others = select_header_fields(header, names, exclude=True)
    fields = [header[field.start : field.end] for field in header_fields(header)]
    wanted = {name.lower() for name in names}
    expected = b"".join(field for field in fields if next(header_fields(field)).name.lower() in wanted)
    end = next((end for end in (b"\r\n", b"\n") if header == end or header.endswith(b"\n" + end)), b"")
    assert chosen == expected + end
    assert len(chosen) + len(others) == len(header) + len(end)
    assert others.endswith(end)
    assert select_header_fields(header, [], exclude=True) == header


@given(st.text(max_size=300), st.binary(max_size=300))
def test_decoders_never_raise(text: str, octets: bytes) -> None:
    for candidate in (text, octets.decode("latin-1")):
        assert decode_encoded_words(encode_words(candidate).decode()) == candidate
        decode_encoded_words(candidate)
        parse_addresses(candidate)
        parse_parameters(candidate)
        parse_date(candidate)
        html_to_text(candidate)


@given(st.text('"<>@,;:()[]\\. aé\t=?utf-8Q_', max_size=100))
@example('@"@')
def test_addresses_never_raise(text: str) -> None:
    for address in parse_addresses(text):
        assert address.local or address.domain or address.name is not None or address.group is not None


@given(st.text("abc=?/;\"'*0123%()\\ \t=", max_size=100))
def test_parameters_never_raise(text: str) -> None:
    for name, _ in parse_parameters(text):
        assert name == name.lower()
