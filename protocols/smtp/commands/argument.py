"""What the arguments of commands have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocols.smtp.core.envelope_address import EnvelopeAddress, PathError, parse_path
from protocols.smtp.core.reply import Refusal, Reply

if TYPE_CHECKING:
    from protocols.smtp.connection import MailConnection


def plain(argument: str | None) -> str:
    """Return the argument, "" for none. Raises Refusal when it holds a control character or is not UTF-8."""
    if argument is None:
        return ""
    if any(letter < " " or letter == "\x7f" or "\ud800" <= letter <= "\udfff" for letter in argument):
        raise Refusal(Reply(501, "5.5.2", "The command holds a control character, or octets that are not UTF-8."))
    return argument


def none_allowed(argument: str | None, command: str) -> None:
    """Raise Refusal when there is an argument."""
    if argument:
        raise Refusal(Reply(501, "5.5.4", f"{command} takes no argument."))


def path_argument(argument: str | None, keyword: str, status: str) -> tuple[EnvelopeAddress, str]:
    """Return the address and the parameters of ``FROM:<path> parameters``. Raises Refusal with the enhanced status
    code.
    """
    text = plain(argument)
    if text[: len(keyword)].upper() != keyword:
        raise Refusal(Reply(501, "5.5.2", f"{keyword}<address> is expected here."))
    try:
        # A space after the colon is in no grammar and in much real traffic.
        address, rest = parse_path(text[len(keyword) :].lstrip(" "))
    except PathError as error:
        raise Refusal(Reply(501, status, str(error))) from error
    if rest and not rest.startswith(" "):
        raise Refusal(Reply(501, status, "Something follows the address without a space."))
    return address, rest


def require_greeting(connection: MailConnection) -> None:
    """Raise Refusal before HELO, EHLO or LHLO."""
    if not connection.greeted:
        name = "LHLO" if connection.server.role.lmtp else "EHLO"
        raise Refusal(Reply(503, "5.5.1", f"{name} first."))


def require_account(connection: MailConnection) -> None:
    """Raise Refusal on a submission listener before AUTH (RFC 6409 section 4.3), and when the account was closed since."""
    if connection.account is not None and connection.account.closed:
        connection.account = connection.grant = None
    if connection.server.role.submission and connection.account is None:
        raise Refusal(Reply(530, "5.7.0", "Authentication is required."))


async def require_living_key(connection: MailConnection) -> None:
    """Raise Refusal where the API key that signed in was revoked or has expired since."""
    if connection.grant is None or await connection.server.authenticator.holds(connection.grant):
        return
    connection.account = connection.grant = None
    raise Refusal(Reply(530, "5.7.0", "The key that signed in is no longer valid."))
