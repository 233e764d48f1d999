"""One SASL exchange with the authenticator behind it, the same for every protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from correio.auth.grant import FULL, SEND, Grant
from correio.errors import AuthenticationError, InvalidInputError, ThrottledError
from correio.mail.addresses import normalise_address
from protocols.wire.sasl.mechanism import Ended, Mechanism, PasswordClaim, ScramClaim, ScramProof, TokenClaim

if TYPE_CHECKING:
    from correio.auth.authenticator import Authenticator, ScramAttempt
    from correio.mail.account import Account


class ActingForAnotherError(Exception):
    """The client names one identity and wants to act for another, which nobody may."""


class SignIn:
    """Takes the client's responses to the end. ``remote`` is the client's IP address.

    ``submission``: an API key for sending signs in too, also as a password.
    """

    def __init__(
        self, mechanism: Mechanism, authenticator: Authenticator, remote: str, *, submission: bool = False
    ) -> None:
        self._mechanism: Final = mechanism
        self._authenticator: Final = authenticator
        self._remote: Final = remote
        self._refused: AuthenticationError | None = None
        self._attempt: ScramAttempt | None = None
        self._account: Account | None = None
        self._submission: Final = submission
        self.grant: Grant | None = None
        """What the sign-in allows, once it has succeeded."""

    async def step(self, response: bytes | None) -> bytes | Account:
        """Take the client's decoded response (None: no initial response); return the next challenge or the account.

        Raises SaslError, ActingForAnotherError, AuthenticationError, ThrottledError, UnavailableError: it is over then.
        """
        result = await self._step(response)
        if isinstance(result, Grant):
            self.grant = result
            return result.account
        return result

    async def _step(self, response: bytes | None) -> bytes | Grant:
        if self._refused is not None:
            # Whatever the client says to the reason it was given.
            raise self._refused
        step = self._mechanism.step(response)
        match step:
            case bytes():
                return step
            case PasswordClaim():
                _require_same(step.authorization, step.name)
                if self._submission:
                    return await self._authenticator.sender(step.name, step.password, self._remote)
                return Grant(await self._authenticator.password(step.name, step.password, self._remote))
            case TokenClaim():
                return await self._check_token(step)
            case ScramClaim():
                _require_same(step.authorization, step.name)
                self._attempt = await self._authenticator.scram(step.name, self._remote)
                return step.offer(self._attempt.credentials.salt, self._attempt.credentials.iterations)
            case ScramProof():
                assert self._attempt is not None
                self._account, signature = await self._authenticator.prove(
                    self._attempt, step.message, step.proof, self._remote
                )
                return step.confirm(signature)
            case Ended():
                assert self._account is not None
                return Grant(self._account)

    async def _check_token(self, claim: TokenClaim) -> bytes | Grant:
        if not claim.token:
            # The client only asks how it could get one: RFC 7628 section 4.3.
            self._refused = AuthenticationError("There is no token.")
            return claim.reject()
        try:
            scope = SEND if self._submission else FULL
            return await self._authenticator.session(claim.address, claim.token, self._remote, scope)
        except ThrottledError:
            raise
        except AuthenticationError as error:
            self._refused = error
            return claim.reject()


def _require_same(authorization: str, name: str) -> None:
    if not authorization or authorization == name:
        return
    try:
        same = normalise_address(authorization) == normalise_address(name)
    except InvalidInputError:
        same = False
    if not same:
        raise ActingForAnotherError("Nobody may act for another here.")
