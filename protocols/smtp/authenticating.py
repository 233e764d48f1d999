"""At the end of the data of another server: who is the message from, and what becomes of it (RFC 8601, RFC 9989)."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
from typing import TYPE_CHECKING, Final

import msgspec

from correio.config import Settings
from correio.dns.names import ascii_name
from correio.dns.timed_resolver import TimedResolver
from correio.mailauth.authenticate import Examined, authenticate, examine, pack_authentication
from correio.mailauth.authentication_results import results_field, without_forged
from correio.mailauth.report import method_results
from protocols.smtp.core.policy import decide_dmarc
from protocols.smtp.core.reply import Reply

if TYPE_CHECKING:
    from protocols.smtp.connection import MailConnection

OFF_LOOP: Final = 8 * 1024
"""Messages of more octets are taken apart in a worker: the header of a hostile one may be all of it."""

log = logging.getLogger("correio.smtp")


class Authenticated(msgspec.Struct, frozen=True):
    """A message and what was found of it."""

    content: bytes
    """Without fields that somebody forged in our name."""
    field: bytes = b""
    """The Authentication-Results field with its CRLF."""
    packed: bytes = b""
    """For the document of the message."""
    junk: bool = False
    """Whether it goes to the Junk mailbox."""
    refusal: Reply | None = None


def must_authenticate(settings: Settings, remote: str) -> bool:
    """Tell whether mail of a client is looked at."""
    if settings.mail_authentication != "auto":
        return settings.mail_authentication == "on"
    return bool(settings.dns) or _is_global(remote)


async def authenticated(connection: MailConnection, content: bytes, now: int) -> Authenticated:
    """Find out who a message is from. What cannot be found out in time refuses nobody. ``content`` has CRLF line ends."""
    server = connection.server
    settings = server.settings
    transaction = connection.transaction
    if len(content) > OFF_LOOP:
        examined, cleaned = await server.store.in_worker(_taken_apart, content, connection.hostname)
    else:
        examined, cleaned = _taken_apart(content, connection.hostname)
    mail_from, helo, remote = str(transaction.sender), connection.session.host_name or "", connection.remote
    found = await authenticate(
        examined,
        client_ip=remote,
        helo=helo,
        mail_from=mail_from,
        hostname=connection.hostname,
        lookups=TimedResolver(server.resolver, settings.limits.authentication_time),
        now=now,
        arc_trusted=frozenset(map(ascii_name, settings.arc_trusted)),
        together=asyncio.gather,
    )
    log.info(
        "%s: %s: spf=%s dkim=%s dmarc=%s %s arc=%s",
        remote,
        transaction.id,
        found.spf.result,
        ",".join(f"{one.result}:{one.domain}" for one in found.dkim) or "none",
        found.dmarc.result,
        found.dmarc.domain,
        found.arc.result,
    )
    disposition = found.disposition if settings.dmarc_apply else "accept"
    results = method_results(found, mail_from=mail_from, helo=helo, client_ip=remote)
    return Authenticated(
        cleaned,
        results_field(connection.hostname, results),
        pack_authentication(found),
        disposition == "junk",
        decide_dmarc(found.dmarc.domain, refused=disposition == "reject"),
    )


def _taken_apart(content: bytes, hostname: str) -> tuple[Examined, bytes]:
    # Signatures are over the message as it came, forged fields included.
    return examine(content), without_forged(content, hostname)


def _is_global(remote: str) -> bool:
    """Tell whether an address is one of the Internet, and not of this machine or a private network."""
    try:
        address = ipaddress.ip_address(remote)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_global)
