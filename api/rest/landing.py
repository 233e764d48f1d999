"""``/``: a page for people. One file, no scripts, nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Final

from starlette.responses import Response

from api.rest.call import Call, Nothing
from api.rest.route import handles

_PAGE: Final = Path(__file__).with_name("landing.html").read_bytes()


def style_hash(page: bytes) -> str:
    """Return the CSP source of the page's one style element (CSP level 3 section 6.7.2.4)."""
    style = page.partition(b"<style>")[2].partition(b"</style>")[0]
    return f"'sha256-{base64.b64encode(hashlib.sha256(style).digest()).decode('ascii')}'"


_POLICY: Final = (
    f"default-src 'none'; style-src {style_hash(_PAGE)}; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)


async def landing_page(_: Call[Nothing, Nothing]) -> Response:
    """The page."""
    return Response(
        _PAGE,
        headers={
            "Content-Type": "text/html; charset=utf-8",
            "Content-Security-Policy": _POLICY,
            "Cache-Control": "no-cache",
        },
    )


HANDLERS: Final = (handles(landing_page, Nothing, Nothing),)
