"""DKIM keys of our domains (RFC 6376, RFC 8463): made once, and used for all mail whose author is of the domain."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from correio.mail.ingest import OFF_LOOP
from correio.mail.sites import destination
from correio.mailauth.dns_records import DnsRecord, records_to_publish
from correio.mailauth.private_key import generate_key, read_key
from correio.mailauth.sealing import seal_forwarded
from correio.mailauth.signing import Signer, sign
from correio.store.documents import SigningKeyDocument
from correio.store.signing_keys import find_signing_keys, insert_signing_keys

if TYPE_CHECKING:
    from correio.mail.message_store import MessageStore

SELECTORS: Final = (("correio", "rsa"), ("correio-ed25519", "ed25519"))
"""The selector and the kind of each key. Receivers without Ed25519 pass its signature over (RFC 8463 section 3)."""
_FRESH: Final = 30.0
"""Seconds after which the keys of a domain are looked up again."""
_DOMAINS: Final = 1000


async def make_signing_keys(store: MessageStore, domain: str) -> list[SigningKeyDocument]:
    """Return the keys of a domain of ours; what it does not have yet is made. Raises UnavailableError."""
    database = store.database
    known = {key.selector for key in await find_signing_keys(database, domain)}
    missing = [
        SigningKeyDocument(
            id=f"{selector}._domainkey.{domain}",
            domain=domain,
            selector=selector,
            pem=await store.in_worker(generate_key, "rsa" if kind == "rsa" else "ed25519"),
            created=store.now(),
        )
        for selector, kind in SELECTORS
        if selector not in known
    ]
    if missing:
        await insert_signing_keys(database, missing)
    return await find_signing_keys(database, domain)


async def records_of(store: MessageStore, domain: str, hostname: str) -> list[DnsRecord]:
    """Return what the owner of a domain publishes; its keys are made where they are missing. Raises UnavailableError."""
    keys = await make_signing_keys(store, domain)
    labels = destination(f"x@{domain}")
    return records_to_publish(labels, hostname, {key.selector: key.pem for key in keys})


class DomainSigner:
    """Signs mail on its way out. One per process. ``hostname`` is this server's name in its Authentication-Results fields."""

    def __init__(self, store: MessageStore, hostname: str = "") -> None:
        self._store: Final = store
        self._hostname: Final = hostname
        self._known: OrderedDict[str, tuple[float, Sequence[Signer]]] = OrderedDict()

    async def sign(self, domain: str, message: bytes) -> bytes:
        """Return the DKIM-Signature fields for a message whose author is of a domain of ours, or nothing where it has no keys.

        Raises UnavailableError.
        """
        signers = await self._signers(domain)
        if not signers:
            return b""
        now = self._store.now()
        if len(message) > OFF_LOOP:
            return await self._store.in_worker(sign, message, signers, now)
        return sign(message, signers, now)

    async def seal(self, domain: str, message: bytes) -> bytes:
        """Return the fields of ARC for a message that an alias in a domain of ours passes on (RFC 8617 section 5.1), or nothing
        where the domain has no RSA key, or nobody looked at the message when it came. Raises UnavailableError.
        """
        # RFC 8617 section 4.1: seals are by rsa-sha256.
        signer = next((one for one in await self._signers(domain) if read_key(one.key).kind == "rsa"), None)
        if signer is None:
            return b""
        now = self._store.now()
        if len(message) > OFF_LOOP:
            return await self._store.in_worker(seal_forwarded, message, signer, authserv_id=self._hostname, now=now)
        return seal_forwarded(message, signer, authserv_id=self._hostname, now=now)

    async def _signers(self, domain: str) -> Sequence[Signer]:
        known = self._known.get(domain)
        if known is not None and known[0] > time.monotonic():
            return known[1]
        keys = await find_signing_keys(self._store.database, domain)
        labels = destination(f"x@{domain}")
        signers = [Signer(labels, key.selector, key.pem) for key in keys]
        self._known[domain] = (time.monotonic() + _FRESH, signers)
        self._known.move_to_end(domain)
        if len(self._known) > _DOMAINS:
            self._known.popitem(last=False)
        return signers
