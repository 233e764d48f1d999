"""The entities of one message among all the parts of the message that carries it."""

from __future__ import annotations

import msgspec

from correio.mime.bodies import Bodies, choose_parts
from correio.mime.model import ParsedMessage, Part


def subtree(parsed: ParsedMessage, root: int) -> range:
    """Return the indexes of an entity and everything within it. Parts stand in document order, so they are a range."""
    parts = parsed.parts
    end = root + 1
    while end < len(parts) and parts[end].parent >= root:
        end += 1
    return range(root, end)


def bodies_of(parsed: ParsedMessage, root: int) -> Bodies:
    """Return which parts of the message whose root entity is ``root`` are read, as indexes into all parts."""
    if root == 0:
        return choose_parts(parsed.parts)
    inside = subtree(parsed, root)
    own = [_shifted(parsed.parts[index], root) for index in inside]
    own[0].parent = -1
    found = choose_parts(own)
    return Bodies(
        None if found.text is None else found.text + root,
        None if found.html is None else found.html + root,
        tuple(index + root for index in found.text_body),
        tuple(index + root for index in found.html_body),
        tuple(index + root for index in found.attachments),
    )


def _shifted(part: Part, by: int) -> Part:
    return msgspec.structs.replace(
        part, parent=part.parent - by, message=part.message - by if part.message >= 0 else -1
    )
