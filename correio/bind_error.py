"""Why a listener cannot bind, in words."""

from __future__ import annotations

import errno

from correio.config import Endpoint


def explain_bind(name: str, endpoint: Endpoint, error: OSError) -> str:
    """Return one sentence about a listener that cannot bind, with what to do."""
    variable = f"CORREIO_{name.upper()}"
    if error.errno == errno.EADDRINUSE:
        return (
            f"{name} cannot listen on {endpoint}: another program does; stop it, or set {variable} to another address"
            " (port 0 takes a free one, an empty value turns the listener off)."
        )
    if error.errno == errno.EACCES:
        return (
            f"{name} cannot listen on {endpoint}: this user may not use ports below 1024; set {variable} to a higher port"
            " or grant CAP_NET_BIND_SERVICE."
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return (
            f"{name} cannot listen on {endpoint}: this machine does not have that address; set {variable} to another."
        )
    return f"{name} cannot listen on {endpoint}: {error.strerror or error}; set {variable} to another address."
