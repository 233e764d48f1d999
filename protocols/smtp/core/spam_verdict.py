"""What rspamd says of a message, and what follows from it. The question is an HTTP request; see rspamd's protocol for /checkv2."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from protocols.smtp.core.reply import Reply

_JUNK: Final = frozenset({"add header", "rewrite subject", "quarantine", "discard"})
"""None of them loses mail here, and no subject is rewritten: the octets are the sender's."""
_LATER: Final = frozenset({"soft reject", "greylist"})


class VerdictError(ValueError):
    """The answer is not one of rspamd's."""


class _Messages(msgspec.Struct):
    smtp_message: str = ""


class _Answer(msgspec.Struct):
    action: str
    score: float = 0.0
    required_score: float = 0.0
    messages: _Messages | None = None


class Verdict(msgspec.Struct, frozen=True):
    """What becomes of a message."""

    refusal: Reply | None = None
    junk: bool = False
    fields: bytes = b""
    """Header fields to put above the message, each with its CRLF."""


ACCEPTED: Final = Verdict()


class Checked(msgspec.Struct, frozen=True):
    """What is known of a message besides its octets."""

    remote: str
    helo: str
    sender: str
    recipients: Sequence[str]
    queue_id: str
    hostname: str


def request_headers(checked: Checked) -> list[tuple[str, str]]:
    """Return the header fields of the request, of one line each whatever the client said."""
    fields = [
        ("IP", checked.remote.partition("%")[0]), ("Helo", checked.helo), ("From", checked.sender),
        *(("Rcpt", one) for one in checked.recipients), ("Queue-Id", checked.queue_id), ("MTA-Name", checked.hostname),
    ]  # fmt: skip
    return [(name, "".join(letter for letter in value if letter.isprintable())) for name, value in fields]


def read_verdict(status: int, body: bytes) -> Verdict:
    """Return what an answer means, by its HTTP status and body. An action that is not known is none. Raises VerdictError."""
    if status != 200:
        raise VerdictError(f"HTTP status {status}")
    try:
        answer = msgspec.json.decode(body, type=_Answer)
    except (msgspec.DecodeError, msgspec.ValidationError, RecursionError) as error:
        raise VerdictError(str(error)) from error
    action = answer.action
    said = answer.messages.smtp_message if answer.messages is not None else ""
    if action == "reject":
        return Verdict(Reply(550, "5.7.1", said or "The message is taken for spam."))
    if action in _LATER:
        return Verdict(Reply(451, "4.7.1", said or "Not now; try again later."))
    junk = action in _JUNK
    return Verdict(junk=junk, fields=_fields(answer, "Yes" if junk else "No"))


def _fields(answer: _Answer, spam: Literal["Yes", "No"]) -> bytes:
    status = f"{spam}, score={answer.score:.2f} required={answer.required_score:.2f}"
    flag = "X-Spam: Yes\r\n" if spam == "Yes" else ""
    return f"{flag}X-Spam-Status: {status}\r\n".encode("ascii")
