"""The entities of one message among all the parts of the message that carries it."""

from __future__ import annotations

import msgspec

from correio.mime.bodies import Bodies, choose_parts, mark_attachments
from correio.mime.model import ParsedMessage, Part


def subtree(parsed: ParsedMessage, root: int) -> range:
    """Return the indexes of an entity and everything within it. Parts stand in document order, so they are a range."""
    parts = parsed.parts
    end = root + 1
    while end < len(parts) and parts[end].parent >= root:
        end += 1
    return range(root, end)


def own_parts(parsed: ParsedMessage, root: int) -> list[Part]:
    """Return the entities of the message whose root entity is ``root`` as if it had been parsed alone."""
    if root == 0:
        return parsed.parts
    own = [
        msgspec.structs.replace(part, parent=part.parent - root, message=max(-1, part.message - root))
        for part in (parsed.parts[index] for index in subtree(parsed, root))
    ]
    own[0].parent = -1
    mark_attachments(own)
    return own


def bodies_of(parsed: ParsedMessage, root: int) -> Bodies:
    """Return which parts of the message whose root entity is ``root`` are read, as indexes into all parts."""
    found = choose_parts(own_parts(parsed, root))
    return Bodies(
        None if found.text is None else found.text + root,
        None if found.html is None else found.html + root,
        tuple(index + root for index in found.text_body),
        tuple(index + root for index in found.html_body),
        tuple(index + root for index in found.attachments),
    )


def attachments_of(parsed: ParsedMessage, root: int, include_inline: bool) -> list[int]:
    """Return the attachments of the message whose root entity is ``root``, as indexes into all parts.

    Those of messages within it are theirs alone. ``include_inline``: also what RFC 8621 section 4.1.4 lists besides.
    """
    own = own_parts(parsed, root)
    inline = set(choose_parts(own).attachments) if include_inline else set()
    return [index + root for index, part in enumerate(own) if part.is_attachment or index in inline]
