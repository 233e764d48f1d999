"""The header of one message as the fields that ENVELOPE and lists need, read once for both."""

from __future__ import annotations

import re
from typing import Final

from correio.mime.addresses import RawAddress, decode_address, parse_raw_addresses
from correio.mime.dates import parse_date
from correio.mime.encoded_words import decode_encoded_words
from correio.mime.header_fields import unfold
from correio.mime.model import Address, Summary

_ADDRESS_FIELDS: Final = frozenset((b"from", b"sender", b"reply-to", b"to", b"cc", b"bcc"))
_TEXT_FIELDS: Final = frozenset((b"subject", b"date", b"message-id", b"in-reply-to", b"references"))
MESSAGE_FIELDS: Final = _ADDRESS_FIELDS | _TEXT_FIELDS

_MESSAGE_ID: Final = re.compile(r"<([^<>]*)>")
_MAX_REFERENCES: Final = 1000


class MessageHeader:
    """The fields of :data:`MESSAGE_FIELDS` of one message.

    Of a text field given twice the last counts (RFC 8621 section 4.1.2); address fields given twice are one list, so that
    no address that a client might show is hidden from ENVELOPE.
    """

    __slots__ = ("_addresses", "_texts")

    def __init__(self, fields: list[tuple[bytes, bytes]]) -> None:
        self._texts: dict[bytes, str] = {}
        self._addresses: dict[bytes, list[RawAddress]] = {}
        lists: dict[bytes, bytes] = {}
        for name, value in fields:
            if name in _ADDRESS_FIELDS:
                lists[name] = lists[name] + b"," + value if name in lists else value
            elif name in _TEXT_FIELDS:
                self._texts[name] = unfold(value)
        for name, value in lists.items():
            self._addresses[name] = parse_raw_addresses(unfold(value))

    def text(self, name: bytes) -> str | None:
        """Return a text field unfolded but not decoded, None where absent."""
        return self._texts.get(name)

    def addresses(self, name: bytes) -> list[RawAddress]:
        """Return an address field, empty where absent."""
        return self._addresses.get(name, [])

    def summary(self) -> Summary:
        """Return the decoded fields; the preview is left to the caller."""
        texts = self._texts
        date = texts.get(b"date")
        identifiers = message_ids(texts.get(b"message-id", ""))
        return Summary(
            subject=decode_encoded_words(texts.get(b"subject", "")),
            from_=self._decoded(b"from"),
            sender=self._decoded(b"sender"),
            reply_to=self._decoded(b"reply-to"),
            to=self._decoded(b"to"),
            cc=self._decoded(b"cc"),
            bcc=self._decoded(b"bcc"),
            date=parse_date(date) if date else None,
            message_id=identifiers[0] if identifiers else None,
            in_reply_to=message_ids(texts.get(b"in-reply-to", "")),
            references=message_ids(texts.get(b"references", "")),
        )

    def _decoded(self, name: bytes) -> list[Address]:
        return [decode_address(raw) for raw in self._addresses.get(name, ())]


def message_ids(text: str) -> list[str]:
    """Return the msg-ids of a field without their angle brackets; text without any brackets is taken as one."""
    if not text:
        return []
    if "<" not in text:
        words = text.split()
        return words[:1] if len(words) == 1 else []
    found = _MESSAGE_ID.findall(text)[:_MAX_REFERENCES]
    # Long msg-ids are folded in the middle by some senders.
    return [joined for one in found if (joined := "".join(one.split()))]
