"""DANE, MTA-STS and the order of hosts, without a socket."""

from __future__ import annotations

import datetime
import hashlib
import time
from ipaddress import ip_address
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from correio.config import Route, Settings
from correio.config_sources import ConfigError, load_settings
from correio.dns.answer import MailExchange, Tlsa
from correio.nexthop import mail_hosts
from correio.nexthop.failed_hosts import MEMORY, MOST, FailedHosts
from correio.nexthop.mail_hosts import NoHostError, order_addresses, order_exchanges
from correio.nexthop.site import literal_address, route_of, site_of
from correio.tlspolicy.dane import check_chain, name_matches, usable
from correio.tlspolicy.mta_sts import StsPolicyError, parse_policy, parse_record
from correio.tlspolicy.result import TlsError
from protocols.smtp.client.core.tls_demand import Demand, Strangers, demands_for, demands_of
from tests.peers.authority import Authority, Issued

NAMES = ("mx.x.test", "x.test")


def record(usage: int, selector: int, matching: int, octets: bytes) -> Tlsa:
    """The TLSA record of a certificate or a key."""
    data = (octets, hashlib.sha256(octets).digest(), hashlib.sha512(octets).digest())
    return Tlsa(usage, selector, matching, data[matching])


def result(chain: list[bytes], *records: Tlsa, names: tuple[str, ...] = NAMES) -> str:
    try:
        check_chain(chain, records, names)
    except TlsError as error:
        return error.result
    return "good"


@pytest.fixture(scope="module")
def root() -> Authority:
    return Authority()


@pytest.fixture(scope="module")
def leaf(root: Authority) -> Issued:
    return Authority(root, "Middle").issue("mx.x.test")


@pytest.mark.parametrize("selector", [0, 1])
@pytest.mark.parametrize("matching", [0, 1, 2])
def test_dane_ee(leaf: Issued, root: Authority, selector: int, matching: int) -> None:
    good = record(3, selector, matching, (leaf.der, leaf.public_key)[selector])
    assert result(leaf.chain, good) == "good"
    assert result(leaf.chain, good, names=("other.test",)) == "good"
    other = root.issue("mx.x.test")
    assert result(other.chain, good) == "validation-failure"
    # One of several is enough.
    assert result(leaf.chain, record(3, 1, 1, b"old"), good) == "good"
    expired = root.issue(expired=True)
    assert result(expired.chain, record(3, selector, matching, (expired.der, expired.public_key)[selector])) == "good"


def test_dane_ee_says_nothing_of_those_above(leaf: Issued) -> None:
    assert result(leaf.chain, record(3, 0, 1, leaf.chain[1])) == "validation-failure"


@pytest.mark.parametrize("matching", [0, 1, 2])
@pytest.mark.parametrize("above", [1, 2])
def test_dane_ta(leaf: Issued, matching: int, above: int) -> None:
    anchor = record(2, 0, matching, leaf.chain[above])
    assert result(leaf.chain, anchor) == "good"
    assert result(leaf.chain, anchor, names=("y.test",)) == "certificate-host-mismatch"
    assert result(leaf.chain[:1], record(2, 0, 1, leaf.chain[above])) == "validation-failure"


def test_an_anchor_that_stands_in_the_record_need_not_be_sent(leaf: Issued) -> None:
    assert result(leaf.chain[:2], record(2, 0, 0, leaf.chain[2])) == "good"
    assert result(leaf.chain[:1], record(2, 0, 0, leaf.chain[1])) == "good"
    assert result(leaf.chain[:1], record(2, 0, 0, b"no certificate")) == "validation-failure"


def test_an_anchor_is_no_server(leaf: Issued) -> None:
    assert result(leaf.chain, record(2, 0, 1, leaf.der)) == "validation-failure"


def test_chains_that_do_not_hold(leaf: Issued, root: Authority) -> None:
    stranger = Authority()
    assert result([leaf.der, stranger.der], record(2, 0, 1, stranger.der)) == "certificate-not-trusted"
    plain = root.issue("no.authority.test")
    assert result([leaf.der, plain.der], record(2, 0, 1, plain.der)) == "certificate-not-trusted"
    expired = root.issue("mx.x.test", expired=True)
    assert result(expired.chain, record(2, 0, 1, root.der)) == "certificate-expired"
    assert result([], record(3, 0, 1, b"")) == "validation-failure"
    assert result([b"nonsense"], record(3, 0, 1, b"")) == "validation-failure"


def test_what_stands_above_need_not_be_readable_where_nobody_asks(leaf: Issued) -> None:
    assert result([leaf.der, b"nonsense"], record(3, 1, 1, leaf.public_key)) == "good"
    assert result([*leaf.chain, b"nonsense"], record(2, 0, 1, leaf.chain[1])) == "good"


def test_keys_and_signatures_of_an_unknown_kind(leaf: Issued) -> None:
    kinds = {b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01": 8, b"\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02": 9}
    for oid, at in kinds.items():
        assert oid in leaf.der
        odd = oid[:at] + b"\x7f" + oid[at + 1 :]
        chain = [one.replace(oid, odd) for one in leaf.chain]
        assert result(chain, record(3, 1, 1, b"x")) == "validation-failure"
        assert result(chain, record(2, 0, 1, chain[1])) == "certificate-not-trusted"


def test_many_records_and_certificates_hold_nobody_up(leaf: Issued, root: Authority) -> None:
    """As many as an answer and a handshake of 64 KiB and 100 KiB have room for."""
    digests = [Tlsa(2, number % 2, 2, hashlib.sha512(b"%d" % number).digest()) for number in range(800)]
    whole = [Tlsa(2, 0, 0, root.der)] * 100
    for records in (digests, whole):
        began = time.thread_time()
        assert result([leaf.der] * 200, *usable(records)) != "good"
        assert time.thread_time() - began < 0.1


def test_names_of_certificates(root: Authority) -> None:
    anchor = record(2, 0, 1, root.der)
    assert result(root.issue("*.x.test").chain, anchor, names=("mx.x.test",)) == "good"
    assert result(root.issue("X.TEST").chain, anchor) == "good"
    assert result(root.issue(common="mx.x.test").chain, anchor) == "good"
    assert result(root.issue("y.test", common="mx.x.test").chain, anchor) == "certificate-host-mismatch"
    for pattern, name, fits in (
        ("*.x.test", "a.b.x.test", False), ("*.x.test", "x.test", False), ("*.test", "x.test", False),
        ("a*.x.test", "ab.x.test", False), ("mx.x.test.", "MX.x.test", True), ("*", "x", False),
    ):  # fmt: skip
        assert name_matches(pattern, name) is fits, pattern


def test_which_records_can_be_used() -> None:
    good = [Tlsa(3, 1, 1, b"x" * 32), Tlsa(2, 0, 2, b"x" * 64), Tlsa(3, 0, 0, b"x")]
    bad = [Tlsa(0, 1, 1, b"x" * 32), Tlsa(1, 1, 1, b"x" * 32), Tlsa(4, 1, 1, b"x" * 32), Tlsa(3, 2, 1, b"x" * 32)]
    bad += [Tlsa(3, 1, 3, b"x" * 32), Tlsa(3, 1, 1, b"x" * 31), Tlsa(3, 1, 2, b"x" * 32), Tlsa(3, 0, 0, b"")]
    assert usable([*good, *bad]) == good


@given(st.lists(st.binary(max_size=50), max_size=3), st.binary(max_size=40), st.integers(2, 3))
def test_no_chain_is_ever_a_traceback(chain: list[bytes], data: bytes, usage: int) -> None:
    with pytest.raises(TlsError):
        check_chain(chain, [Tlsa(usage, 0, 0, data)], NAMES, datetime.datetime.now(datetime.UTC))


def test_mta_sts_records() -> None:
    assert parse_record(["v=STSv1; id=20260101T1;"]) == "20260101T1"
    assert parse_record(["v=spf1 -all", "v=STSv1;id=a"]) == "a"
    assert parse_record(["v=STSv1; other=x; id = a ; more=y"]) == "a"
    for texts in ([], ["v=STSv1; id=a", "v=STSv1; id=b"], ["v=STSv1; id="], ["v=STSv1; id=a-b"], ["v=STSv1"],
                  ["v=STSv2; id=a"], ["x v=STSv1; id=a"], ["v=STSv1; id=" + "a" * 33]):  # fmt: skip
        assert parse_record(texts) is None, texts


def test_mta_sts_policies() -> None:
    policy = parse_policy(
        b"version: STSv1\nmode: enforce\nmx: mx.x.test\nmx:*.Y.test\nnew: x\nmax_age: 60\nmode: none\n\n"
    )
    assert (policy.mode, policy.hosts, policy.max_age) == ("enforce", ("mx.x.test", "*.y.test"), 60)
    hosts = {
        "mx.x.test": True, "MX.X.test.": True, "a.mx.x.test": False, "a.y.test": True, "a.b.y.test": False, "y.test": False,
    }  # fmt: skip
    assert {host: policy.allows(host) for host in hosts} == hosts
    assert parse_policy(b"version: STSv1\r\nmode: none\r\nmax_age: 0\r\n").hosts == ()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "version"),
        ("mode: enforce\nmx: a\nmax_age: 1", "version"),
        ("version: STSv1\nmx: a\nmax_age: 1", "mode"),
        ("version: STSv1\nmode: maybe\nmx: a\nmax_age: 1", "mode"),
        ("version: STSv1\nmode: enforce\nmax_age: 1", "no mx"),
        ("version: STSv1\nmode: enforce\nmx: a", "max_age"),
        ("version: STSv1\nmode: enforce\nmx: a\nmax_age: 31557601", "max_age"),
        ("version: STSv1\nmode: enforce\nmx: a\nmax_age: x", "max_age"),
        ("version: STSv1\nmode: enforce\nmx: a b\nmax_age: 1", "no name"),
        ("version: STSv1\nmode: enforce\nmx: *.*.x\nmax_age: 1", "no name"),
        ("version: STSv1\nmode: enforce\n" + "mx: a\n" * 201 + "max_age: 1", "no name"),
        ("<html>", "no field"),
        ("x" * 65_537, "longer"),
    ],
)
def test_what_is_no_policy(text: str, says: str) -> None:
    with pytest.raises(StsPolicyError, match=says):
        parse_policy(text.encode())


@given(st.binary(max_size=200))
def test_no_policy_is_ever_a_traceback(octets: bytes) -> None:
    with pytest.raises(StsPolicyError):
        parse_policy(octets)


def test_what_is_demanded_of_a_host() -> None:
    def levels(**given: object) -> list[str] | None:
        found = demands_for("mx.x.test", **({"required": False, "tlsa": (), "sts": None} | given))  # type: ignore[arg-type]
        return None if isinstance(found, Strangers) else [f"{one.level} {one.report or ''}".strip() for one in found]

    enforce = parse_policy(b"version: STSv1\nmode: enforce\nmx: mx.x.test\nmax_age: 60\n")
    other = parse_policy(b"version: STSv1\nmode: enforce\nmx: mx.y.test\nmax_age: 60\n")
    testing = parse_policy(b"version: STSv1\nmode: testing\nmx: mx.x.test\nmax_age: 60\n")
    none = parse_policy(b"version: STSv1\nmode: none\nmax_age: 60\n")
    good, bad = Tlsa(3, 1, 1, b"x" * 32), Tlsa(1, 1, 1, b"x" * 32)
    assert levels() == ["may no-policy-found", "plain"]
    assert levels(required=True) == ["encrypt no-policy-found"]
    assert levels(sts=enforce) == ["verify sts"]
    assert levels(sts=other) is None
    assert levels(sts=testing) == ["verify sts", "may", "plain"]
    assert levels(sts=testing, required=True) == ["verify sts", "encrypt"]
    assert levels(sts=msgspec.structs.replace(testing, hosts=("mx.y.test",))) == ["may", "plain"]
    assert levels(sts=none) == ["may no-policy-found", "plain"]
    assert levels(tlsa=(good, bad), sts=other) == ["dane tlsa"]
    assert levels(tlsa=(bad,)) == ["encrypt tlsa"]
    routes = {tls: demands_of(Route(name="r", host="h", port=1, tls=tls)) for tls in ("starttls", "implicit", "none")}  # type: ignore[arg-type]
    assert routes == {
        "starttls": [Demand("verify")],
        "implicit": [Demand("verify", implicit=True)],
        "none": [Demand("plain")],
    }


def exchanges(*given: tuple[int, str]) -> list[MailExchange]:
    return [MailExchange(preference, host) for preference, host in given]


def test_the_order_of_mail_hosts() -> None:
    some = exchanges((20, "c"), (10, "b"), (10, "a"), (5, "d"), (30, "a"))
    assert order_exchanges("x.test", some, (), list.sort) == ["d", "a", "b", "c"]
    assert order_exchanges("x.test", some, (), list.reverse) == ["d", "b", "a", "c"]
    orders = {tuple(order_exchanges("x.test", some, ())) for _ in range(100)}
    assert orders == {("d", "a", "b", "c"), ("d", "b", "a", "c")}
    assert order_exchanges("x.test", some, {"c"}, list.sort) == ["d", "a", "b"]
    assert order_exchanges("x.test", some, {"a"}, list.sort) == ["d"]
    with pytest.raises(NoHostError, match=r"5\.4\.6"):
        order_exchanges("x.test", some, {"d"})
    with pytest.raises(NoHostError, match=r"5\.1\.10"):
        order_exchanges("x.test", exchanges((0, "")), ())
    # A null MX among others is none.
    assert order_exchanges("x.test", exchanges((0, ""), (10, "a")), ()) == ["a"]
    many = exchanges(*((number, f"h{number}") for number in range(50)))
    assert order_exchanges("x.test", many, ()) == [f"h{number}" for number in range(mail_hosts.MOST_HOSTS)]


def test_the_order_of_addresses() -> None:
    texts = ["192.0.2.1", "2002::1", "2001:db8::1", "fec0::1", "::ffff:192.0.2.1", "192.0.2.1", "2001:0::1"]
    found = [str(one) for one in order_addresses(map(ip_address, texts))]
    assert found[:2] == ["2001:db8::1", "192.0.2.1"]
    assert len(found) == mail_hosts.MOST_ADDRESSES


def test_many_addresses_of_one_kind_leave_room_for_the_other() -> None:
    """A machine without IPv6 reaches a host that has four such addresses, and one with it reaches it too."""
    six, four = [f"2001:db8::{number}" for number in range(1, 7)], [f"192.0.2.{number}" for number in range(1, 7)]

    def ordered(texts: list[str]) -> list[str]:
        return [str(one) for one in order_addresses(map(ip_address, texts))]

    assert ordered(four + six) == [*six[:2], *four[:2]]
    assert ordered(four[:2] + six[:3]) == [*six[:2], *four[:2]]
    assert ordered(four[:1] + six) == [*six[:3], four[0]]
    assert ordered(four + six[:1]) == [six[0], *four[:3]]
    assert ordered(six) == six[: mail_hosts.MOST_ADDRESSES]


def test_hosts_that_failed_are_forgiven_in_time() -> None:
    clock = [0.0]
    failed = FailedHosts(lambda: clock[0])
    failed.failed("a")
    failed.failed("b")
    failed.answered("b")
    assert ("a" in failed, "b" in failed) == (True, False)
    clock[0] = MEMORY + 1
    assert "a" not in failed
    for number in range(MOST + 10):
        failed.failed(str(number))
    assert "9" not in failed
    assert "10" in failed


def test_literals() -> None:
    for text, address in {
        "[127.0.0.5]": "127.0.0.5", "[IPv6:::1]": "::1", "[ipv6:2001:DB8::1]": "2001:db8::1", "[::1]": None, "127.0.0.5": None,
        "[IPv6:127.0.0.1]": None, "[x]": None, "[IPv6:fe80::1%eth0]": None, "[]": None, "[127.0.0.5": None,
    }.items():  # fmt: skip
        assert literal_address(text) == address, text


ROUTES_FILE = """
[routes.partner]
host = "smtp.partner.test"
domains = ["partner.test", ".partner.test"]

[routes.rest]
host = "2001:db8::1"
port = 2525
tls = "none"

[routes.special]
host = "127.0.0.1"
tls = "implicit"
user = "ana"
password_file = "{password}"
domains = ["a.partner.test", "exämple.test"]
"""


def test_routes_and_sites(tmp_path: Path) -> None:
    file, password = tmp_path / "c.toml", tmp_path / "password"
    password.write_text("sésamo\n", "utf-8")
    file.write_text(ROUTES_FILE.format(password=password), "utf-8")
    routes = load_settings({}, {}, file).routes
    assert routes == (
        Route(name="partner", host="smtp.partner.test", port=587, domains=("partner.test", ".partner.test")),
        Route(name="rest", host="2001:db8::1", port=2525, tls="none"),
        Route(name="special", host="127.0.0.1", port=465, tls="implicit", user="ana", password="sésamo",
              domains=("a.partner.test", "exämple.test")),
    )  # fmt: skip
    assert "sésamo" not in repr(routes)
    sites = {
        "partner.test": "partner", "x.partner.test": "partner", "A.Partner.test": "special", "b.a.partner.test": "partner",
        "xn--exmple-cua.test": "special", "EXÄMPLE.test": "special", "other.test": "rest", "[127.0.0.1]": "rest",
    }  # fmt: skip
    for domain, name in sites.items():
        assert site_of(domain, routes) == f"route:{name}", domain
        assert route_of(f"route:{name}", routes) in routes
    assert site_of("Exämple.Test.", routes[:1]) == "xn--exmple-cua.test"
    assert site_of("x.test", ()) == "x.test"
    assert route_of("x.test", routes) is None
    assert route_of("route:gone", routes) is None


@pytest.mark.parametrize(
    ("url", "route"),
    [
        ("smtp://relay.test", Route(name="smarthost", host="relay.test", port=25, tls="opportunistic")),
        (
            "smtp://a%40b:p%3Aq@relay.test",
            Route(name="smarthost", host="relay.test", port=587, user="a@b", password="p:q"),
        ),
        (
            "smtps://a:b@[2001:db8::1]:4465",
            Route(name="smarthost", host="2001:db8::1", port=4465, tls="implicit", user="a", password="b"),
        ),
    ],
)
def test_the_smarthost(url: str, route: Route) -> None:
    settings = load_settings({}, {"CORREIO_SMARTHOST": url})
    assert settings.routes == (route,)
    assert site_of("any.test", settings.routes) == "route:smarthost"
    assert Settings().routes == ()


@pytest.mark.parametrize(
    "url", ["relay.test", "http://relay.test", "smtp://", "smtp://u:hunter2@", "smtp://hunter2@h", "smtp://h:99999",
            "smtp://u:hunter2@h/path", "smtp://[::1", "smtp://h:x"],
)  # fmt: skip
def test_what_is_no_smarthost(url: str) -> None:
    with pytest.raises(ConfigError, match="CORREIO_SMARTHOST") as caught:
        load_settings({}, {"CORREIO_SMARTHOST": url})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("routes = 3", "routes in .* must be a table"),
        ("[routes]\nx = 3", "routes.x in .* must be a table"),
        ("[routes.X]\nhost = 'h'", "a name has small letters"),
        ("[routes.x]", "host is not the name"),
        ("[routes.x]\nhost = 'h h'", "host is not the name"),
        ("[routes.x]\nhost = 3", "host must be a text"),
        ("[routes.x]\nhost = 'h'\nport = 0", "port is no number"),
        ("[routes.x]\nhost = 'h'\nport = true", "port is no number"),
        ("[routes.x]\nhost = 'h'\ntls = 'maybe'", "tls is none of starttls, implicit"),
        ("[routes.x]\nhost = 'h'\nuser = 'u'", "a user needs a password"),
        ("[routes.x]\nhost = 'h'\npassword = 'p'", "a user needs a password"),
        ("[routes.x]\nhost = 'h'\nuser = 'u'\npassword = 'p'\npassword_file = 'f'", "not both"),
        ("[routes.x]\nhost = 'h'\nuser = 'u'\npassword_file = '/nowhere'", "cannot read"),
        ("[routes.x]\nhost = 'h'\ndomains = 'x.test'", "domains must be an array"),
        ("[routes.x]\nhost = 'h'\ndomains = []", "domains must be an array"),
        ("[routes.x]\nhost = 'h'\nhots = 'x'", "hots is none of"),
        ("smarthost = 'smtp://h'\n[routes.smarthost]\nhost = 'h'", "cannot both be set"),
    ],
)
def test_an_error_in_a_route_names_it(tmp_path: Path, table: str, says: str) -> None:
    file = tmp_path / "c.toml"
    file.write_text(table)
    with pytest.raises(ConfigError, match=says):
        load_settings({}, {}, file)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CORREIO_OUTBOUND_PORT", "70000"),
        ("CORREIO_OUTBOUND_MTA_STS_PORT", "70000"),
        ("CORREIO_OUTBOUND_SOURCE", "mx.test"),
    ],
)
def test_other_settings_of_outbound_mail(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=name):
        load_settings({}, {name: value})
    assert load_settings({}, {"CORREIO_OUTBOUND_SOURCE": "192.0.2.1, ::1"}).outbound_source == ("192.0.2.1", "::1")
