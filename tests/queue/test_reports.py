"""Reports on their way into the queue."""

from __future__ import annotations

from correio.mail.account import Account
from correio.mail.message_store import MessageStore
from correio.mail.outgoing import Outgoing, put_outgoing
from correio.queue.report import Action, Report, ReportedRecipient
from correio.queue.reports import report_mail
from correio.store.sends import find_send


async def _report(own: MessageStore, account: Account, action: Action) -> Outgoing:
    about = ReportedRecipient(address="x@else.where", action=action, status="4.4.1")
    made = await report_mail(
        own,
        Report(
            to=account.address,
            hostname="mx.correio.test",
            message_id=f"{action}@mx.correio.test",
            time=own.now(),
            arrived=own.now(),
            recipients=[about],
            original=b"Subject: Hi\r\n\r\n",
        ),
        (action, account.id),
    )
    assert made is not None
    return made


async def test_what_is_there_already_keeps_nothing_else_out(own: MessageStore, account: Account) -> None:
    """A worker died after it had told of a failure, and whoever comes after it has to tell of a delay besides."""
    failed, delayed = await _report(own, account, "failed"), await _report(own, account, "delayed")
    await put_outgoing(own, [failed])
    await put_outgoing(own, [failed, delayed])
    for one in (failed, delayed):
        assert await find_send(own.database, "", one.send.id) is not None
