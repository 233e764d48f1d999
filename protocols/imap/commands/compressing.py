"""COMPRESS (RFC 4978)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocols.imap.core.commands.connection import Compress
from protocols.imap.core.responses import Completion

if TYPE_CHECKING:
    from protocols.imap.session import ImapSession


async def compress(session: ImapSession, arguments: Compress, tag: bytes) -> Completion | None:
    """RFC 4978 section 3: all that follows the OK is compressed, and so is what came behind the command."""
    if arguments.algorithm != "DEFLATE":
        return Completion("BAD", "DEFLATE is the only algorithm there is.")
    if session.connection.deflating:
        return Completion("NO", "DEFLATE is active already.", "COMPRESSIONACTIVE")
    news = session.announcements(expunge=True)
    session.connection.start_deflate(news + Completion("OK", "DEFLATE active.").line(tag), ahead=session.take_input())
    return None
