"""What becomes of a draft's header when it is sent."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from correio.mime.compose.mailbox import parse_mailbox
from correio.mime.draft_header import Departed, bcc_field, depart, origin_of
from correio.mime.parse import parse_message

ID = "M" + "a" * 24


def departed_at(draft: bytes, time: int, message_id: str | None) -> Departed:
    return depart(draft, parse_message(draft).parts[0].body_start, time=time, message_id=message_id)


def test_what_is_for_the_writer_alone_stays_with_the_writer() -> None:
    draft = (
        b"Bcc: a@example.test,\r\n b@example.test\r\nFrom: me@example.test\r\nDate: Mon, 2 Mar 2026 10:00:00 +0000\r\n"
        b"X-Correio-Reply-Of: " + ID.encode() + b"\r\nX-Mozilla-Draft-Info: internal/draft;\r\n more\r\n"
        b"Message-ID: <1@here>\r\nresent-BCC: c@example.test\r\nFCC: imap://x\r\n\r\nBcc: in the text\r\n"
    )
    departed = departed_at(draft, 1_772_445_600, None)
    date = b"Date: Mon, 02 Mar 2026 10:00:00 +0000\r\n"
    assert departed.sent == b"From: me@example.test\r\nMessage-ID: <1@here>\r\n" + date + b"\r\nBcc: in the text\r\n"
    assert departed.kept.startswith(b"Bcc: a@example.test,\r\n b@example.test\r\nFrom:")
    assert departed.kept.count(b"\r\nDate: ") == 1
    assert departed.kept.endswith(b"FCC: imap://x\r\n" + date + b"\r\nBcc: in the text\r\n")
    assert origin_of(draft) == (ID, False)


def test_nobody_drafts_what_servers_say() -> None:
    """A forged result would stand above all Received fields, where ours stands (RFC 8601 section 5)."""
    draft = b"Authentication-Results: mx.here.test; dmarc=pass\r\nDelivered-To: a@here.test\r\nFrom: a@b\r\n\r\nx"
    assert departed_at(draft, 0, "<1@here>").sent.startswith(b"From: a@b\r\nDate: ")


def test_a_message_id_is_made_where_there_is_none() -> None:
    for draft in (b"From: a@b\r\n\r\nx", b"From: a@b", b"Message-ID: none at all\r\nFrom: a@b\r\n\r\n"):
        departed = departed_at(draft, 0, "<new@here>")
        summary = parse_message(departed.sent).summary
        assert (summary.message_id, summary.date, summary.from_[0].email) == ("new@here", 0, "a@b")
        assert departed.sent == departed.kept


def test_an_origin_is_an_id() -> None:
    assert origin_of(b"X-CORREIO-FORWARD-OF:  " + ID.encode() + b"\r\n") == (ID, True)
    for value in ("", "x", ID + "x", ID + "\r\n " + ID, "A" + ID[1:]):
        assert origin_of(f"X-Correio-Reply-Of: {value}\r\n".encode()) is None


def test_bcc_is_a_field_like_others() -> None:
    assert bcc_field([]) == b""
    found = bcc_field([parse_mailbox(f"Zoë {n} <z{n}@example.test>", "bcc") for n in range(30)])
    parsed = parse_message(found + b"\r\n").summary.bcc
    assert [(one.name, one.email) for one in parsed] == [(f"Zoë {n}", f"z{n}@example.test") for n in range(30)]
    assert max(map(len, found.split(b"\r\n"))) <= 78


@given(
    st.lists(st.sampled_from([b"Bcc", b"bCC: x", b"\r\n", b":", b" y", b"Date", b"To: z", b"\n", b"\x00", b"From "]))
)
def test_nobody_hidden_goes_out_whatever_the_octets(pieces: list[bytes]) -> None:
    draft = b"From: a@b\r\n" + b"".join(pieces).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    departed = departed_at(draft, 0, "<1@here>")
    parsed = parse_message(departed.sent).summary
    assert not parsed.bcc
    assert parsed.date == 0
    assert parse_message(departed.kept).summary.bcc == parse_message(draft).summary.bcc
