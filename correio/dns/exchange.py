"""One question to the resolvers: UDP, TCP where the answer was cut, the next resolver where one fails."""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Sequence
from typing import Any, Final

import dns.asyncbackend
import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import msgspec

from correio.dns.errors import ResolverTemporaryError
from correio.dns.nameservers import Nameserver

PAYLOAD: Final = 1232
"""Octets of a UDP answer that no path fragments (RFC 6891 section 6.2.5, and what resolvers agreed on since)."""
LARGEST: Final = 16 * 1024
"""Octets of an answer by TCP. The 64 KiB that there is room for take a third of a second to read, and nobody is served then."""
MAX_ALIASES: Final = 8
"""CNAMEs that are followed by further questions."""
NEGATIVE_TTL: Final = 60
"""Seconds that a negative answer without an SOA record is kept."""


class Kind(enum.Enum):
    """What a response says."""

    FOUND = "found"
    NO_NAME = "no such name"
    NO_RECORDS = "no such records"


class Response(msgspec.Struct, frozen=True):
    """The end of a question. ``rdata`` are dnspython's records, none unless found."""

    kind: Kind
    name: dns.name.Name
    rdata: tuple[Any, ...]
    secure: bool
    ttl: int
    octets: int
    """About what it takes to keep."""


class Exchange:
    """Asks resolvers in turn. The one that answered last is asked first."""

    def __init__(self, servers: Sequence[Nameserver], timeout: float, tries: int) -> None:
        self.servers: Final = list(servers)
        self._timeout: Final = timeout
        self._tries: Final = tries
        self._first = 0
        self._backend = dns.asyncbackend.get_backend("asyncio")

    async def ask(self, name: dns.name.Name, kind: dns.rdatatype.RdataType) -> Response:
        """Return the response to a question, CNAMEs followed. Raises ResolverTemporaryError."""
        secure = True
        ttl: int | None = None
        asked = name
        for _ in range(MAX_ALIASES + 1):
            message, trusted = await self._converse(asked, kind)
            secure = secure and trusted and bool(message.flags & dns.flags.AD)
            try:
                chain = message.resolve_chaining()
            except dns.exception.DNSException as error:
                raise ResolverTemporaryError(f"{_question(name, kind)}: an answer without sense: {error}.") from error
            here = chain.minimum_ttl
            if chain.answer is not None:
                rdata = tuple(chain.answer)
                octets = 200 + sum(len(one.to_wire() or b"") + 100 for one in rdata)
                ttl = here if ttl is None else min(ttl, here)
                return Response(Kind.FOUND, chain.canonical_name, rdata, secure, ttl, octets)
            missing = message.rcode() == dns.rcode.NXDOMAIN
            soa = any(rrset.rdtype == dns.rdatatype.SOA for rrset in message.authority)
            if missing or soa or chain.canonical_name == asked:
                if not soa:
                    here = NEGATIVE_TTL
                ttl = here if ttl is None else min(ttl, here)
                ending = Kind.NO_NAME if missing else Kind.NO_RECORDS
                return Response(ending, chain.canonical_name, (), secure, ttl, 200)
            # A server that gives the alias alone leaves the rest to ask for.
            ttl = here if ttl is None else min(ttl, here)
            asked = chain.canonical_name
        raise ResolverTemporaryError(f"{_question(name, kind)}: more than {MAX_ALIASES} aliases.")

    async def _converse(
        self, name: dns.name.Name, kind: dns.rdatatype.RdataType
    ) -> tuple[dns.message.QueryMessage, bool]:
        """Return a response of NOERROR or NXDOMAIN, and whether its server is trusted."""
        problem = "there is no resolver"
        for _ in range(self._tries):
            for at in range(len(self.servers)):
                place = (self._first + at) % len(self.servers)
                server = self.servers[place]
                try:
                    message = await self._once(server, name, kind)
                except (TimeoutError, dns.exception.DNSException, OSError, EOFError) as error:
                    problem = f"{server.host}: {str(error) or type(error).__name__}"
                    continue
                if message.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
                    self._first = place
                    return message, server.trusted
                problem = f"{server.host}: {dns.rcode.to_text(message.rcode())}"
        raise ResolverTemporaryError(f"{_question(name, kind)}: {problem}.")

    async def _once(
        self, server: Nameserver, name: dns.name.Name, kind: dns.rdatatype.RdataType
    ) -> dns.message.QueryMessage:
        for edns in (True, False):
            query = dns.message.make_query(name, kind, use_edns=0 if edns else False, payload=PAYLOAD)
            # RFC 6840 section 5.7: the AD bit asks for the AD bit, without the signatures that DO would bring.
            query.flags |= dns.flags.AD
            try:
                message = await dns.asyncquery.udp(
                    query,
                    server.host,
                    self._timeout,
                    server.port,
                    ignore_unexpected=True,
                    raise_on_truncation=True,
                    ignore_errors=True,
                    backend=self._backend,
                )
            except dns.message.Truncated:
                async with asyncio.timeout(self._timeout):
                    message = await _by_tcp(query, server)
            # RFC 6891 section 7: a server of before 1999.
            if message.rcode() not in (dns.rcode.FORMERR, dns.rcode.NOTIMP):
                break
        assert isinstance(message, dns.message.QueryMessage)
        return message


async def _by_tcp(query: dns.message.QueryMessage, server: Nameserver) -> dns.message.Message:
    """Return the response to a query. Raises OSError, also where it is too long, EOFError and DNSException."""
    reader, writer = await asyncio.open_connection(server.host, server.port)
    try:
        wire = query.to_wire()
        writer.write(len(wire).to_bytes(2, "big") + wire)
        length = int.from_bytes(await reader.readexactly(2), "big")
        if length > LARGEST:
            raise OSError(f"an answer of {length} octets; {LARGEST} are read at most")
        message = dns.message.from_wire(await reader.readexactly(length))
    finally:
        writer.transport.abort()
    if not query.is_response(message):
        raise dns.query.BadResponse
    return message


def _question(name: dns.name.Name, kind: dns.rdatatype.RdataType) -> str:
    return f"{name.to_text(omit_final_dot=True)} {dns.rdatatype.to_text(kind)}"
