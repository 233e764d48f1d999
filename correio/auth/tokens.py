"""Bearer tokens (RFC 6750), those of sign-ins and API keys: only the SHA-256 of each is stored."""

from __future__ import annotations

import hmac
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

import msgspec

from correio.auth.api_keys import is_key
from correio.auth.grant import Grant
from correio.auth.secret_text import KEY_PREFIX, TOKEN_PREFIX, digest_of, is_secret, new_secret
from correio.errors import AuthenticationError, InvalidInputError, NotFoundError
from correio.ids import Kind, new_id
from correio.mail.account import Account
from correio.mail.message_store import MessageStore
from correio.store.documents import TokenDocument
from correio.store.tokens import delete_token, find_token, find_token_by_id, insert_token, list_tokens, touch_token

DAY: Final = 86_400
LIFETIME: Final = 30 * DAY
"""Seconds a token lives where the caller names no other time."""
LONGEST: Final = 3650 * DAY
MOST: Final = 500
"""Living tokens of one account; a new one beyond that ends the oldest."""
_LABEL: Final = 200
_FRESH: Final = 5.0
_CACHED: Final = 10_000
_NOTED: Final = 300
"""Seconds between two notes of a key's use."""


class IssuedToken(msgspec.Struct, frozen=True):
    """A new token. ``token`` is shown this once; ``expires`` is in seconds since the epoch."""

    id: str
    token: str
    expires: int

    def __repr__(self) -> str:
        return f"IssuedToken(id={self.id!r}, expires={self.expires})"


class _Known(msgspec.Struct, frozen=True):
    document: TokenDocument
    password: str
    """The account's stored password hash when the token was looked up: a new password ends all tokens."""
    until: float


class Tokens:
    """Issues, checks and revokes. A check asks the database at most every five seconds for the same token."""

    def __init__(self, store: MessageStore, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock
        self._known: OrderedDict[bytes, _Known] = OrderedDict()

    async def issue(self, account: Account, label: str = "", lifetime: int = LIFETIME) -> IssuedToken:
        """Make a token for an account. ``lifetime`` in seconds. Raises InvalidInputError, UnavailableError."""
        if not 1 <= lifetime <= LONGEST:
            raise InvalidInputError(f"A token lives from 1 to {LONGEST} seconds.", "lifetime")
        if len(label) > _LABEL:
            raise InvalidInputError(f"A label has at most {_LABEL} characters.", "label")
        now = self._store.now()
        token = new_secret(TOKEN_PREFIX)
        document = TokenDocument(
            id=new_id(Kind.TOKEN),
            account=account.id,
            digest=digest_of(token),
            label=label,
            created=now,
            expires=now + lifetime,
        )
        others = [one for one in await list_tokens(self._store.database, account.id) if not is_key(one)]
        living = [other for other in others if other.expires > now]
        for gone in [other for other in others if other.expires <= now] + living[MOST - 1 :]:
            await self.revoke(account, gone.id)
        await insert_token(self._store.database, document)
        return IssuedToken(document.id, token, document.expires)

    async def check(self, token: str, *, fresh: bool = False) -> Grant:
        """Return what a token or key allows. ``fresh``: ask the database in any case. Raises AuthenticationError,
        UnavailableError.
        """
        if not is_secret(token, TOKEN_PREFIX, KEY_PREFIX):
            raise _unknown()
        digest = digest_of(token)
        known = None if fresh else self._known.get(digest)
        if known is not None and known.until > self._clock() and known.document.expires > self._store.now():
            account = await self._account(known.document.account)
            if account.document.password == known.password:
                return self._grant(account, known.document)
        self._known.pop(digest, None)
        asked = self._clock()
        document = await find_token(self._store.database, digest)
        if document is None or not hmac.compare_digest(document.digest, digest):
            raise _unknown()
        if document.expires <= self._store.now():
            raise _unknown()
        account = await self._account(document.account)
        if fresh:
            try:
                await account.refresh()
            except NotFoundError as error:
                raise _unknown() from error
        self._known[digest] = _Known(document, account.document.password, asked + _FRESH)
        if len(self._known) > _CACHED:
            self._known.popitem(last=False)
        return self._grant(account, document)

    async def holds(self, grant: Grant) -> bool:
        """Tell whether the API key of a grant still works, as the database has it; what is no key's holds."""
        if not grant.key:
            return True
        document = await find_token_by_id(self._store.database, grant.key)
        return document is not None and document.expires > self._store.now()

    def _grant(self, account: Account, document: TokenDocument) -> Grant:
        if not is_key(document):
            return Grant(account)
        now = self._store.now()
        if now - document.used >= _NOTED:
            # Here too, so that many requests make one note.
            document.used = now
            self._store.spawn(touch_token(self._store.database, document.id, now))
        return Grant(account, document.id, frozenset(document.scopes), tuple(document.senders))

    async def living(self, account: Account) -> list[TokenDocument]:
        """Return an account's tokens that still work, newest first; no API keys."""
        now = self._store.now()
        found = await list_tokens(self._store.database, account.id)
        return [token for token in found if token.expires > now and not is_key(token)]

    async def revoke(self, account: Account, token_id: str) -> None:
        """End a token or key at once. Raises NotFoundError, also for another account's."""
        gone = await delete_token(self._store.database, account.id, token_id)
        if gone is None:
            raise NotFoundError("There is no such token.")
        self._known.pop(gone.digest, None)

    async def _account(self, account_id: str) -> Account:
        try:
            return await self._store.account(account_id)
        except NotFoundError as error:
            raise _unknown() from error


def _unknown() -> AuthenticationError:
    return AuthenticationError("The token is not valid.")
