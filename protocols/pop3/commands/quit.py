"""QUIT (RFC 1939 section 6): the UPDATE state."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from correio.errors import MailError
from correio.mail.expunge import expunge_messages
from protocols.pop3.core.command import Command
from protocols.pop3.core.response import SYS_TEMP, err, ok

if TYPE_CHECKING:
    from protocols.pop3.session import Pop3Session

log = logging.getLogger("correio.pop3")


async def quit_(session: Pop3Session, command: Command) -> None:
    """Remove the messages marked as deleted, all or none, and say goodbye."""
    command.words(0, 0)
    answer = ok("Goodbye.")
    opened = session.opened_maildrop
    doomed = opened.maildrop.deleted_uids if opened is not None else []
    if opened is not None and doomed:
        try:
            await expunge_messages(opened.account, opened.mailbox_id, doomed, only_deleted=False, all_or_none=True)
        except MailError as error:
            log.warning("%s: messages were not removed: %s", session.name(), error)
            answer = err("Some deleted messages were not removed.", SYS_TEMP)
    await session.send(answer)
    session.connection.close()
