"""AUTH at a smarthost (RFC 4954)."""

from __future__ import annotations

import asyncio
import base64
import binascii
import ipaddress

import msgspec

from correio.queue.courier import Reply
from protocols.smtp.client.core.offer import Offer
from protocols.smtp.client.core.reply_reader import ServerReply
from protocols.smtp.client.core.sasl_client import Exchange, SaslClientError, begin, choose_mechanism
from protocols.smtp.client.stream import ClientStream

_MOST_STEPS = 10


class Credentials(msgspec.Struct, frozen=True):
    """What to sign in with."""

    user: str
    password: str

    def __repr__(self) -> str:
        return f"Credentials({self.user})"


class SignInError(Exception):
    """The server does not let us in. ``reply`` is for later: an operator can put it right."""

    def __init__(self, status: str, text: str) -> None:
        super().__init__(text)
        self.reply = Reply(0, status, text)


async def sign_in(stream: ClientStream, offer: Offer, credentials: Credentials, address: str, timeout: float) -> None:
    """Sign in, under TLS or over loopback alone. Raises SignInError, StreamLostError."""
    if stream.ssl_object is None and not ipaddress.ip_address(address).is_loopback:
        raise SignInError("4.7.4", "The password is not sent without TLS.")
    mechanism = choose_mechanism(offer.mechanisms)
    if not mechanism:
        offered = " ".join(offer.mechanisms) or "none"
        raise SignInError("4.7.4", f"The server has no mechanism of AUTH that could be used: {offered}.")
    exchange = begin(mechanism, credentials.user, credentials.password)
    stream.dialogue.hide([credentials.password])
    try:
        reply = await _first(stream, mechanism, exchange, timeout)
        for _ in range(_MOST_STEPS):
            if reply.code != 334:
                break
            response = await _respond(exchange, _challenge(reply))
            encoded = _encoded(response)
            stream.dialogue.hide([encoded])
            stream.write(stream.dialogue.answer(encoded, "(secret)"))
            reply = (await stream.hear(timeout)).reply
    except SaslClientError as error:
        raise SignInError("4.7.8", f"Signing in failed: {error}.") from error
    if reply.code // 100 != 2:
        raise SignInError("4.7.8", stream.dialogue.without_secrets(f"Signing in was refused: {reply}"))
    if not _is_over(exchange):
        raise SignInError("4.7.8", "The server has not shown that it knows the password.")


async def _first(stream: ClientStream, mechanism: str, exchange: Exchange, timeout: float) -> ServerReply:
    initial = next(exchange)
    words = [mechanism] if initial is None else [mechanism, _encoded(initial) or "="]
    stream.dialogue.hide(words[1:])
    stream.write(stream.dialogue.command("AUTH", " ".join(words), shown=f"AUTH {mechanism} (secret)"))
    return (await stream.hear(timeout)).reply


async def _respond(exchange: Exchange, challenge: bytes) -> bytes:
    # SCRAM hashes the password some thousand times over.
    return await asyncio.to_thread(_send, exchange, challenge)


def _send(exchange: Exchange, challenge: bytes) -> bytes:
    try:
        return exchange.send(challenge) or b""
    except StopIteration:
        raise SaslClientError("the server asks for more than there is") from None


def _is_over(exchange: Exchange) -> bool:
    try:
        exchange.send(b"")
    except StopIteration:
        return True
    except SaslClientError:
        return False
    return False


def _challenge(reply: ServerReply) -> bytes:
    try:
        return base64.b64decode("".join(reply.lines), validate=True)
    except (binascii.Error, ValueError):
        # LOGIN's challenges are words for people, and some servers do not encode them.
        return b""


def _encoded(octets: bytes) -> str:
    return base64.b64encode(octets).decode("ascii")
