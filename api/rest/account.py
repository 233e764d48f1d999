"""``/v1/account``: the signed-in account."""

from __future__ import annotations

from typing import Final

import msgspec
from starlette.responses import Response

from api.rest.call import Call, Nothing
from api.rest.json_response import json_response
from api.rest.route import handles


class AccountJson(msgspec.Struct, frozen=True):
    """Schema ``Account``."""

    id: str
    address: str
    name: str
    state: str
    messages: int
    used: int
    quota: int | None
    message_quota: int | None


async def get_account(call: Call[Nothing, Nothing]) -> Response:
    """The account with its clock and its use of storage."""
    account = call.account
    await account.refresh()
    return json_response(
        AccountJson(
            id=account.id,
            address=account.address,
            name=account.name,
            state=str(account.modseq),
            messages=account.messages,
            used=account.used,
            quota=account.quota or None,
            message_quota=account.message_quota or None,
        )
    )


HANDLERS: Final = (handles(get_account, Nothing, Nothing),)
