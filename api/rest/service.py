"""Health, readiness, metrics and the contract itself. None of these needs a token."""

from __future__ import annotations

import asyncio
from typing import Final

import msgspec
from starlette.responses import Response

from api.contract import Contract
from api.rest.call import Call, Nothing
from api.rest.entity_tags import none_match, not_modified
from api.rest.json_response import json_response
from api.rest.route import Handler, handles
from correio.errors import UnavailableError
from correio.metrics import CONTENT_TYPE, REGISTRY

READY_WITHIN: Final = 2.0
"""Seconds the database may take to answer."""


class HealthJson(msgspec.Struct, frozen=True):
    """Schema ``Health``."""

    status: str


class ContractParameters(msgspec.Struct, frozen=True):
    """The contract, unless the client has it."""

    if_none_match: str | None = None


async def health(_: Call[Nothing, Nothing]) -> Response:
    """The process answers: it is alive."""
    return json_response(HealthJson("ok"))


async def readiness(call: Call[Nothing, Nothing]) -> Response:
    """The database answers too, and soon. Raises UnavailableError, which becomes a 503 problem."""
    try:
        async with asyncio.timeout(READY_WITHIN):
            await call.context.store.ping()
    except TimeoutError as error:
        raise UnavailableError("The database does not answer; try again later.") from error
    return json_response(HealthJson("ok"))


async def metrics(_: Call[Nothing, Nothing]) -> Response:
    """What Prometheus scrapes."""
    return Response(REGISTRY.render(), headers={"Content-Type": CONTENT_TYPE})


def contract_handler(document: Contract) -> Handler:
    """Return the handler that serves the contract as it stands in the repository."""
    caching = {"Cache-Control": "no-cache"}

    async def contract(call: Call[ContractParameters, Nothing]) -> Response:
        tag = document.etag.strip('"')
        if not none_match(call.parameters.if_none_match, tag):
            return not_modified(tag, caching)
        return Response(document.source, headers={"Content-Type": "application/yaml", "ETag": document.etag, **caching})

    return handles(contract, ContractParameters, Nothing)


HANDLERS: Final = (
    handles(health, Nothing, Nothing),
    handles(readiness, Nothing, Nothing),
    handles(metrics, Nothing, Nothing),
)
