"""Entity tags and the conditions made of them (RFC 9110 sections 8.8.3 and 13.1)."""

from __future__ import annotations

import re
from typing import Final

from starlette.responses import Response

from api.rest.problems import ProblemError

_TAG: Final = re.compile(r'\s*(W/)?"([\x21\x23-\x7e\x80-\xff]*)"\s*(?:,|$)')


def entity_tag(opaque: str | int) -> str:
    """Return a strong entity tag."""
    return f'"{opaque}"'


def parse_tags(field: str, name: str) -> list[tuple[bool, str]] | None:
    """Return (weak, opaque) of each tag of a condition, or None for ``*``. Raises a 400 problem."""
    if field.strip() == "*":
        return None
    tags: list[tuple[bool, str]] = []
    at = 0
    while at < len(field):
        found = _TAG.match(field, at)
        if found is None:
            raise ProblemError(400, "bad-parameter", f"{name} is not a list of entity tags.")
        tags.append((found[1] is not None, found[2]))
        at = found.end()
    return tags


def none_match(field: str | None, opaque: str) -> bool:
    """Tell whether ``If-None-Match`` lets a GET be answered in full; weak comparison (RFC 9110 section 13.1.2)."""
    if field is None:
        return True
    tags = parse_tags(field, "If-None-Match")
    return tags is not None and all(tag != opaque for _, tag in tags)


def require_match(field: str | None, opaque: str) -> bool:
    """Tell whether ``If-Match`` binds the change to this very version. Raises a 412 problem where the tag is another.

    Strong comparison (RFC 9110 section 13.1.1): a weak tag never matches. ``*`` asks only that there is something.
    """
    if field is None:
        return False
    tags = parse_tags(field, "If-Match")
    if tags is None:
        return False
    if (False, opaque) not in tags:
        raise precondition_failed()
    return True


def precondition_failed() -> ProblemError:
    """Return the problem of a condition that does not hold."""
    return ProblemError(412, "state-mismatch", "It has changed since the version that If-Match names.")


def not_modified(opaque: str, headers: dict[str, str] | None = None) -> Response:
    """Return 304 with the tag."""
    return Response(status_code=304, headers={"ETag": entity_tag(opaque), **(headers or {})})
