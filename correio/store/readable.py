"""Documents that are not what they should be: what of them can be read all the same, for people to see.

None is ever written by this code; one comes of a hand in the database, of a newer version, or of a fault of the disk. Whoever
acts on documents leaves such a one alone and says so; whoever shows them shows what is left of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from correio.store.database import from_document

StructT = TypeVar("StructT", bound=msgspec.Struct)


def read_what_is_left(
    cls: type[StructT], document: Mapping[str, Any], instead: Mapping[str, Any]
) -> tuple[StructT, str]:
    """Return a document as its struct, and what is wrong with it, "" where nothing is.

    A field that is missing or cannot be read has the value of ``instead``, or else its default.
    """
    try:
        return from_document(cls, document), ""
    except msgspec.ValidationError as error:
        wrong = str(error)
    values: dict[str, Any] = {}
    for field in msgspec.structs.fields(cls):
        try:
            values[field.name] = msgspec.convert(document[field.encode_name], field.type)
        except (KeyError, msgspec.ValidationError):
            if field.name in instead:
                values[field.name] = instead[field.name]
    return cls(**values), wrong
