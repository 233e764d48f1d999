"""Collection ``search_blocks``: what is searched of 128 messages in one document. A cache, never the truth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from correio.store.database import Database, available

SECTIONS: Final = ("records", "headers", "texts")


def _id(mailbox_id: str, number: int) -> str:
    return f"{mailbox_id}:{number}"


def _find(database: Database, where: dict[str, Any], sections: Iterable[str]) -> list[dict[str, Any]]:
    wanted = {"_id": 0, "block": 1, **dict.fromkeys(sections, 1)}
    return list(database.synchronous.search_blocks.find(where, wanted))


async def find_blocks(
    database: Database, account_id: str, mailbox_id: str, numbers: Sequence[int], sections: Sequence[str]
) -> dict[int, dict[str, bytes]]:
    """Return these sections of up to 50 blocks of a mailbox by their numbers. What is not there is left out."""
    where = {
        "account": account_id,
        "mailbox": mailbox_id,
        "block": numbers[0] if len(numbers) == 1 else {"$in": list(numbers)},
    }
    with available():
        found = await database.in_thread(_find, database, where, sections)
    return {one["block"]: {name: bytes(one[name]) for name in sections} for one in found}


async def put_block(
    database: Database, account_id: str, mailbox_id: str, number: int, sections: Mapping[str, bytes]
) -> None:
    """Keep a block in place of an older one."""
    document = {"account": account_id, "mailbox": mailbox_id, "block": number, **sections}
    with available():
        await database["search_blocks"].replace_one({"_id": _id(mailbox_id, number)}, document, upsert=True)


async def delete_block(database: Database, mailbox_id: str, number: int) -> None:
    """Drop a block."""
    with available():
        await database["search_blocks"].delete_one({"_id": _id(mailbox_id, number)})


async def delete_blocks(database: Database, account_id: str, mailbox_id: str) -> None:
    """Drop every block of a deleted mailbox."""
    with available():
        await database["search_blocks"].delete_many({"account": account_id, "mailbox": mailbox_id})
