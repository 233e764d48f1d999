"""What the contract says of the strings of a body beyond their schema: which are octets in base64, and which are texts.

Every other string is one line: a control character in it is an error wherever it stands (``x-lines: true`` lets a property
have tabs and line ends; ``contentEncoding: base64`` makes it octets).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

_DEPTH: Final = 8
"""How deep in a body such strings are looked for."""

Json = Any


class Shape(msgspec.Struct, frozen=True):
    """A value of a body. What is not told apart here is of :data:`PLAIN`."""

    lines: bool = False
    octets: bool = False
    members: Mapping[str, Shape] = {}
    items: Shape | None = None

    def member(self, name: str) -> Shape:
        """Return the shape of a member of an object."""
        return self.members.get(name, PLAIN)

    @property
    def item(self) -> Shape:
        """The shape of the items of an array."""
        return self.items or PLAIN

    def names_of_octets(self) -> Iterator[str]:
        """Yield the names of the members that are octets, however deep."""
        for name, shape in self.members.items():
            if shape.octets:
                yield name
            yield from shape.names_of_octets()
        if self.items is not None:
            yield from self.items.names_of_octets()


PLAIN: Final = Shape()


def shape_of(schema: Json, components: Json, depth: int = _DEPTH) -> Shape:
    """Return the shape that a schema of the contract describes. References are followed, alternatives are not."""
    while "$ref" in schema:
        schema = components["schemas"][schema["$ref"].rpartition("/")[2]]
    if depth == 0:
        return PLAIN
    members = {
        name: shape
        for name, one in schema.get("properties", {}).items()
        if (shape := shape_of(one, components, depth - 1)) != PLAIN
    }
    items = shape_of(schema["items"], components, depth - 1) if "items" in schema else PLAIN
    return Shape(
        lines=schema.get("x-lines") is True,
        octets=schema.get("contentEncoding") == "base64",
        members=members,
        items=None if items == PLAIN else items,
    )
