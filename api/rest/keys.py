"""``/v1/keys``: API keys for programs."""

from __future__ import annotations

from typing import Final

import msgspec
from starlette.responses import Response

from api.rest.call import Call, Nothing
from api.rest.json_response import json_response
from api.rest.route import handles
from api.rest.timestamps import rfc3339
from correio.auth.api_keys import NEVER
from correio.store.documents import TokenDocument


class NewKey(msgspec.Struct, frozen=True):
    """Schema ``NewKey``."""

    name: str
    scopes: list[str]
    allowed_senders: list[str] = []
    expires_in: int | None = None


class KeyParameters(msgspec.Struct, frozen=True):
    """A key by its id."""

    key_id: str


class KeyJson(msgspec.Struct, frozen=True, kw_only=True):
    """Schema ``Key``."""

    id: str
    name: str
    scopes: list[str]
    allowed_senders: list[str]
    created_at: str
    expires_at: str | None
    last_used_at: str | None


class IssuedKeyJson(KeyJson, frozen=True, kw_only=True):
    """Schema ``IssuedKey``."""

    key: str


class KeyListJson(msgspec.Struct, frozen=True):
    """Schema ``KeyList``."""

    keys: list[KeyJson]


def key_json(key: TokenDocument) -> KeyJson:
    """Return a key without its secret."""
    return KeyJson(
        id=key.id,
        name=key.label,
        scopes=key.scopes,
        allowed_senders=key.senders,
        created_at=rfc3339(key.created),
        expires_at=None if key.expires >= NEVER else rfc3339(key.expires),
        last_used_at=rfc3339(key.used) if key.used else None,
    )


async def create_key(call: Call[Nothing, NewKey]) -> Response:
    """Make a key."""
    new = call.body
    issued = await call.context.authenticator.issue_key(
        call.account, new.name, new.scopes, new.allowed_senders, new.expires_in
    )
    shown = key_json(issued.document)
    return json_response(
        IssuedKeyJson(key=issued.secret, **{name: getattr(shown, name) for name in shown.__struct_fields__}),
        201,
        {"Location": f"/v1/keys/{shown.id}"},
    )


async def list_keys(call: Call[Nothing, Nothing]) -> Response:
    """The account's keys."""
    return json_response(
        KeyListJson([key_json(one) for one in await call.context.authenticator.list_keys(call.account)])
    )


async def revoke_key(call: Call[KeyParameters, Nothing]) -> Response:
    """End a key."""
    await call.context.authenticator.revoke_token(call.account, call.parameters.key_id)
    return Response(status_code=204)


HANDLERS: Final = (
    handles(create_key, Nothing, NewKey),
    handles(list_keys, Nothing, Nothing),
    handles(revoke_key, KeyParameters, Nothing),
)
