"""Putting messages from files into an account, many in one commit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from typing import Final

import msgspec

from correio.archive.stored_mail import Found, StoredMail, Unreadable
from correio.errors import AlreadyExistsError, MailError, NotFoundError, UnavailableError
from correio.mail.account import Account
from correio.mail.append import NewMessage, append_messages
from correio.mail.flags import canonical_flag, flag_set
from correio.mail.mailbox_commands import create_mailbox

_MESSAGES: Final = 64
_OCTETS: Final = 4 * 1024 * 1024


class Summary(msgspec.Struct):
    """What became of an import."""

    imported: int = 0
    octets: int = 0
    failures: list[Unreadable] = msgspec.field(default_factory=list)


async def import_mail(
    account: Account,
    found: Iterable[Found],
    mailbox: str | None,
    progress: Callable[[int], None] = lambda _: None,
) -> Summary:
    """Append everything found. All of it goes to ``mailbox``, or, where that is None, where the files say, else to INBOX.

    A message that cannot be taken is left out and told in the summary. ``progress`` is told of octets as they are done.
    Raises UnavailableError, and InvalidInputError or LimitError for a mailbox that cannot be.
    """
    summary = Summary()
    batches = _batches(found, mailbox)
    # Files are read in a thread, the next batch while one is committed.
    reading = asyncio.create_task(asyncio.to_thread(next, batches, None))
    while (batch := await reading) is not None:
        reading = asyncio.create_task(asyncio.to_thread(next, batches, None))
        path, items = batch
        messages = [item for item in items if isinstance(item, StoredMail)]
        summary.failures += [item for item in items if isinstance(item, Unreadable)]
        try:
            if messages:
                target = await _mailbox(account, path)
                await _append(account, target, messages, summary)
        except BaseException:
            await asyncio.gather(reading, return_exceptions=True)
            raise
        progress(sum(len(message.raw) for message in messages))
    return summary


def _batches(found: Iterable[Found], mailbox: str | None) -> Iterator[tuple[str, list[Found]]]:
    """Yield what is found in pieces for one mailbox each, in order."""
    path, batch, octets = "INBOX", list[Found](), 0
    for item in found:
        target, size = path, 0
        if isinstance(item, StoredMail):
            target, size = mailbox or item.mailbox or "INBOX", len(item.raw)
        if batch and (target != path or len(batch) >= _MESSAGES or octets + size > _OCTETS):
            yield path, batch
            batch, octets = [], 0
        path = target
        batch.append(item)
        octets += size
    if batch:
        yield path, batch


async def _mailbox(account: Account, path: str) -> str:
    found = account.mailboxes.by_path(path)
    if found is not None and found.selectable:
        return found.id
    try:
        return (await create_mailbox(account, path)).id
    except AlreadyExistsError:
        await account.refresh()
        found = account.mailboxes.by_path(path)
        if found is None:
            raise NotFoundError(f"There is no mailbox {path}.") from None
        return found.id


async def _append(account: Account, mailbox_id: str, messages: list[StoredMail], summary: Summary) -> None:
    """Append a batch; when it is refused, one by one, so that only the culprit is left out."""
    try:
        await append_messages(account, mailbox_id, [_new(message) for message in messages])
    except UnavailableError:
        raise
    except MailError as error:
        if len(messages) == 1:
            summary.failures.append(Unreadable(messages[0].origin, str(error)))
            return
        for message in messages:
            await _append(account, mailbox_id, [message], summary)
        return
    summary.imported += len(messages)
    summary.octets += sum(len(message.raw) for message in messages)


def _new(message: StoredMail) -> NewMessage:
    return NewMessage(message.raw, flag_set(canonical_flag(flag) for flag in message.flags), date=message.date)
