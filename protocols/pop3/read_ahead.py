"""Fetching messages for RETR: one by one for a client that picks, in batches for one that takes them in order."""

from __future__ import annotations

from typing import Final

from correio.mail.account import Account
from correio.mail.fetch import StoredMessage, fetch_messages
from protocols.pop3.core.maildrop import Maildrop

BATCH_OCTETS: Final = 1024 * 1024
"""Octets of messages that one session holds ahead of its client."""
BATCH: Final = 64


class ReadAhead:
    """The next messages of one session."""

    __slots__ = ("_account", "_batch", "_expected", "_held", "_mailbox_id", "_maildrop")

    def __init__(self, account: Account, mailbox_id: str, maildrop: Maildrop) -> None:
        self._account: Final = account
        self._mailbox_id: Final = mailbox_id
        self._maildrop: Final = maildrop
        self._held: dict[int, StoredMessage] = {}
        self._expected = -1
        self._batch = 1

    async def message(self, position: int) -> StoredMessage | None:
        """Return a message, or None when it is gone. Raises UnavailableError."""
        uid = self._maildrop.uid(position)
        in_order = position == self._expected
        self._expected = position + 1
        held = self._held.pop(uid, None)
        if held is not None:
            return held
        # It grows while the client goes on in order, so that a look at one message costs one message.
        self._batch = min(self._batch * 4, BATCH) if in_order else 1
        wanted = self._maildrop.following(position, octets=BATCH_OCTETS, most=self._batch)
        self._held.clear()
        async for batch in fetch_messages(self._account, self._mailbox_id, wanted, whole=True):
            for message in batch:
                self._held[message.uid] = message
        return self._held.pop(uid, None)
