"""``/v1/messages/{message_id}/raw`` and ``/parts/{part_path}``: the octets of a message."""

from __future__ import annotations

from typing import Final

import msgspec
from starlette.responses import Response

from api.rest.call import Call, Nothing
from api.rest.octets import Disposition, OctetConditions, octet_response
from api.rest.route import handles
from api.rest.stored_part import find_part, parsed_of, part_octets, raw_octets
from correio.mail.fetch import find_message


class RawParameters(msgspec.Struct, frozen=True):
    """A message, whole or in a range."""

    message_id: str
    range: str | None = None
    if_range: str | None = None
    if_none_match: str | None = None


class PartParameters(msgspec.Struct, frozen=True):
    """A part of a message, whole or in a range."""

    message_id: str
    part_path: str
    disposition: Disposition = "attachment"
    range: str | None = None
    if_range: str | None = None
    if_none_match: str | None = None


def _conditions(parameters: RawParameters | PartParameters) -> OctetConditions:
    return OctetConditions(parameters.range, parameters.if_range, parameters.if_none_match)


async def get_raw_message(call: Call[RawParameters, Nothing]) -> Response:
    """The message, octet for octet."""
    await call.account.refresh()
    message = await find_message(call.account, call.parameters.message_id)
    return octet_response(raw_octets(message), _conditions(call.parameters))


async def get_part(call: Call[PartParameters, Nothing]) -> Response:
    """One part, transfer-decoded."""
    await call.account.refresh()
    message = await find_message(call.account, call.parameters.message_id)
    part = find_part(await parsed_of(message), call.parameters.part_path)
    octets = await part_octets(message, part, call.parameters.disposition)
    return octet_response(octets, _conditions(call.parameters))


HANDLERS: Final = (
    handles(get_raw_message, RawParameters, Nothing),
    handles(get_part, PartParameters, Nothing),
)
