"""One call of one operation, as its handler sees it: checked, typed and signed in."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import msgspec
from starlette.requests import Request

from correio.auth.authenticator import Authenticator
from correio.auth.grant import Grant
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

    __slots__ = ("_grant", "body", "context", "parameters", "request", "token")

    def __init__(
        self, context: Context, request: Request, grant: Grant | None, token: str, parameters: P, body: B
    ) -> None:
        self.context = context
        self.request = request
        self._grant = grant
        self.token = token
        """The bearer token, empty where the operation takes none."""
        self.parameters = parameters
        self.body = body

    @property
    def account(self) -> Account:
        """The account that is signed in. Only for operations that the contract secures."""
        return self.grant.account

    @property
    def grant(self) -> Grant:
        """What the token or API key allows. Only for operations that the contract secures."""
        if self._grant is None:
            raise RuntimeError("This operation is not secured by the contract.")
        return self._grant


AnyCall = Call[Any, Any]
