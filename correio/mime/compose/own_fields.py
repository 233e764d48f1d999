"""Header fields of the writer's own: which may be given, and how."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from correio.errors import InvalidInputError
from correio.mime.compose.clean_text import require_clean
from correio.mime.compose.field import LONGEST_WORD, fold, text_words

MAX_FIELDS: Final = 100
MAX_FIELD_NAME: Final = 76
MAX_FIELD_VALUE: Final = 8 * 1024
MESSAGE_ID: Final = re.compile(r"<[!#-'*+\-./0-9=?A-Z^-~]{1,250}@[!#-'*+\-./0-9=?A-Z\[\]^-~]{1,250}>")
"""In US-ASCII without control characters, although RFC 6532 section 3.3 has others: one of those would make the whole message
need SMTPUTF8.
"""
_NAME: Final = re.compile(r"[!-9;-~]+")
_WRITTEN: Final = frozenset(
    {"from", "sender", "to", "cc", "bcc", "reply-to", "subject", "date", "mime-version"}
    | {"return-path", "delivered-to", "received", "received-spf", "authentication-results", "dkim-signature"}
    | {"arc-seal", "arc-message-signature", "arc-authentication-results", "x-original-to", "envelope-to"}
)
"""Fields that have a place of their own, or that servers write."""
_IDS: Final = frozenset({"message-id", "in-reply-to", "references"})
_ASCII: Final = frozenset(
    {"list-id", "list-unsubscribe", "list-unsubscribe-post", "list-help", "list-post", "list-archive", "list-owner"}
    | {"list-subscribe", "auto-submitted", "precedence", "importance", "priority", "x-priority", "content-language"}
    | {"feedback-id", "disposition-notification-to", "return-receipt-to", "errors-to"}
)
"""Fields whose syntax has no room for encoded words."""


def check_own_field(name: str, value: str, field: str) -> None:
    """Raise InvalidInputError, naming ``field``, for a field that may not be given, or not so."""
    if not _NAME.fullmatch(name) or len(name) > MAX_FIELD_NAME:
        raise InvalidInputError("It is not the name of a header field.", field)
    require_clean(value, field, MAX_FIELD_VALUE)
    lower = name.lower()
    if lower in _WRITTEN or (lower.startswith(("content-", "resent-")) and lower not in _ASCII):
        raise InvalidInputError(f"{name} cannot be given as a header of one's own.", field)
    if lower in _IDS | _ASCII and not value.isascii():
        raise InvalidInputError("This field takes US-ASCII only.", field)
    if lower in _IDS:
        ids = value.split()
        if not ids or not all(map(MESSAGE_ID.fullmatch, ids)) or (lower == "message-id" and len(ids) > 1):
            raise InvalidInputError("It takes message ids such as <1@example.org>.", field)
    if lower in _IDS | _ASCII and max(map(len, value.split(" "))) > LONGEST_WORD:
        raise InvalidInputError(f"Nothing in this field may be longer than {LONGEST_WORD} characters.", field)


def own_field(name: str, value: str) -> bytes:
    """Return a checked field, folded."""
    if name.lower() in _IDS | _ASCII:
        return fold(name, value.strip().encode("ascii").split(b" "))
    return fold(name, text_words(value, name=name))


def check_ids(ids: Sequence[str], field: str) -> None:
    """Raise InvalidInputError, naming the field, for what is no message id with its angle brackets."""
    for at, one in enumerate(ids):
        if not MESSAGE_ID.fullmatch(one) or len(one) > LONGEST_WORD:
            raise InvalidInputError("It is not a message id such as <1@example.org>.", f"{field}/{at}")
