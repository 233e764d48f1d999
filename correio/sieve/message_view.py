"""A message as a script sees it."""

from __future__ import annotations

from correio.mime.addresses import parse_addresses
from correio.mime.header_fields import decode_value, raw_fields, unfold
from correio.mime.model import Address, ParsedMessage
from correio.sieve.body import Body
from correio.sieve.limits import LIMITS


class MessageView:
    """The octets of a message in memory, and what is read of them when a script asks."""

    def __init__(self, content: bytes, parsed: ParsedMessage, prefix: bytes = b"", body: Body | None = None) -> None:
        """``content`` is the message as it came and ``parsed`` its structure; ``prefix`` are trace fields on top of it."""
        self._content = content
        self._parsed = parsed
        self._prefix = prefix
        self.body = body or Body(content, parsed, LIMITS.body)
        self._fields: dict[str, list[bytes]] | None = None
        # By the name in lower case: a script may spell it in as many ways as it likes.
        self._unfolded: dict[str, list[str]] = {}
        self._decoded: dict[str, list[str]] = {}
        self._addresses: dict[str, list[list[Address]]] = {}

    def with_prefix(self, prefix: bytes) -> MessageView:
        """Return the same message under other trace fields."""
        return MessageView(self._content, self._parsed, prefix, self.body)

    @property
    def size(self) -> int:
        """Octets of the message as it was sent, without the trace fields of this delivery."""
        return len(self._content)

    def raw(self, name: str) -> list[bytes]:
        """Return the values of the fields of a name, in order."""
        if self._fields is None:
            header = self._content[: min(self._parsed.parts[0].body_start, LIMITS.header)]
            if len(header) == LIMITS.header:
                # The last line was cut and says nothing.
                header = header[: header.rfind(b"\n") + 1]
            fields: dict[str, list[bytes]] = {}
            for field, value in raw_fields(self._prefix + header):
                fields.setdefault(field.decode("latin-1"), []).append(value)
            self._fields = fields
        return self._fields.get(_field_name(name), [])

    def has(self, name: str) -> bool:
        """Tell whether there is a field of a name."""
        return bool(self.raw(name))

    def decoded(self, name: str) -> list[str]:
        """Return the values of the fields of a name unfolded and decoded, without white space around them."""
        key = _field_name(name)
        found = self._decoded.get(key)
        if found is None:
            found = self._decoded[key] = [decode_value(value).strip() for value in self.raw(name)]
        return found

    def unfolded(self, name: str) -> list[str]:
        """Return the values of the fields of a name on one line each, their encoded words as they are."""
        key = _field_name(name)
        found = self._unfolded.get(key)
        if found is None:
            found = self._unfolded[key] = [unfold(value) for value in self.raw(name)]
        return found

    def earlier(self, name: str) -> list[str]:
        """Return the values of the fields of a name that the message came with, without the trace fields on top."""
        ours = sum(field.decode("latin-1") == name for field, _ in raw_fields(self._prefix))
        return self.unfolded(name)[ours:]

    def addresses(self, name: str) -> list[list[Address]]:
        """Return the addresses in each field of a name, without groups that are empty."""
        key = _field_name(name)
        found = self._addresses.get(key)
        if found is None:
            found = self._addresses[key] = [
                [one for one in parse_addresses(text) if one.local or one.domain] for text in self.unfolded(name)
            ]
        return found


def _field_name(name: str) -> str:
    # Names are compared as US-ASCII; what is none matches nothing.
    try:
        return name.encode("utf-8", "surrogateescape").lower().decode("latin-1")
    except UnicodeEncodeError:
        return ""
