"""What can go wrong with mail, in words a person can act on.

Each surface translates these into its own form: IMAP a tagged NO with a response code, POP3 ``-ERR``, SMTP and LMTP an
enhanced status code (RFC 3463), REST a problem document (RFC 9457), GraphQL a ``Problem`` member. The text of an error is
shown to the client as it stands, so it never carries internals.
"""

from __future__ import annotations

from collections.abc import Mapping


class MailError(Exception):
    """The base of every expected failure. ``code`` is stable and lower case with hyphens; ``message`` is one sentence."""

    code = "error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotFoundError(MailError):
    """No such mailbox, message, part or account *for this account*: another tenant's id is answered the same way."""

    code = "not-found"


class ClosedAccountError(NotFoundError):
    """The account is disabled. Clients hear the same as of one that does not exist."""


class AlreadyExistsError(MailError):
    """The name is taken."""

    code = "already-exists"


class ForbiddenError(MailError):
    """The account may not do this, for example rename over INBOX."""

    code = "forbidden"


class InsufficientScopeError(ForbiddenError):
    """The API key was not made for this. ``scope`` names, with spaces between, what would do (RFC 6750 section 3.1)."""

    code = "insufficient-scope"

    def __init__(self, message: str, scope: str) -> None:
        super().__init__(message)
        self.scope = scope


class InvalidInputError(MailError):
    """A value is not acceptable. ``field`` names it in the form the caller used, where there is one.

    Within a list or an object it is a JSON pointer without its first slash: ``to/0``.
    """

    code = "invalid-input"

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class TooLargeError(MailError):
    """A message or literal is over the configured size. ``limit`` is in octets."""

    code = "too-large"

    def __init__(self, message: str, limit: int) -> None:
        super().__init__(message)
        self.limit = limit


class LimitError(MailError):
    """Too many of something: mailboxes, keywords, recipients."""

    code = "limit"


class LoopError(MailError):
    """Mail that would go round in a circle: an alias that leads to itself, a message that has been here before."""

    code = "loop"


class QuotaExceededError(MailError):
    """The account has no room for this message. ``never``: it is larger than the account may ever be."""

    code = "over-quota"

    def __init__(self, message: str, *, never: bool = False) -> None:
        super().__init__(message)
        self.never = never


class HasChildrenError(MailError):
    """A mailbox that cannot be selected and has children cannot be deleted (RFC 9051 section 6.3.5)."""

    code = "has-children"


class StateMismatchError(MailError):
    """The caller's precondition (``ifInState``, ``If-Match``) names an older state."""

    code = "state-mismatch"


class ConflictError(MailError):
    """What is asked for contradicts what was done: the same Idempotency-Key with another request, cancelling what has gone."""

    code = "conflict"


class RefusedError(MailError):
    """The rules of a recipient refuse the message. ``message`` is what they say of it, in one line or several."""

    code = "refused"


class RecipientsRejectedError(MailError):
    """Some recipients cannot be served, and nothing was sent. ``recipients``: each address, and why, in one sentence."""

    code = "recipients-rejected"

    def __init__(self, message: str, recipients: Mapping[str, str]) -> None:
        super().__init__(message)
        self.recipients = dict(recipients)


class UnavailableError(MailError):
    """Temporary: the database is away or overloaded. The same request may succeed later."""

    code = "unavailable"


class OutcomeUnknownError(UnavailableError):
    """The commit may or may not have happened. Never answered as success."""

    code = "outcome-unknown"


class AuthenticationError(MailError):
    """Wrong address or password, or a token that is unknown, expired or revoked. Says never which."""

    code = "authentication-failed"


class ThrottledError(AuthenticationError):
    """Too many failures from this address or for this account. ``retry_after`` is in seconds."""

    code = "throttled"

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after
