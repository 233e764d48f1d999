"""Variable envelope return paths: an envelope sender for each recipient, so that a later bounce names the delivery.

``ana@example.org`` becomes ``ana+b-TOKEN@example.org``, which is an address of the same account; the token is the delivery's
id and a check that nobody else can compute.
"""

from __future__ import annotations

import hmac
import os
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

from correio.ids import Kind, is_id
from correio.store.secrets import shared_secret

if TYPE_CHECKING:
    from correio.mail.message_store import MessageStore

_MARK: Final = "b-"
_CHECK: Final = 10
"""Characters of the check."""
_secrets: Final[WeakKeyDictionary[MessageStore, bytes]] = WeakKeyDictionary()
"""What each store's database has, once it has been read."""
_LOCAL: Final = 64
"""Octets of a local part (RFC 5321 section 4.5.3.1.1)."""


async def verp_sender(store: MessageStore, sender: str, delivery_id: str) -> str:
    """Return the envelope sender for one delivery; the sender itself where it would be too long. Raises UnavailableError."""
    local, _, domain = sender.rpartition("@")
    tagged = f"{local}+{_MARK}{delivery_id[1:]}{_check(await _secret(store), delivery_id)}"
    return f"{tagged}@{domain}" if len(tagged.encode()) <= _LOCAL else sender


async def verp_delivery(store: MessageStore, recipient: str) -> str | None:
    """Return the id of the delivery that an address names, or None where it is no such address. Raises UnavailableError."""
    local, _, _ = recipient.rpartition("@")
    _, _, tag = local.rpartition("+")
    tag = tag.lower()
    if not tag.startswith(_MARK):
        return None
    token = tag.removeprefix(_MARK)
    delivery_id = Kind.DELIVERY.value + token[:-_CHECK]
    if not is_id(delivery_id, Kind.DELIVERY):
        return None
    expected = _check(await _secret(store), delivery_id)
    return delivery_id if hmac.compare_digest(token[-_CHECK:].encode(), expected.encode()) else None


async def _secret(store: MessageStore) -> bytes:
    found = _secrets.get(store)
    if found is None:
        found = _secrets[store] = await shared_secret(store.database, "verp", os.urandom(32))
    return found


def _check(secret: bytes, delivery_id: str) -> str:
    return hmac.digest(secret, delivery_id.encode(), "sha256").hex()[:_CHECK]
