"""From the contract to a handler: each operation becomes one route of its name."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar, cast

import msgspec
from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.contract import Contract, Operation
from api.rest.authentication import authenticate, bearer_token
from api.rest.call import Call, Context, Nothing
from api.rest.octets_in_json import LARGE, decode_octets, take_aside
from api.rest.problems import Fault, ProblemError
from api.rest.request_body import MAX_JSON, Held, Room, decode_json, read_body, require_media_type
from correio.auth.grant import Grant
from correio.config import Settings

BODIES: Final = 8
"""Bodies of the largest size that are held at once."""


class _ObjectId(Convertor[str]):
    """A path segment that has the form of an id: any other segment, such as ``batch``, is another path."""

    regex = "[A-Z][a-z2-7]{24}"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("object_id", _ObjectId())

P = TypeVar("P", bound=msgspec.Struct)
B = TypeVar("B", bound=msgspec.Struct | bytes)


class Handler(msgspec.Struct, frozen=True):
    """A function that serves one operation, and the types it takes."""

    operation_id: str
    parameters: type[msgspec.Struct]
    body: type[msgspec.Struct] | type[bytes]
    function: Callable[[Call[Any, Any]], Awaitable[Response]]
    limit: Callable[[Settings], int] | None = None
    """The octets of the body, where they are not those of every operation."""


def handles(
    function: Callable[[Call[P, B]], Awaitable[Response]],
    parameters: type[P],
    body: type[B],
    limit: Callable[[Settings], int] | None = None,
) -> Handler:
    """Declare a handler. Its name is the operationId."""
    name: str = getattr(function, "__name__", "")
    return Handler(name, parameters, cast("type[msgspec.Struct] | type[bytes]", body), function, limit)


def rest_routes(contract: Contract, handlers: tuple[Handler, ...], context: Context) -> list[Route]:
    """Return one route an operation. Raises RuntimeError unless contract and handlers name the same operations."""
    by_id = {handler.operation_id: handler for handler in handlers}
    if by_id.keys() != contract.operations.keys():
        different = sorted(by_id.keys() ^ contract.operations.keys())
        raise RuntimeError(f"Contract and handlers differ: {', '.join(different)}")
    room = Room(BODIES * context.settings.limits.request_body)
    return [
        Route(
            re.sub(r"\{(\w+_id)\}", r"{\1:object_id}", operation.path),
            _Endpoint(operation, by_id[operation.operation_id], context, room),
            methods=[operation.method],
            name=operation.operation_id,
        )
        for operation in contract.operations.values()
    ]


class _Endpoint:
    """Checks a request against its operation, then calls the handler."""

    def __init__(self, operation: Operation, handler: Handler, context: Context, room: Room) -> None:
        self._operation: Final = operation
        self._handler: Final = handler
        self._context: Final = context
        self._room: Final = room
        usual = MAX_JSON if operation.body is not None else context.settings.limits.request_body
        self._limit: Final = usual if handler.limit is None else handler.limit(context.settings)
        self._names_of_octets: Final = frozenset(operation.shape.names_of_octets())

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        scope["state"]["route"] = self._operation.operation_id
        request = Request(scope, receive, send)
        response = await self._respond(request)
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        operation = self._operation
        grant = None
        token = ""
        if operation.secured:
            grant = await authenticate(request, self._context.authenticator, *operation.scopes)
            token = bearer_token(request)
        with Held(self._room) as held:
            return await self._call(request, grant, token, held)

    async def _call(self, request: Request, grant: Grant | None, token: str, held: Held) -> Response:
        operation = self._operation
        parameters = msgspec.convert(self._read_parameters(request), self._handler.parameters)
        body: Any = Nothing()
        if operation.body is not None:
            require_media_type(request, operation.body_media_types)
            octets = await read_body(request, self._limit, held)
            large = len(octets) > LARGE
            body = await self._context.store.in_worker(self._body, octets) if large else self._body(octets)
        elif operation.body_media_types:
            require_media_type(request, operation.body_media_types)
            body = await read_body(request, self._limit, held)
        call = Call(self._context, request, grant, token, parameters, body)
        return await self._handler.function(call)

    def _body(self, octets: bytes) -> Any:
        """Return a JSON body, checked and typed."""
        operation = self._operation
        rest, taken = octets, {}
        if self._names_of_octets and len(octets) > LARGE:
            aside = take_aside(octets, self._names_of_octets)
            rest, taken = aside.rest, aside.taken
        instance = decode_json(rest, operation.shape)
        operation.check_body(instance)
        if self._names_of_octets:
            instance = decode_octets(instance, operation.shape, octets, taken)
        return msgspec.convert(instance, self._handler.body)

    def _read_parameters(self, request: Request) -> dict[str, Any]:
        operation = self._operation
        values, faults = operation.path_parameters.read(list(request.path_params.items()))
        if faults:
            # An id that cannot be one is the id of nothing.
            raise ProblemError(404, "not-found", "There is nothing here by that id.")
        query, faults = operation.query_parameters.read(request.query_params.multi_items())
        header_names = operation.header_parameters.names
        if header_names:
            pairs = _header_pairs(request, header_names)
            headers, header_faults = operation.header_parameters.read(pairs)
            faults += header_faults
            values.update({name.replace("-", "_"): value for name, value in headers.items()})
        if faults:
            raise _bad_parameters(faults)
        values.update(query)
        return values


def _header_pairs(request: Request, names: frozenset[str]) -> list[tuple[str, str]]:
    """Return the header parameters; a field given more than once is one list (RFC 9110 section 5.3)."""
    return [(name, ", ".join(values)) for name in names if (values := request.headers.getlist(name))]


def _bad_parameters(faults: list[Fault]) -> ProblemError:
    return ProblemError(400, "bad-parameter", "A parameter is not acceptable.", errors=tuple(faults))
