"""The ENVELOPE of a message (RFC 9051 section 7.5.2, the same in RFC 3501)."""

from __future__ import annotations

from correio.mime.addresses import RawAddress
from correio.mime.imap_string import imap_string
from correio.mime.message_header import MessageHeader


def render_envelope(header: MessageHeader) -> bytes:
    """Return ENVELOPE with its parentheses: 7-bit, without CR, LF and NUL."""
    from_ = _addresses(header.addresses(b"from"))
    # RFC 9051: absent or empty, these two are taken from From.
    sender = _addresses(header.addresses(b"sender"))
    reply_to = _addresses(header.addresses(b"reply-to"))
    return b"(%b %b %b %b %b %b %b %b %b %b)" % (
        imap_string(header.text(b"date")),
        imap_string(header.text(b"subject")),
        from_,
        from_ if sender == b"NIL" else sender,
        from_ if reply_to == b"NIL" else reply_to,
        _addresses(header.addresses(b"to")),
        _addresses(header.addresses(b"cc")),
        _addresses(header.addresses(b"bcc")),
        imap_string(header.text(b"in-reply-to")),
        imap_string(header.text(b"message-id")),
    )


def _addresses(addresses: list[RawAddress]) -> bytes:
    if not addresses:
        return b"NIL"
    out: list[bytes] = []
    group = 0
    for address in addresses:
        if address.group != group:
            if group:
                out.append(b"(NIL NIL NIL NIL)")
            if address.group:
                out.append(b"(NIL NIL %b NIL)" % imap_string(address.group_name))
            group = address.group
        if not address.is_empty_group:
            # A NIL host would begin a group: an address without a domain has an empty one.
            out.append(
                b"(%b %b %b %b)"
                % (
                    imap_string(address.name),
                    imap_string(address.route),
                    imap_string(address.local),
                    imap_string(address.domain),
                )
            )
    if group:
        out.append(b"(NIL NIL NIL NIL)")
    return b"(" + b"".join(out) + b")"
