"""What an account may hold: octets and messages, also against rivals."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from correio.errors import MailError, QuotaExceededError
from correio.mail.account import Account
from correio.mail.append import NewMessage, append_messages
from correio.mail.copy import copy_messages
from correio.mail.deliver import deliver
from correio.mail.directory import account_room, set_quota
from correio.mail.message_store import MessageStore
from correio.mail.recipient import Recipient
from tests.mail.conftest import message


def inbox(account: Account) -> str:
    found = account.mailboxes.by_role("inbox")
    assert found is not None
    return found.id


async def appended(account: Account) -> bool:
    try:
        await append_messages(account, inbox(account), [NewMessage(message())])
    except QuotaExceededError:
        return False
    return True


@pytest.mark.parametrize("bound", ["octets", "messages"])
async def test_rivals_together_stay_within_the_quota(
    account: Account, directory: MessageStore, other_process: MessageStore, bound: str
) -> None:
    """Two processes, eight senders each, room for five: five get in, whoever they are."""
    size = len(message())
    octets, messages = (5 * size + size // 2, None) if bound == "octets" else (None, 5)
    await set_quota(directory, account.address, octets=octets, messages=messages)
    await account.refresh()
    rival = await other_process.account(account.id)
    done = await asyncio.gather(*(appended(one) for one in (account, rival) for _ in range(8)))
    assert sum(done) == 5
    await account.refresh()
    assert (account.messages, account.used) == (5, 5 * size)


async def test_a_batch_is_within_the_quota_as_a_whole(account: Account, directory: MessageStore) -> None:
    await set_quota(directory, account.address, messages=2)
    await account.refresh()
    with pytest.raises(QuotaExceededError, match="0 of 2 messages"):
        await append_messages(account, inbox(account), [NewMessage(message(at)) for at in range(3)])
    await append_messages(account, inbox(account), [NewMessage(message(at)) for at in range(2)])
    archive = account.mailboxes.by_role("archive")
    assert archive is not None
    with pytest.raises(QuotaExceededError):
        await copy_messages(account, inbox(account), [1], archive.id)
    # Nothing to copy takes no room.
    assert (await copy_messages(account, inbox(account), [9], archive.id)).pairs == []


async def test_a_full_account_takes_no_delivery(account: Account, directory: MessageStore) -> None:
    await set_quota(directory, account.address, messages=1)
    await account.refresh()
    outcomes: list[MailError | None] = []
    for at in range(2):
        recipient = Recipient(account.address, (account.id,))
        outcomes += await deliver(directory, message(at), "a@sender.example", [recipient], b"Received: x\r\n")
    assert outcomes[0] is None
    assert isinstance(outcomes[1], QuotaExceededError)


async def test_an_own_quota_stands_before_the_default(account: Account, directory: MessageStore) -> None:
    limits = msgspec.structs.replace(directory.settings.limits, account_quota=1000, account_messages=10)
    bounded = MessageStore(msgspec.structs.replace(directory.settings, limits=limits), directory.database)

    async def bounds() -> tuple[int, int]:
        found = await account_room(bounded, account.address)
        return found.quota, found.message_quota

    assert await bounds() == (1000, 10)
    await set_quota(directory, account.address, octets=5, messages=7)
    assert await bounds() == (5, 7)
    await set_quota(directory, account.address, octets=-1)
    assert await bounds() == (0, 7)
    await set_quota(directory, account.address, octets=0, messages=-1)
    assert await bounds() == (1000, 0)
