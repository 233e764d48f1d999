"""Octets of messages for one operation: a message is read once, however many of its parts are asked for."""

from __future__ import annotations

import asyncio
from typing import Final

from correio.mail.fetch import StoredMessage
from correio.mail.ingest import OFF_LOOP
from correio.mime.model import Part
from correio.mime.transfer import UnknownEncodingError, decode_transfer

_LARGE: Final = 2 * 1024 * 1024
"""Octets of a message from which only what is asked for is read."""
_KEPT: Final = 16 * 1024 * 1024
"""Octets kept for one operation."""


class MessageOctets:
    """Reads ranges of messages, and keeps small messages whole for as long as the operation lasts."""

    def __init__(self) -> None:
        self._kept: dict[str, asyncio.Task[bytes]] = {}
        self._room = _KEPT

    async def read(self, core: StoredMessage, start: int, end: int) -> bytes:
        """Return octets of a message from ``start`` to before ``end``. Raises UnavailableError."""
        if core.inline is not None or core.size > _LARGE:
            return await core.read(start, end)
        reading = self._kept.get(core.id)
        if reading is None:
            if core.size > self._room:
                return await core.read(start, end)
            self._room -= core.size
            reading = self._kept[core.id] = asyncio.ensure_future(core.read())
        # Shielded: one field that is cancelled must not cancel the reading that others wait for.
        return (await asyncio.shield(reading))[start:end]

    async def decoded(self, core: StoredMessage, part: Part) -> bytes:
        """Return a part's octets as REST serves them: transfer-decoded, or as they are where the encoding is unknown."""
        encoded = await self.read(core, part.body_start, part.end)
        try:
            if len(encoded) > OFF_LOOP:
                return await core.account.store.in_worker(decode_transfer, encoded, part.encoding)
            return decode_transfer(encoded, part.encoding)
        except UnknownEncodingError:
            return encoded
