"""Writing an account's mail into files."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from correio.archive.write_mail import Writer
from correio.mail.account import Account
from correio.mail.fetch import fetch_messages


async def export_mail(
    account: Account, writer: Writer, progress: Callable[[int], None] = lambda _: None
) -> tuple[int, int]:
    """Write every mailbox of the account; returns how many messages and octets. Raises UnavailableError, OSError."""
    messages = octets = 0
    for mailbox in account.mailboxes:
        if not mailbox.selectable:
            continue
        await asyncio.to_thread(writer.begin, mailbox.path)
        index = await account.index(mailbox.id)
        async for batch in fetch_messages(account, mailbox.id, list(index.uids), whole=True):
            for message in batch:
                raw = await message.read()
                await asyncio.to_thread(writer.write, message.uid, raw, message.flags, message.date)
                messages += 1
                octets += len(raw)
                progress(len(raw))
    return messages, octets
