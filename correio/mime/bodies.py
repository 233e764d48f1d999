"""Which parts a person reads and which are attachments (RFC 8621 section 4.1.4)."""

from __future__ import annotations

from typing import Final

import msgspec

from correio.mime.model import ParsedMessage, Part

_MEDIA: Final = ("image/", "audio/", "video/")
_SIGNATURES: Final = frozenset(
    (
        "application/pgp-signature",
        "application/pkcs7-signature",
        "application/x-pkcs7-signature",
        "application/pgp-encrypted",
    )
)


class Bodies(msgspec.Struct, frozen=True):
    """Indexes into ``ParsedMessage.parts``."""

    text: int | None
    """The first text/plain of ``text_body``."""
    html: int | None
    """The first text/html of ``html_body``."""
    text_body: tuple[int, ...]
    """What to show, in order, to someone who prefers plain text: text parts and inline media."""
    html_body: tuple[int, ...]
    """What to show, in order, to someone who prefers HTML."""
    attachments: tuple[int, ...]
    """Everything else, parts that HTML refers to by ``cid:`` among it."""


def choose_bodies(parsed: ParsedMessage) -> Bodies:
    """Sort the leaves of a message into bodies and attachments. Parts of embedded messages are in neither."""
    return choose_parts(parsed.parts)


def choose_parts(parts: list[Part]) -> Bodies:
    """:func:`choose_bodies` on the parts alone."""
    root = parts[0]
    if len(parts) == 1 or root.message >= 0:
        sort = _Sort(parts, {})
        sort.walk([0], "mixed", False, sort.html_body, sort.text_body)
    else:
        children: dict[int, list[int]] = {}
        for index, part in enumerate(parts):
            if part.parent >= 0:
                children.setdefault(part.parent, []).append(index)
        sort = _Sort(parts, children)
        sort.walk(
            children[0],
            root.media_type[10:],
            root.media_type == "multipart/alternative",
            sort.html_body,
            sort.text_body,
        )
    return Bodies(
        next((index for index in sort.text_body if parts[index].media_type == "text/plain"), None),
        next((index for index in sort.html_body if parts[index].media_type == "text/html"), None),
        tuple(sort.text_body),
        tuple(sort.html_body),
        tuple(sort.attachments),
    )


class _Sort:
    """The algorithm of RFC 8621 section 4.1.4, name for name. It nests as deep as the message, which the parser bounds."""

    def __init__(self, parts: list[Part], children: dict[int, list[int]]) -> None:
        self.parts = parts
        self.children = children
        self.text_body: list[int] = []
        self.html_body: list[int] = []
        self.attachments: list[int] = []

    def walk(
        self,
        indexes: list[int],
        subtype: str,
        in_alternative: bool,
        html_body: list[int] | None,
        text_body: list[int] | None,
    ) -> None:
        text_length = len(text_body) if text_body is not None else -1
        html_length = len(html_body) if html_body is not None else -1
        for position, index in enumerate(indexes):
            part = self.parts[index]
            if index in self.children and part.message < 0:
                below = part.media_type[10:]
                self.walk(self.children[index], below, in_alternative or below == "alternative", html_body, text_body)
            elif not _is_inline(part, position, subtype):
                self.attachments.append(index)
            elif subtype == "alternative":
                self._alternative(index, html_body, text_body)
            else:
                if in_alternative and part.media_type == "text/plain":
                    html_body = None
                if in_alternative and part.media_type == "text/html":
                    text_body = None
                for body in (text_body, html_body):
                    if body is not None:
                        body.append(index)
                if (text_body is None or html_body is None) and part.media_type.startswith(_MEDIA):
                    self.attachments.append(index)
        if subtype == "alternative" and text_body is not None and html_body is not None:
            if text_length == len(text_body):
                text_body.extend(html_body[html_length:])
            elif html_length == len(html_body):
                html_body.extend(text_body[text_length:])

    def _alternative(self, index: int, html_body: list[int] | None, text_body: list[int] | None) -> None:
        media_type = self.parts[index].media_type
        if media_type == "text/plain" and text_body is not None:
            text_body.append(index)
        elif media_type == "text/html" and html_body is not None:
            html_body.append(index)
        else:
            self.attachments.append(index)


def _is_inline(part: Part, position: int, subtype: str) -> bool:
    if part.disposition == "attachment":
        return False
    is_media = part.media_type.startswith(_MEDIA)
    if not is_media and part.media_type not in ("text/plain", "text/html"):
        return False
    return position == 0 or (subtype != "related" and (is_media or part.filename is None))


def mark_attachments(parts: list[Part]) -> None:
    """Set ``is_attachment`` on what a person would call one.

    Not so: a picture that belongs to HTML (multipart/related), the other forms of an alternative, and signatures. Pictures
    with a name of their own are, even when they are shown inline.
    """
    bodies = choose_parts(parts)
    for index in bodies.attachments:
        part = parts[index]
        around = parts[part.parent].media_type if part.parent >= 0 else ""
        if part.disposition != "attachment" and (
            (around == "multipart/related" and part.content_id is not None)
            or around == "multipart/alternative"
            or part.media_type in _SIGNATURES
        ):
            continue
        part.is_attachment = True
    for index in (*bodies.text_body, *bodies.html_body):
        part = parts[index]
        if part.filename is not None and part.media_type.startswith(_MEDIA):
            part.is_attachment = True
