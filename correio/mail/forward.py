"""Forwarding (RFC 5321 section 3.9.1): the copies of a message that go to addresses elsewhere, because an alias leads there."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence, Set
from typing import Final

import msgspec

from correio.errors import InvalidInputError, LoopError
from correio.mail.addresses import address_key
from correio.mail.ingest import ingest
from correio.mail.message_store import MessageStore
from correio.mail.notification import EnvelopeOptions, Notify
from correio.mail.outgoing import Origin, Outgoing, OutgoingRecipient, outgoing, wire_needs
from correio.mail.routing import srs_secret
from correio.mail.sites import destination
from correio.mail.srs import rewrite_sender
from correio.mime.model import ParsedMessage

_DELIVERED_TO: Final = re.compile(rb"\ndelivered-to[ \t]*:([^\r\n]*)", re.IGNORECASE)
_LOOKED_THROUGH: Final = 256 * 1024
"""Octets of a header in which Delivered-To is looked for."""
MOST_DELIVERED_TO: Final = 100
"""Fields of that name that are read, from the top: whoever delivers puts his there."""


class ForwardTo(msgspec.Struct, frozen=True):
    """One address elsewhere that a message is forwarded to, with what goes along (RFC 3461 section 5.2.7)."""

    address: str
    via: str
    """The alias that leads there."""
    notify: Notify = None
    orcpt: str = ""


def delivered_to(content: bytes) -> frozenset[str]:
    """Return the addresses in the Delivered-To fields of a message, as :func:`address_key` gives them."""
    # A line end in front, so that the first line is found as the others are.
    header = b"\n" + content[:_LOOKED_THROUGH]
    end = header.find(b"\n\r\n")
    found: set[str] = set()
    fields = _DELIVERED_TO.finditer(header[: end + 1] if end >= 0 else header)
    for match in itertools.islice(fields, MOST_DELIVERED_TO):
        try:
            found.add(address_key(match[1].decode("utf-8", "surrogateescape")))
        except InvalidInputError:
            continue
    return frozenset(found)


async def forward(
    store: MessageStore,
    content: bytes,
    parsed: ParsedMessage,
    sender: str,
    targets: Sequence[ForwardTo],
    received: bytes,
    key: bytes,
    durable: set[bytes],
    options: EnvelopeOptions,
) -> list[Outgoing]:
    """Make a message ready for the queue: one send for each alias, with an envelope sender in the alias's domain.

    ``content`` is normalised; ``key`` fixes the ids, so that no retry sends it twice; ``durable`` holds the digests of parts
    that are known to be stored. Raises TooLargeError, InvalidInputError, UnavailableError.
    """
    mail: list[Outgoing] = []
    for via in dict.fromkeys(target.via for target in targets):
        rewritten = rewrite_sender(sender, destination(via), await srs_secret(store), store.now())
        prefix = f"Delivered-To: {via}\r\n".encode("utf-8", "surrogateescape") + received
        ingested = await ingest(store, content, prefix=prefix, parsed=parsed, durable=durable)
        recipients = [
            OutgoingRecipient(target.address, target.notify, target.orcpt) for target in targets if target.via == via
        ]
        smtputf8, eight_bit = wire_needs(content, [rewritten, *(one.address for one in recipients)], prefix=prefix)
        origin = Origin(
            kind="forward",
            sender=rewritten,
            signer=via.rpartition("@")[2],
            envid=options.envid,
            ret=options.ret,
            smtputf8=smtputf8,
            eight_bit=eight_bit,
        )
        mail.append(outgoing(store, origin, ingested, recipients, key=(key, "forward", via)))
    return mail


def require_no_loop(before: Set[str], vias: Sequence[str]) -> None:
    """Raise LoopError where one of these aliases has forwarded the message before: it is among those of :func:`delivered_to`."""
    if again := before & set(vias):
        raise LoopError(f"The message was forwarded by {min(again)[:200]} before: a loop.")
