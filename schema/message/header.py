"""Header fields, raw and decoded."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Final

import strawberry

from correio.mime.header_fields import header_fields, unfold

MAX_FIELDS: Final = 1_000
"""Fields that are shown of one header."""


@strawberry.type(description="One field of a header (RFC 5322 section 2.2).")
class Header:
    """A field in the order it stands in the header."""

    name: str = strawberry.field(description="As it was written.")
    value: str = strawberry.field(description="Unfolded; octets that are no UTF-8 are guessed at.")
    decoded: str = strawberry.field(description="The value with its encoded words decoded (RFC 2047).")


def headers(octets: bytes, names: Sequence[str] | None) -> list[Header]:
    """Return the fields of a header in order, only those of these names (in any case) where given, and not too many."""
    wanted = {name.lower() for name in names} if names is not None else None
    fields = (field for field in header_fields(octets) if wanted is None or field.name.lower() in wanted)
    return [
        Header(name=field.name, value=unfold(field.value), decoded=field.decoded)
        for field in islice(fields, MAX_FIELDS)
    ]
