"""What a draft has recorded of messages, as few writes as make it true. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from correio.store.transaction import ExpungeWrite, FlagsWrite, MoveWrite

if TYPE_CHECKING:
    from correio.mail.draft import DraftMailbox


def changed_fields(before: msgspec.Struct, after: msgspec.Struct) -> tuple[str, ...]:
    """Return the names of the fields that differ."""
    return tuple(name for name in before.__struct_fields__ if getattr(before, name) != getattr(after, name))


# Runs are of consecutive UIDs only: where one is missing, its tombstone may lie there, and no write may touch it.


def flag_writes(box: DraftMailbox) -> Iterable[FlagsWrite]:
    """Return the new flags of a mailbox's messages, equal ones together."""
    runs: list[FlagsWrite] = []
    for row in sorted(box.changed.values(), key=lambda one: one.uid):
        last = runs[-1] if runs else None
        if (
            last is not None
            and last.flags == row.flags.ordered
            and last.modseq == row.modseq
            and last.last + 1 == row.uid
        ):
            runs[-1] = msgspec.structs.replace(last, last=row.uid)
        else:
            runs.append(
                FlagsWrite(box.document.account, box.document.id, row.uid, row.uid, row.flags.ordered, row.modseq)
            )
    return runs


def expunge_writes(box: DraftMailbox, now: int) -> Iterable[ExpungeWrite]:
    """Return the tombstones of a mailbox, those of consecutive messages together."""
    runs: list[ExpungeWrite] = []
    for uid, modseq in sorted(box.removed.items()):
        if not modseq:
            continue  # moved: its tombstone is a document of its own
        last = runs[-1] if runs else None
        if last is not None and last.modseq == modseq and last.last + 1 == uid:
            runs[-1] = msgspec.structs.replace(last, last=uid)
        else:
            runs.append(ExpungeWrite(box.document.account, box.document.id, uid, uid, modseq, now))
    return runs


def joined_moves(moves: list[MoveWrite]) -> list[MoveWrite]:
    """Return moves with those of consecutive messages joined."""
    runs: list[MoveWrite] = []
    for move in moves:
        last = runs[-1] if runs else None
        if (
            last is not None
            and msgspec.structs.replace(last, first=0, last=0) == msgspec.structs.replace(move, first=0, last=0)
            and last.last + 1 == move.first
        ):
            runs[-1] = msgspec.structs.replace(last, last=move.last)
        else:
            runs.append(move)
    return runs
