"""The order of a list of messages."""

from __future__ import annotations

from enum import Enum

import strawberry


@strawberry.enum
class MessageOrderField(Enum):
    """What a list of messages can be ordered by."""

    RECEIVED_AT = "received_at"


@strawberry.enum
class Direction(Enum):
    """Which way a list runs."""

    ASC = "asc"
    DESC = "desc"


@strawberry.input(description="The order is total: a second one never decides anything.")
class MessageOrder:
    """A field and a direction."""

    by: MessageOrderField
    direction: Direction = Direction.DESC
