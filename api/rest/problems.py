"""Problem documents (RFC 9457): every error of the API, in one form."""

from __future__ import annotations

import base64
import http
import math
import os
from collections.abc import Mapping
from typing import Final

import msgspec
from starlette.responses import Response

from correio.errors import (
    AlreadyExistsError,
    AuthenticationError,
    ConflictError,
    ForbiddenError,
    HasChildrenError,
    InsufficientScopeError,
    InvalidInputError,
    LimitError,
    MailError,
    NotFoundError,
    QuotaExceededError,
    StateMismatchError,
    ThrottledError,
    TooLargeError,
    UnavailableError,
)
from correio.sieve.errors import SieveSyntaxError

MEDIA_TYPE: Final = "application/problem+json"
CHALLENGE: Final = 'Bearer realm="correio"'
RETRY_AFTER: Final = 5
"""Seconds a client is told to wait where nothing better is known."""

_STATUS: Final[tuple[tuple[type[MailError], int], ...]] = (
    # The first that matches: subclasses before their bases.
    (ThrottledError, 429),
    (AuthenticationError, 401),
    (NotFoundError, 404),
    (AlreadyExistsError, 409),
    (HasChildrenError, 409),
    (ConflictError, 409),
    (StateMismatchError, 409),
    (ForbiddenError, 403),
    (TooLargeError, 413),
    (InvalidInputError, 422),
    (LimitError, 422),
    (QuotaExceededError, 507),
    (UnavailableError, 503),
)


class Fault(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that is wrong with a request: a place in its body, or a parameter."""

    detail: str
    pointer: str | None = None
    """A JSON pointer as a URI fragment, "#/keywords/0"."""
    parameter: str | None = None
    line: int | None = None
    """Of a Sieve script, as is ``column``; both count from 1."""
    column: int | None = None


class Problem(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The document. ``code`` is stable, ``detail`` is one sentence for a person."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: tuple[Fault, ...] = ()


class ProblemError(Exception):
    """An answer that is a problem. For what is about HTTP; expected failures of mail are MailErrors."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: tuple[Fault, ...] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = errors
        self.headers = dict(headers or {})


def new_request_id() -> str:
    """Return an id for one request: 80 random bits in base32."""
    return base64.b32encode(os.urandom(10)).decode("ascii").lower()


def problem_of(error: MailError) -> ProblemError:
    """Translate an expected failure. One whose kind is not known here is a 400."""
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), 400)
    headers: dict[str, str] = {}
    errors: tuple[Fault, ...] = ()
    if isinstance(error, ThrottledError):
        headers["Retry-After"] = str(max(1, math.ceil(error.retry_after)))
    elif isinstance(error, InsufficientScopeError):
        # RFC 6750 section 3.1
        headers["WWW-Authenticate"] = f'{CHALLENGE}, error="insufficient_scope", scope="{error.scope}"'
    elif status == 401:
        headers["WWW-Authenticate"] = CHALLENGE
    elif status == 503:
        headers["Retry-After"] = str(RETRY_AFTER)
    elif isinstance(error, SieveSyntaxError):
        errors = tuple(Fault(one.message, line=one.line, column=one.column) for one in error.problems)
    elif isinstance(error, InvalidInputError) and error.field:
        errors = (Fault(error.message, pointer=f"#/{error.field}"),)
    return ProblemError(status, error.code, error.message, errors=errors, headers=headers)


def escape_pointer(token: str) -> str:
    """Return one reference token of a JSON pointer, escaped (RFC 6901 section 3)."""
    return token.replace("~", "~0").replace("/", "~1")


def problem_response(error: ProblemError, request_id: str) -> Response:
    """Return the response that carries a problem."""
    problem = Problem(
        type=f"urn:correio:problem:{error.code}",
        title=http.HTTPStatus(error.status).phrase,
        status=error.status,
        detail=error.detail,
        code=error.code,
        request_id=request_id,
        errors=error.errors,
    )
    return Response(msgspec.json.encode(problem), error.status, error.headers, media_type=MEDIA_TYPE)
