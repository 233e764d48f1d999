"""Who a message is from: everything that can be found out about one message, by one call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from typing import Any, Final, Protocol

import msgspec

from correio.mailauth.arc import Arc, PreparedArc, prepare_arc, trusted_sealer, verify_arc
from correio.mailauth.author import Authors, authors
from correio.mailauth.dkim import Dkim, PreparedSignature, prepare_dkim, verify_dkim
from correio.mailauth.dmarc import Disposition, Dmarc, check_dmarc, dmarc_disposition, prepare_dmarc
from correio.mailauth.lookups import Lookups
from correio.mailauth.mail_octets import MailOctets
from correio.mailauth.spf import Spf, check_helo, check_mail_from
from correio.mailauth.tree_walk import TreeWalk


class MessageAuthentication(msgspec.Struct, frozen=True, array_like=True):
    """What was found."""

    spf: Spf
    """Of the MAIL FROM identity."""
    helo: Spf
    """Of the HELO identity."""
    dkim: tuple[Dkim, ...]
    """From the top."""
    dmarc: Dmarc
    arc: Arc
    sealer: str = ""
    """The trusted sealer that has seen DMARC pass where it fails here: its word counts."""

    @property
    def disposition(self) -> Disposition:
        """What the owner of the author's domain wants done with the message."""
        return dmarc_disposition(self.dmarc, overridden=bool(self.sealer))


class Examined(msgspec.Struct, frozen=True):
    """A message with everything computed that asks nobody."""

    authors: Authors
    dkim: tuple[PreparedSignature | Dkim, ...]
    arc: PreparedArc


class Together(Protocol):
    """Runs some work, at the same time if it can, and returns what comes of each: ``asyncio.gather`` is one."""

    def __call__(self, *works: Awaitable[Any]) -> Awaitable[list[Any]]:
        """Return the results in order."""
        ...


async def in_turn(*works: Awaitable[Any]) -> list[Any]:
    """Run one after another."""
    return [await work for work in works]


def examine(message: bytes) -> Examined:
    """Compute what asks nobody. The message has CRLF line ends. Linear in its length: not for an event loop where it is
    large.
    """
    octets = MailOctets(message)
    return Examined(authors(octets), tuple(prepare_dkim(octets)), prepare_arc(octets))


async def authenticate(
    message: bytes | Examined,
    *,
    client_ip: str,
    helo: str,
    mail_from: str,
    hostname: str,
    lookups: Lookups,
    now: int,
    arc_trusted: Collection[str] = (),
    together: Together | Callable[..., Awaitable[Any]] = in_turn,
) -> MessageAuthentication:
    """Return who a message is from. ``mail_from`` is "" for the null sender; ``now`` is in seconds since the epoch.

    ``arc_trusted`` are the domains, in A-labels, whose seals count where DMARC fails. Raises nothing that a message, a client
    or the DNS could cause.
    """
    examined = examine(message) if isinstance(message, bytes) else message
    walk = TreeWalk(lookups)
    spf, of_helo, arc, _, *dkim = await together(
        check_mail_from(lookups, client_ip=client_ip, mail_from=mail_from, helo=helo, hostname=hostname, now=now),
        check_helo(lookups, client_ip=client_ip, helo=helo, hostname=hostname, now=now),
        verify_arc(examined.arc, lookups, now),
        prepare_dmarc(examined.authors, walk),
        *(verify_dkim(one, lookups, now) for one in examined.dkim),
    )
    dmarc = await check_dmarc(examined.authors, spf, dkim, lookups, walk)
    sealer = ""
    if dmarc.result == "fail" and arc.result in ("pass", "temperror"):
        sealer = trusted_sealer(examined.arc, dmarc.domain, arc_trusted)
        if sealer and arc.result == "temperror":
            # Nobody's mail is refused because a key could not be fetched.
            dmarc = msgspec.structs.replace(dmarc, result="temperror", reason=f"arc of {sealer} is not known")
            sealer = ""
    return MessageAuthentication(spf, of_helo, tuple(dkim), dmarc, arc, sealer)


_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(MessageAuthentication)


def pack_authentication(found: MessageAuthentication) -> bytes:
    """Return it in a few hundred octets, for the document of a message."""
    return _encoder.encode(found)


def unpack_authentication(packed: bytes) -> MessageAuthentication:
    """Return what was packed."""
    return _decoder.decode(packed)
