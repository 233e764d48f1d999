"""What a mechanism is: octets in, and out either a challenge or a claim to be looked into."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

import msgspec

MAX_CREDENTIAL: Final = 1024
"""Octets of a name or a password."""


class SaslError(ValueError):
    """The client's response is not what the mechanism asks for. The message is for the client."""


class PasswordClaim(msgspec.Struct, frozen=True):
    """The client says that this is its password. It is the end of the exchange."""

    authorization: str
    """Whom the client wants to act for; "": itself."""
    name: str
    password: str

    def __repr__(self) -> str:
        return "PasswordClaim(...)"


class TokenClaim(msgspec.Struct, frozen=True):
    """The client has a bearer token. It is the end of the exchange, unless the token is refused."""

    address: str
    """Whose token it is said to be; "": nothing was said."""
    token: str
    """"" where the client only asks how it could get one."""
    reject: Callable[[], bytes]
    """The challenge that says why; whatever the client answers, the exchange has failed then."""

    def __repr__(self) -> str:
        return "TokenClaim(...)"


class ScramClaim(msgspec.Struct, frozen=True):
    """The client is about to prove that it knows the password of an account."""

    authorization: str
    name: str
    offer: Callable[[bytes, int], bytes]
    """Makes the next challenge of the account's salt and iterations."""


class ScramProof(msgspec.Struct, frozen=True):
    """The client's proof, over what both sides have said."""

    message: bytes
    proof: bytes
    confirm: Callable[[bytes], bytes]
    """Makes the last challenge of the server's signature."""


class Ended(msgspec.Struct, frozen=True):
    """The client has taken the last challenge: the exchange has succeeded."""


Step = bytes | PasswordClaim | TokenClaim | ScramClaim | ScramProof | Ended
"""Octets are the next challenge."""


class Mechanism(Protocol):
    """One exchange."""

    def step(self, response: bytes | None) -> Step:
        """Take the client's decoded response (None: no initial response) and return what comes next.

        Raises SaslError.
        """


def text_of(octets: bytes) -> str:
    """Return a name or a password that came as octets. Raises SaslError."""
    if len(octets) > MAX_CREDENTIAL:
        raise SaslError(f"A name or a password has at most {MAX_CREDENTIAL} octets.")
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SaslError("The name or the password is not in UTF-8.") from error
