"""DMARC (RFC 9989): records, the tree walk, alignment, policies."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from correio.mailauth.author import MAX_AUTHORS, authors, authors_of
from correio.mailauth.dkim import Dkim
from correio.mailauth.dmarc import Dmarc, check_dmarc, dmarc_disposition
from correio.mailauth.dmarc_record import DmarcRecord, parse_dmarc, select_dmarc
from correio.mailauth.mail_octets import MailOctets
from correio.mailauth.spf import Spf
from correio.mailauth.tree_walk import TreeWalk, targets
from tests.mailauth.zone import Zone, at_once


def evaluate(zone: Zone, author: str, *, spf: str = "", dkim: str = "", partial: bool = False) -> Dmarc:
    """DMARC of a message whose signature and envelope sender pass for these domains."""
    domains = tuple(author.split(","))
    found = authors_of([", ".join(f"a@{domain}" for domain in domains).encode()])
    return at_once(
        check_dmarc(
            found,
            Spf("pass" if spf else "fail", "mailfrom", spf or "nobody.test"),
            [Dkim("pass", one, partial=partial) for one in dkim.split(",") if one],
            zone,
        )
    )


@pytest.mark.parametrize(
    ("text", "record"),
    [
        ("v=DMARC1; p=reject", DmarcRecord(True, "reject")),
        ("v=DMARC1;p=Quarantine;sp=none;np=reject;", DmarcRecord(True, "quarantine", "none", "reject")),
        (
            " v = DMARC1 ; p = none ; adkim=s; aspf=S; psd=y; t=y",
            DmarcRecord(True, "none", None, None, True, True, "y", True),
        ),
        # What makes no sense counts as if it were not there.
        ("v=DMARC1; p=reject; adkim=x; psd=q; t=maybe; pct=5; foo; =; sp", DmarcRecord(True, "reject")),
        ("v=DMARC1; p=reject; p=none", DmarcRecord(True, "reject")),
        # Section 4.10.1.
        ("v=DMARC1", DmarcRecord(False)),
        ("v=DMARC1; sp=reject", DmarcRecord(False)),
        ("v=DMARC1; p=destroy", DmarcRecord(False)),
        ("v=DMARC1; p=reject; sp=destroy", DmarcRecord(False)),
        ("v=DMARC1; rua=mailto:a@x.test", DmarcRecord(True)),
        ("v=DMARC1; p=reject; np=destroy; rua=junk, mailto:a@x.test!10m", DmarcRecord(True)),
        ("v=DMARC1; p=destroy; rua=junk", DmarcRecord(False)),
    ],
)
def test_records(text: str, record: DmarcRecord) -> None:
    assert parse_dmarc(text) == record
    assert select_dmarc(["v=spf1 -all", text]) == record
    assert select_dmarc([text, text]) is None


@pytest.mark.parametrize(
    "text", ["v=dmarc1; p=reject", "p=reject; v=DMARC1", "v=DMARC12; p=reject", "v=DMARC1 p=reject", ""]
)
def test_what_is_no_record(text: str) -> None:
    assert select_dmarc([text]) is None


def test_a_walk_asks_eight_times_at_most() -> None:
    # The example of section 4.10.
    assert targets("a.b.c.d.e.f.g.h.i.j.mail.example.com") == [
        "a.b.c.d.e.f.g.h.i.j.mail.example.com",
        "g.h.i.j.mail.example.com",
        "h.i.j.mail.example.com",
        "i.j.mail.example.com",
        "j.mail.example.com",
        "mail.example.com",
        "example.com",
        "com",
    ]
    assert targets("a.b.c.d.e.f.g.h") == [f"{'a.b.c.d.e.f.g.h'[2 * at :]}" for at in range(8)]
    assert targets("com") == ["com"]


@pytest.mark.parametrize(
    ("records", "domain", "organization"),
    [
        # The examples of section 4.10.2.
        ("mail.example.com p=none\nexample.com p=none", "a.mail.example.com", "example.com"),
        ("mail.example.com p=none; psd=n\nexample.com p=none", "a.mail.example.com", "mail.example.com"),
        ("com p=none; psd=y", "a.mail.example.com", "example.com"),
        # Others.
        ("", "a.mail.example.com", "a.mail.example.com"),
        ("example.com p=none\ncom p=none; psd=y", "a.mail.example.com", "example.com"),
        ("mail.example.com p=none\ncom p=none; psd=y", "a.mail.example.com", "example.com"),
        ("example.com p=none; psd=y", "example.com", "example.com"),
        ("com p=none", "a.example.com", "com"),
        ("example.com p=nonsense", "a.example.com", "example.com"),
    ],
)
def test_where_an_organization_begins(records: str, domain: str, organization: str) -> None:
    zone = Zone()
    for line in records.splitlines():
        name, _, text = line.partition(" ")
        zone.add(f"_dmarc.{name}", "TXT", f"v=DMARC1; {text}")
    assert at_once(TreeWalk(zone).organizational_domain(domain)) == organization


RELAXED = "_dmarc.example.com TXT v=DMARC1; p=reject; sp=quarantine; np=none\nnews.example.com A 192.0.2.1\n"
STRICT = "_dmarc.example.com TXT v=DMARC1; p=reject; adkim=s; aspf=s\nnews.example.com A 192.0.2.1\n"


@pytest.mark.parametrize(
    ("zone", "author", "spf", "dkim", "result", "aligned"),
    [
        (RELAXED, "example.com", "example.com", "", "pass", ("spf",)),
        (RELAXED, "example.com", "", "example.com", "pass", ("dkim",)),
        (RELAXED, "example.com", "bounce.example.com", "mail.example.com", "pass", ("dkim", "spf")),
        (RELAXED, "news.example.com", "", "foo.example.com", "pass", ("dkim",)),
        (RELAXED, "news.example.com", "", "foo.example.net", "fail", ()),
        (RELAXED, "example.com", "", "notexample.com", "fail", ()),
        (RELAXED, "example.com", "", "com", "fail", ()),
        (RELAXED, "example.com", "", "", "fail", ()),
        (RELAXED, "EXAMPLE.com", "", "other.test,example.com", "pass", ("dkim",)),
        (STRICT, "example.com", "", "mail.example.com", "fail", ()),
        (STRICT, "example.com", "bounce.example.com", "", "fail", ()),
        (STRICT, "example.com", "example.com", "example.com", "pass", ("dkim", "spf")),
        # A department with an organization of its own.
        (
            RELAXED + "_dmarc.dept.example.com TXT v=DMARC1; p=none; psd=n",
            "dept.example.com",
            "",
            "example.com",
            "fail",
            (),
        ),
        (
            RELAXED + "_dmarc.dept.example.com TXT v=DMARC1; p=none; psd=n",
            "example.com",
            "",
            "dept.example.com",
            "fail",
            (),
        ),
        # Two customers of one public suffix.
        ("_dmarc.bank TXT v=DMARC1; p=reject; psd=y", "one.bank", "", "two.bank", "fail", ()),
        ("_dmarc.bank TXT v=DMARC1; p=reject; psd=y", "one.bank", "", "mail.one.bank", "pass", ("dkim",)),
        ("", "example.com", "example.com", "example.com", "none", ()),
        ("_dmarc.example.com TXT v=DMARC1", "example.com", "", "", "none", ()),
        ("_dmarc.example.com TEMP", "example.com", "example.com", "", "temperror", ()),
        (
            "_dmarc.example.com TXT v=DMARC1; p=none\n_dmarc.example.com TXT v=DMARC1; p=none",
            "example.com",
            "",
            "",
            "none",
            (),
        ),
    ],
)
def test_alignment(zone: str, author: str, spf: str, dkim: str, result: str, aligned: tuple[str, ...]) -> None:
    found = evaluate(Zone(zone), author, spf=spf, dkim=dkim)
    assert (found.result, found.aligned) == (result, aligned)


@pytest.mark.parametrize(
    ("record", "author", "policy"),
    [
        ("p=reject; sp=quarantine; np=none", "example.com", "reject"),
        ("p=reject; sp=quarantine; np=none", "news.example.com", "quarantine"),
        ("p=reject; sp=quarantine; np=none", "ghost.example.com", "none"),
        ("p=none; np=reject", "news.example.com", "none"),
        ("p=none; np=reject", "ghost.example.com", "reject"),
        ("p=none; sp=reject", "ghost.example.com", "reject"),
        ("p=quarantine", "ghost.example.com", "quarantine"),
        ("p=reject; t=y", "example.com", "quarantine"),
        ("p=quarantine; t=y", "example.com", "none"),
        ("p=none; t=y", "example.com", "none"),
        ("p=none; sp=reject; t=y", "news.example.com", "quarantine"),
        # An own record comes first, and its sp= is not for itself.
        ("p=reject", "own.example.com", "quarantine"),
    ],
)
def test_policies(record: str, author: str, policy: str) -> None:
    zone = Zone(f"_dmarc.example.com TXT v=DMARC1; {record}\nnews.example.com MX 1 x.test\n")
    zone.add("_dmarc.own.example.com", "TXT", "v=DMARC1; p=quarantine; sp=none")
    found = evaluate(zone, author)
    assert (found.result, found.policy) == ("fail", policy)
    assert found.policy_domain == (author if author == "own.example.com" else "example.com")
    expected = {"none": "accept", "quarantine": "junk", "reject": "reject"}[policy]
    assert dmarc_disposition(found) == expected
    assert dmarc_disposition(found, overridden=True) == "accept"


def test_the_policy_of_a_public_suffix_is_for_those_without_one() -> None:
    zone = Zone(
        "_dmarc.bank TXT v=DMARC1; p=none; sp=reject; psd=y\n_dmarc.two.bank TXT v=DMARC1; p=none\none.bank A 192.0.2.1"
    )
    assert (evaluate(zone, "one.bank").policy, evaluate(zone, "one.bank").policy_domain) == ("reject", "bank")
    assert evaluate(zone, "mail.two.bank").policy_domain == "two.bank"


def test_what_could_not_be_asked_might_have_passed() -> None:
    zone = Zone(RELAXED)
    author = authors_of([b"a@example.com"])
    temporary = Spf("temperror", "mailfrom", "example.com")
    found = at_once(check_dmarc(author, temporary, [], zone))
    assert found.result == "temperror"
    assert dmarc_disposition(found) == "accept"
    assert at_once(check_dmarc(author, temporary, [Dkim("pass", "example.com")], zone)).result == "pass"
    # Of one's own names: whoever forges a message can make his own unreachable.
    assert at_once(check_dmarc(author, Spf("temperror", "mailfrom", "evil.test"), [], zone)).result == "fail"
    evil = Dkim("temperror", "evil.test")
    assert at_once(check_dmarc(author, Spf("fail", "mailfrom", "x.test"), [evil], zone)).result == "fail"
    signature = Dkim("temperror", "example.com")
    assert at_once(check_dmarc(author, Spf("fail", "mailfrom", "x.test"), [signature], zone)).result == "temperror"


def test_a_helo_name_is_no_author_and_half_a_body_no_word() -> None:
    zone = Zone(RELAXED)
    helo = Spf("pass", "helo", "example.com")
    assert at_once(check_dmarc(authors_of([b"a@example.com"]), helo, [], zone)).result == "fail"
    assert evaluate(zone, "example.com", dkim="example.com", partial=True).result == "fail"


@pytest.mark.parametrize(
    ("fields", "domains", "problem"),
    [
        ([b"Ana <ana@Example.com>"], ("example.com",), ""),
        ([b"a@x.test, b@x.test"], ("x.test",), ""),
        ([b"a@x.test, b@y.test"], ("x.test", "y.test"), ""),
        ([b"Friends: a@x.test, b@y.test;"], ("x.test", "y.test"), ""),
        ([b"Nobody:;"], (), "without an address"),
        ([b"ana@m\xc3\xbcnchen.test"], ("xn--mnchen-3ya.test",), ""),
        ([b'"ceo@bank.test" <eve@evil.test>'], ("evil.test",), ""),
        ([b"=?utf-8?q?ceo=40bank.test?= <eve@evil.test>"], ("evil.test",), ""),
        ([], (), "0 From fields"),
        ([b""], (), "without an address"),
        ([b"Ana"], (), "without a domain"),
        ([b"<ana@>"], (), "without a domain"),
        ([b"a@x.test", b"b@y.test"], ("x.test", "y.test"), "2 From fields"),
        ([b"a@x..test"], (), "no domain name"),
        ([b"root@[192.0.2.1]"], ("[192.0.2.1]",), ""),
        ([b"root@my_host"], ("my_host",), ""),
        (
            [b", ".join(b"a@d%d.test" % n for n in range(9000))],
            tuple(f"d{n}.test" for n in range(6)),
            "too many author",
        ),
        ([b", ".join(b"a@%d..test" % n for n in range(9000))], (), "too many author"),
    ],
)
def test_author_domains(fields: list[bytes], domains: tuple[str, ...], problem: str) -> None:
    found = authors_of(fields)
    assert found.domains == domains
    assert (problem in found.problem) if problem else not found.problem
    octets = b"".join(b"From: " + field + b"\r\n" for field in fields) + b"\r\n"
    assert authors(MailOctets(octets)) == found


@pytest.mark.parametrize(
    "author",
    [
        b"ceo@strict.test:;", b"ceo@strict.test]", b"<ceo@strict.test\\>", b"<ceo@strict.test\x07>", b"<ceo@strict.test?>",
        b"<ceo@=?utf-8?q?strict.test?=>", b"ceo@strict.test!", b"<ceo@strict..test>",
        b"a@evil.test, <ceo@strict.test:25>",
    ],
)  # fmt: skip
def test_what_is_nearly_a_domain_is_nobodys(author: bytes) -> None:
    """A reader may be shown the name without what is odd about it."""
    zone = Zone("_dmarc.strict.test TXT v=DMARC1; p=reject")
    found = at_once(check_dmarc(authors_of([author]), Spf("none", "mailfrom", ""), [], zone))
    assert (found.result, dmarc_disposition(found)) == ("permerror", "junk")


def test_too_much_to_look_at_makes_no_policy_milder() -> None:
    zone = Zone("_dmarc.strict.test TXT v=DMARC1; p=reject")
    for author in (
        b"a@strict.test, " + b",".join(b"b@d%d.test" % number for number in range(100)),
        b"a@strict.test, b@odd!",
        b"b@odd!, a@strict.test",
        b"a@strict.test," + b" " * 70_000 + b"b@other.test",
    ):
        found = at_once(check_dmarc(authors_of([author]), Spf("none", "mailfrom", ""), [], zone))
        assert (found.result, dmarc_disposition(found)) == ("fail", "reject")


@pytest.mark.parametrize(
    "many",
    [
        b"x:y\r\n" * 20_000,
        b"From: a@evil.test\r\n" * 10,
        # In one field, before the last line of it.
        b"From: a@evil.test," + b" " * 70_000 + b"b@strict.test\r\nX: ",
        b"From: " + b"a@e," * 10_000 + b"b@strict.test\r\nX: ",
    ],
)
def test_a_header_too_large_to_be_looked_through_hides_nobody(many: bytes) -> None:
    zone = Zone("_dmarc.strict.test TXT v=DMARC1; p=reject")
    message = many + b"From: a@strict.test\r\n\r\n"
    found = at_once(check_dmarc(authors(MailOctets(message)), Spf("none", "mailfrom", ""), [], zone))
    assert (found.result, dmarc_disposition(found)) == ("permerror", "junk")


def test_of_several_authors_the_strictest_policy_that_fails_counts() -> None:
    zone = Zone(
        "_dmarc.strict.test TXT v=DMARC1; p=reject\n_dmarc.mild.test TXT v=DMARC1; p=quarantine\n"
        "_dmarc.evil.test TXT v=DMARC1; p=none"
    )
    found = evaluate(zone, "evil.test,mild.test,strict.test", dkim="evil.test")
    assert (found.result, found.domain, found.policy) == ("fail", "strict.test", "reject")
    assert evaluate(zone, "evil.test,mild.test", dkim="evil.test").policy == "quarantine"
    assert evaluate(zone, "evil.test,unknown.test", dkim="evil.test").result == "none"
    assert evaluate(zone, "evil.test,mild.test", dkim="evil.test,mild.test").result == "pass"
    many = ",".join(f"d{number}.test" for number in range(MAX_AUTHORS)) + ",strict.test"
    found = evaluate(zone, many)
    assert (found.result, dmarc_disposition(found)) == ("permerror", "junk")


def test_two_from_fields_never_pass() -> None:
    zone = Zone("_dmarc.evil.test TXT v=DMARC1; p=none\n_dmarc.strict.test TXT v=DMARC1; p=reject")
    signature = [Dkim("pass", "evil.test")]
    spf = Spf("none", "mailfrom", "x.test")
    found = at_once(check_dmarc(authors_of([b"a@evil.test", b"a@evil.test"]), spf, signature, zone))
    assert (found.result, dmarc_disposition(found)) == ("permerror", "accept")
    found = at_once(check_dmarc(authors_of([b"a@evil.test", b"a@strict.test"]), spf, signature, zone))
    assert (found.result, dmarc_disposition(found)) == ("fail", "reject")
    assert at_once(check_dmarc(authors_of([]), spf, signature, zone)).result == "permerror"


def test_one_message_asks_each_name_once() -> None:
    zone = Zone("_dmarc.example.com TXT v=DMARC1; p=reject\n")
    signatures = ",".join(f"s{number}.a.b.c.d.example.com" for number in range(10))
    evaluate(zone, "a.b.c.d.e.f.g.example.com", dkim=signatures + "," + "x.other.test")
    assert set(zone.questions.values()) == {1}
    assert not any("other.test" in question for question in zone.questions)


@settings(deadline=None)
@given(
    st.one_of(st.text(max_size=80), st.text("v=DMARC1;p=rejcts npq", max_size=60).map("v=DMARC1;".__add__)),
    st.binary(max_size=60),
)
def test_no_record_and_no_from_raises(text: str, value: bytes) -> None:
    zone = Zone()
    for name in ("_dmarc.example.com", "_dmarc.com"):
        zone.add(name, "TXT", text)
    found = evaluate(zone, "a.example.com", dkim="b.example.com")
    assert found.result in ("none", "pass", "fail")
    at_once(check_dmarc(authors_of([value]), Spf("none", "mailfrom", ""), [], zone))
