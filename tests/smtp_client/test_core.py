"""Replies, offers, commands and their order, without a socket."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correio.queue.courier import EnvelopeRecipient, Reply
from protocols.smtp.client.core import reply_reader
from protocols.smtp.client.core.dialogue import (
    COMMANDS,
    EARLY,
    FIRST_NOTES,
    GREETING,
    LAST_NOTES,
    UNASKED,
    Dialogue,
    Heard,
    State,
)
from protocols.smtp.client.core.envelope_commands import Paths, ascii_path, mail_argument, paths_for, rcpt_argument
from protocols.smtp.client.core.offer import Offer, parse_offer
from protocols.smtp.client.core.reply_reader import BadReplyError, ReplyReader, ServerReply
from protocols.smtp.client.core.sasl_client import SaslClientError, begin, choose_mechanism
from protocols.smtp.client.core.stuffing import PIECE, stuffed_pieces
from tests.smtp_client.world import envelope


def read(octets: bytes, cuts: list[int] | None = None) -> list[ServerReply]:
    reader = ReplyReader()
    edges = [0, *sorted(cuts or []), len(octets)]
    found = [reply for start, end in itertools.pairwise(edges) for reply in reader.feed(octets[start:end])]
    assert reader.empty
    return found


REPLIES = (
    b"220 mx.test ESMTP\r\n"
    b"250-mx.test\r\n250-SIZE 10\r\n250 DSN\r\n"
    b"250\r\n"
    b"550-5.1.1 nobody\n550 5.1.1 of that name\n"
    b"451 caf\xc3\xa9 \xff\x00\x1b[2J\r\n"
)


def test_replies_split_at_every_octet() -> None:
    whole = read(REPLIES)
    assert [reply.code for reply in whole] == [220, 250, 250, 550, 451]
    assert whole[1].lines == ("mx.test", "SIZE 10", "DSN")
    assert whole[2].lines == ("",)
    assert whole[3].reply == Reply(550, "5.1.1", "nobody of that name")
    assert whole[4].lines == ("café \ufffd [2J",)
    assert read(REPLIES, list(range(len(REPLIES)))) == whole
    for cut in range(len(REPLIES)):
        assert read(REPLIES, [cut]) == whole


LINES = st.lists(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60), min_size=1, max_size=8)


@given(st.lists(st.tuples(st.integers(200, 599), LINES), max_size=6), st.lists(st.integers(0, 3000), max_size=6))
def test_any_replies_in_any_pieces(given_replies: list[tuple[int, list[str]]], cuts: list[int]) -> None:
    octets = b"".join(
        f"{code}{' ' if at == len(lines) - 1 else '-'}{line}\r\n".encode()
        for code, lines in given_replies
        for at, line in enumerate(lines)
    )
    found = read(octets, [min(cut, len(octets)) for cut in cuts])
    assert [(one.code, list(one.lines)) for one in found] == [
        (code, [line.strip() for line in lines]) for code, lines in given_replies
    ]


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=4))
def test_any_octets_are_replies_or_an_error(octets: bytes, cuts: list[int]) -> None:
    try:
        for reply in read(octets + b"\r\n", [min(cut, len(octets)) for cut in cuts]):
            assert 200 <= reply.code <= 599
            assert str(reply).isprintable()
    except (BadReplyError, AssertionError):
        return


@pytest.mark.parametrize(
    ("octets", "says"),
    [
        (b"hello\r\n", "not a reply"),
        (b"25 x\r\n", "not a reply"),
        (b"2500 x\r\n", "not a reply"),
        (b"150 x\r\n", "not a reply"),
        (b"650 x\r\n", "not a reply"),
        (b"\r\n", "not a reply"),
        (b"HTTP/1.1 400 Bad Request\r\n", "not a reply"),
        (b"250-a\r\n550 b\r\n", "two codes"),
        (b"250-a\r\nb\r\n", "not a reply"),
        (b"2" * (reply_reader.LONGEST_LINE + 2), "more than 4096 octets"),
        (b"250 " + b"x" * reply_reader.LONGEST_LINE + b"\r\n", "more than 4096 octets"),
        (b"250-x\r\n" * (reply_reader.MOST_LINES + 1), "more than 500 lines"),
        ((b"250-" + b"x" * 4000 + b"\r\n") * 17, "65536 octets"),
    ],
)
def test_what_is_no_reply(octets: bytes, says: str) -> None:
    with pytest.raises(BadReplyError, match=says):
        list(ReplyReader().feed(octets))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("550 5.7.1 no", Reply(550, "5.7.1", "no")),
        ("550 no", Reply(550, "5.0.0", "no")),
        ("450 5.1.1 odd", Reply(450, "4.0.0", "5.1.1 odd")),
        ("421 4.3.2", Reply(421, "4.3.2", "")),
        ("250 2.0.0 ok 5.1.1", Reply(250, "2.0.0", "ok 5.1.1")),
        ("554 5.1.1234 x", Reply(554, "5.0.0", "5.1.1234 x")),
    ],
)
def test_enhanced_status_codes(line: str, expected: Reply) -> None:
    assert read(line.encode() + b"\r\n")[0].reply == expected


def test_what_a_server_offers() -> None:
    lines = ["mx.test hello", "PIPELINING", "size 1000", "8bitmime", "SMTPUTF8", "DSN", "STARTTLS", "CHUNKING"]
    lines += ["AUTH PLAIN login", "AUTH=PLAIN CRAM-MD5", "LIMITS RCPTMAX=7 MAILMAX=3 OTHER", "X", ""]
    assert parse_offer(lines) == Offer(
        pipelining=True, size=1000, sizes=True, eight_bit=True, utf8=True, dsn=True, starttls=True,
        mechanisms=("PLAIN", "LOGIN", "CRAM-MD5"), recipients=7, messages=3,
    )  # fmt: skip
    assert parse_offer(["PIPELINING"]) == Offer()
    assert parse_offer([]) == Offer()
    odd = parse_offer(["x", "SIZE", "LIMITS RCPTMAX=0 MAILMAX=-1"])
    assert (odd.size, odd.sizes, odd.recipients, odd.messages) == (0, True, 100, 0)
    assert parse_offer(["x", "SIZE 99999999999999999999"]).size == 0


FULL = Offer(pipelining=True, size=10**9, sizes=True, eight_bit=True, utf8=True, dsn=True)


def test_what_mail_and_rcpt_say() -> None:
    one = envelope("b@x.test", sender="a@x.test", envid="QQ+3=1", ret="HDRS")
    paths = paths_for(one, FULL)
    assert isinstance(paths, Paths)
    said = mail_argument(one, paths, FULL, size=5, eight_bit=True)
    assert said == "FROM:<a@x.test> SIZE=5 BODY=8BITMIME RET=HDRS ENVID=QQ+2B3+3D1"
    assert mail_argument(one, paths, Offer(), size=5, eight_bit=True) == "FROM:<a@x.test>"
    recipient = EnvelopeRecipient("b@x.test", ("SUCCESS", "FAILURE"), "rfc822;B+2Bc@x.test")
    assert rcpt_argument(recipient, "b@x.test", FULL) == (
        "TO:<b@x.test> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;B+2Bc@x.test"
    )
    assert rcpt_argument(recipient, "b@x.test", Offer()) == "TO:<b@x.test>"
    utf8 = EnvelopeRecipient("b@x.test", None, "utf-8;ção@x.test")
    assert rcpt_argument(utf8, "b@x.test", FULL) == "TO:<b@x.test> ORCPT=utf-8;ção@x.test"
    plain = Offer(dsn=True)
    assert rcpt_argument(utf8, "b@x.test", plain) == r"TO:<b@x.test> ORCPT=utf-8;\x{E7}\x{E3}o@x.test"
    for bad in ("rfc822", "rfc822;a b", "rfc822;a\r\nRSET", "rfc822;a=b"):
        assert rcpt_argument(EnvelopeRecipient("b@x.test", None, bad), "b@x.test", FULL) == "TO:<b@x.test>"


def test_addresses_beyond_us_ascii() -> None:
    one = envelope("ção@x.test", "b@exämple.test", "c@x.test", sender="a@exämple.test")
    paths = paths_for(one, FULL)
    assert paths == Paths("a@exämple.test", ("ção@x.test", "b@exämple.test", "c@x.test"), utf8=True, downgrade=False)
    assert " SMTPUTF8" in mail_argument(one, paths, FULL, size=1, eight_bit=False)
    paths = paths_for(one, Offer())
    assert isinstance(paths, Paths)
    assert (paths.sender, paths.downgrade, paths.utf8) == ("a@xn--exmple-cua.test", True, False)
    refused, *others = paths.recipients
    assert isinstance(refused, Reply)
    assert (refused.status, refused.permanent) == ("5.6.7", True)
    assert others == ["b@xn--exmple-cua.test", "c@x.test"]
    refusal = paths_for(envelope("c@x.test", sender="ção@x.test"), Offer())
    assert isinstance(refusal, Reply)
    assert refusal.status == "5.6.7"
    assert ascii_path("a@" + "é" * 300) is None


@pytest.mark.parametrize(
    "address", ["a@b>\r\nRSET", "a b@x.test", "a@b> SIZE=1", '"a@x.test', "a\0@x.test", '"\r\n"@x']
)
def test_no_address_is_ever_a_command(address: str) -> None:
    refusal = paths_for(envelope(sender=address), FULL)
    assert isinstance(refusal, Reply)
    assert refusal.permanent
    paths = paths_for(envelope(address), FULL)
    assert isinstance(paths, Paths)
    assert isinstance(paths.recipients[0], Reply)


def test_quoted_local_parts_and_the_null_sender_stay_as_they_are() -> None:
    paths = paths_for(envelope(r'"a \"> b"@x.test', sender=""), Offer())
    assert paths == Paths("", (r'"a \"> b"@x.test',), utf8=False, downgrade=False)


def greeted() -> Dialogue:
    dialogue = Dialogue()
    assert [one.verb for one in dialogue.feed(b"220 hi\r\n")] == [GREETING]
    dialogue.command("EHLO", "us.test")
    list(dialogue.feed(b"250 hi\r\n"))
    return dialogue


def test_the_order_of_commands() -> None:
    assert set(COMMANDS) == set(State)
    for state, allowed in COMMANDS.items():
        for verb in ("EHLO", "HELO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "RSET", "NOOP", "QUIT"):
            dialogue = Dialogue()
            dialogue.state = state
            if verb in allowed:
                assert dialogue.command(verb, "x" if verb in ("MAIL", "RCPT") else "").endswith(b"\r\n")
            else:
                with pytest.raises(RuntimeError):
                    dialogue.command(verb)
    with pytest.raises(RuntimeError):
        greeted().end(1)
    with pytest.raises(ValueError, match="line end"):
        greeted().command("MAIL", "FROM:<a>\r\nRSET")


def test_replies_find_their_commands() -> None:
    dialogue = greeted()
    for verb, argument in (("MAIL", "FROM:<a>"), ("RCPT", "TO:<b>"), ("RCPT", "TO:<c>"), ("DATA", "")):
        dialogue.command(verb, argument)
    heard = list(dialogue.feed(b"250 a\r\n550 b\r\n250 c\r\n354 go\r\n"))
    assert [(one.verb, one.reply.code) for one in heard] == [("MAIL", 250), ("RCPT", 550), ("RCPT", 250), ("DATA", 354)]
    assert dialogue.state is State.CONTENT
    dialogue.end(7)
    assert list(dialogue.feed(b"250 ok\r\n")) == [Heard(".", ServerReply(250, ("ok",)))]
    assert dialogue.quiet
    assert dialogue.state is State.READY
    assert dialogue.transcript()[-3:] == ["S: 354 go", "C: (7 octets)", "S: 250 ok"]
    assert dialogue.transcript() == []


def test_replies_that_nobody_asked_for() -> None:
    for octets in (b"250 ok\r\n", b"550 no\r\n", b"250-a\r\n250 b\r\n"):
        with pytest.raises(BadReplyError, match="to nothing"):
            list(greeted().feed(octets))
    dialogue = greeted()
    assert [one.verb for one in dialogue.feed(b"421 4.4.2 too slow\r\n")] == [UNASKED]
    assert dialogue.state is State.ENDED
    dialogue = greeted()
    dialogue.command("MAIL", "FROM:<a>")
    dialogue.command("RCPT", "TO:<b>")
    dialogue.command("DATA")
    list(dialogue.feed(b"250 a\r\n250 b\r\n354 go\r\n"))
    assert [one.verb for one in dialogue.feed(b"552 too much\r\n")] == [EARLY]
    with pytest.raises(BadReplyError):
        list(dialogue.feed(b"250 done\r\n"))


def test_plain_text_behind_starttls() -> None:
    dialogue = greeted()
    dialogue.command("STARTTLS")
    list(dialogue.feed(b"220 go\r\n25"))
    with pytest.raises(BadReplyError, match="STARTTLS"):
        dialogue.restart()


def test_a_transcript_is_bounded_and_has_no_secrets() -> None:
    dialogue = greeted()
    dialogue.command("AUTH", "PLAIN hunter2", shown="AUTH PLAIN (secret)")
    list(dialogue.feed(b"334 \r\n"))
    dialogue.answer("hunter3", "(secret)")
    list(dialogue.feed(b"235 ok\r\n"))
    for _ in range(FIRST_NOTES + LAST_NOTES):
        dialogue.note("x" * 1000)
    notes = dialogue.transcript()
    assert len(notes) == FIRST_NOTES + LAST_NOTES + 1
    assert notes[FIRST_NOTES] == "(7 lines left out)"
    assert max(map(len, notes)) < 600
    assert "hunter" not in "".join(notes)


@given(st.binary(max_size=200))
def test_dots_are_stuffed_and_line_ends_are_crlf(octets: bytes) -> None:
    check_stuffing(octets)


@pytest.mark.parametrize("near", range(-4, 5))
def test_dots_at_the_seam_of_two_pieces(near: int) -> None:
    for seam in (b"\r\n.\r\n", b"\n.\n", b"\r.\r", b".", b"\r\n..", b"\r\r\n\n"):
        check_stuffing(b"x" * (PIECE + near) + seam + b"y" * 10)


def check_stuffing(octets: bytes) -> None:
    sent = b"".join(stuffed_pieces(octets))
    assert b"\r\n.\r\n" not in b"\r\n" + sent
    assert sent.count(b"\r") == sent.count(b"\n") == sent.count(b"\r\n")
    assert not sent or sent.endswith(b"\r\n")
    unstuffed = (b"\r\n" + sent).replace(b"\r\n.", b"\r\n")[2:]
    normal = octets.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")
    assert unstuffed == normal + (b"" if not normal or normal.endswith(b"\r\n") else b"\r\n")


def test_mechanisms() -> None:
    assert choose_mechanism(["LOGIN", "PLAIN", "SCRAM-SHA-256"]) == "SCRAM-SHA-256"
    assert choose_mechanism(["CRAM-MD5", "LOGIN"]) == "LOGIN"
    assert choose_mechanism(["CRAM-MD5"]) == ""
    assert list(begin("PLAIN", "ana", "sésamo")) == [b"\0ana\0" + "sésamo".encode()]


@pytest.mark.parametrize(
    "challenge",
    [b"", b"r=x,s=QQ==,i=4096", b"r=NONCE,s=QQ==,i=4096", b"r=NONCEx,s=QQ==,i=0", b"r=NONCEx,s=QQ==,i=999999999",
     b"r=NONCEx,s=Q,i=4096"],
)  # fmt: skip
def test_a_server_that_does_not_play_by_scram(challenge: bytes) -> None:
    exchange = begin("SCRAM-SHA-256", "ana", "secret")
    first = next(exchange)
    assert first is not None
    nonce = first.rpartition(b"r=")[2]
    with pytest.raises(SaslClientError):
        exchange.send(challenge.replace(b"NONCE", nonce))


def test_a_server_that_does_not_know_the_password() -> None:
    exchange = begin("SCRAM-SHA-256", "ana", "secret")
    first = next(exchange)
    assert first is not None
    exchange.send(b"r=" + first.rpartition(b"r=")[2] + b"more,s=QQ==,i=4096")
    with pytest.raises(SaslClientError, match="does not know"):
        exchange.send(b"v=AAAA")
