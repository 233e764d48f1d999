"""Submitting what takes room in an account."""

from __future__ import annotations

from typing import TypeVar

from correio.errors import QuotaExceededError
from correio.mail.account import Account
from correio.mail.committer import Operation

T = TypeVar("T")


async def submit_if_room(account: Account, operation: Operation[T]) -> T:
    """Commit an operation whose plan asks for room. Raises as ``Committer.submit``.

    A commit never goes beyond a quota, since it fails where the account has moved on. A refusal is made from what this
    process knows, and another may have made room a moment ago: so it is asked again with what is stored now.
    """
    try:
        return await account.store.committer.submit(operation)
    except QuotaExceededError:
        await account.refresh()
    return await account.store.committer.submit(operation)
