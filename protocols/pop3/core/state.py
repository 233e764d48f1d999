"""The states of a session and the commands that are legal in each (RFC 1939 sections 4 to 6)."""

from __future__ import annotations

from enum import Enum, auto
from typing import Final


class State(Enum):
    """Where a session stands. UPDATE is no state of its own here: QUIT goes through it and ends the session."""

    AUTHORIZATION = auto()
    TRANSACTION = auto()


_EITHER: Final = frozenset(State)
_BEFORE: Final = frozenset({State.AUTHORIZATION})
_AFTER: Final = frozenset({State.TRANSACTION})

LEGAL: Final[dict[str, frozenset[State]]] = {
    "USER": _BEFORE,
    "PASS": _BEFORE,
    "AUTH": _BEFORE,
    "STLS": _BEFORE,
    "UTF8": _BEFORE,
    "CAPA": _EITHER,
    "QUIT": _EITHER,
    "STAT": _AFTER,
    "LIST": _AFTER,
    "UIDL": _AFTER,
    "RETR": _AFTER,
    "TOP": _AFTER,
    "DELE": _AFTER,
    "RSET": _AFTER,
    "NOOP": _AFTER,
}
"""Every command there is, and the states it is legal in."""
