"""FETCH (RFC 9051 section 6.4.5). Three ways, by what is asked: the index, the kept structures, the messages."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from correio.mail.fetch import fetch_messages, fetch_structures
from correio.mail.flags import SEEN, flag_set
from correio.mail.store_flags import FlagChange, store_flags
from protocols.imap.commands.selecting import vanished_since
from protocols.imap.core import responses
from protocols.imap.core.commands.messages import Fetch
from protocols.imap.core.fetch_items import BinarySection, BodySection, Datum, FetchItem, Text
from protocols.imap.core.responses import Completion
from protocols.imap.core.syntax_error import CommandRefusedError
from protocols.imap.fetch_columns import COLUMNS, column_format, column_values, render_columns
from protocols.imap.fetch_sections import render_item
from protocols.imap.read_ahead import read_ahead

if TYPE_CHECKING:
    from correio.mail.fetch import StoredMessage
    from protocols.imap.session import ImapSession

CHUNK: Final = 1000
"""Messages rendered between two looks at the other sessions."""
PIECE: Final = 128 * 1024
"""Octets gathered for one write."""
TURN: Final = 0.005
_STRUCTURES: Final = frozenset({Datum.ENVELOPE, Datum.BODYSTRUCTURE})


async def fetch(session: ImapSession, arguments: Fetch, tag: bytes) -> Completion:  # noqa: ARG001 - as every handler
    """RFC 9051 section 6.4.5"""
    selected = session.current
    if arguments.vanished and not session.qresync:
        return Completion("BAD", "Send ENABLE QRESYNC first.")
    if arguments.changed_since is not None or Datum.MODSEQ in arguments.items:
        session.condstore = True
    pieces = selected.positions(arguments.messages, uid=arguments.uid)
    if arguments.changed_since is not None:
        if arguments.vanished:
            ranges = selected.uid_ranges(arguments.messages, max(selected.mailbox.uidnext - 1, selected.largest_uid))
            await session.write(
                responses.vanished(vanished_since(selected, arguments.changed_since, ranges), earlier=True)
            )
        pieces = _changed(session, pieces, arguments.changed_since)
    if arguments.partial is not None:
        # RFC 9394 section 3.3: a page of what would be answered; what has vanished is told whole.
        pieces = arguments.partial.of_ranges(pieces)
    marked = await _mark_seen(session, arguments, pieces)
    # A keyword is named by FLAGS before a message has it.
    await session.write(selected.new_keywords())
    task = Fetching(session, arguments.items, marked)
    gone = await task.run(pieces)
    if task.refusal is not None:
        return Completion("NO", task.refusal.message, task.refusal.code)
    if gone and not arguments.uid:
        return Completion("NO", "Some of these messages are gone.", "EXPUNGEISSUED")
    return Completion("OK", "That is all.")


def _changed(session: ImapSession, pieces: Sequence[range], modseq: int) -> list[range]:
    """Keep the positions of messages that changed after a modseq (RFC 7162 section 3.1.4.1)."""
    view = session.current.view
    changed = [view.number(uid) - 1 for uid in view.index.changed_since(modseq)]
    kept: list[range] = []
    at = 0
    for piece in pieces:
        while at < len(changed) and changed[at] < piece.stop:
            if changed[at] >= piece.start:
                kept.append(range(changed[at], changed[at] + 1))
            at += 1
    return kept


async def _mark_seen(session: ImapSession, arguments: Fetch, pieces: Sequence[range]) -> frozenset[int]:
    """Set \\Seen where the items ask for it, and return the UIDs whose flags that changed."""
    selected = session.current
    reads = any(isinstance(item, BodySection | BinarySection) and not item.peek for item in arguments.items)
    if not reads or selected.read_only:
        return frozenset()
    index = selected.view.index
    unseen = [uid for uid in selected.uids(pieces) if (at := index.position(uid)) >= 0 and not index.flags[at].seen]
    if not unseen:
        return frozenset()
    result = await store_flags(session.person, selected.mailbox_id, unseen, FlagChange("add", flag_set({SEEN})))
    for row in result.updated:
        selected.told[row.uid] = row.modseq
    return frozenset(row.uid for row in result.updated)


class Fetching:
    """One FETCH under way."""

    __slots__ = ("_items", "_last", "_marked", "_octets", "_out", "_session", "gone", "refusal")

    def __init__(self, session: ImapSession, items: Sequence[FetchItem], marked: frozenset[int]) -> None:
        self._session = session
        self._items = tuple(items)
        self._marked = marked
        self._out: list[bytes] = []
        self._octets = 0
        self._last = time.monotonic()
        self.gone = False
        """Whether a message asked for had been expunged by somebody."""
        self.refusal: CommandRefusedError | None = None
        """Why an item of some message could not be given, for the tagged answer."""

    async def run(self, pieces: Sequence[range]) -> bool:
        """Answer for these positions; tell whether any message was gone."""
        if not any(pieces):
            return False
        if COLUMNS.issuperset(self._items):
            await self._columns(pieces)
        elif (COLUMNS | _STRUCTURES).issuperset(self._items):
            await self._structures(pieces)
        else:
            await self._messages(pieces)
        await self._flush()
        return self.gone

    # Writing.

    async def _add(self, octets: bytes) -> None:
        self._out.append(octets)
        self._octets += len(octets)
        if self._octets >= PIECE:
            await self._flush()

    async def _flush(self) -> None:
        out, self._out, self._octets = self._out, [], 0
        if out:
            await self._session.connection.write(b"".join(out))

    async def _turn(self) -> None:
        """Let the other sessions have a turn, if this one has had a long one."""
        if time.monotonic() - self._last > TURN:
            await asyncio.sleep(0)
            self._last = time.monotonic()

    # From the index.

    async def _columns(self, pieces: Sequence[range]) -> None:
        selected = self._session.current
        for piece in pieces:
            for start in range(piece.start, piece.stop, CHUNK):
                octets, gone = render_columns(selected, self._items, range(start, min(start + CHUNK, piece.stop)))
                self.gone = self.gone or gone
                await self._add(octets)
                await self._turn()

    # From the kept structures.

    async def _structures(self, pieces: Sequence[range]) -> None:
        selected = self._session.current
        columns = [item for item in self._items if item in COLUMNS]
        template = b"* %d FETCH (" + b" ".join(self._template(item) for item in self._items) + b")\r\n"
        order = _order(self._items)
        uids = selected.uids(pieces)
        left = 0
        async for batch in read_ahead(fetch_structures(self._session.person, selected.mailbox_id, uids)):
            index = selected.view.index
            for start in range(0, len(batch), 250):
                part = batch[start : start + 250]
                rows = [index.position(uid) for uid, _, _ in part]
                kept = [at for at, row in enumerate(rows) if row >= 0]
                left += len(kept)
                numbers = [selected.view.number(part[at][0]) for at in kept]
                values = column_values(selected, columns, _rows([rows[at] for at in kept]))
                sources = [*values, [part[at][1] for at in kept], [part[at][2] for at in kept]]
                chosen = [sources[place] for place in order]
                lines = [template % entry for entry in zip(numbers, *chosen, strict=True)]
                await self._add(b"".join(lines))
                await self._turn()
        self.gone = left < len(uids)

    @staticmethod
    def _template(item: FetchItem) -> bytes:
        if item is Datum.ENVELOPE:
            return b"ENVELOPE %b"
        if item is Datum.BODYSTRUCTURE:
            return b"BODYSTRUCTURE %b"
        return column_format([item])

    # From the messages.

    async def _messages(self, pieces: Sequence[range]) -> None:
        selected = self._session.current
        uids = selected.uids(pieces)
        found = 0
        messages = fetch_messages(self._session.person, selected.mailbox_id, uids, whole=_asks_for_all(self._items))
        async for batch in read_ahead(messages):
            for message in batch:
                row = selected.view.index.position(message.uid)
                if row < 0:
                    continue
                found += 1
                await self._message(message, row)
                await self._turn()
        self.gone = found < len(uids)

    async def _message(self, message: StoredMessage, row: int) -> None:
        selected = self._session.current
        number = selected.view.number(message.uid)
        items = self._items
        if message.uid in self._marked:
            # RFC 9051 section 6.4.5: flags that the reading changed are part of the answer.
            extra = [Datum.FLAGS] if Datum.FLAGS not in items else []
            if self._session.condstore and Datum.MODSEQ not in items:
                extra.append(Datum.MODSEQ)
            items = (*extra, *items)
        columns = [item for item in items if item in COLUMNS]
        values = [next(iter(value)) for value in column_values(selected, columns, range(row, row + 1))]
        first = b"* %d FETCH (" % number
        if columns:
            first += column_format(columns) % tuple(values)
        await self._add(first)
        separator = b" " if columns else b""
        for item in items:
            if item in COLUMNS:
                continue
            if item is Datum.ENVELOPE:
                await self._add(separator + b"ENVELOPE " + message.document.envelope)
            elif item is Datum.BODYSTRUCTURE:
                await self._add(separator + b"BODYSTRUCTURE " + message.document.structure)
            else:
                await self._item(message, item, separator)
            separator = b" "
        await self._add(b")\r\n")

    async def _item(self, message: StoredMessage, item: FetchItem, separator: bytes) -> None:
        try:
            await self._add(separator)
            async for piece in render_item(message, item):
                await self._add(piece)
        except CommandRefusedError as error:
            # Nothing of the item has been written: its octets are decoded before its name is (RFC 3516 section 4.2).
            self.refusal = error
            name = "BINARY.SIZE" if not isinstance(item, BinarySection) else "BINARY"
            path = getattr(item, "path", "")
            await self._add(f"{name}[{path}] {'NIL' if name == 'BINARY' else '0'}".encode("ascii"))


def _asks_for_all(items: Sequence[FetchItem]) -> bool:
    """Tell whether every octet of a message, or most of them, will be read."""
    return any(
        isinstance(item, BodySection)
        and not item.path
        and item.partial is None
        and item.text in (Text.CONTENT, Text.TEXT)
        for item in items
    )


def _order(items: Sequence[FetchItem]) -> list[int]:
    """Return, for each item, the place of its values: columns in their order, then envelopes, then structures."""
    columns: list[FetchItem] = [item for item in items if item in COLUMNS]
    places: list[int] = []
    for item in items:
        if item is Datum.ENVELOPE:
            places.append(len(columns))
        elif item is Datum.BODYSTRUCTURE:
            places.append(len(columns) + 1)
        else:
            places.append(columns.index(item))
    return places


def _rows(rows: list[int]) -> Sequence[int]:
    """Return rows as a range where they are one, which is what most FETCHes ask for."""
    if rows and rows[-1] - rows[0] == len(rows) - 1:
        return range(rows[0], rows[-1] + 1)
    return rows
