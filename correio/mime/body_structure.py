"""BODYSTRUCTURE and BODY (RFC 9051 section 7.5.2, RFC 3501 section 7.4.2), from the structure alone."""

from __future__ import annotations

from correio.mime.imap_string import imap_list, imap_string
from correio.mime.model import ParsedMessage, Part


def render_body_structure(parsed: ParsedMessage, *, extensible: bool) -> bytes:
    """Return BODYSTRUCTURE, or with ``extensible`` False the BODY form without extension data. 7-bit, no CR, LF, NUL."""
    return render_parts(parsed.parts, extensible=extensible)


def render_parts(parts: list[Part], *, extensible: bool) -> bytes:
    """Return the body structure of ``parts[0]``."""
    children: dict[int, list[bytes]] = {}
    rendered = b""
    # Parents stand before their parts: from the end, every part finds its children rendered already.
    for at in range(len(parts) - 1, -1, -1):
        part = parts[at]
        below = children.pop(at, None)
        if below and part.message < 0:
            below.reverse()
            rendered = _multipart(part, below, extensible)
        elif below:
            rendered = _leaf(part, _embedded(part, parts[part.message], below[0]), extensible)
        else:
            rendered = _leaf(part, b"", extensible)
        children.setdefault(part.parent, []).append(rendered)
    return rendered


def _multipart(part: Part, below: list[bytes], extensible: bool) -> bytes:
    subtype = imap_string(part.media_type.partition("/")[2].upper())
    if not extensible:
        return b"(%b %b)" % (b"".join(below), subtype)
    return b"(%b %b %b %b)" % (b"".join(below), subtype, _parameters(part.parameters), _extension(part))


def _embedded(part: Part, root: Part, below: bytes) -> bytes:
    return b" %b %b %d" % (root.envelope, below, part.lines)


def _leaf(part: Part, embedded: bytes, extensible: bool) -> bytes:
    media_type = part.media_type
    if not embedded and media_type in ("message/rfc822", "message/global"):
        # One that was not parsed (encoded, or too deep) has no envelope to show, and the grammar asks for one.
        media_type = "application/octet-stream"
    type_, _, subtype = media_type.partition("/")
    parameters = part.parameters
    lines = embedded
    if type_ == "text":
        lines = b" %d" % part.lines
        if not any(name == "charset" for name, _ in parameters):
            # RFC 2045 section 5.2: the default.
            parameters = [*parameters, ("charset", "us-ascii")]
    content_id = None if part.content_id is None else f"<{part.content_id}>"
    body = b"%b %b %b %b %b %b %d%b" % (
        imap_string(type_.upper()),
        imap_string(subtype.upper()),
        _parameters(parameters),
        imap_string(content_id),
        imap_string(part.description),
        imap_string(part.encoding.upper()),
        part.size,
        lines,
    )
    if not extensible:
        return b"(%b)" % body
    return b"(%b %b %b)" % (body, imap_string(part.md5), _extension(part))


def _extension(part: Part) -> bytes:
    """Disposition, language and location: the end of both extended forms."""
    if part.disposition is None:
        disposition = b"NIL"
    else:
        disposition = b"(%b %b)" % (imap_string(part.disposition.upper()), _parameters(part.disposition_parameters))
    if not part.language:
        language = b"NIL"
    elif len(part.language) == 1:
        language = imap_string(part.language[0])
    else:
        language = imap_list(imap_string(tag) for tag in part.language)
    return b"%b %b %b" % (disposition, language, imap_string(part.location))


def _parameters(parameters: list[tuple[str, str]]) -> bytes:
    if not parameters:
        return b"NIL"
    return b"(%b)" % b" ".join(imap_string(name.upper()) + b" " + imap_string(value) for name, value in parameters)
