"""What happens when a message has come in whole: the last decisions, the trace field, the delivery, the replies."""

from __future__ import annotations

import logging
import time
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from correio.errors import MailError, QuotaExceededError
from correio.mail.deliver import INBOX_ROLE, JUNK_ROLE, deliver, trace_prefix
from correio.mail.ingest import OFF_LOOP, normalised
from correio.mail.notification import EnvelopeOptions
from correio.mailauth.authentication_results import without_forged
from correio.mime.binary_parts import text_form
from correio.queue.late_bounces import note_bounces
from protocols.smtp.authenticating import Authenticated, authenticated, must_authenticate
from protocols.smtp.core.authors import authors
from protocols.smtp.core.envelope_address import NULL_SENDER
from protocols.smtp.core.outcome import lmtp_reply, smtp_reply
from protocols.smtp.core.parameters import original_recipient
from protocols.smtp.core.policy import TEMPORARY, decide_hops, decide_key_authors
from protocols.smtp.core.received import Trace, hops, protocol_name, received_field
from protocols.smtp.core.reply import Reply
from protocols.smtp.core.spam_verdict import ACCEPTED, Checked, Verdict
from protocols.smtp.core.submission_header import complete_header
from protocols.smtp.submitting import submitted

if TYPE_CHECKING:
    from protocols.smtp.connection import MailConnection

log = logging.getLogger("correio.smtp")


async def accept_message(connection: MailConnection, content: bytes) -> None:
    """Deliver the message of the transaction and say what became of it. The transaction is over then."""
    try:
        replies = await _replies(connection, content)
    except Exception:
        # Here, because the client waits for as many replies as the transaction has in LMTP.
        log.exception("defect while delivering %s", connection.transaction.id)
        await refuse_transaction(connection, TEMPORARY)
        return
    connection.reset()
    for reply in replies:
        await connection.push(reply)


async def _replies(connection: MailConnection, content: bytes) -> list[Reply]:
    """Deliver and return the replies to the end of the data."""
    now = int(time.time())
    transaction = connection.transaction
    content = await _in_lines(connection, content)
    refusal = decide_hops(hops(content))
    if refusal is not None:
        return [refusal] * _count(connection)
    refusal = await _judge_authors(connection, content)
    if refusal is not None:
        return [refusal]
    if connection.server.role.submission:
        mend = partial(_mended, content, connection.hostname, f"{transaction.id}@{connection.hostname}", now)
        content = await connection.server.store.in_worker(mend) if len(content) > OFF_LOOP else mend()
    received = await _received(connection, now)
    arrived = Authenticated(content)
    if connection.server.role.foreign and must_authenticate(connection.server.settings, connection.remote):
        arrived = await authenticated(connection, content, now)
        if arrived.refusal is not None:
            log.info("%s: %s is refused: %s", connection.remote, transaction.id, arrived.refusal.text)
            return [arrived.refusal] * _count(connection)
    verdict = await _judge(connection, arrived.field + received, arrived.content)
    if verdict.refusal is not None:
        log.info("%s: %s is refused: %s", connection.remote, transaction.id, verdict.refusal.text)
        return [verdict.refusal] * _count(connection)
    if connection.account is not None:
        outcomes = await submitted(connection, connection.account, content, received)
    else:
        outcomes = await _deliver(connection, arrived, verdict, received)
    addresses = [str(recipient.address) for recipient in transaction.recipients]
    if transaction.sender == NULL_SENDER and not any(outcomes):
        connection.server.store.spawn(note_bounces(connection.server.store, addresses, content))
    if connection.server.role.lmtp:
        replies = [lmtp_reply(outcomes[at], address, transaction.id) for at, address in enumerate(addresses)]
    else:
        replies = [smtp_reply(outcomes, transaction.id)]
    log.info(
        "%s: %s from %s, %d octets, %d recipients: %s",
        connection.remote,
        transaction.id,
        transaction.sender,
        len(content),
        len(addresses),
        " ".join(str(reply.code) for reply in replies[:20]),
    )
    return replies


async def _in_lines(connection: MailConnection, content: bytes) -> bytes:
    """Return the message in lines that end with CRLF, before anything looks at them: signatures are made over lines (RFC 6376
    section 5.3), and what a bare CR or LF hides now is a field of the header by the time the message is stored.
    """
    store = connection.server.store
    if connection.transaction.parameters.body == "BINARYMIME":
        return await store.in_worker(text_form, content)
    return await normalised(store, content)


def _mended(content: bytes, hostname: str, message_id: str, now: int) -> bytes:
    """Return a submitted message with a whole header, and without results of checks in the name of this server: it has made none
    (RFC 8601 section 5).
    """
    return complete_header(without_forged(content, hostname), message_id=message_id, time=now)


async def refuse_transaction(connection: MailConnection, refusal: Reply) -> None:
    """Refuse the message: once, or in LMTP once for each recipient (RFC 2033 section 4.2). The transaction is over
    then.
    """
    count = _count(connection)
    connection.reset()
    for _ in range(count):
        await connection.push(refusal)


def _count(connection: MailConnection) -> int:
    """How many replies the end of the data has."""
    return len(connection.transaction.recipients) if connection.server.role.lmtp else 1


async def _judge_authors(connection: MailConnection, content: bytes) -> Reply | None:
    """Return the refusal of a message whose authors a key may not send as."""
    if connection.grant is None or not connection.grant.senders:
        return None
    # The null sender is everybody's, so this is what binds a key.
    large = len(content) > OFF_LOOP
    names = await connection.server.store.in_worker(authors, content) if large else authors(content)
    return decide_key_authors(all(map(connection.grant.may_send_as, names)))


async def _judge(connection: MailConnection, received: bytes, content: bytes) -> Verdict:
    policies = connection.server.policies
    if policies is None:
        return ACCEPTED
    transaction = connection.transaction
    checked = Checked(
        remote=connection.remote,
        helo=connection.session.host_name or "",
        sender=str(transaction.sender),
        recipients=[str(recipient.address) for recipient in transaction.recipients],
        queue_id=transaction.id,
        hostname=connection.hostname,
    )
    return await policies.message(checked, received, content)


async def _deliver(
    connection: MailConnection, arrived: Authenticated, verdict: Verdict, received: bytes
) -> list[MailError | None]:
    """Return one outcome for each recipient."""
    transaction = connection.transaction
    server = connection.server
    parameters = transaction.parameters
    recipients = [
        msgspec.structs.replace(
            one.resolved,
            address=str(one.address),
            notify=None if one.parameters.notify is None else tuple(sorted(one.parameters.notify)),
            orcpt=original_recipient(one.parameters),
        )
        for one in transaction.recipients
    ]
    sender, trace = str(transaction.sender), arrived.field + verdict.fields + received
    try:
        outcomes = await server.finish(
            deliver(
                server.store,
                arrived.content,
                sender,
                recipients,
                trace,
                all_or_none=not server.role.lmtp,
                options=EnvelopeOptions(parameters.envid or "", parameters.ret or ""),
                reporter=server.reporter,
                keep=JUNK_ROLE if verdict.junk or arrived.junk else INBOX_ROLE,
                authentication=arrived.packed,
            )
        )
    except MailError as error:
        return [error] * len(recipients)
    if len(recipients) > 1 and not server.role.lmtp:
        for one, outcome in zip(recipients, outcomes, strict=True):
            if isinstance(outcome, QuotaExceededError):
                octets = len(trace_prefix(sender, one.address, trace)) + len(arrived.content)
                server.no_room.note(sender, one.address, octets, connection.loop.time())
    return outcomes


async def _received(connection: MailConnection, now: int) -> bytes:
    transaction = connection.transaction
    session = connection.session
    protocol = protocol_name(
        lmtp=connection.server.role.lmtp,
        extended=session.extended_smtp,
        tls=connection.secure,
        authenticated=connection.account is not None,
        utf8=transaction.parameters.smtputf8,
    )
    return received_field(
        Trace(
            helo=session.host_name or "",
            remote=connection.remote,
            name=await connection.client.name(),
            hostname=connection.hostname,
            protocol=protocol,
            tls=connection.tls_description(),
            id=transaction.id,
            recipient=str(transaction.recipients[0].address) if len(transaction.recipients) == 1 else "",
            time=now,
        )
    )
