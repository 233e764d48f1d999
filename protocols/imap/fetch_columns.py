"""FETCH of what the shared index holds: UID, FLAGS, INTERNALDATE, RFC822.SIZE, MODSEQ, SAVEDATE. Pure, and fast.

A response line is one format over the columns; a thousand lines are one list comprehension.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Final

from protocols.imap.core.date_time import format_date_time
from protocols.imap.core.fetch_items import Datum, FetchItem
from protocols.imap.selected import Selected

COLUMNS: Final = frozenset({Datum.UID, Datum.FLAGS, Datum.INTERNALDATE, Datum.SIZE, Datum.MODSEQ, Datum.SAVEDATE})
_FORMATS: Final = {
    Datum.UID: b"UID %d",
    Datum.FLAGS: b"FLAGS %b",
    Datum.INTERNALDATE: b"INTERNALDATE %b",
    Datum.SIZE: b"RFC822.SIZE %d",
    Datum.MODSEQ: b"MODSEQ (%d)",
    Datum.SAVEDATE: b"SAVEDATE %b",
}
shown_date = lru_cache(maxsize=65_536)(format_date_time)


def column_format(items: Iterable[FetchItem]) -> bytes:
    """Return the format of these items, each with one place for its value. Every item is a column."""
    return b" ".join(_FORMATS[item] for item in items if isinstance(item, Datum))


def column_values(selected: Selected, items: Sequence[FetchItem], rows: Sequence[int]) -> list[Iterable[Any]]:
    """Return the values of each item for these rows of the index."""
    index = selected.view.index
    if isinstance(rows, range):
        cut = slice(rows.start, rows.stop)
        uids, flags = index.uids[cut], index.flags[cut]
        dates, sizes, modseqs, saved = index.dates[cut], index.sizes[cut], index.modseqs[cut], index.saved[cut]
        columns: dict[FetchItem, Any] = {
            Datum.UID: uids,
            Datum.SIZE: sizes,
            Datum.MODSEQ: modseqs,
        }
    else:
        uids_list = [index.uids[row] for row in rows]
        flags = [index.flags[row] for row in rows]
        columns = {
            Datum.UID: uids_list,
            Datum.SIZE: [index.sizes[row] for row in rows],
            Datum.MODSEQ: [index.modseqs[row] for row in rows],
        }
        uids = index.uids.__class__("I", uids_list)
        dates = index.dates.__class__("q", [index.dates[row] for row in rows])
        saved = index.saved.__class__("q", [index.saved[row] for row in rows])
    values: list[Iterable[Any]] = []
    for item in items:
        if item is Datum.FLAGS:
            if len(uids) and uids[-1] >= selected.first_recent:
                values.append([selected.flags_of(uid, one) for uid, one in zip(uids, flags, strict=True)])
            else:
                values.append([one.imap for one in flags])
        elif item is Datum.INTERNALDATE:
            values.append([shown_date(date) for date in dates])
        elif item is Datum.SAVEDATE:
            values.append([shown_date(date) for date in saved])
        else:
            values.append(columns[item])
    return values


def render_columns(selected: Selected, items: Sequence[FetchItem], positions: range) -> tuple[bytes, bool]:
    """Write the FETCH responses of these positions of the view; the second value tells whether any message is gone."""
    view = selected.view
    line = b"* %d FETCH (" + column_format(items) + b")\r\n"
    numbers: Sequence[int]
    if not view.pending_expunge:
        rows: Sequence[int] = positions
        numbers = range(positions.start + 1, positions.stop + 1)
        gone = False
    else:
        found = [(at + 1, view.index.position(view.uids[at])) for at in positions]
        numbers = [number for number, row in found if row >= 0]
        rows = [row for _, row in found if row >= 0]
        gone = len(rows) < len(found)
    values = column_values(selected, items, rows)
    return b"".join([line % entry for entry in zip(numbers, *values, strict=True)]), gone
