"""``/v1/emails``: sending, and the pages of what was sent."""

from __future__ import annotations

from typing import Final

import msgspec
from starlette.responses import Response

from api.rest.call import Call, Nothing
from api.rest.email_body import NewEmail, author_of, fingerprint, letter_of, mailboxes, send_time, tags_of
from api.rest.email_json import AcceptedEmailJson, EmailPageJson, summary_json
from api.rest.json_response import json_response
from api.rest.pagination import SendCursor, decode_send_cursor, encode_cursor
from api.rest.problems import Fault, ProblemError, problem_of
from api.rest.route import handles
from correio.config import Settings
from correio.errors import ConflictError, ForbiddenError, LimitError, MailError, TooLargeError
from correio.mail.ingest import OFF_LOOP
from correio.mail.sent import list_sent
from correio.mail.submission_recipients import SubmissionRecipient
from correio.mail.submit import Once, Submission, submit
from correio.mime.compose.letter import Mailbox
from correio.mime.compose.mailbox import address_of
from correio.mime.compose.message import compose

SLACK: Final = 1024 * 1024
"""Octets of a body for everything but the attachments."""


class SendParameters(msgspec.Struct, frozen=True):
    """The client's key for the request."""

    idempotency_key: str | None = None


class ListEmailsParameters(msgspec.Struct, frozen=True):
    """A page of what was sent."""

    limit: int = 20
    cursor: str | None = None


def body_limit(settings: Settings) -> int:
    """Return how many octets a body may have: the largest message in base64, and some more."""
    return settings.limits.message_size * 4 // 3 + SLACK


async def send_email(call: Call[SendParameters, NewEmail]) -> Response:
    """Compose the message and submit it."""
    account, new, grant = call.account, call.body, call.grant
    now = account.store.now()
    limit = account.store.settings.limits.message_size
    try:
        author = author_of(new)
        sender = address_of(author)
        if not grant.may_send_as(sender):
            raise ForbiddenError("The key may not send from this address.")
        if sum(len(one.content) for one in new.attachments) > limit:
            raise TooLargeError(f"A message has at most {limit} octets.", limit)
        key = call.parameters.idempotency_key
        large = new.octets > OFF_LOOP
        when = send_time(new.scheduled_at, now)
        date = now if when is None else when
        made = await account.store.in_worker(_made, new, author, key, date) if large else _made(new, author, key, date)
        submission = Submission(
            kind="api",
            sender=sender,
            recipients=made.recipients,
            raw=made.raw,
            send_at=when,
            key=grant.key,
            # A program that sends to many hears of a bounce by its status, also where it comes as mail.
            verp=True,
            ambiguous=new.ambiguous,
            tags=tags_of(new.tags),
            metadata=new.metadata,
            once=made.once,
        )
        submitted = await submit(account, submission)
    except MailError as error:
        raise _problem(error, new) from error
    return json_response(AcceptedEmailJson(submitted.id))


class _Made(msgspec.Struct, frozen=True):
    """What is submitted of an e-mail."""

    raw: bytes
    recipients: list[SubmissionRecipient]
    once: Once | None


def _made(new: NewEmail, author: Mailbox, key: str | None, date: int) -> _Made:
    """Compose it, dated with the time when it is sent. Raises InvalidInputError with a pointer in ``field``."""
    letter = letter_of(new, author, date)
    recipients = _recipients(*letter.to, *letter.cc, *mailboxes(new.bcc, "bcc"))
    return _Made(compose(letter).raw, recipients, None if key is None else Once(key, fingerprint(new)))


def _recipients(*mailboxes: Mailbox) -> list[SubmissionRecipient]:
    """Return the envelope recipients, each once."""
    found = {(one.local, one.domain.lower()): one for one in reversed(mailboxes)}
    return [SubmissionRecipient(address_of(one)) for one in reversed(found.values())]


def _largest(new: NewEmail) -> str:
    """Return the name of the field that has the most octets."""
    sizes = {"attachments": sum(len(one.content) for one in new.attachments)}
    sizes |= {"text": len(new.text or ""), "html": len(new.html or "")}
    return max(sizes, key=sizes.__getitem__)


def _problem(error: MailError, new: NewEmail) -> ProblemError:
    """Return the problem of an e-mail that was not accepted, with the place in the body, or the parameter, it is about."""
    problem = problem_of(error)
    fault = None
    if isinstance(error, ConflictError):
        fault = Fault(error.message, parameter="idempotency-key")
    elif isinstance(error, ForbiddenError):
        fault = Fault(error.message, pointer="#/from")
    elif isinstance(error, LimitError):
        fault = Fault(error.message, pointer="#/to")
    elif isinstance(error, TooLargeError):
        fault = Fault(error.message, pointer=f"#/{_largest(new)}")
    if fault is None:
        return problem
    return ProblemError(problem.status, problem.code, problem.detail, errors=(fault,), headers=problem.headers)


async def list_emails(call: Call[ListEmailsParameters, Nothing]) -> Response:
    """One page, in two round trips."""
    parameters = call.parameters
    before = None if parameters.cursor is None else decode_send_cursor(parameters.cursor)
    found = await list_sent(call.account, parameters.limit + 1, before)
    page = found[: parameters.limit]
    more = len(found) > len(page)
    now = call.account.store.now()
    cursor = encode_cursor(SendCursor(page[-1].send.created, page[-1].send.id)) if more else None
    return json_response(
        EmailPageJson(data=[summary_json(one, now) for one in page], has_more=more, next_cursor=cursor)
    )


HANDLERS: Final = (
    handles(send_email, SendParameters, NewEmail, body_limit),
    handles(list_emails, ListEmailsParameters, Nothing),
)
