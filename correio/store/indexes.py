"""Every index the store has.

The account stands first, so that a query cannot leave its tenant and the collections can be sharded by account. The ranged
field always stands last: SecantusDB 0.7.0b3 omits a boundary row otherwise. And a query names the fields of one index and
no other: that server scans the whole collection as soon as a condition is not in the index.
"""

from __future__ import annotations

from typing import Final

import msgspec


class Index(msgspec.Struct, frozen=True):
    """One index. ``ranged`` tells whether the store asks for ranges of the last field."""

    collection: str
    name: str
    keys: tuple[tuple[str, int], ...]
    unique: bool = False
    sparse: bool = False
    ranged: bool = False


INDEXES: Final = (
    Index("accounts", "address", (("address", 1),), unique=True),
    Index("addresses", "wildcard_of", (("wildcard_of", 1),), sparse=True),
    Index("addresses", "targets", (("targets", 1),)),
    Index("greylist", "expires", (("expires", 1),), ranged=True),
    # Not by modseq too: it would be written again with every message, to save a read that only another process's change asks for.
    Index("mailboxes", "account", (("account", 1),)),
    Index("messages", "mailbox_uid", (("account", 1), ("mailbox", 1), ("uid", 1)), unique=True, ranged=True),
    Index("messages", "mailbox_modseq", (("account", 1), ("mailbox", 1), ("modseq", 1)), ranged=True),
    Index("messages", "account_thread", (("account", 1), ("thread", 1))),
    Index("messages", "account_msgid", (("account", 1), ("msgid", 1))),
    Index("messages", "gone", (("gone", 1),), sparse=True, ranged=True),
    Index("messages", "content", (("content", 1),), sparse=True),
    Index("parts", "touched", (("touched", 1),), ranged=True),
    Index("search_blocks", "mailbox_block", (("account", 1), ("mailbox", 1), ("block", 1))),
    Index("annotations", "mailbox", (("account", 1), ("mailbox", 1))),
    Index("annotations", "account_modseq", (("account", 1), ("modseq", 1)), ranged=True),
    Index("sends", "account_created", (("account", 1), ("created", 1)), ranged=True),
    Index("sends", "created", (("created", 1),), ranged=True),
    Index("sends", "content", (("content", 1),), sparse=True),
    Index("deliveries", "send", (("send", 1),)),
    Index("deliveries", "queue_due", (("queue", 1), ("due", 1)), ranged=True),
    Index("deliveries", "account_ended", (("account", 1), ("ended", 1))),
    Index("sites", "next_due", (("next_due", 1),), ranged=True),
    Index("signing_keys", "domain", (("domain", 1),)),
    Index("onces", "expires", (("expires", 1),), ranged=True),
    Index("sieve_scripts", "account", (("account", 1),)),
    Index("sieve_memories", "account_expires", (("account", 1), ("expires", 1))),
    Index("sieve_memories", "expires", (("expires", 1),), ranged=True),
    Index("tokens", "digest", (("digest", 1),), unique=True),
    Index("tokens", "account", (("account", 1),)),
)
