"""Which mechanisms a channel is offered, the one to prefer first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from protocols.wire.sasl.bearer import OAuthBearer, XOAuth2
from protocols.wire.sasl.login import Login
from protocols.wire.sasl.mechanism import Mechanism
from protocols.wire.sasl.plain import Plain
from protocols.wire.sasl.scram import Binding, Scram

PLUS: Final = "SCRAM-SHA-256-PLUS"
SCRAM: Final = "SCRAM-SHA-256"
_SECRET: Final[dict[str, Callable[[], Mechanism]]] = {
    "OAUTHBEARER": OAuthBearer,
    "XOAUTH2": XOAuth2,
    "PLAIN": Plain,
    "LOGIN": Login,
}
"""Mechanisms that show a password or a token to whoever listens."""


class Channel(msgspec.Struct, frozen=True):
    """What a connection is just now."""

    private: bool
    """Whether a password may cross it: it is under TLS or does not leave this machine."""
    binding: Binding | None
    """How an exchange is bound to it; None where that cannot be."""


def mechanisms(channel: Channel) -> tuple[str, ...]:
    """Return the names of the mechanisms a channel is offered."""
    names = [SCRAM, *_SECRET] if channel.private else [SCRAM]
    return tuple([PLUS, *names] if channel.binding is not None else names)


def needs_privacy(name: str) -> bool:
    """Tell whether there is such a mechanism and it must not be used where others can listen."""
    return name in _SECRET


def make_mechanism(name: str, channel: Channel) -> Mechanism | None:
    """Return a new exchange by the name of its mechanism in upper case, or None where it is not offered."""
    if name not in mechanisms(channel):
        return None
    make = _SECRET.get(name)
    if make is not None:
        return make()
    bound = channel.binding is not None
    return Scram(plus=name == PLUS, offers_plus=bound, binding=channel.binding or _no_binding)


def _no_binding(_: str) -> bytes | None:
    return None
