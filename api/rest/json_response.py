"""JSON responses from msgspec structs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

import msgspec
from starlette.responses import Response

MEDIA_TYPE: Final = "application/json"
_encoder: Final = msgspec.json.Encoder()


def encode(content: msgspec.Struct) -> bytes:
    """Return a struct as JSON in UTF-8. A lone surrogate, which broken mail can decode to, becomes U+FFFD."""
    try:
        return _encoder.encode(content)
    except UnicodeEncodeError:
        text = json.dumps(msgspec.to_builtins(content), ensure_ascii=False, separators=(",", ":"))
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode("utf-8")


def json_response(content: msgspec.Struct, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return the response that carries a struct."""
    return Response(encode(content), status, headers, media_type=MEDIA_TYPE)
