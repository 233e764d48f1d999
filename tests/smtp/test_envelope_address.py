"""Paths of RFC 5321 section 4.1.2 and RFC 6531."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.smtp.core.envelope_address import (
    NULL_SENDER,
    EnvelopeAddress,
    PathError,
    address_literal,
    is_domain,
    parse_path,
)

GOOD = [
    ("<a@b.example>", "a", "b.example", "a@b.example"),
    ("<A.B+tag@B.Example>", "A.B+tag", "B.Example", "A.B+tag@B.Example"),
    ("<!#$%&'*+-/=?^_`{|}~@x>", "!#$%&'*+-/=?^_`{|}~", "x", "!#$%&'*+-/=?^_`{|}~@x"),
    ('<"john"@x.example>', "john", "x.example", "john@x.example"),
    ('<"a b"@x>', "a b", "x", '"a b"@x'),
    ('<"a\\"b\\\\c"@x>', 'a"b\\c', "x", '"a\\"b\\\\c"@x'),
    ('<"a@b"@x>', "a@b", "x", '"a@b"@x'),
    ('<"a>b"@x>', "a>b", "x", '"a>b"@x'),
    ("<@one.example,@two.example:a@b.example>", "a", "b.example", "a@b.example"),
    ("<a@[192.0.2.1]>", "a", "[192.0.2.1]", "a@[192.0.2.1]"),
    ("<a@[IPv6:2001:db8::1]>", "a", "[IPv6:2001:db8::1]", "a@[IPv6:2001:db8::1]"),
    ("<josé@exämple.example>", "josé", "exämple.example", "josé@exämple.example"),
    ("<用户@例子.广告>", "用户", "例子.广告", "用户@例子.广告"),
    ("<a@under_score.example>", "a", "under_score.example", "a@under_score.example"),
    ("<Postmaster>", "Postmaster", "", "Postmaster"),
]

BAD = [
    "", "a@b", "<a@b", "<a>", "<@b>", "<a@>", "<a@b.>", "<a@.b>", "<a@b..c>", "<.a@b>", "<a.@b>", "<a..b@c>", "<a b@c>",
    "<a@b c>", "<a@-b>", "<a@b->", '<"a@b>', '<""@b>', '<"a"b@c>', "<a@[192.0.2.256]>", "<a@[IPv6:zz]>", "<a@[]>",
    "<a@[1.2.3.4>", "<@one.example a@b>", "<@one.example:>", "<<a@b>>", "<a@b\x00>",
    "<a\x85@b>", "<a\u2028b@c>", "<a@b\u2029>", '<"\x9f"@b>', "<a\x01@b>", "< >",
    "<a@" + "b" * 64 + ">", "<a@" + "b." * 130 + "c>", "<" + "a" * 1000 + "@b>",
    # Octets count: with the name of a field before it, an address has to fit into a line of 998.
    "<" + "ü" * 450 + "@b>",
]  # fmt: skip


@pytest.mark.parametrize(("text", "local", "domain", "shown"), GOOD)
def test_paths(text: str, local: str, domain: str, shown: str) -> None:
    address, rest = parse_path(text + " SIZE=1")
    assert (address.local, address.domain, str(address), rest) == (local, domain, shown, " SIZE=1")


@pytest.mark.parametrize("text", BAD)
def test_what_is_no_path(text: str) -> None:
    with pytest.raises(PathError):
        parse_path(text)


def test_null_sender() -> None:
    assert parse_path("<> BODY=7BIT") == (NULL_SENDER, " BODY=7BIT")
    assert str(NULL_SENDER) == ""


@given(local=st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=60))
def test_any_local_part_survives(local: str) -> None:
    address = EnvelopeAddress(local, "x.example")
    assert parse_path(f"<{address}>") == (address, "")


@given(st.text(max_size=80))
def test_nothing_but_path_errors(text: str) -> None:
    try:
        address, rest = parse_path("<" + text)
    except PathError:
        return
    assert ("<" + text).endswith(rest)
    assert parse_path(f"<{address}>")[0] == address


@pytest.mark.parametrize(
    ("address", "literal"),
    [
        ("192.0.2.1", "[192.0.2.1]"),
        ("2001:db8::1", "[IPv6:2001:db8::1]"),
        ("::ffff:192.0.2.1", "[192.0.2.1]"),
        ("fe80::1%eth0", "[IPv6:fe80::1]"),
    ],
)
def test_address_literals(address: str, literal: str) -> None:
    assert address_literal(address) == literal
    assert is_domain(literal)


def test_what_is_no_domain() -> None:
    for text in ("", "a b", "a;b", "(a)", "[x", "a..b", "a\r\nb", "a>b"):
        assert not is_domain(text)
