"""A whole message from its fields: the header, and the tree of its parts.

    mixed( alternative( text, related( html, inline… ) ), attachment… )

with whatever has nothing to hold left out.
"""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Final

import idna

from correio.errors import InvalidInputError
from correio.mime.compose.attachments import attachment_entity
from correio.mime.compose.body import encode_text
from correio.mime.compose.clean_text import clean_body, require_clean, require_clean_body
from correio.mime.compose.entity import Entity, multipart
from correio.mime.compose.field import comma_separated, fold, text_words
from correio.mime.compose.letter import Composed, Letter, Mailbox
from correio.mime.compose.mailbox import mailbox_words
from correio.mime.compose.own_fields import MAX_FIELDS, check_ids, check_own_field, own_field
from correio.mime.text import html_to_text

MAX_SUBJECT: Final = 2000
"""Characters."""
MAX_ATTACHMENTS: Final = 100


def new_message_id(domain: str) -> str:
    """Return a Message-ID of 120 random bits below a domain, with its angle brackets (RFC 5322 section 3.6.4)."""
    try:
        right = domain if domain.isascii() else idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError:
        right = "localhost"
    return f"<{base64.b32encode(os.urandom(15)).decode('ascii').lower()}@{right}>"


def compose(letter: Letter) -> Composed:
    """Return the message. Linear in its size; of more than 64 KiB it belongs in a worker.

    Raises InvalidInputError; its ``field`` is a JSON pointer into the letter, without the first slash, in the names of the
    sending API (``to/0``, ``attachments/0/content_type``, ``headers/List-Id``).
    """
    header = _header(letter)
    entity = _body(letter)
    used = {
        mailbox.needs_utf8 for mailbox in (*letter.from_, *letter.to, *letter.cc, *letter.reply_to, *_sender(letter))
    }
    # Written into one buffer that grows in place: joining many megabytes at the end would hold the interpreter.
    raw = io.BytesIO()
    for piece in (header, b"MIME-Version: 1.0\r\n", *entity.pieces()):
        raw.write(piece)
    return Composed(raw.getvalue(), smtputf8=True in used)


def _sender(letter: Letter) -> tuple[Mailbox, ...]:
    return () if letter.sender is None else (letter.sender,)


def _header(letter: Letter) -> bytes:
    if not letter.from_:
        raise InvalidInputError("There is no author.", "from")
    require_clean(letter.subject, "subject", MAX_SUBJECT)
    check_ids((letter.message_id,), "message_id")
    check_ids(letter.in_reply_to, "in_reply_to")
    check_ids(letter.references, "references")
    if len(letter.headers) > MAX_FIELDS:
        raise InvalidInputError(f"There are more than {MAX_FIELDS} header fields.", "headers")
    fields: list[bytes] = []

    def addresses(name: str, mailboxes: Sequence[Mailbox]) -> None:
        if mailboxes:
            fields.append(fold(name, comma_separated(map(mailbox_words, mailboxes))))

    addresses("From", letter.from_)
    # RFC 5322 section 3.6.2: of several authors one has sent it.
    addresses("Sender", _sender(letter) or (letter.from_[:1] if len(letter.from_) > 1 else ()))
    addresses("Reply-To", letter.reply_to)
    addresses("To", letter.to)
    addresses("Cc", letter.cc)
    if letter.subject:
        fields.append(fold("Subject", text_words(letter.subject)))
    fields.append(b"Date: " + format_datetime(datetime.fromtimestamp(letter.date, UTC)).encode("ascii") + b"\r\n")
    own = {name.lower() for name, _ in letter.headers}
    for name, ids in (
        ("Message-ID", (letter.message_id,)),
        ("In-Reply-To", letter.in_reply_to),
        ("References", letter.references),
    ):
        if ids and name.lower() not in own:
            fields.append(fold(name, [one.encode("ascii") for one in ids]))
    seen: set[str] = set()
    for name, value in letter.headers:
        field = f"headers/{name.replace('~', '~0').replace('/', '~1')}"
        check_own_field(name, value, field)
        if name.lower() in seen:
            raise InvalidInputError(f"{name} is given twice.", field)
        seen.add(name.lower())
        if value.strip():
            fields.append(own_field(name, value))
    return b"".join(fields)


def _body(letter: Letter) -> Entity:
    attachments = letter.attachments
    if len(attachments) > MAX_ATTACHMENTS:
        raise InvalidInputError(f"There are more than {MAX_ATTACHMENTS} attachments.", "attachments")
    entities = [attachment_entity(one, f"attachments/{at}") for at, one in enumerate(attachments)]
    ids = [one.content_id.strip("<> ") for one in attachments]
    for at, one in enumerate(ids):
        if one and one in ids[:at]:
            raise InvalidInputError("Two attachments have this content id.", f"attachments/{at}/content_id")
    # Only HTML can refer to a part.
    inline = [entity for entity, one in zip(entities, ids, strict=True) if one and letter.html is not None]
    others = [entity for entity in entities if not any(entity is one for one in inline)]
    body = _words(letter, inline)
    return multipart("mixed", [body, *others]) if others else body


def _words(letter: Letter, inline: Sequence[Entity]) -> Entity:
    text, html = letter.text, letter.html
    if text is not None:
        require_clean_body(text, "text")
    if html is None:
        return _text_entity("plain", text or "")
    require_clean_body(html, "html")
    shown = _text_entity("html", html)
    if inline:
        shown = multipart("related", [shown, *inline], ("type", "text/html"))
    plain = clean_body(html_to_text(html)) if text is None else text
    return multipart("alternative", [_text_entity("plain", plain), shown])


def _text_entity(subtype: str, text: str) -> Entity:
    body = encode_text(text)
    return Entity(f"Content-Type: text/{subtype}; charset=utf-8\r\n".encode("ascii"), body.encoding, body.pieces)
