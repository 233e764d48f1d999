"""Reading request bodies: bounded in octets and in time, and JSON without its ambiguities."""

from __future__ import annotations

import asyncio
import io
import json
from typing import Any, Final, Never

from starlette.requests import Request
from starlette.types import Receive

from api.body_shape import PLAIN, Shape
from api.contract import has_control_characters, has_controls_but_lines
from api.rest.problems import Fault, ProblemError, escape_pointer
from correio.errors import UnavailableError

MAX_JSON: Final = 128 * 1024
"""Octets of a JSON body."""
MAX_DEPTH: Final = 16
"""Arrays and objects inside each other in a JSON body."""
MAX_ITEMS: Final = 1000
"""Items of one array in a JSON body."""
MAX_MEMBERS: Final = 100
"""Members of one object in a JSON body."""
PATIENCE: Final = 30.0
"""Seconds a body may take, and one more for each SLOWEST octets of it."""
SLOWEST: Final = 8 * 1024


class Room:
    """The octets of request bodies that one process holds at once."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._used = 0

    def take(self, octets: int) -> None:
        """Count octets in. Raises UnavailableError where there is no room for them."""
        if self._used + octets > self._limit:
            raise UnavailableError("Too much is being uploaded at once; try again later.")
        self._used += octets

    def give_back(self, octets: int) -> None:
        """Count octets out."""
        self._used -= octets


class Held:
    """What one request has taken of the room. Use as a context manager: it is given back when the request is over."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._octets = 0

    def take(self, octets: int) -> None:
        """Take more. Raises UnavailableError."""
        self._room.take(octets)
        self._octets += octets

    def __enter__(self) -> Held:
        return self

    def __exit__(self, *_: object) -> None:
        self._room.give_back(self._octets)
        self._octets = 0


def media_type(request: Request) -> str:
    """Return the body's media type in lower case, without parameters; empty where none is given."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def require_media_type(request: Request, accepted: tuple[str, ...]) -> None:
    """Raise a 415 problem unless the body has one of these media types, and no content coding."""
    if media_type(request) not in accepted:
        raise ProblemError(
            415,
            "unsupported-media-type",
            f"The body must be {' or '.join(accepted)}.",
            headers={"Accept-Post" if request.method == "POST" else "Accept-Patch": ", ".join(accepted)},
        )
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise ProblemError(
            415,
            "unsupported-media-type",
            "A content coding is not accepted here.",
            headers={"Accept-Encoding": "identity"},
        )


def too_large(limit: int) -> ProblemError:
    """Return the problem of a body over its limit."""
    return ProblemError(413, "too-large", f"The body must have at most {limit} octets.")


async def read_body(request: Request, limit: int, held: Held) -> bytes:
    """Return the whole body.

    Raises a 413 problem as soon as it is, or is announced to be, over the limit; a 408 problem when it comes too slowly;
    a 400 problem when the client goes away; and UnavailableError when too many send too much at once.
    """
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit:
        raise too_large(limit)
    first = b""
    # A buffer that grows in place: joining many megabytes at the end would hold everybody up.
    buffer = io.BytesIO()
    size = 0
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while True:
        chunk, more = await _next_chunk(request.receive, deadline + size / SLOWEST)
        size += len(chunk)
        if size > limit:
            raise too_large(limit)
        if chunk:
            held.take(len(chunk))
            if size == len(chunk):
                first = chunk
            else:
                if buffer.tell() == 0:
                    buffer.write(first)
                buffer.write(chunk)
        if not more:
            return first if size == len(first) else buffer.getvalue()


async def _next_chunk(receive: Receive, deadline: float) -> tuple[bytes, bool]:
    try:
        async with asyncio.timeout_at(deadline):
            message = await receive()
    except TimeoutError as error:
        raise ProblemError(
            408, "request-timeout", "The body took too long to arrive.", headers={"Connection": "close"}
        ) from error
    if message["type"] == "http.disconnect":
        raise ProblemError(400, "bad-request", "The body ended early.")
    return message.get("body", b""), message.get("more_body", False)


def _bad_json(detail: str, pointer: str | None = None) -> ProblemError:
    errors = (Fault(detail, pointer=pointer),) if pointer is not None else ()
    return ProblemError(400, "bad-json", detail, errors=errors)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise _bad_json("A JSON object has the same key twice.")
    return result


def _no_constant(name: str) -> Never:
    raise _bad_json(f"{name} is not JSON.")


def _number(text: str) -> float:
    """Return a number; one without a fraction, however it is written, is an integer (JSON Schema core section 4.2.3)."""
    value = float(text)
    return int(value) if value.is_integer() else value


_decoder: Final = json.JSONDecoder(object_pairs_hook=_object, parse_float=_number, parse_constant=_no_constant)


def decode_json(octets: bytes, shape: Shape = PLAIN) -> Any:
    """Return what a JSON text (RFC 8259) holds.

    Raises a 400 problem for what is not UTF-8 or not JSON, duplicate keys, too deep nesting, and control characters or
    lone surrogates in strings, but for those that may be there by the shape; a 422 problem for more items or members than any
    operation takes.
    """
    try:
        value = _decoder.decode(octets.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise _bad_json("The body is not JSON in UTF-8, or nested too deeply.") from error
    _check(value, "#", 0, shape)
    return value


def _check(value: Any, pointer: str, depth: int, shape: Shape) -> None:
    if isinstance(value, str):
        # Octets are looked at when they are decoded.
        if not shape.octets and (has_controls_but_lines(value) if shape.lines else has_control_characters(value)):
            raise _bad_json("Control characters and lone surrogates are not allowed in strings.", pointer)
    elif isinstance(value, dict):
        if depth == MAX_DEPTH:
            raise _bad_json(f"The body is nested more than {MAX_DEPTH} levels deep.")
        _require_few(len(value), MAX_MEMBERS, "members", pointer)
        for key, member in value.items():
            if has_control_characters(key):
                raise _bad_json("Control characters and lone surrogates are not allowed in keys.", pointer)
            _check(member, f"{pointer}/{escape_pointer(key)}", depth + 1, shape.member(key))
    elif isinstance(value, list):
        if depth == MAX_DEPTH:
            raise _bad_json(f"The body is nested more than {MAX_DEPTH} levels deep.")
        _require_few(len(value), MAX_ITEMS, "items", pointer)
        for at, member in enumerate(value):
            _check(member, f"{pointer}/{at}", depth + 1, shape.item)


def _require_few(count: int, most: int, what: str, pointer: str) -> None:
    if count > most:
        fault = Fault(f"There are {count} {what}; at most {most} are taken.", pointer=pointer)
        raise ProblemError(422, "invalid-input", "The body is not what this operation takes.", errors=(fault,))
