"""From a connected socket to a server that is ready for a message: greeting, EHLO, STARTTLS, AUTH."""

from __future__ import annotations

import ssl

import msgspec

from correio.queue.courier import Reply
from correio.tlspolicy.dane import check_chain
from correio.tlspolicy.result import TlsError, result_of
from protocols.smtp.client.core.offer import Offer, parse_offer
from protocols.smtp.client.core.reply_reader import BadReplyError, ServerReply
from protocols.smtp.client.core.tls_demand import Demand
from protocols.smtp.client.sign_in import Credentials, sign_in
from protocols.smtp.client.stream import ClientStream, StreamLostError
from protocols.smtp.client.timeouts import Timeouts
from protocols.smtp.client.tls_contexts import certificate_chain


class RefusedError(Exception):
    """The server does not want to talk: the reply to the connection, to EHLO or to HELO."""

    def __init__(self, reply: ServerReply) -> None:
        super().__init__(str(reply))
        found = reply.reply
        # 3yz, or a 2yz other than 220, is no greeting; nobody knows what it means.
        self.reply = found if reply.code >= 400 else Reply(0, "4.5.0", f"The server's reply is out of order: {reply}")


class Opening(msgspec.Struct, frozen=True):
    """What is to happen at a server."""

    hostname: str
    """Our name in EHLO."""
    demand: Demand
    context: ssl.SSLContext | None
    server_name: str | None
    """In SNI and in the certificate."""
    names: tuple[str, ...]
    """Under DANE: the names that a certificate of a trust anchor may have."""
    credentials: Credentials | None
    address: str
    timeouts: Timeouts


async def open_session(stream: ClientStream, opening: Opening) -> Offer:
    """Return what the server offers when it is ready.

    Raises RefusedError, TlsError, SignInError and StreamLostError; the connection is of no use then.
    """
    timeouts = opening.timeouts
    if opening.demand.implicit:
        await _handshake(stream, opening)
    greeting = (await stream.hear(timeouts.greeting)).reply
    if greeting.code != 220:
        raise RefusedError(greeting)
    offer = await _hello(stream, opening)
    if opening.demand.level != "plain" and not opening.demand.implicit and await _start_tls(stream, offer, opening):
        # RFC 3207 section 4.2: what was offered before counts for nothing.
        try:
            offer = await _hello(stream, opening)
        except StreamLostError as error:
            # Under TLS 1.3 the client is through with its handshake before the server may say that it is not content.
            raise TlsError(
                "validation-failure", f"The connection was lost behind the TLS handshake: {error}"
            ) from error
    # A 421 may have come behind the last reply: the next host is better than this one.
    stream.check_open()
    if opening.credentials is not None:
        await sign_in(stream, offer, opening.credentials, opening.address, timeouts.command)
    return offer


async def _hello(stream: ClientStream, opening: Opening) -> Offer:
    """Say EHLO, and HELO to a server that does not know it (RFC 5321 section 4.1.1.1)."""
    reply = await _ask(stream, "EHLO", opening.hostname, opening.timeouts.command)
    if reply.code // 100 == 2:
        return parse_offer(reply.lines)
    if reply.code // 100 == 5:
        reply = await _ask(stream, "HELO", opening.hostname, opening.timeouts.command)
        if reply.code // 100 == 2:
            return Offer()
    raise RefusedError(reply)


async def _start_tls(stream: ClientStream, offer: Offer, opening: Opening) -> bool:
    """Whether the connection is under TLS now. Raises TlsError where it has to be and cannot, and where it is lost by that."""
    must = opening.demand.level != "may"
    if not offer.starttls:
        if must:
            raise TlsError("starttls-not-supported", "The server does not offer STARTTLS.")
        return False
    try:
        reply = await _ask(stream, "STARTTLS", "", opening.timeouts.command)
    except StreamLostError as error:
        raise TlsError("starttls-not-supported", f"The server did not answer STARTTLS: {error}") from error
    if reply.code != 220:
        if must or not stream.open:
            raise TlsError("starttls-not-supported", f"The server refuses STARTTLS: {reply}")
        return False
    await _handshake(stream, opening)
    return True


async def _handshake(stream: ClientStream, opening: Opening) -> None:
    assert opening.context is not None
    try:
        if not opening.demand.implicit:
            stream.dialogue.restart()
        await stream.start_tls(opening.context, opening.server_name, opening.timeouts.handshake)
    except (OSError, ValueError, BadReplyError) as error:
        # A name that cannot stand in SNI is a ValueError.
        text = (
            getattr(error, "verify_message", "") or getattr(error, "reason", "") or str(error) or type(error).__name__
        )
        stream.dialogue.note(f"(no TLS: {text})")
        raise TlsError(result_of(error), f"The TLS handshake failed: {text}") from error
    if opening.demand.tlsa:
        check_chain(certificate_chain(stream.ssl_object), opening.demand.tlsa, opening.names)


async def _ask(stream: ClientStream, verb: str, argument: str, timeout: float) -> ServerReply:
    stream.check_open()
    stream.write(stream.dialogue.command(verb, argument))
    return (await stream.hear(timeout)).reply
