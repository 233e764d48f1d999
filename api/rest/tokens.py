"""``/v1/tokens``: signing in and out."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

import msgspec
from starlette.responses import Response

from api.rest.authentication import remote_address, require_private_channel
from api.rest.call import Call, Nothing
from api.rest.json_response import json_response
from api.rest.route import handles
from api.rest.timestamps import rfc3339
from correio.auth.tokens import LIFETIME
from correio.errors import NotFoundError
from correio.store.documents import TokenDocument


class NewToken(msgspec.Struct, frozen=True):
    """Schema ``NewToken``."""

    address: str
    password: str
    label: str = ""
    expires_in: int = LIFETIME


class TokenParameters(msgspec.Struct, frozen=True):
    """A token by its id."""

    token_id: str


class TokenAccountJson(msgspec.Struct, frozen=True):
    """Whose token it is."""

    id: str
    address: str


class IssuedTokenJson(msgspec.Struct, frozen=True):
    """Schema ``IssuedToken``."""

    id: str
    token: str
    expires_at: str
    account: TokenAccountJson
    token_type: str = "Bearer"  # noqa: S105 - the type, not a token


class TokenJson(msgspec.Struct, frozen=True):
    """Schema ``Token``."""

    id: str
    label: str
    created_at: str
    expires_at: str
    current: bool


class TokenListJson(msgspec.Struct, frozen=True):
    """Schema ``TokenList``."""

    tokens: list[TokenJson]


def _is_current(token: TokenDocument, given: str) -> bool:
    return hmac.compare_digest(token.digest, hashlib.sha256(given.encode("ascii")).digest())


async def create_token(call: Call[Nothing, NewToken]) -> Response:
    """Exchange an address and a password for a token."""
    require_private_channel(call.request)
    authenticator, new = call.context.authenticator, call.body
    account = await authenticator.password(new.address, new.password, remote_address(call.request))
    issued = await authenticator.issue_token(account, new.label, new.expires_in)
    return json_response(
        IssuedTokenJson(
            issued.id, issued.token, rfc3339(issued.expires), TokenAccountJson(account.id, account.address)
        ),
        201,
        {"Location": f"/v1/tokens/{issued.id}"},
    )


async def list_tokens(call: Call[Nothing, Nothing]) -> Response:
    """The account's tokens, without their secrets."""
    tokens = await call.context.authenticator.list_tokens(call.account)
    return json_response(
        TokenListJson(
            [
                TokenJson(one.id, one.label, rfc3339(one.created), rfc3339(one.expires), _is_current(one, call.token))
                for one in tokens
            ]
        )
    )


async def revoke_current_token(call: Call[Nothing, Nothing]) -> Response:
    """Sign out."""
    for token in await call.context.authenticator.list_tokens(call.account):
        if _is_current(token, call.token):
            await call.context.authenticator.revoke_token(call.account, token.id)
            return Response(status_code=204)
    raise NotFoundError("There is no such token.")


async def revoke_token(call: Call[TokenParameters, Nothing]) -> Response:
    """End one token."""
    await call.context.authenticator.revoke_token(call.account, call.parameters.token_id)
    return Response(status_code=204)


HANDLERS: Final = (
    handles(create_token, Nothing, NewToken),
    handles(list_tokens, Nothing, Nothing),
    handles(revoke_current_token, Nothing, Nothing),
    handles(revoke_token, TokenParameters, Nothing),
)
