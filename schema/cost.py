"""What fields cost where it is not one object each (see :mod:`schema.operation.measure`)."""

from __future__ import annotations

from typing import Final

PAGED_FIELDS: Final = frozenset({"nodes", "edges"})
"""Lists as long as the page of the connection they stand in."""

LIST_ARGUMENTS: Final = ("ids",)
"""Arguments whose length is the length of the field's list."""

ASSUMED_LENGTH: Final = 10
"""Items of a list that no argument bounds."""

LENGTHS: Final[dict[tuple[str, str], int]] = {
    ("Viewer", "accounts"): 1,
    ("Account", "mailboxes"): 50,
    ("Account", "identities"): 3,
    ("Message", "from"): 1,
    ("Message", "sender"): 1,
    ("Message", "replyTo"): 1,
    ("Message", "to"): 2,
    ("Message", "cc"): 2,
    ("Message", "bcc"): 1,
    ("UpdateMessagesPayload", "results"): 100,
}
"""Items of a list that is usually shorter or longer than that."""

WEIGHTS: Final[dict[tuple[str, str], int]] = {
    ("Message", "body"): 5,
    ("EmbeddedMessage", "body"): 5,
    ("Message", "headers"): 3,
    ("EmbeddedMessage", "headers"): 3,
    ("Part", "headers"): 3,
    ("Part", "text"): 5,
    ("Part", "embeddedMessage"): 10,
    ("Blob", "size"): 5,
    ("Blob", "sha256"): 5,
}
"""What a field costs of its own: these read octets of the message."""

INTROSPECTION_COST: Final = {"__schema": 4_000, "__type": 400}
"""The whole schema at once is the dearest answer there is; a few of them fit in one operation."""
