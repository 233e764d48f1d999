"""What a sign-in allows: everything with a password or a token of it, and with an API key what the key was made for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from correio.errors import InsufficientScopeError, InvalidInputError
from correio.mail.account import Account
from correio.mail.addresses import normalise_address, normalise_domain, without_tag

FULL: Final = "full"
"""Everything the account may do."""
SEND: Final = "send"
"""Send, by REST and by submission, and see and take back what was sent so."""
READ: Final = "read"
"""Read the account's mail by REST, and change nothing."""
SCOPES: Final = (FULL, SEND, READ)

MAX_SENDERS: Final = 50
_EVERYTHING: Final = frozenset({FULL})


class Grant(msgspec.Struct, frozen=True):
    """Who signed in, by what, and to do what."""

    account: Account
    key: str = ""
    """The id of the API key; empty: a password or a token."""
    scopes: frozenset[str] = _EVERYTHING
    senders: tuple[str, ...] = ()
    """Addresses and domains, normalised, that mail may be sent from; none: all of the account's."""

    @property
    def is_full(self) -> bool:
        """Whether it is as good as the password."""
        return FULL in self.scopes

    def require(self, *scopes: str) -> None:
        """Raise InsufficientScopeError unless it has one of these scopes, or the full one."""
        if not self.is_full and self.scopes.isdisjoint(scopes):
            raise InsufficientScopeError("This key was not made for that.", " ".join(scopes) or FULL)

    def may_send_as(self, address: str) -> bool:
        """Tell whether mail may be sent from an address. That it is one of the account's is asked elsewhere."""
        if not self.senders:
            return True
        try:
            normal = normalise_address(address)
        except InvalidInputError:
            return False
        domain = normal.rpartition("@")[2]
        return not {normal, without_tag(normal), domain}.isdisjoint(self.senders)


def normalise_senders(senders: Iterable[str]) -> list[str]:
    """Return addresses and domains (with or without ``@`` before them) as keys keep them, each once.

    Raises InvalidInputError, with the position in ``field``.
    """
    normal: dict[str, None] = {}
    for at, sender in enumerate(senders):
        if at == MAX_SENDERS:
            raise InvalidInputError(f"A key has at most {MAX_SENDERS} senders.", "allowed_senders")
        try:
            bare = sender.strip().removeprefix("@")
            normal[normalise_address(bare) if "@" in bare else normalise_domain(bare)] = None
        except InvalidInputError as error:
            raise InvalidInputError("It is neither an address nor a domain.", f"allowed_senders/{at}") from error
    return list(normal)
