"""The answer to CAPA (RFC 2449 section 6)."""

from __future__ import annotations

from protocols.pop3.core.state import State


def capabilities(
    state: State, *, starttls: bool, private: bool, mechanisms: tuple[str, ...], version: str
) -> tuple[str, ...]:
    """Return the capability lines as the connection is now.

    ``starttls``: TLS can be had and is not yet on. ``private``: a password may cross the connection.
    """
    lines = ["TOP", "UIDL", "RESP-CODES", "AUTH-RESP-CODE", "PIPELINING", "EXPIRE NEVER", "UTF8 USER"]
    if private:
        lines.append("USER")
    lines.append("SASL " + " ".join(mechanisms))
    if starttls and state is State.AUTHORIZATION:
        lines.append("STLS")
    lines.append(f"IMPLEMENTATION Correio {version}" if state is State.TRANSACTION else "IMPLEMENTATION Correio")
    return tuple(lines)
