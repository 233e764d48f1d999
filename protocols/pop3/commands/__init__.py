"""The commands by keyword."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

from protocols.pop3.commands.auth import auth
from protocols.pop3.commands.capa import capa
from protocols.pop3.commands.dele import dele, rset
from protocols.pop3.commands.listing import list_, stat, uidl
from protocols.pop3.commands.noop import noop
from protocols.pop3.commands.quit import quit_
from protocols.pop3.commands.retr import retr, top
from protocols.pop3.commands.stls import stls
from protocols.pop3.commands.user import pass_, user
from protocols.pop3.commands.utf8 import utf8
from protocols.pop3.core.command import Command

if TYPE_CHECKING:
    from protocols.pop3.session import Pop3Session

COMMANDS: Final[dict[str, Callable[[Pop3Session, Command], Awaitable[None]]]] = {
    "USER": user,
    "PASS": pass_,
    "AUTH": auth,
    "STLS": stls,
    "UTF8": utf8,
    "CAPA": capa,
    "QUIT": quit_,
    "STAT": stat,
    "LIST": list_,
    "UIDL": uidl,
    "RETR": retr,
    "TOP": top,
    "DELE": dele,
    "RSET": rset,
    "NOOP": noop,
}
"""One function for each keyword of protocols.pop3.core.state.LEGAL."""
