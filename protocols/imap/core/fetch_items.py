"""What FETCH asks for (RFC 9051 section 6.4.5, RFC 3516, RFC 7162, RFC 8474, RFC 8514, RFC 8970)."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

import msgspec

from protocols.imap.core.cursor import Cursor
from protocols.imap.core.syntax_error import CommandSyntaxError

MOST_ITEMS: Final = 500
MOST_FIELDS: Final = 1000


class Datum(StrEnum):
    """Items without arguments, by the name under which they are answered."""

    UID = "UID"
    FLAGS = "FLAGS"
    INTERNALDATE = "INTERNALDATE"
    SIZE = "RFC822.SIZE"
    ENVELOPE = "ENVELOPE"
    BODYSTRUCTURE = "BODYSTRUCTURE"
    BODY = "BODY"
    MODSEQ = "MODSEQ"
    EMAILID = "EMAILID"
    THREADID = "THREADID"
    SAVEDATE = "SAVEDATE"


class Text(StrEnum):
    """The last word of a section; CONTENT is a section without one."""

    CONTENT = ""
    HEADER = "HEADER"
    FIELDS = "HEADER.FIELDS"
    FIELDS_NOT = "HEADER.FIELDS.NOT"
    TEXT = "TEXT"
    MIME = "MIME"


class Partial(msgspec.Struct, frozen=True):
    """``<start.length>``, in octets."""

    start: int
    length: int


class BodySection(msgspec.Struct, frozen=True):
    """BODY[…], or one of the older RFC822 items. ``label`` is its name in the answer, without the partial's origin."""

    path: str
    text: Text
    fields: tuple[bytes, ...] = ()
    """Field names in lower case."""
    partial: Partial | None = None
    peek: bool = False
    label: bytes = b"BODY[]"


class BinarySection(msgspec.Struct, frozen=True):
    """BINARY[…] (RFC 3516 section 4.2): a part with its transfer encoding removed."""

    path: str
    partial: Partial | None = None
    peek: bool = False


class BinarySize(msgspec.Struct, frozen=True):
    """BINARY.SIZE[…]: the octets that BINARY[…] would give."""

    path: str


class Preview(msgspec.Struct, frozen=True):
    """PREVIEW (RFC 8970). ``lazy``: the client takes NIL where a preview would keep it waiting; here none does."""

    lazy: bool = False


FetchItem = Datum | BodySection | BinarySection | BinarySize | Preview

_MACROS: Final[dict[bytes, tuple[FetchItem, ...]]] = {
    b"ALL": (Datum.FLAGS, Datum.INTERNALDATE, Datum.SIZE, Datum.ENVELOPE),
    b"FAST": (Datum.FLAGS, Datum.INTERNALDATE, Datum.SIZE),
    b"FULL": (Datum.FLAGS, Datum.INTERNALDATE, Datum.SIZE, Datum.ENVELOPE, Datum.BODY),
}
_PLAIN: Final = {item.value.encode(): item for item in Datum}
_RFC822: Final = {
    b"RFC822": BodySection("", Text.CONTENT, label=b"RFC822"),
    b"RFC822.HEADER": BodySection("", Text.HEADER, peek=True, label=b"RFC822.HEADER"),
    b"RFC822.TEXT": BodySection("", Text.TEXT, label=b"RFC822.TEXT"),
}
_FIELD: Final = re.compile(rb"[!-9;-~]+")
_PATH: Final = re.compile(r"[1-9][0-9]{0,8}(\.[1-9][0-9]{0,8}){0,200}")


def parse_items(cursor: Cursor) -> tuple[FetchItem, ...]:
    """Read the items of a FETCH, each once, in the order asked."""
    if cursor.peek() == 0x28:
        items: list[FetchItem] = cursor.parenthesised(_item, empty=False)
        if len(items) > MOST_ITEMS:
            raise CommandSyntaxError(f"FETCH takes at most {MOST_ITEMS} items.")
    else:
        name = cursor.word("a FETCH item or macro")
        macro = _MACROS.get(name)
        items = list(macro) if macro else [_named(name, cursor)]
    return tuple(dict.fromkeys(items))


def _item(cursor: Cursor) -> FetchItem:
    return _named(cursor.word("a FETCH item"), cursor)


def _named(name: bytes, cursor: Cursor) -> FetchItem:
    if cursor.peek() == 0x5B:
        if name in (b"BODY", b"BODY.PEEK"):
            return _body(cursor, peek=name == b"BODY.PEEK")
        if name in (b"BINARY", b"BINARY.PEEK", b"BINARY.SIZE"):
            return _binary(name, cursor)
    if name == b"PREVIEW":
        return _preview(cursor)
    item = _PLAIN.get(name) or _RFC822.get(name)
    if item is None:
        raise CommandSyntaxError(f"FETCH has no item {name[:40].decode('ascii')}.")
    return item


def _preview(cursor: Cursor) -> Preview:
    if not cursor.looking_at(b" (LAZY"):
        # What stands behind an item without parentheses may be the modifiers of FETCH.
        return Preview()
    cursor.space()
    for modifier in cursor.parenthesised(Cursor.word, empty=False):
        if modifier != b"LAZY":
            raise CommandSyntaxError("PREVIEW takes the modifier LAZY.")
    return Preview(lazy=True)


def _path(words: str) -> str:
    if words and not _PATH.fullmatch(words):
        raise CommandSyntaxError("A section is part numbers with dots between, such as 1.2.")
    return words


def _body(cursor: Cursor, *, peek: bool) -> BodySection:
    cursor.need(b"[")
    words = "" if cursor.peek() == 0x5D else cursor.word("a section").decode("ascii")
    path, text = _split(words)
    fields: tuple[bytes, ...] = ()
    label = b"BODY[" + words.encode("ascii")
    if text in (Text.FIELDS, Text.FIELDS_NOT):
        cursor.space()
        names = cursor.parenthesised(_field, empty=False)
        if len(names) > MOST_FIELDS:
            raise CommandSyntaxError(f"A section takes at most {MOST_FIELDS} header fields.")
        label += b" (" + b" ".join(names) + b")"
        fields = tuple(name.lower() for name in names)
    cursor.need(b"]")
    return BodySection(path, text, fields, _partial(cursor), peek, label + b"]")


def _field(cursor: Cursor) -> bytes:
    name = cursor.astring()
    if not _FIELD.fullmatch(name) or any(c in b'(){%*"\\]' for c in name):
        raise CommandSyntaxError("A header field name is printable ASCII without a colon.")
    return name


def _split(words: str) -> tuple[str, Text]:
    for text in (Text.FIELDS_NOT, Text.FIELDS, Text.HEADER, Text.TEXT, Text.MIME):
        if words == text.value or words.endswith("." + text.value):
            path = words[: -len(text.value)].removesuffix(".")
            if text is Text.MIME and not path:
                raise CommandSyntaxError("MIME is a section of a part, such as 1.MIME.")
            return _path(path), text
    return _path(words), Text.CONTENT


def _partial(cursor: Cursor) -> Partial | None:
    if cursor.peek() != 0x3C:
        return None
    cursor.need(b"<")
    start = cursor.number()
    cursor.need(b".")
    length = cursor.number()
    cursor.need(b">")
    if length == 0:
        raise CommandSyntaxError("A partial FETCH asks for at least one octet.")
    return Partial(start, length)


def _binary(name: bytes, cursor: Cursor) -> BinarySection | BinarySize:
    cursor.need(b"[")
    words = "" if cursor.peek() == 0x5D else cursor.word("a section").decode("ascii")
    path = _path(words)
    cursor.need(b"]")
    if name == b"BINARY.SIZE":
        return BinarySize(path)
    return BinarySection(path, _partial(cursor), name == b"BINARY.PEEK")
