"""The end of the data of a client that signed in: its message goes the way of all submissions (RFC 6409)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from correio.errors import MailError
from correio.mail.submission_recipients import SubmissionRecipient
from correio.mail.submit import Submission, submit
from protocols.smtp.core.parameters import original_recipient

if TYPE_CHECKING:
    from correio.mail.account import Account
    from protocols.smtp.connection import MailConnection
    from protocols.smtp.core.transaction import AcceptedRecipient


async def submitted(
    connection: MailConnection, account: Account, content: bytes, received: bytes
) -> list[MailError | None]:
    """Submit the message of the transaction; returns the same outcome for each recipient."""
    transaction = connection.transaction
    parameters = transaction.parameters
    recipients = dict.fromkeys(_recipient(one) for one in transaction.recipients)
    submission = Submission(
        kind="submission",
        sender=str(transaction.sender),
        recipients=list({one.address: one for one in recipients}.values()),
        raw=content,
        key=connection.grant.key if connection.grant is not None else "",
        received=received,
        envid=parameters.envid or "",
        ret=parameters.ret or "",
    )
    try:
        await connection.server.finish(submit(account, submission))
    except MailError as error:
        return [error] * len(transaction.recipients)
    return [None] * len(transaction.recipients)


def _recipient(one: AcceptedRecipient) -> SubmissionRecipient:
    said = one.parameters
    notify = None if said.notify is None else tuple(sorted(said.notify))
    return SubmissionRecipient(str(one.address), notify, original_recipient(said))
