"""Signing in: the one way for every protocol, under one throttle."""

from __future__ import annotations

import logging
import math
import os
import time
from collections.abc import Callable, Sequence

import msgspec

from correio.auth.api_keys import IssuedKey, issue_key, list_keys
from correio.auth.grant import FULL, SEND, Grant
from correio.auth.passwords import Passwords, prepare
from correio.auth.scram import ScramCredentials, decoy
from correio.auth.secret_text import KEY_PREFIX, is_secret
from correio.auth.throttle import Throttle
from correio.auth.tokens import LIFETIME, IssuedToken, Tokens
from correio.auth.verifier import Verifier
from correio.errors import AuthenticationError, InvalidInputError, MailError, NotFoundError, ThrottledError
from correio.mail.account import Account
from correio.mail.addresses import normalise_address
from correio.mail.message_store import MessageStore
from correio.store.accounts import replace_password
from correio.store.documents import AccountDocument, TokenDocument
from correio.store.secrets import shared_secret

_log = logging.getLogger("correio.auth")
_WRONG = "The address or the password is wrong."


class ScramAttempt(msgspec.Struct, frozen=True):
    """A SCRAM exchange between its two halves. ``credentials`` are a decoy's where ``account_id`` is None."""

    address: str | None
    account_id: str | None
    credentials: ScramCredentials


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
        self._decoys: bytes | None = None
        self._tokens = Tokens(store, clock)

    async def password(self, address: str, password: str, remote: str) -> Account:
        """Return the account of an address and its password. ``remote`` is the client's IP address.

        Raises AuthenticationError, which never says what was wrong and takes as long for an account that does not
        exist; ThrottledError; UnavailableError.
        """
        normal = _normal(address)
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
            raise _refused(remote, normal)
        self._throttle.succeeded(remote, normal)
        stored = await self._renewed(document, password)
        self._verifier.remember(normal, document.id, stored, prepare(password), self._clock())
        return await self._open(document.id)

    async def scram(self, address: str, remote: str) -> ScramAttempt:
        """Begin a SCRAM-SHA-256 exchange: return the salt and the iterations to send, and what the proof is for.

        An account that does not exist, is disabled or has no credentials yet gets a salt that is always the same, so that
        nobody can tell. Raises ThrottledError, UnavailableError.
        """
        normal = _normal(address)
        self._admit(remote, normal)
        if self._decoys is None:
            self._decoys = await shared_secret(self._store.database, "scram-decoys", os.urandom(32))
        found = await self._store.account_document(normal) if normal is not None else None
        credentials = None if found is None or found.disabled else ScramCredentials.parse(found.scram)
        if found is None or credentials is None:
            iterations = self._store.settings.scram_iterations
            return ScramAttempt(normal, None, decoy(self._decoys, normal or address, iterations))
        return ScramAttempt(normal, found.id, credentials)

    async def prove(self, attempt: ScramAttempt, message: bytes, proof: bytes, remote: str) -> tuple[Account, bytes]:
        """End a SCRAM-SHA-256 exchange: return the account and the ServerSignature over the AuthMessage.

        Raises AuthenticationError, also when the password has changed since the exchange began; ThrottledError;
        UnavailableError.
        """
        # Other exchanges that began together with this one may have failed by now.
        self._admit(remote, attempt.address)
        right = attempt.credentials.accepts(message, proof)
        if not right or attempt.account_id is None or attempt.address is None:
            self._throttle.failed(remote, attempt.address, self._clock())
            raise _refused(remote, attempt.address)
        account = await self._open(attempt.account_id)
        await self._catch_up(account)
        if ScramCredentials.parse(account.document.scram) != attempt.credentials:
            raise _refused(remote, attempt.address)
        self._throttle.succeeded(remote, attempt.address)
        return account, attempt.credentials.sign(message)

    async def token(self, token: str, remote: str) -> Account:
        """Return the account of a bearer token that allows everything.

        Raises AuthenticationError, InsufficientScopeError, ThrottledError, UnavailableError.
        """
        grant = await self.bearer(token, remote)
        grant.require(FULL)
        return grant.account

    async def bearer(self, token: str, remote: str) -> Grant:
        """Return what a bearer token or API key allows. Raises AuthenticationError, ThrottledError, UnavailableError.

        A program that sends it with every request costs a round trip every five seconds.
        """
        self._admit(remote, None)
        try:
            return await self._tokens.check(token)
        except AuthenticationError:
            self._throttle.failed(remote, None, self._clock())
            raise

    async def token_of(self, address: str, token: str, remote: str) -> Account:
        """Return the account of a bearer token that allows everything, as it is now, for a session that goes on for long.

        ``address`` is whose token it has to be; "": anybody's. Raises AuthenticationError, ThrottledError,
        UnavailableError.
        """
        return (await self.session(address, token, remote, FULL)).account

    async def session(self, address: str, token: str, remote: str, scope: str) -> Grant:
        """As :meth:`token_of`, for a token or API key that allows ``scope``. One that does not is not valid here."""
        normal = _normal(address)
        self._admit(remote, normal)
        try:
            grant = await self._tokens.check(token, fresh=True)
        except AuthenticationError:
            self._throttle.failed(remote, normal, self._clock())
            raise
        if address and normal != grant.account.address:
            self._throttle.failed(remote, normal, self._clock())
            raise AuthenticationError("The token is not valid.")
        self._throttle.succeeded(remote, grant.account.address)
        if not grant.is_full and scope not in grant.scopes:
            raise AuthenticationError("The token is not valid for this.")
        return grant

    async def sender(self, address: str, password: str, remote: str) -> Grant:
        """Return what an account's password, or an API key in its place, allows to somebody who submits mail.

        Raises AuthenticationError, ThrottledError, UnavailableError.
        """
        if is_secret(password, KEY_PREFIX):
            return await self.session(address, password, remote, SEND)
        return Grant(await self.password(address, password, remote))

    async def holds(self, grant: Grant) -> bool:
        """Tell whether the API key of a session still works. Raises UnavailableError."""
        return await self._tokens.holds(grant)

    async def issue_token(self, account: Account, label: str = "", lifetime: int = LIFETIME) -> IssuedToken:
        """Make a bearer token; ``lifetime`` in seconds. Raises InvalidInputError, UnavailableError."""
        return await self._tokens.issue(account, label, lifetime)

    async def list_tokens(self, account: Account) -> list[TokenDocument]:
        """Return an account's living tokens, newest first, without their secrets. Raises UnavailableError."""
        return await self._tokens.living(account)

    async def issue_key(
        self,
        account: Account,
        name: str,
        scopes: Sequence[str],
        allowed_senders: Sequence[str] = (),
        lifetime: int | None = None,
    ) -> IssuedKey:
        """Make an API key; see :func:`correio.auth.api_keys.issue_key`."""
        return await issue_key(account, name, scopes, allowed_senders, lifetime)

    async def list_keys(self, account: Account) -> list[TokenDocument]:
        """Return an account's living API keys, newest first, without their secrets. Raises UnavailableError."""
        return await list_keys(account)

    async def revoke_token(self, account: Account, token_id: str) -> None:
        """End a token or API key: at once in this process, within five seconds in others. Raises NotFoundError."""
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
            # As the database has it now: news of a change may be on their way still.
            await account.refresh()
        except NotFoundError:
            account = None
        if account is None or account.document.password != verified.stored or account.address != address:
            self._verifier.forget(address)
            return None
        return account

    async def _renewed(self, document: AccountDocument, password: str) -> str:
        """Store the password anew where the hash has other parameters than today's, or there are no such SCRAM
        credentials; returns the stored hash.
        """
        iterations = self._store.settings.scram_iterations
        known = ScramCredentials.parse(document.scram)
        derived = known is not None and known.iterations == iterations
        weak = self._passwords.is_weak(document.password)
        if derived and not weak:
            return document.password
        try:
            stronger = await self._passwords.hash(password) if weak else document.password
            scram = document.scram if derived else (await self._passwords.scram(password, iterations)).render()
            replaced = await replace_password(self._store.database, document.id, document.password, stronger, scram)
        except MailError as error:
            _log.warning("the password of %s keeps its old hash for now: %s", document.id, error)
            return document.password
        return stronger if replaced else document.password

    async def _open(self, account_id: str) -> Account:
        try:
            return await self._store.account(account_id)
        except NotFoundError as error:
            raise AuthenticationError(_WRONG) from error

    async def _catch_up(self, account: Account) -> None:
        try:
            await account.refresh()
        except NotFoundError as error:
            raise AuthenticationError(_WRONG) from error


def _normal(address: str) -> str | None:
    try:
        return normalise_address(address)
    except InvalidInputError:
        return None


def _refused(remote: str, account: str | None) -> AuthenticationError:
    _log.info("sign-in refused", extra={"remote": remote, "account": account or "?"})
    return AuthenticationError(_WRONG)
