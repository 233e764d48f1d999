"""A mailbox index as octets: columns one after the other, flags by a table, compressed. Pure."""

from __future__ import annotations

import zlib
from array import array
from typing import Final

import msgspec

from correio.mail.flags import flag_set
from correio.mail.mailbox_index import MailboxIndex

PACK_FROM: Final = 2000
"""Mailboxes of fewer messages are read as fast without."""
MAX_PACKED: Final = 12 * 1024 * 1024
_FORMAT: Final = 1
_COLUMNS: Final = (("uids", "I"), ("modseqs", "Q"), ("dates", "q"), ("sizes", "Q"), ("saved", "q"))


class _Packed(msgspec.Struct, array_like=True):
    format: int
    order: str
    modseq: int
    flag_table: list[list[str]]
    flags: bytes
    columns: list[bytes]


def pack_index(index: MailboxIndex) -> bytes:
    """Return the octets of an index that nobody changes meanwhile."""
    columns = [getattr(index, name).tobytes() for name, _ in _COLUMNS]
    table: dict[frozenset[str], int] = {}
    numbers = array("I", (table.setdefault(one.names, len(table)) for one in index.flags))
    names = [sorted(one) for one in table]
    order = "little" if array("H", [1]).tobytes() == b"\x01\x00" else "big"
    packed = _Packed(_FORMAT, order, index.modseq, names, numbers.tobytes(), columns)
    return zlib.compress(msgspec.msgpack.encode(packed), 1)


def unpack_index(mailbox_id: str, octets: bytes) -> MailboxIndex | None:
    """Return the index, or None for octets of another format or machine, or damaged ones: it is read anew then."""
    try:
        packed = msgspec.msgpack.decode(zlib.decompress(octets), type=_Packed)
    except (zlib.error, msgspec.MsgspecError):
        return None
    order = "little" if array("H", [1]).tobytes() == b"\x01\x00" else "big"
    if packed.format != _FORMAT or packed.order != order:
        return None
    columns: dict[str, array[int]] = {}
    for (name, kind), data in zip(_COLUMNS, packed.columns, strict=True):
        column: array[int] = array(kind)
        column.frombytes(data)
        columns[name] = column
    table = [flag_set(frozenset(names)) for names in packed.flag_table]
    numbers = array("I")
    numbers.frombytes(packed.flags)
    return MailboxIndex.from_columns(mailbox_id, packed.modseq, columns, [table[number] for number in numbers])
