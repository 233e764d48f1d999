"""Telling senders who asked for it that their message has arrived (RFC 3461 section 4.1, NOTIFY=SUCCESS), by the transaction
in which it does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from correio.ids import Kind, derived_id
from correio.queue.report import Report, ReportedRecipient, header_of
from correio.queue.reports import report_mail

if TYPE_CHECKING:
    from correio.mail.message_store import MessageStore
    from correio.mail.notification import ReportedMessage, Reporter, ReportWanted
    from correio.mail.outgoing import Outgoing


def arrival_reporter(store: MessageStore, hostname: str) -> Reporter:
    """Return what makes these reports ready. ``hostname`` is this server's name."""

    async def make(message: ReportedMessage, wanted: Sequence[ReportWanted]) -> list[Outgoing]:
        mail: list[Outgoing] = []
        for action in dict.fromkeys(one.action for one in wanted):
            about = [one for one in wanted if one.action == action]
            key = ("arrival", action, message.key, *(one.address for one in about))
            now = store.now()
            report = Report(
                to=message.sender,
                hostname=hostname,
                message_id=f"{derived_id(Kind.SEND, *key)}@{hostname}",
                time=now,
                arrived=now,
                envid=message.options.envid,
                recipients=[
                    ReportedRecipient(address=one.address, action=action, status="2.1.5", original=one.orcpt)
                    for one in about
                ],
                # Only a report of failure has the whole of it (RFC 3461 section 4.3).
                original=header_of(message.content),
            )
            made = await report_mail(store, report, key)
            if made is not None:
                mail.append(made)
        return mail

    return make
