"""SPF (RFC 7208): mechanisms, modifiers, macros, limits, and what no record may do."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from correio.mailauth.spf import MAX_LOOKUPS, Spf, check_helo, check_mail_from
from correio.mailauth.spf_macro import MacroError, expand, parse_macro
from correio.mailauth.spf_record import SpfSyntaxError, parse_spf
from tests.mailauth.zone import Zone, at_once

# The domain of RFC 7208 appendix A.
EXAMPLE = """
example.com          MX   10 mail-a.example.com
example.com          MX   20 mail-b.example.com
example.com          A    192.0.2.10
example.com          A    192.0.2.11
amy.example.com      A    192.0.2.65
bob.example.com      A    192.0.2.66
mail-a.example.com   A    192.0.2.129
mail-b.example.com   A    192.0.2.130
example.org          MX   10 mail-c.example.org
mail-c.example.org   A    192.0.2.140
10.2.0.192.in-addr.arpa   PTR  example.com
11.2.0.192.in-addr.arpa   PTR  example.com
65.2.0.192.in-addr.arpa   PTR  amy.example.com
66.2.0.192.in-addr.arpa   PTR  bob.example.com
129.2.0.192.in-addr.arpa  PTR  mail-a.example.com
130.2.0.192.in-addr.arpa  PTR  mail-b.example.com
140.2.0.192.in-addr.arpa  PTR  mail-c.example.org
4.0.0.10.in-addr.arpa     PTR  bob.example.com
"""


async def ask(
    zone: Zone, ip: str = "192.0.2.65", sender: str = "user@example.com", helo: str = "mx.client.test"
) -> Spf:
    return await check_mail_from(
        zone, client_ip=ip, mail_from=sender, helo=helo, hostname="mx.correio.test", now=1_000_000_000
    )


def published(record: str, more: str = "", base: str = EXAMPLE) -> Zone:
    zone = Zone(base + more)
    zone.add("example.com", "TXT", record)
    return zone


@pytest.mark.parametrize(
    ("record", "passing", "failing"),
    [
        # Appendix A.1.
        ("v=spf1 +all", ["203.0.113.9", "2001:db8::1"], []),
        ("v=spf1 a -all", ["192.0.2.10", "192.0.2.11"], ["192.0.2.65"]),
        ("v=spf1 a:example.org -all", [], ["192.0.2.10", "192.0.2.140"]),
        ("v=spf1 mx -all", ["192.0.2.129", "192.0.2.130"], ["192.0.2.10"]),
        ("v=spf1 mx:example.org -all", ["192.0.2.140"], ["192.0.2.129"]),
        ("v=spf1 mx mx:example.org -all", ["192.0.2.129", "192.0.2.140"], ["192.0.2.10"]),
        ("v=spf1 mx/30 mx:example.org/30 -all", ["192.0.2.131", "192.0.2.143"], ["192.0.2.132", "192.0.2.139"]),
        ("v=spf1 ptr -all", ["192.0.2.65"], ["192.0.2.140", "10.0.0.4"]),
        ("v=spf1 ip4:192.0.2.128/28 -all", ["192.0.2.129", "192.0.2.140"], ["192.0.2.65"]),
        # What else there is.
        ("v=spf1 ip6:2001:db8::/32 -all", ["2001:db8:1::1"], ["2001:db9::", "192.0.2.1"]),
        ("v=spf1 ip4:192.0.2.65 -all", ["192.0.2.65", "::ffff:192.0.2.65"], ["192.0.2.66"]),
        ("V=SPF1 IP4:192.0.2.65/32 -ALL", ["192.0.2.65"], ["192.0.2.66"]),
        ("v=spf1 a/0 -all", ["203.0.113.1"], ["2001:db8::1"]),
        ("v=spf1 a:six.test//64 -all", ["2001:db8::2"], ["2001:db8:0:1::1", "192.0.2.10"]),
        ("v=spf1 a:six.test/24//64 -all", ["2001:db8::2", "198.51.100.9"], ["198.51.101.9"]),
        ("v=spf1 exists:%{l}.%{d}.known.test -all", ["192.0.2.1", "2001:db8::1"], []),
        ("v=spf1 exists:%{ir}.%{v}._spf.%{d2} -all", ["192.0.2.3"], ["192.0.2.4"]),
        ("v=spf1 ptr:example.com -all", ["192.0.2.65"], ["192.0.2.140"]),
        ("v=spf1   a   -all  ", ["192.0.2.10"], ["192.0.2.1"]),
        ("v=spf1 moo.cow-far_out=man:dog/cat%% ip4:192.0.2.1 -all", ["192.0.2.1"], ["192.0.2.2"]),
        ("v=spf1 -all redirect=nowhere.test", [], ["192.0.2.2"]),
        ("v=spf1 redirect=_spf.other.test", ["192.0.2.129"], ["192.0.2.1"]),
        ("v=spf1 include:_spf.other.test ip4:192.0.2.1 -all", ["192.0.2.129", "192.0.2.1"], ["192.0.2.2"]),
    ],
)
async def test_who_may_send(record: str, passing: list[str], failing: list[str]) -> None:
    more = """
        six.test                          AAAA  2001:db8::1
        six.test                          A     198.51.100.1
        user.example.com.known.test       A     127.0.0.2
        3.2.0.192.in-addr._spf.example.com  A   127.0.0.2
        _spf.other.test                   TXT   v=spf1 mx:example.com -all
    """
    zone = published(record, more)
    for ip in passing:
        assert (await ask(zone, ip)).result == "pass", ip
    for ip in failing:
        assert (await ask(zone, ip)).result == "fail", ip


@pytest.mark.parametrize(
    ("record", "result"),
    [
        ("v=spf1", "neutral"),
        ("v=spf1 ?all", "neutral"),
        ("v=spf1 ~all", "softfail"),
        ("v=spf1 -all", "fail"),
        ("v=spf1 all", "pass"),
        ("v=spf10 all", "none"),
        ("v=spf1\tall", "none"),
        ("spf2.0/pra all", "none"),
        # Errors anywhere count, behind a match too (section 4.6).
        ("v=spf1 all foo", "permerror"),
        ("v=spf1 all:x.test", "permerror"),
        ("v=spf1 all/8", "permerror"),
        ("v=spf1 include", "permerror"),
        ("v=spf1 include: all", "permerror"),
        ("v=spf1 include:x.test/24 all", "permerror"),
        ("v=spf1 a: all", "permerror"),
        ("v=spf1 a:museum all", "permerror"),
        ("v=spf1 a:museum. all", "permerror"),
        ("v=spf1 a:111.222.33.44 all", "permerror"),
        ("v=spf1 a:x.test:8080 all", "permerror"),
        ("v=spf1 a:x.-dash all", "permerror"),
        ("v=spf1 a/33 all", "permerror"),
        ("v=spf1 a/024 all", "permerror"),
        ("v=spf1 a//129 all", "permerror"),
        ("v=spf1 a/24/64 all", "permerror"),
        ("v=spf1 a/ all", "permerror"),
        ("v=spf1 mx: all", "permerror"),
        ("v=spf1 ptr: all", "permerror"),
        ("v=spf1 ptr/24 all", "permerror"),
        ("v=spf1 exists all", "permerror"),
        ("v=spf1 exists:%{i}.x.test/32 all", "permerror"),
        ("v=spf1 ip4 all", "permerror"),
        ("v=spf1 ip4:1.2.3 all", "permerror"),
        ("v=spf1 ip4:1.2.3.4/33 all", "permerror"),
        ("v=spf1 ip4:1.2.3.4:25 all", "permerror"),
        ("v=spf1 ip4:1.2.3.04 all", "permerror"),
        ("v=spf1 ip4:1.2.3.4//32 all", "permerror"),
        ("v=spf1 ip6:::1/129 all", "permerror"),
        ("v=spf1 ip6:fe80::1%eth0 all", "permerror"),
        ("v=spf1 ip6:1.2.3.4 all", "permerror"),
        ("v=spf1 redirect= all", "permerror"),
        ("v=spf1 redirect=a.test redirect=b.test all", "permerror"),
        ("v=spf1 exp=a.test exp=b.test all", "permerror"),
        ("v=spf1 exp= all", "permerror"),
        ("v=spf1 redirect:x.test all", "permerror"),
        ("v=spf1 moo=%x all", "permerror"),
        ("v=spf1 =x all", "permerror"),
        ("v=spf1 1moo=x all", "permerror"),
        ("v=spf1 exists:%{z}.test all", "permerror"),
        ("v=spf1 exists:%{d0}.test all", "permerror"),
        ("v=spf1 exists:%{c}.test all", "permerror"),
        ("v=spf1 exists:%(ir).test all", "permerror"),
        ("v=spf1 -+all", "permerror"),
        ("v=spf1 a:é.test all", "permerror"),
        ("v=spf1 a:x\x00.test all", "permerror"),
        # Records that are not there.
        ("v=spf1 include:nowhere.test all", "permerror"),
        ("v=spf1 redirect=nowhere.test", "permerror"),
        ("v=spf1 include:broken.test all", "permerror"),
        ("v=spf1 include:down.test all", "temperror"),
        ("v=spf1 a:down.test all", "temperror"),
        ("v=spf1 mx:down.test all", "temperror"),
        ("v=spf1 exists:down.test all", "temperror"),
        # No name can be made of it: it matches nothing.
        ("v=spf1 a:" + "x" * 64 + ".test all", "pass"),
        ("v=spf1 include:soft.test -all", "fail"),
    ],
)
async def test_results(record: str, result: str) -> None:
    more = "broken.test TXT v=spf1 foo\ndown.test TEMP\nsoft.test TXT v=spf1 ~all\n"
    assert (await ask(published(record, more))).result == result


async def test_one_record_or_none() -> None:
    zone = Zone(
        "two.test TXT v=spf1 a\ntwo.test TXT v=spf1 -all\nother.test TXT hello\ndown.test TEMP\nbare.test A 192.0.2.1"
    )
    assert (await ask(zone, sender="a@two.test")).result == "permerror"
    for domain in ("other.test", "bare.test", "nowhere.test"):
        assert (await ask(zone, sender=f"a@{domain}")).result == "none"
    assert (await ask(zone, sender="a@down.test")).result == "temperror"


@pytest.mark.parametrize(
    "domain",
    ["", "localhost", "a..b.test", "x" * 64 + ".test", "[192.0.2.1]", ".test", "a b.test\u2028", "\ud800.test"],
)
async def test_what_is_no_domain_has_no_record(domain: str) -> None:
    found = await ask(Zone(), sender=f"user@{domain}")
    assert found.result == "none"
    assert (await check_helo(Zone(), client_ip="192.0.2.1", helo=domain, hostname="h", now=0)).result == "none"


async def test_a_client_without_an_address_is_none() -> None:
    assert (await ask(published("v=spf1 all"), ip="unknown")).result == "none"


async def test_the_null_sender_is_the_helo_name() -> None:
    zone = Zone("helo.test TXT v=spf1 exists:%{l}.who.test -all\npostmaster.who.test A 127.0.0.2")
    found = await ask(zone, sender="", helo="helo.test")
    assert (found.result, found.identity, found.domain) == ("pass", "mailfrom", "helo.test")
    found = await check_helo(zone, client_ip="192.0.2.1", helo="HELO.test", hostname="h", now=0)
    assert (found.result, found.identity) == ("pass", "helo")


async def test_a_domain_in_its_own_script() -> None:
    zone = Zone("xn--mnchen-3ya.test TXT v=spf1 exists:%{d}.x.test -all\nxn--mnchen-3ya.test.x.test A 127.0.0.2")
    assert (await ask(zone, sender="a@münchen.test")).result == "pass"
    zone = Zone("u.test TXT v=spf1 exists:%{l}.x.test ?all")
    # RFC 8616 section 4: what needs such a local part does not match.
    assert (await ask(zone, sender="josé@u.test")).result == "neutral"
    assert not any(question.endswith(" A") for question in zone.questions)


VALUES = {
    "s": "strong-bad@email.example.com",
    "o": "email.example.com",
    "d": "email.example.com",
    "l": "strong-bad",
    "i": "192.0.2.3",
    "v": "in-addr",
    "h": "h.test",
}


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        # RFC 7208 section 7.4.
        ("%{s}", "strong-bad@email.example.com"),
        ("%{o}", "email.example.com"),
        ("%{d}", "email.example.com"),
        ("%{d4}", "email.example.com"),
        ("%{d3}", "email.example.com"),
        ("%{d2}", "example.com"),
        ("%{d1}", "com"),
        ("%{dr}", "com.example.email"),
        ("%{d2r}", "example.email"),
        ("%{l}", "strong-bad"),
        ("%{l-}", "strong.bad"),
        ("%{lr}", "strong-bad"),
        ("%{lr-}", "bad.strong"),
        ("%{l1r-}", "strong"),
        ("%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"),
        ("%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"),
        ("%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", "bad.strong.lp.3.2.0.192.in-addr._spf.example.com"),
        ("%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}", "3.2.0.192.in-addr.strong.lp._spf.example.com"),
        ("%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net"),
        ("%%%_%-", "% %20"),
        ("%{S}", "strong-bad%40email.example.com"),
        ("%{D999R}", "com.example.email"),
        ("%{s1r.-@}", "strong"),
    ],
)
def test_macros(text: str, expanded: str) -> None:
    if "@" in text:
        with pytest.raises(MacroError):
            parse_macro(text)
    else:
        assert expand(parse_macro(text), VALUES) == expanded


async def test_an_ipv6_client_in_macros() -> None:
    zone = published(
        "v=spf1 exists:%{ir}.%{v}._spf.%{d2} -all",
        "1.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6._spf.example.com A 127.0.0.2",
    )
    assert (await ask(zone, "2001:db8::cb1")).result == "pass"


async def test_a_long_expansion_loses_labels_from_its_left() -> None:
    domain = ".".join(["a" * 50] * 4) + ".example.com"
    zone = Zone(f"{domain} TXT v=spf1 exists:%{{d}}.%{{d}} -all")
    assert (await ask(zone, sender=f"x@{domain}")).result == "fail"
    (asked,) = [question.split()[0] for question in zone.questions if question.endswith(" A")]
    assert len(asked) <= 253
    assert asked.endswith(domain)
    assert f"{domain}.{domain}".endswith("." + asked)


async def test_the_explanation_of_a_fail() -> None:
    zone = published(
        "v=spf1 ip4:192.0.2.1 -all exp=why.%{d}",
        "why.example.com TXT %{i} is not one of %{d}'s; see http://x.test/%{S} (%{c}, %{r}, %{t}, %{p})\n",
    )
    assert (await ask(zone)).explanation == (
        "192.0.2.65 is not one of example.com's; see http://x.test/user%40example.com"
        " (192.0.2.65, mx.correio.test, 1000000000, amy.example.com)"
    )
    assert (await ask(zone, "192.0.2.1")).explanation == ""


@pytest.mark.parametrize(
    "more",
    [
        "",
        "why.test TEMP",
        "why.test A 192.0.2.1",
        "why.test TXT one\nwhy.test TXT two",
        "why.test TXT 100% broken",
        "why.test TXT %{z}",
        "why.test TXT é",
        "why.test TXT a\x07b",
    ],
)
async def test_an_explanation_that_cannot_be_had_is_none(more: str) -> None:
    found = await ask(published("v=spf1 -all exp=why.test", more))
    assert (found.result, found.explanation) == ("fail", "")


async def test_whose_explanation_counts() -> None:
    more = """
        why.test       TXT  outer
        other-why.test TXT  inner
        other.test     TXT  v=spf1 -all exp=other-why.test
    """
    assert (await ask(published("v=spf1 redirect=other.test exp=why.test", more))).explanation == "inner"
    assert (await ask(published("v=spf1 include:other.test -all exp=why.test", more))).explanation == "outer"
    assert (await ask(published("v=spf1 include:other.test -all", more))).explanation == ""


async def test_ten_terms_ask_the_dns() -> None:
    hosts = "".join(f"h{number}.test A 198.51.100.{number}\n" for number in range(20))
    ten = " ".join(f"a:h{number}.test" for number in range(MAX_LOOKUPS))
    assert (await ask(published(f"v=spf1 {ten} -all", hosts))).result == "fail"
    assert (await ask(published(f"v=spf1 {ten} a:h11.test -all", hosts))).result == "permerror"
    # What matched before the eleventh did match.
    assert (await ask(published(f"v=spf1 {ten} a:h11.test -all", hosts), "198.51.100.9")).result == "pass"
    # Includes, redirects and their terms count together.
    more = hosts + f"sub.test TXT v=spf1 {ten}\n"
    assert (await ask(published("v=spf1 include:sub.test all", more))).result == "permerror"
    zone = published("v=spf1 include:example.com all")
    assert (await ask(zone)).result == "permerror"
    assert (await ask(published("v=spf1 redirect=example.com"))).result == "permerror"
    assert zone.questions.total() <= MAX_LOOKUPS + 1


async def test_a_record_has_a_bound() -> None:
    assert (await ask(published("v=spf1" + " ?all" * 400))).result == "neutral"
    assert (await ask(published("v=spf1" + " ?all" * 501))).result == "permerror"
    assert (await ask(published("v=spf1 " + "x=" + "y" * 9000 + " all"))).result == "permerror"


async def test_two_lookups_may_find_nothing() -> None:
    assert (await ask(published("v=spf1 a:n1.test mx:n2.test -all"))).result == "fail"
    assert (await ask(published("v=spf1 a:n1.test mx:n2.test exists:n3.test -all"))).result == "permerror"
    assert (
        await ask(published("v=spf1 a:bare.test a:bare.test a:bare.test -all", "bare.test MX 1 x.test"))
    ).result == ("permerror")


async def test_ten_names_are_looked_at() -> None:
    eleven = "".join(f"many.test MX {n} m{n}.test\nm{n}.test A 198.51.100.{n}\n" for n in range(11))
    assert (await ask(published("v=spf1 mx:many.test -all", eleven), "198.51.100.1")).result == "permerror"
    names = "".join(f"9.9.51.198.in-addr.arpa PTR n{n}.example.com\n" for n in range(30))
    addresses = "".join(f"n{n}.example.com A 198.51.9.{9 if n == 29 else 1}\n" for n in range(30))
    zone = published("v=spf1 ptr -all", names + addresses)
    assert (await ask(zone, "198.51.9.9")).result == "fail"
    assert sum(count for question, count in zone.questions.items() if question.endswith(" A")) == 10


async def test_errors_while_validating_names_are_no_names() -> None:
    more = "9.9.51.198.in-addr.arpa PTR down.example.com\n9.9.51.198.in-addr.arpa PTR up.example.com\n"
    more += "down.example.com TEMP\nup.example.com A 198.51.9.9\n8.9.51.198.in-addr.arpa TEMP\n"
    assert (await ask(published("v=spf1 ptr -all", more), "198.51.9.9")).result == "pass"
    assert (await ask(published("v=spf1 ptr -all", more), "198.51.9.8")).result == "fail"
    assert (
        await ask(published("v=spf1 exists:%{p}.x.test -all", more + "unknown.x.test A 127.0.0.2"), "198.51.9.8")
    ).result == ("pass")


terms = st.sampled_from(
    [
        "a",
        "mx",
        "-all",
        "ptr",
        "include:x.test",
        "a:%{d}",
        "exists:%{ir}.x",
        "ip4:1.2.3.4",
        "redirect=x.test",
        "exp=y.test",
    ]
)


@settings(deadline=None)
@given(
    st.one_of(
        st.text(max_size=80), st.lists(terms, max_size=12).map(" ".join), st.text("v=spf1 %{}a-z0:/.~?", max_size=60)
    ),
    st.sampled_from(["192.0.2.1", "2001:db8::1", "", "x"]),
    st.text(max_size=20),
)
@example("%{" * 30, "192.0.2.1", "")
@example("a:" + "%{d}" * 5000 + ".x", "192.0.2.1", "x")
def test_no_record_ever_raises(text: str, ip: str, sender: str) -> None:
    zone = published(f"v=spf1 {text}", f"x.test TXT v=spf1 {text.splitlines()[0] if text.splitlines() else ''}\n")
    for who in ("user@example.com", f"{sender}@example.com", sender):
        found = at_once(ask(zone, ip, who, helo=sender))
        assert found.result in ("none", "neutral", "pass", "fail", "softfail", "temperror", "permerror")
    with contextlib.suppress(SpfSyntaxError):
        parse_spf(text)
