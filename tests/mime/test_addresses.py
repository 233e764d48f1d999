"""Address lists, proper and otherwise."""

from __future__ import annotations

import pytest

from correio.mime.addresses import MAX_ADDRESSES, parse_addresses
from correio.mime.model import Address


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("a@x.test", [Address(None, "a", "x.test")]),
        ("<a@x.test>", [Address(None, "a", "x.test")]),
        ("John Doe <jdoe@machine.example>", [Address("John Doe", "jdoe", "machine.example")]),
        ('"Joe Q. Public" <john.q.public@example.com>', [Address("Joe Q. Public", "john.q.public", "example.com")]),
        (
            '"Giant; \\"Big\\" Box" <sysservices@example.net>',
            [Address('Giant; "Big" Box', "sysservices", "example.net")],
        ),
        (
            "A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;",
            [
                Address("Ed Jones", "c", "a.test", "A Group"),
                Address(None, "joe", "where.test", "A Group"),
                Address("John", "jdoe", "one.test", "A Group"),
            ],
        ),
        ("Undisclosed recipients:;", [Address(None, "", "", "Undisclosed recipients")]),
        # RFC 5322 appendix A.5 and A.6.3
        (
            "Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>",
            [Address("Pete", "pete", "silly.test")],
        ),
        ("Joe Q. Public <john.q.public@example.com>", [Address("Joe Q. Public", "john.q.public", "example.com")]),
        (
            "Mary Smith <@node.test:mary@example.net>, , jdoe@test  . example",
            [Address("Mary Smith", "mary", "example.net"), Address(None, "jdoe", "test.example")],
        ),
        # what is not in the RFC
        ("a@x.test (The Name)", [Address("The Name", "a", "x.test")]),
        ("a@x.test (nested (name))", [Address("nested (name)", "a", "x.test")]),
        ("a@x.test <b@y.test>", [Address("a@x.test", "b", "y.test")]),
        ("a@x.test; b@x.test", [Address(None, "a", "x.test"), Address(None, "b", "x.test")]),
        ("Last, First <a@x.test>", [Address(None, "Last", ""), Address("First", "a", "x.test")]),
        ("=?utf-8?q?Last,_First?= <a@x.test>", [Address("Last, First", "a", "x.test")]),
        ('"=?utf-8?q?Jos=C3=A9?=" <a@x.test>', [Address("José", "a", "x.test")]),
        ("José Müller <josé@exámple.test>", [Address("José Müller", "josé", "exámple.test")]),
        ("somebody", [Address(None, "somebody", "")]),
        ("Nobody <>", [Address("Nobody", "", "")]),
        ("<a@x.test", [Address(None, "a", "x.test")]),
        ("<<a@x.test>>", [Address(None, "a", "x.test")]),
        ("A <a@x.test>, <b@x.test> B", [Address("A", "a", "x.test"), Address("B", "b", "x.test")]),
        ('"unclosed <a@x.test>', [Address("unclosed", "a", "x.test")]),
        ("mailto:a@x.test", [Address(None, "a", "x.test", "mailto")]),
        ("<mailto:a@x.test>", [Address(None, "a", "x.test")]),
        ("a@[192.0.2.1], b@[IPv6:::1]", [Address(None, "a", "[192.0.2.1]"), Address(None, "b", "[IPv6:::1]")]),
        ('"a b"@x.test', [Address(None, "a b", "x.test")]),
        ("a@b@x.test", [Address(None, "a@b", "x.test")]),
        ("A <a@x.test> B <b@x.test>", [Address("A", "a", "x.test"), Address("B", "b", "x.test")]),
        ("a@x.test b@x.test", [Address(None, "a", "x.test"), Address(None, "b", "x.test")]),
        ("John Doe", [Address("John Doe", "", "")]),
        ("Жанна", [Address("Жанна", "", "")]),
        ("(only a comment)", []),
        (",,;", []),
    ],
)
def test_addresses(text: str, expected: list[Address]) -> None:
    assert parse_addresses(text) == expected


def test_hostile_lists_are_bounded() -> None:
    assert len(parse_addresses("a@x,b@y," * 10_000)) == MAX_ADDRESSES
    assert parse_addresses("(" * 100_000) == []
    for text in (
        "<" * 60_000,
        '"' * 60_001,
        ":" * 60_000,
        "a:" * 30_000,
        "@" * 60_000,
        "\\" * 60_000,
        "[" * 60_000,
        '"' + '\\"' * 30_000,
    ):
        assert len(parse_addresses(text)) <= MAX_ADDRESSES
