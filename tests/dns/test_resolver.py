"""The resolver against a real nameserver on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from ipaddress import IPv4Address, IPv6Address

import pytest

from correio.config import Endpoint
from correio.dns.answer import MailExchange, Tlsa
from correio.dns.cache import TtlCache
from correio.dns.errors import NoRecordsError, NoSuchNameError, ResolverTemporaryError
from correio.dns.exchange import MAX_ALIASES
from correio.dns.nameservers import nameservers, parse_resolv_conf
from correio.dns.resolver import MAX_NEGATIVE_TTL, MAX_TTL, Resolver
from tests.peers.nameserver import Nameserver, nameserver
from tests.peers.waiting import until

RECORDS = """
    one.test          A      192.0.2.1
    one.test          AAAA   2001:db8::1
    one.test          MX     10 MX1.one.test.
    one.test          MX     20 mx2.one.test.
    four.test         A      192.0.2.4
    null.test         MX     0 .
    alias.test        CNAME  middle.test.
    middle.test       CNAME  one.test.
    astray.test       CNAME  nowhere.test.
    loop.test         CNAME  loop2.test.
    loop2.test        CNAME  loop.test.
    xn--mnchen-3ya.test  TXT  "bavaria"
    1.2.0.192.in-addr.arpa  PTR  Host.One.Test.
    1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa  PTR  six.one.test.
    _25._tcp.mx1.one.test   TLSA  3 1 1 aabbccdd00112233445566778899aabbccddeeff00112233445566778899aabb
"""


class Clock:
    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
async def server() -> AsyncIterator[Nameserver]:
    async with nameserver(RECORDS) as running:
        yield running


@pytest.fixture
async def resolver(server: Nameserver) -> AsyncIterator[Resolver]:
    made = Resolver([server.endpoint], timeout=0.2, tries=2)
    yield made
    await made.close()


async def test_every_type_comes_as_what_it_means(resolver: Resolver) -> None:
    assert (await resolver.ipv4("one.test")).records == (IPv4Address("192.0.2.1"),)
    assert set((await resolver.addresses("One.Test.")).records) == {
        IPv4Address("192.0.2.1"),
        IPv6Address("2001:db8::1"),
    }
    assert sorted((await resolver.mx("one.test")).records) == [
        MailExchange(10, "mx1.one.test"),
        MailExchange(20, "mx2.one.test"),
    ]
    assert (await resolver.mx("null.test")).records == (MailExchange(0, ""),)
    assert (await resolver.ptr(IPv4Address("192.0.2.1"))).records == ("host.one.test",)
    assert (await resolver.ptr(IPv6Address("2001:db8::1"))).records == ("six.one.test",)
    (tlsa,) = (await resolver.tlsa("_25._tcp.mx1.one.test")).records
    assert tlsa == Tlsa(3, 1, 1, bytes.fromhex("aabbccdd00112233445566778899aabbccddeeff00112233445566778899aabb"))


async def test_addresses_of_one_kind_are_enough(server: Nameserver, resolver: Resolver) -> None:
    assert (await resolver.addresses("four.test")).records == (IPv4Address("192.0.2.4"),)
    server.fail("one.test AAAA")
    assert (await resolver.addresses("one.test")).records == (IPv4Address("192.0.2.1"),)
    server.fail("four.test AAAA")
    server.remove("four.test")
    server.add("x.four.test", "A", "192.0.2.9")
    fresh = Resolver([server.endpoint], timeout=0.2)
    with pytest.raises(ResolverTemporaryError):
        await fresh.addresses("four.test")


async def test_the_strings_of_a_text_are_joined(server: Nameserver, resolver: Resolver) -> None:
    text = "v=DKIM1; p=" + "A" * 700
    server.txt("long.test", text)
    server.add("long.test", "TXT", '"a" "" "b"', '"\\255"')
    answer = await resolver.txt("long.test")
    assert set(answer.records) == {text, "ab", "\udcff"}


async def test_what_is_not_there_says_which_way(server: Nameserver, resolver: Resolver) -> None:
    with pytest.raises(NoSuchNameError, match=r"nowhere\.test TXT"):
        await resolver.txt("nowhere.test")
    with pytest.raises(NoRecordsError):
        await resolver.txt("one.test")
    # A name that is there for the names below it alone.
    with pytest.raises(NoRecordsError):
        await resolver.addresses("_tcp.mx1.one.test")
    for rcode in ("SERVFAIL", "REFUSED", "FORMERR"):
        server.fail("broken.test", rcode)
        with pytest.raises(ResolverTemporaryError, match=rcode):
            await resolver.txt("broken.test")
    server.silence("silent.test")
    with pytest.raises(ResolverTemporaryError):
        await resolver.txt("silent.test")
    assert server.asked("silent.test TXT") == 2


@pytest.mark.parametrize(
    "name",
    ["", ".", "a..b", "x" * 64 + ".test", ".test", "a." * 130 + "test", "\ud800.test", "a b\u2028.test", "\0é.test"],
)
async def test_what_can_be_no_name_is_not_asked_for(server: Nameserver, resolver: Resolver, name: str) -> None:
    with pytest.raises(NoSuchNameError):
        await resolver.txt(name)
    assert not server.questions


async def test_names_go_out_as_a_labels(server: Nameserver, resolver: Resolver) -> None:
    for name in ("münchen.test", "MÜNCHEN.test.", "münchen。test", "xn--mnchen-3ya.test"):
        assert (await resolver.txt(name)).records == ("bavaria",)
    assert server.questions == {"xn--mnchen-3ya.test TXT": 1}


@pytest.mark.parametrize("alone", [False, True])
async def test_aliases_are_followed(server: Nameserver, resolver: Resolver, alone: bool) -> None:
    server.aliases_alone = alone
    answer = await resolver.ipv4("alias.test")
    assert answer.records == (IPv4Address("192.0.2.1"),)
    assert answer.name == "one.test"
    with pytest.raises((NoSuchNameError, NoRecordsError)):
        await resolver.ipv4("astray.test")
    with pytest.raises(ResolverTemporaryError):
        await resolver.ipv4("loop.test")
    assert server.questions.total() <= 3 + 2 + 2 * (MAX_ALIASES + 1)


async def test_an_answer_that_was_cut_is_asked_for_by_tcp(server: Nameserver, resolver: Resolver) -> None:
    server.truncate("one.test MX")
    assert len((await resolver.mx("one.test")).records) == 2
    for number in range(40):
        server.txt("many.test", f"{number} " + "x" * 200)
    assert len((await resolver.txt("many.test")).records) == 40
    assert server.tcp_questions == {"one.test MX": 1, "many.test TXT": 1}


async def test_equal_questions_are_one_on_the_wire(server: Nameserver, resolver: Resolver) -> None:
    answers = await asyncio.gather(*(resolver.mx("one.test") for _ in range(50)))
    assert len({answer.records for answer in answers}) == 1
    assert server.asked("one.test MX") == 1


async def test_one_who_gives_up_does_not_take_the_answer_from_the_others(
    server: Nameserver, resolver: Resolver
) -> None:
    first = asyncio.ensure_future(resolver.mx("one.test"))
    second = asyncio.ensure_future(resolver.mx("one.test"))
    await asyncio.sleep(0)
    first.cancel()
    assert len((await second).records) == 2
    assert server.asked("one.test MX") == 1


async def test_answers_are_kept_as_long_as_they_say(server: Nameserver) -> None:
    clock = Clock()
    resolver = Resolver([server.endpoint], clock=clock)
    server.add("short.test", "A", "192.0.2.7", ttl=30)
    server.add("long.test", "A", "192.0.2.8", ttl=10**6)
    server.negative_ttl = 10**6
    for _ in range(2):
        await resolver.ipv4("short.test")
        await resolver.ipv4("long.test")
        with pytest.raises(NoSuchNameError):
            await resolver.ipv4("none.test")
    assert set(server.questions.values()) == {1}
    clock.time += 31
    await resolver.ipv4("short.test")
    assert server.asked("short.test A") == 2
    clock.time += MAX_NEGATIVE_TTL - 30
    server.add("none.test", "A", "192.0.2.9")
    assert (await resolver.ipv4("none.test")).records
    await resolver.ipv4("long.test")
    assert server.asked("long.test A") == 1
    clock.time += MAX_TTL
    await resolver.ipv4("long.test")
    assert server.asked("long.test A") == 2


async def test_a_failure_is_not_kept(server: Nameserver, resolver: Resolver) -> None:
    server.fail("one.test")
    with pytest.raises(ResolverTemporaryError):
        await resolver.mx("one.test")
    server.mend()
    assert (await resolver.mx("one.test")).records


async def test_an_answer_may_be_long_and_not_endless(server: Nameserver) -> None:
    """What fills all that TCP has room for takes a third of a second to read, in which nobody else is served."""
    server.add("long.test", "AAAA", *(f"2001:db8::{number:x}" for number in range(1, 400)))
    server.add("longer.test", "AAAA", *(f"2001:db8::{number:x}" for number in range(1, 1000)))
    resolver = Resolver([server.endpoint])
    assert len((await resolver.ipv6("long.test")).records) == 399
    assert server.tcp_questions["long.test AAAA"] == 1
    with pytest.raises(ResolverTemporaryError, match=r"an answer of \d+ octets"):
        await resolver.ipv6("longer.test")


async def test_the_next_resolver_answers_where_one_does_not() -> None:
    async with nameserver(RECORDS) as bad, nameserver(RECORDS) as good:
        bad.fail("one.test")
        bad.silence("four.test")
        resolver = Resolver([bad.endpoint, good.endpoint], timeout=0.2)
        assert (await resolver.ipv4("one.test")).records
        # Whoever answered is asked first from now on.
        assert (await resolver.ipv4("four.test")).records
        assert bad.questions == {"one.test A": 1}


async def test_who_says_that_an_answer_is_validated_has_to_be_trusted(server: Nameserver) -> None:
    server.secure_names = {"one.test"}
    resolver = Resolver([server.endpoint])
    assert (await resolver.mx("one.test")).secure
    assert not (await resolver.ipv4("four.test")).secure
    with pytest.raises(NoRecordsError) as caught:
        await resolver.txt("one.test")
    assert caught.value.secure
    # An alias in a zone without signatures makes the whole answer worth as little.
    server.aliases_alone = True
    assert not (await resolver.ipv4("alias.test")).secure


def test_only_this_machine_is_trusted_by_itself() -> None:
    servers = [Endpoint("127.0.0.53", 53), Endpoint("::1", 53), Endpoint("192.0.2.1", 53)]
    assert [one.trusted for one in nameservers(servers, trusted=False)] == [True, True, False]
    assert all(one.trusted for one in nameservers(servers, trusted=True))


def test_the_system_names_its_resolvers() -> None:
    text = "# x\nnameserver 192.0.2.1\nsearch a.test\nnameserver ::1 \nnameserver\nnameserver bad\noptions ndots:5\n"
    assert parse_resolv_conf(text) == [Endpoint("192.0.2.1", 53), Endpoint("::1", 53)]


async def test_without_resolvers_nothing_is_known() -> None:
    resolver = Resolver([])
    resolver._exchange.servers.clear()
    with pytest.raises(ResolverTemporaryError, match="no resolver"):
        await resolver.txt("one.test")


async def test_closing_ends_what_is_asked(server: Nameserver) -> None:
    server.silence("one.test")
    resolver = Resolver([server.endpoint], timeout=60)
    waiting = asyncio.ensure_future(resolver.mx("one.test"))
    await until(lambda: server.asked("one.test MX") == 1)
    await resolver.close()
    with pytest.raises(ResolverTemporaryError):
        await waiting


def test_the_cache_drops_what_was_not_used_for_longest() -> None:
    clock = Clock()
    cache: TtlCache[str, int] = TtlCache(100, clock)
    for number, name in enumerate("abcd"):
        cache.put(name, number, 30, 60)
        cache.get("a")
    assert [name for name in "abcd" if cache.get(name) is not None] == ["a", "c", "d"]
    cache.put("big", 9, 101, 60)
    cache.put("dead", 9, 1, 0)
    assert cache.get("big") is None
    assert cache.get("dead") is None
    cache.put("a", 7, 90, 60)
    assert len(cache) == 1
    clock.time += 60
    assert cache.get("a") is None
    assert len(cache) == 0
