"""Who is asking: Bearer tokens (RFC 6750), over channels that may carry them."""

from __future__ import annotations

import ipaddress
import re
from typing import Final

from starlette.requests import HTTPConnection

from api.rest.problems import CHALLENGE, ProblemError
from correio.auth.authenticator import Authenticator
from correio.auth.grant import Grant

_BEARER: Final = re.compile(r"bearer +([A-Za-z0-9._~+/-]{1,512}=*)", re.IGNORECASE)


def remote_address(connection: HTTPConnection) -> str:
    """Return the address of the client's end of the connection, without its port."""
    return connection.client.host if connection.client else ""


def require_private_channel(connection: HTTPConnection) -> None:
    """Raise a 403 problem where credentials would cross a network in the clear."""
    if connection.url.scheme == "https" or is_loopback(remote_address(connection)):
        return
    raise ProblemError(
        403,
        "tls-required",
        "Credentials are accepted over TLS or from the machine itself only; put a TLS proxy in front.",
    )


def is_loopback(address: str) -> bool:
    """Tell whether an address is this machine's own. A Unix socket, which has no address, is."""
    if not address or address.startswith("127.") or address == "::1":
        return True
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None)
    return (mapped or parsed).is_loopback


def bearer_token(connection: HTTPConnection) -> str:
    """Return the token of the request. Raises a 401 problem where there is none."""
    fields = connection.headers.getlist("authorization")
    if not fields:
        raise ProblemError(
            401,
            "authentication-required",
            "Send a token of POST /v1/tokens as Authorization: Bearer.",
            headers={"WWW-Authenticate": CHALLENGE},
        )
    found = _BEARER.fullmatch(fields[0].strip()) if len(fields) == 1 else None
    if found is None:
        raise ProblemError(
            401,
            "authentication-failed",
            "The Authorization field is not one Bearer token.",
            headers={"WWW-Authenticate": f'{CHALLENGE}, error="invalid_request"'},
        )
    return found[1]


async def authenticate(connection: HTTPConnection, authenticator: Authenticator, *scopes: str) -> Grant:
    """Return what the request's token or API key allows, one of these scopes among it or the full one.

    Raises a 401 or 403 problem, InsufficientScopeError, ThrottledError.
    """
    require_private_channel(connection)
    grant = await authenticator.bearer(bearer_token(connection), remote_address(connection))
    grant.require(*scopes)
    return grant
