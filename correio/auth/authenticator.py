"""Signing in: the one way for every protocol, under one throttle."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable

from correio.auth.passwords import Passwords, prepare
from correio.auth.throttle import Throttle
from correio.auth.tokens import LIFETIME, IssuedToken, Tokens
from correio.auth.verifier import Verifier
from correio.errors import AuthenticationError, InvalidInputError, MailError, NotFoundError, ThrottledError
from correio.mail.account import Account
from correio.mail.addresses import normalise_address
from correio.mail.message_store import MessageStore
from correio.store.accounts import replace_password
from correio.store.documents import AccountDocument, TokenDocument

_log = logging.getLogger("correio.auth")


class Authenticator:
    """One per process. ``clock`` is monotonic, in seconds."""

    def __init__(
        self,
        store: MessageStore,
        *,
        passwords: Passwords | None = None,
        throttle: Throttle | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._passwords = passwords or Passwords()
        self._throttle = throttle or Throttle()
        self._clock = clock
        self._verifier = Verifier()
        self._tokens = Tokens(store, clock)

    async def password(self, address: str, password: str, remote: str) -> Account:
        """Return the account of an address and its password. ``remote`` is the client's IP address.

        Raises AuthenticationError, which never says what was wrong and takes as long for an account that does not
        exist; ThrottledError; UnavailableError.
        """
        try:
            normal: str | None = normalise_address(address)
        except InvalidInputError:
            normal = None
        self._admit(remote, normal)
        if normal is not None:
            account = await self._recall(normal, password)
            if account is not None:
                self._throttle.succeeded(remote, normal)
                return account
        found = await self._store.account_document(normal) if normal is not None else None
        document = None if found is None or found.disabled else found
        async with self._passwords.slot():
            # Attempts that came together with this one may have failed while it waited.
            self._admit(remote, normal)
            right = await self._passwords.verify(document.password if document else "", password)
            if not right:
                self._throttle.failed(remote, normal, self._clock())
        if document is None or normal is None or not right:
            _log.info("sign-in refused", extra={"remote": remote, "account": normal or "?"})
            raise AuthenticationError("The address or the password is wrong.")
        self._throttle.succeeded(remote, normal)
        stored = await self._renewed(document, password)
        self._verifier.remember(normal, document.id, stored, prepare(password), self._clock())
        return await self._open(document.id)

    async def token(self, token: str, remote: str) -> Account:
        """Return the account of a bearer token. Raises AuthenticationError, ThrottledError, UnavailableError."""
        self._admit(remote, None)
        try:
            return await self._tokens.check(token)
        except AuthenticationError:
            self._throttle.failed(remote, None, self._clock())
            raise

    async def issue_token(self, account: Account, label: str = "", lifetime: int = LIFETIME) -> IssuedToken:
        """Make a bearer token; ``lifetime`` in seconds. Raises InvalidInputError, UnavailableError."""
        return await self._tokens.issue(account, label, lifetime)

    async def list_tokens(self, account: Account) -> list[TokenDocument]:
        """Return an account's living tokens, newest first, without their secrets. Raises UnavailableError."""
        return await self._tokens.living(account)

    async def revoke_token(self, account: Account, token_id: str) -> None:
        """End a token: at once in this process, within five seconds in others. Raises NotFoundError."""
        await self._tokens.revoke(account, token_id)

    def close(self) -> None:
        """End the threads."""
        self._passwords.close()

    def _admit(self, remote: str, account: str | None) -> None:
        wait = self._throttle.wait(remote, account, self._clock())
        if wait > 0:
            seconds = math.ceil(wait)
            raise ThrottledError(f"Too many failed sign-ins; try again in {seconds} s.", retry_after=float(seconds))

    async def _recall(self, address: str, password: str) -> Account | None:
        """Return the account if this password was right for it a moment ago and nothing has changed since."""
        try:
            octets = prepare(password)
        except InvalidInputError:
            return None
        verified = self._verifier.recall(address, octets, self._clock())
        if verified is None:
            return None
        try:
            account = await self._store.account(verified.account_id)
        except NotFoundError:
            account = None
        if account is None or account.document.password != verified.stored or account.address != address:
            self._verifier.forget(address)
            return None
        return account

    async def _renewed(self, document: AccountDocument, password: str) -> str:
        """Hash the password anew where it was stored with other parameters; returns the stored hash."""
        if not self._passwords.is_weak(document.password):
            return document.password
        try:
            stronger = await self._passwords.hash(password)
            replaced = await replace_password(self._store.database, document.id, document.password, stronger)
        except MailError as error:
            _log.warning("the password of %s keeps its old hash for now: %s", document.id, error)
            return document.password
        return stronger if replaced else document.password

    async def _open(self, account_id: str) -> Account:
        try:
            return await self._store.account(account_id)
        except NotFoundError as error:
            raise AuthenticationError("The address or the password is wrong.") from error
