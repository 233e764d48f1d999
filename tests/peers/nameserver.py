"""A nameserver on loopback, UDP and TCP, with whatever records a test gives it. It is taken for a resolver.

    async with nameserver('''
        example.test.     MX   10 mx.example.test.
        mx.example.test.  A    192.0.2.1
    ''') as dns:
        resolver = Resolver([dns.endpoint])

Every name ends where it ends: a last dot may be left out, and none is added to.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
from dns.rdatatype import RdataType

from correio.config import Endpoint


def _name(text: str) -> dns.name.Name:
    return dns.name.from_text(text, dns.name.root).canonicalize()


class Nameserver:
    """The records and the moods of the server. Everything may be changed while it runs."""

    def __init__(self) -> None:
        self.endpoint = Endpoint("127.0.0.1", 0)
        self.questions: Counter[str] = Counter()
        """How often each question came by UDP or TCP: ``example.test MX``."""
        self.tcp_questions: Counter[str] = Counter()
        """Those of them that came by TCP."""
        self.secure = False
        """Whether every answer is said to be validated (AD)."""
        self.secure_names: set[str] = set()
        """Names whose answers are, without the last dot."""
        self.negative_ttl = 60
        self.aliases_alone = False
        """Give a CNAME without what it leads to."""
        self._records: dict[dns.name.Name, dict[RdataType, dns.rrset.RRset]] = {}
        self._failing: dict[str, str] = {}
        self._silent: set[str] = set()
        self._truncating: set[str] = set()
        self._udp: asyncio.DatagramTransport | None = None
        self._tcp: asyncio.Server | None = None

    def add(self, name: str, kind: str, *rdata: str, ttl: int = 300) -> None:
        """Add records in presentation format: ``add("x.test", "TXT", '"v=spf1 -all"')``."""
        rdtype = dns.rdatatype.from_text(kind)
        sets = self._records.setdefault(_name(name), {})
        for text in rdata:
            one = dns.rdata.from_text(dns.rdataclass.IN, rdtype, text, dns.name.root, relativize=False)
            if rdtype not in sets:
                sets[rdtype] = dns.rrset.RRset(_name(name), dns.rdataclass.IN, rdtype)
            sets[rdtype].add(one, ttl)

    def txt(self, name: str, text: str, ttl: int = 300) -> None:
        """Add a TXT record of any length."""
        pieces = [text[at : at + 255] for at in range(0, len(text), 255)] or [""]
        quoted = (piece.replace("\\", "\\\\").replace('"', '\\"') for piece in pieces)
        self.add(name, "TXT", " ".join(f'"{piece}"' for piece in quoted), ttl=ttl)

    def load(self, text: str) -> None:
        """Add a record for each line ``name TYPE rdata``."""
        for line in text.splitlines():
            words = line.split(None, 2)
            if words and not words[0].startswith(";"):
                self.add(*words)

    def remove(self, name: str, kind: str | None = None) -> None:
        """Take away the records of a name, or those of one type."""
        if kind is None:
            self._records.pop(_name(name), None)
        else:
            self._records.get(_name(name), {}).pop(dns.rdatatype.from_text(kind), None)

    def fail(self, question: str, rcode: str = "SERVFAIL") -> None:
        """Answer a name, or a question such as ``x.test MX``, with an error from now on."""
        self._failing[question] = rcode

    def silence(self, question: str) -> None:
        """Do not answer a name or a question."""
        self._silent.add(question)

    def truncate(self, question: str) -> None:
        """Answer a name or a question by TCP only."""
        self._truncating.add(question)

    def mend(self) -> None:
        """Answer everything again."""
        self._failing.clear()
        self._silent.clear()
        self._truncating.clear()

    def asked(self, question: str) -> int:
        """How often a question such as ``x.test MX`` came."""
        return self.questions[question]

    def respond(self, wire: bytes, *, tcp: bool) -> bytes | None:
        """The answer to a query; None: silence."""
        try:
            query = dns.message.from_wire(wire)
        except dns.exception.DNSException:
            return None
        if query.opcode() != dns.opcode.QUERY or len(query.question) != 1:
            return None
        name, kind = query.question[0].name.canonicalize(), query.question[0].rdtype
        bare = name.to_text(omit_final_dot=True)
        question = f"{bare} {dns.rdatatype.to_text(kind)}"
        self.questions[question] += 1
        if tcp:
            self.tcp_questions[question] += 1
        if not self._silent.isdisjoint((bare, question)):
            return None
        response = dns.message.make_response(query, recursion_available=True, our_payload=1232)
        rcode = self._failing.get(question) or self._failing.get(bare)
        if rcode is not None:
            response.set_rcode(dns.rcode.from_text(rcode))
            return response.to_wire()
        if self.secure or bare in self.secure_names:
            response.flags |= dns.flags.AD
        self._fill(response, name, kind)
        wire = response.to_wire(max_size=65_535)
        room = 65_535 if tcp else max(512, query.payload if query.edns >= 0 else 512)
        if len(wire) > room or (not tcp and not self._truncating.isdisjoint((bare, question))):
            short = dns.message.make_response(query, recursion_available=True, our_payload=1232)
            short.flags |= dns.flags.TC
            return short.to_wire()
        return wire

    def _fill(self, response: dns.message.Message, name: dns.name.Name, kind: RdataType) -> None:
        for _ in range(20):
            sets = self._find(name)
            if sets is None:
                if not response.answer:
                    response.set_rcode(dns.rcode.NXDOMAIN)
                break
            found = sets.get(kind)
            alias = sets.get(RdataType.CNAME)
            if found is not None or alias is None:
                if found is not None:
                    response.answer.append(_renamed(found, name))
                    return
                break
            response.answer.append(_renamed(alias, name))
            name = alias[0].target.canonicalize()
            if self.aliases_alone:
                return
        soa = f". . 1 1 1 1 {self.negative_ttl}"
        response.authority.append(dns.rrset.from_text(".", self.negative_ttl, "IN", "SOA", soa))

    def _find(self, name: dns.name.Name) -> dict[RdataType, dns.rrset.RRset] | None:
        """The records of a name, those of a wildcard (RFC 4592), none of a name above others, None: no such name."""
        if name in self._records:
            return self._records[name]
        if any(one.is_subdomain(name) for one in self._records):
            return {}
        while name != dns.name.root:
            name = name.parent()
            wildcard = dns.name.Name([b"*", *name.labels])
            if wildcard in self._records:
                return self._records[wildcard]
            if name in self._records:
                return None
        return None


def _renamed(rrset: dns.rrset.RRset, name: dns.name.Name) -> dns.rrset.RRset:
    return dns.rrset.from_rdata_list(name, rrset.ttl, list(rrset))


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, server: Nameserver) -> None:
        self.server = server
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        answer = self.server.respond(data, tcp=False)
        if answer is not None and self.transport is not None:
            self.transport.sendto(answer, addr)


async def _serve_tcp(server: Nameserver, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            length = int.from_bytes(await reader.readexactly(2), "big")
            answer = server.respond(await reader.readexactly(length), tcp=True)
            if answer is not None:
                writer.write(len(answer).to_bytes(2, "big") + answer)
                await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def _bind(server: Nameserver) -> tuple[asyncio.DatagramTransport, asyncio.Server]:
    """One port for both: the kernel gives one of TCP, and that of UDP may be taken."""
    loop = asyncio.get_running_loop()
    for attempt in range(20):
        tcp = await asyncio.start_server(lambda r, w: _serve_tcp(server, r, w), "127.0.0.1", 0)
        port = tcp.sockets[0].getsockname()[1]
        try:
            udp, _ = await loop.create_datagram_endpoint(lambda: _Udp(server), ("127.0.0.1", port))
        except OSError:
            tcp.close()
            if attempt == 19:
                raise
            continue
        server.endpoint = Endpoint("127.0.0.1", port)
        return udp, tcp
    raise AssertionError("unreachable")


@asynccontextmanager
async def nameserver(records: str = "") -> AsyncIterator[Nameserver]:
    """Run a nameserver on 127.0.0.1 with records as :meth:`Nameserver.load` takes them."""
    server = Nameserver()
    server.load(records)
    udp, tcp = await _bind(server)
    try:
        yield server
    finally:
        udp.close()
        tcp.close()
