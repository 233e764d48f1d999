"""One call of one operation, as its handler sees it: checked, typed and signed in."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import msgspec
from starlette.requests import Request

from correio.auth.authenticator import Authenticator
from correio.config import Settings
from correio.mail.account import Account
from correio.mail.message_store import MessageStore


class Nothing(msgspec.Struct, frozen=True):
    """No parameters, or no body."""


P = TypeVar("P", bound=msgspec.Struct)
B = TypeVar("B", bound=msgspec.Struct | bytes)


class Context(msgspec.Struct, frozen=True):
    """What every handler may use."""

    store: MessageStore
    authenticator: Authenticator
    settings: Settings


class Call(Generic[P, B]):
    """``parameters`` holds path, query and header parameters in one struct, ``body`` the JSON body or the octets."""

    __slots__ = ("_account", "body", "context", "parameters", "request", "token")

    def __init__(
        self, context: Context, request: Request, account: Account | None, token: str, parameters: P, body: B
    ) -> None:
        self.context = context
        self.request = request
        self._account = account
        self.token = token
        """The bearer token, empty where the operation takes none."""
        self.parameters = parameters
        self.body = body

    @property
    def account(self) -> Account:
        """The account that is signed in. Only for operations that the contract secures."""
        if self._account is None:
            raise RuntimeError("This operation is not secured by the contract.")
        return self._account


AnyCall = Call[Any, Any]
