"""Which form an answer takes (GraphQL over HTTP, section "Accept"; RFC 9110 section 12.5.1)."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class MediaType(StrEnum):
    """The two forms of an answer. In the first the status tells whether the request was executed; in the older one it is 200."""

    GRAPHQL_RESPONSE = "application/graphql-response+json"
    JSON = "application/json"


_MAX_ACCEPT: Final = 1_024


def negotiate(accept: str | None) -> MediaType | None:
    """Return the form a client prefers, or None if it takes neither.

    Without a preference it is plain JSON, which is what clients that do not say expect.
    """
    if accept is None or not accept.strip():
        return MediaType.JSON
    if len(accept) > _MAX_ACCEPT:
        return None
    best: tuple[float, int, int] | None = None
    chosen: MediaType | None = None
    for position, item in enumerate(accept.split(",")):
        name, *parameters = (piece.strip().lower() for piece in item.split(";"))
        quality, utf8 = _quality_and_charset(parameters)
        if not utf8:
            continue
        candidate, precision = _match(name)
        if candidate is None:
            continue
        rank = (quality, precision, -position)
        if quality > 0 and (best is None or rank > best):
            best, chosen = rank, candidate
    return chosen


def _match(name: str) -> tuple[MediaType | None, int]:
    if name in (MediaType.GRAPHQL_RESPONSE, MediaType.JSON):
        return MediaType(name), 2
    if name in ("application/*", "*/*"):
        return MediaType.JSON, 1
    return None, 0


def _quality_and_charset(parameters: list[str]) -> tuple[float, bool]:
    quality, utf8 = 1.0, True
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                quality = min(1.0, max(0.0, float(value)))
            except ValueError:
                quality = 0.0
        elif name.strip() == "charset":
            utf8 = value.strip().strip('"') in ("utf-8", "utf8")
    return quality, utf8


def is_json_in_utf8(content_type: str | None) -> bool:
    """Tell whether a Content-Type is application/json, in UTF-8 where it says (RFC 8259 section 8.1)."""
    if content_type is None:
        return False
    name, *parameters = (piece.strip().lower() for piece in content_type.split(";"))
    return name == MediaType.JSON and _quality_and_charset(parameters)[1]
