"""Housekeeping in the background: tombstones after 30 days, content nobody refers to, expired tokens, buried mailboxes.

Content goes in two passes at least an hour apart. The first marks what no message refers to; a writer that comes to refer
to it takes the mark off (``correio.store.parts``); the second removes what is still marked. A reader of a message that is
being copied is thus never left without its parts.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

import msgspec

from correio.errors import MailError
from correio.mail.message_store import MessageStore
from correio.mail.search_block import SPAN
from correio.store import retention
from correio.store.deliveries import forget_sends
from correio.store.greylist import forget_met
from correio.store.round_trips import background_task
from correio.store.sends import forget_onces, old_sends
from correio.store.tokens import delete_expired_tokens

_log = logging.getLogger("correio.mail.retention")
DAY: Final = 86_400
TOMBSTONES: Final = 30 * DAY
UNTOUCHED: Final = DAY
ORPHANED: Final = 3600
_BATCH: Final = 500
_PAUSE: Final = 0.02
_EVERY: Final = 3600.0
_FIRST: Final = 60.0


class Swept(msgspec.Struct):
    """What one pass removed."""

    tombstones: int = 0
    marked: int = 0
    parts: int = 0
    tokens: int = 0
    mailboxes: int = 0
    sends: int = 0
    memories: int = 0


class Retention:
    """Runs :func:`sweep` once an hour. Several processes may do so at once."""

    def __init__(self, store: MessageStore) -> None:
        self._store = store
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, a minute from now."""
        self._task = background_task(self._run(), "retention")

    async def stop(self) -> None:
        """End; a pass under way is left where it is."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        await asyncio.sleep(_FIRST)
        while True:
            try:
                swept = await sweep(self._store, self._store.now())
                _log.info("housekeeping: %s", swept)
            except MailError as error:
                _log.warning("housekeeping is put off: %s", error)
            await asyncio.sleep(_EVERY)


async def sweep(store: MessageStore, now: int) -> Swept:
    """Remove all that is due at a time in seconds since the epoch. Raises UnavailableError."""
    swept = Swept(tokens=await delete_expired_tokens(store.database, now))
    swept.memories = await retention.delete_expired_memories(store.database, now)
    for account_id, mailbox_id in await retention.unburied_mailboxes(store.database):
        await store.bury_now(account_id, mailbox_id)
        swept.mailboxes += 1
    await forget_met(store.database, now)
    swept.tombstones = await _sweep_tombstones(store, now - TOMBSTONES)
    await _sweep_sends(store, now, swept)
    await _sweep_parts(store, now, swept)
    return swept


async def _sweep_sends(store: MessageStore, now: int, swept: Swept) -> None:
    await forget_onces(store.database, now)
    before = now - store.settings.sent_lifetime - store.settings.queue_lifetime
    async for sends in old_sends(store.database, before, _BATCH):
        swept.sends += await forget_sends(store.database, sends)
        await asyncio.sleep(_PAUSE)


async def _sweep_tombstones(store: MessageStore, before: int) -> int:
    gone = 0
    async for found in retention.old_tombstones(store.database, before, _BATCH):
        for at in range(0, len(found), _BATCH):
            gone += await _sweep_some(store, found[at : at + _BATCH])
            await asyncio.sleep(_PAUSE)
    return gone


async def _sweep_some(store: MessageStore, due: Sequence[retention.Tombstone]) -> int:
    highest: dict[str, int] = {}
    for one in due:
        highest[one.account] = max(highest.get(one.account, 0), one.modseq)
    # The floor first: whoever reads between the two is told too little to rely on, never something false.
    for account_id, modseq in highest.items():
        await retention.raise_floor(store.database, account_id, modseq)
    # What other processes kept of it to be searched goes with the tombstone at the latest.
    blocks: dict[tuple[str, str, int], list[int]] = {}
    for one in due:
        blocks.setdefault((one.account, one.mailbox, one.uid // SPAN), []).append(one.uid)
    for (account_id, mailbox_id, number), uids in blocks.items():
        await store.search_keeper.take_out(account_id, mailbox_id, number, uids)
    return await retention.delete_tombstones(store.database, [one.id for one in due])


async def _sweep_parts(store: MessageStore, now: int, swept: Swept) -> None:
    async for found in retention.old_parts(store.database, now - UNTOUCHED, _BATCH):
        for digest, orphaned in found:
            if len(digest) != 32:
                continue
            if await retention.is_referred_to(store.database, digest):
                if orphaned:
                    await retention.mark_orphaned(store.database, digest, 0)
            elif not orphaned:
                await retention.mark_orphaned(store.database, digest, now)
                swept.marked += 1
            elif now - orphaned >= ORPHANED:
                swept.parts += await retention.delete_part(store.database, digest, orphaned)
        await asyncio.sleep(_PAUSE)
