"""The parameters of MAIL and RCPT (RFC 5321 section 4.1.1.11, and the RFC of each extension)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, Literal

import msgspec

from correio.mime.xtext import decode_utf8_address, decode_xtext, encode_utf8_address, encode_xtext
from protocols.smtp.core.reply import Refusal, Reply

_PARAMETER: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9\-]*)(?:=([\x21-\x3c\x3e-\x7e\u0080-\U0010ffff]+))?")
# Values may hold an equals sign in practice (ENVID of some senders is base64): only the first one divides.
_LENIENT: Final = re.compile(r"(ENVID|AUTH|ORCPT)=([\x21-\x7e\u0080-\U0010ffff]+)", re.IGNORECASE)
MAX_ENVID: Final = 100
"""Characters, RFC 3461 section 4.4."""
MAX_ORCPT: Final = 500
"""Characters, RFC 3461 section 4.2."""

Body = Literal["7BIT", "8BITMIME", "BINARYMIME"]
Ret = Literal["FULL", "HDRS"]


class MailParameters(msgspec.Struct, frozen=True):
    """What MAIL said of the message."""

    size: int = 0
    """Octets declared (RFC 1870); 0: not declared."""
    body: Body = "7BIT"
    """RFC 6152; BINARYMIME, by BDAT only: RFC 3030 section 3."""
    smtputf8: bool = False
    """RFC 6531 section 3.4."""
    ret: Ret | None = None
    """What a delivery status notification returns (RFC 3461 section 4.3)."""
    envid: str | None = None
    """The sender's own name of the transaction, decoded (RFC 3461 section 4.4)."""
    auth: str | None = None
    """Who submitted it first, decoded, ``<>`` where unknown (RFC 4954 section 5). Taken note of, never trusted."""


class RecipientParameters(msgspec.Struct, frozen=True):
    """What RCPT said of one recipient."""

    notify: frozenset[str] | None = None
    """``NEVER``, or some of ``SUCCESS``, ``FAILURE``, ``DELAY`` (RFC 3461 section 4.1); None: not said."""
    original_type: str | None = None
    """The address type of ORCPT in lower case (RFC 3461 section 4.2, RFC 6533 section 3)."""
    original: str | None = None
    """The address of ORCPT, decoded."""


def original_recipient(parameters: RecipientParameters) -> str:
    """Return ORCPT as it stands in a command, ``type;address``; empty where it was not said."""
    if parameters.original_type is None or parameters.original is None:
        return ""
    encode = encode_utf8_address if parameters.original_type == "utf-8" else encode_xtext
    return f"{parameters.original_type};{encode(parameters.original)}"


def split_parameters(text: str) -> list[tuple[str, str | None]]:
    """Return keywords, in upper case, and their values as given. Raises Refusal when one is malformed or comes
    twice.
    """
    found: dict[str, str | None] = {}
    for word in text.split():
        match = _PARAMETER.fullmatch(word) or _LENIENT.fullmatch(word)
        if match is None:
            raise Refusal(Reply(501, "5.5.4", "A parameter is not well formed."))
        keyword = match[1].upper()
        if keyword in found:
            raise Refusal(Reply(501, "5.5.4", f"The parameter {keyword} stands there twice."))
        found[keyword] = match[2]
    return list(found.items())


def mail_parameters(text: str) -> MailParameters:
    """Return the parameters of MAIL. Raises Refusal, 555 for one that is not known (RFC 5321 section 4.1.1.11)."""
    fields: dict[str, object] = {}
    for keyword, value in split_parameters(text):
        _apply(_MAIL, keyword, value, fields)
    return msgspec.convert(fields, MailParameters)


def recipient_parameters(text: str) -> RecipientParameters:
    """Return the parameters of RCPT. Raises Refusal, 555 for one that is not known."""
    fields: dict[str, object] = {}
    for keyword, value in split_parameters(text):
        _apply(_RCPT, keyword, value, fields)
    return msgspec.convert(fields, RecipientParameters)


_Reader = Callable[[str | None], dict[str, object]]


def _apply(readers: dict[str, _Reader], keyword: str, value: str | None, fields: dict[str, object]) -> None:
    reader = readers.get(keyword)
    if reader is None:
        raise Refusal(Reply(555, "5.5.4", f"The parameter {keyword[:40]} is not known."))
    try:
        fields.update(reader(value))
    except ValueError as error:
        raise Refusal(Reply(501, "5.5.4", f"The value of {keyword} is not acceptable.")) from error


def _size(value: str | None) -> dict[str, object]:
    if value is None or not value.isascii() or not value.isdigit() or len(value) > 20:
        raise ValueError
    return {"size": int(value)}


def _one_of(value: str | None, *choices: str) -> str:
    chosen = (value or "").upper()
    if chosen not in choices:
        raise ValueError
    return chosen


def _body(value: str | None) -> dict[str, object]:
    return {"body": _one_of(value, "7BIT", "8BITMIME", "BINARYMIME")}


def _smtputf8(value: str | None) -> dict[str, object]:
    if value is not None:
        raise ValueError
    return {"smtputf8": True}


def _ret(value: str | None) -> dict[str, object]:
    return {"ret": _one_of(value, "FULL", "HDRS")}


def _envid(value: str | None) -> dict[str, object]:
    if not value or len(value) > MAX_ENVID:
        raise ValueError
    return {"envid": decode_xtext(value)}


def _auth(value: str | None) -> dict[str, object]:
    if not value:
        raise ValueError
    return {"auth": "<>" if value == "<>" else decode_xtext(value)}


def _notify(value: str | None) -> dict[str, object]:
    words = frozenset((value or "").upper().split(","))
    if words != {"NEVER"} and not words <= {"SUCCESS", "FAILURE", "DELAY"}:
        raise ValueError
    return {"notify": words}


def _orcpt(value: str | None) -> dict[str, object]:
    kind, semicolon, address = (value or "").partition(";")
    if not semicolon or not kind or not address or len(value or "") > MAX_ORCPT:
        raise ValueError
    kind = kind.lower()
    return {
        "original_type": kind,
        "original": decode_utf8_address(address) if kind == "utf-8" else decode_xtext(address),
    }


_MAIL: Final[dict[str, _Reader]] = {
    "SIZE": _size,
    "BODY": _body,
    "SMTPUTF8": _smtputf8,
    "RET": _ret,
    "ENVID": _envid,
    "AUTH": _auth,
}
_RCPT: Final[dict[str, _Reader]] = {"NOTIFY": _notify, "ORCPT": _orcpt}
