"""``/v1/queue``: what the account has sent and waits, and steering it."""

from __future__ import annotations

from typing import Final

import msgspec
from starlette.responses import Response

from api.rest.call import Call, Nothing
from api.rest.email_json import next_attempt
from api.rest.json_response import json_response
from api.rest.route import handles
from api.rest.timestamps import rfc3339
from correio.errors import NotFoundError
from correio.queue import administration
from correio.store.queue_documents import DeliveryDocument


class DeliveryParameters(msgspec.Struct, frozen=True):
    """A delivery by its id."""

    delivery_id: str


class QueueParameters(msgspec.Struct, frozen=True):
    """How much of the queue."""

    limit: int = 100


class QueuedDeliveryJson(msgspec.Struct, frozen=True, kw_only=True):
    """Schema ``QueuedDelivery``."""

    id: str
    email_id: str
    address: str
    status: str
    attempts: int
    next_attempt_at: str | None
    expires_at: str
    reply: str | None


class QueueJson(msgspec.Struct, frozen=True):
    """Schema ``Queue``."""

    deliveries: list[QueuedDeliveryJson]


def _delivery_json(delivery: DeliveryDocument) -> QueuedDeliveryJson:
    return QueuedDeliveryJson(
        id=delivery.id,
        email_id=delivery.send,
        address=delivery.recipient,
        status=delivery.status,
        attempts=delivery.attempts,
        next_attempt_at=next_attempt(delivery),
        expires_at=rfc3339(delivery.expires),
        reply=delivery.history[-1].reply or None if delivery.history else None,
    )


async def list_queue(call: Call[QueueParameters, Nothing]) -> Response:
    """What waits, next due first."""
    account = call.account
    found = await administration.list_queue(account.store, account_id=account.id, limit=call.parameters.limit)
    return json_response(QueueJson([_delivery_json(one) for one in found]))


async def _after(call: Call[DeliveryParameters, Nothing]) -> Response:
    account, delivery_id = call.account, call.parameters.delivery_id
    shown = await administration.show(account.store, delivery_id, account_id=account.id)
    for one in shown.deliveries:
        if one.id == delivery_id:
            return json_response(_delivery_json(one))
    raise NotFoundError("There is no such delivery.")


async def retry_delivery(call: Call[DeliveryParameters, Nothing]) -> Response:
    """Try it now, also where it was held."""
    await administration.retry(call.account.store, call.parameters.delivery_id, account_id=call.account.id)
    return await _after(call)


async def hold_delivery(call: Call[DeliveryParameters, Nothing]) -> Response:
    """Keep it until it is retried."""
    await administration.hold(call.account.store, call.parameters.delivery_id, account_id=call.account.id)
    return await _after(call)


async def cancel_delivery(call: Call[DeliveryParameters, Nothing]) -> Response:
    """End it."""
    await administration.cancel(call.account.store, call.parameters.delivery_id, account_id=call.account.id)
    return await _after(call)


HANDLERS: Final = (
    handles(list_queue, QueueParameters, Nothing),
    handles(retry_delivery, DeliveryParameters, Nothing),
    handles(hold_delivery, DeliveryParameters, Nothing),
    handles(cancel_delivery, DeliveryParameters, Nothing),
)
