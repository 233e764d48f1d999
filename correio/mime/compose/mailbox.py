"""Addresses, read strictly and written: one string is one mailbox (RFC 5322 section 3.4, RFC 6532), or it is refused.

The lenient parser of incoming mail makes something of everything; here a doubtful address is a mistake of the writer's
that would reach somebody else, so nothing is guessed.
"""

from __future__ import annotations

import re
from typing import Final

import idna

from correio.errors import InvalidInputError
from correio.mime.compose.clean_text import require_clean
from correio.mime.compose.field import text_words
from correio.mime.compose.letter import Mailbox

MAX_NAME: Final = 256
"""Characters of a display name."""
MAX_LOCAL: Final = 64
"""Octets of a local part (RFC 5321 section 4.5.3.1.1)."""
MAX_DOMAIN: Final = 253
MAX_MAILBOX: Final = 640
"""Characters of a mailbox with its name."""

_UTF8: Final = (
    r"\u00a1-\u1fff\u2010-\u2027\u2030-\u205e\u2070-\u2fff\u3001-\ud7ff\uf900-\ufefe\uff00-\uffef\U00010000-\U0010ffff"
)
_DOT_ATOM: Final = re.compile(
    rf"[A-Za-z0-9!#$%&'*+\-/=?^_`{{|}}~{_UTF8}]+(?:\.[A-Za-z0-9!#$%&'*+\-/=?^_`{{|}}~{_UTF8}]+)*"
)
_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"')
_QUOTED_PAIR: Final = re.compile(r"\\(.)")
_QUOTED_LOCAL: Final = re.compile(rf"[\x20-\x7e{_UTF8}]+")
# The underscore is in no domain of RFC 5321, and in the names of real hosts.
_LABEL: Final = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_\-]{0,61}[A-Za-z0-9_])?")
_ANGLE: Final = re.compile(r"(.*?)\s*<([^<>]*)>", re.DOTALL)
_PLAIN_NAME: Final = re.compile(r"[^<>@\"]+")
_ATOMS: Final = re.compile(r"[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]+(?: [A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]+)*")


def parse_mailbox(text: str, field: str) -> Mailbox:
    """Return the one mailbox of ``local@domain``, ``Name <local@domain>`` or ``"Name" <local@domain>``.

    Raises InvalidInputError that names the field.
    """
    require_clean(text, field, MAX_MAILBOX)
    stripped = text.strip()
    if not stripped.endswith(">"):
        return make_mailbox(stripped, "", field)
    angle = _ANGLE.fullmatch(stripped)
    if angle is None:
        raise InvalidInputError("It is not one address of the form Name <local@domain>.", field)
    name = angle[1].strip()
    quoted = _QUOTED.fullmatch(name)
    if quoted is not None:
        name = _QUOTED_PAIR.sub(r"\1", quoted[1])
    elif name and not _PLAIN_NAME.fullmatch(name):
        raise InvalidInputError('A name with < > @ or " in it stands between quotes: "Name" <local@domain>.', field)
    return make_mailbox(angle[2].strip(), name, field)


def make_mailbox(address: str, name: str, field: str) -> Mailbox:
    """Return the mailbox of an address and a display name. Raises InvalidInputError that names the field."""
    require_clean(name, field, MAX_NAME)
    require_clean(address, field, MAX_MAILBOX)
    local, at, domain = address.rpartition("@")
    if not at:
        raise InvalidInputError("It is not one address of the form local@domain.", field)
    local = _local_part(local, field)
    return Mailbox(local, _domain(domain, field, ascii_only=local.isascii()), name.strip())


def _local_part(local: str, field: str) -> str:
    quoted = _QUOTED.fullmatch(local)
    if quoted is not None:
        local = _QUOTED_PAIR.sub(r"\1", quoted[1])
    if not (_QUOTED_LOCAL if quoted is not None else _DOT_ATOM).fullmatch(local):
        raise InvalidInputError("The part of the address before the @ is not well formed.", field)
    if len(local.encode("utf-8")) > MAX_LOCAL:
        raise InvalidInputError(f"The part of the address before the @ is longer than {MAX_LOCAL} octets.", field)
    return local


def _domain(domain: str, field: str, *, ascii_only: bool) -> str:
    try:
        labels = domain if domain.isascii() else idna.encode(domain, uts46=True).decode("ascii")
        shown = labels if ascii_only or domain.isascii() else idna.decode(labels)
        for label in labels.lower().split(".") if domain.isascii() and "xn--" in domain.lower() else ():
            if label.startswith("xn--"):
                idna.decode(label)
    except (idna.IDNAError, UnicodeError) as error:
        raise InvalidInputError("The domain of the address is not well formed.", field) from error
    if len(labels) > MAX_DOMAIN or not all(map(_LABEL.fullmatch, labels.split("."))):
        raise InvalidInputError("The domain of the address is not well formed.", field)
    return shown


def address_of(mailbox: Mailbox) -> str:
    """Return ``local@domain`` as it stands in an envelope, quoted where it must be."""
    local = mailbox.local
    if not _DOT_ATOM.fullmatch(local):
        local = _quote(local)
    return f"{local}@{mailbox.domain}"


def mailbox_words(mailbox: Mailbox) -> list[bytes]:
    """Return a mailbox as words to be folded between."""
    address = address_of(mailbox).encode("utf-8")
    name = mailbox.name
    if not name:
        return [address]
    if "=?" in name or not name.isascii() or "  " in name:
        words = text_words(name, encode=True)
    elif _ATOMS.fullmatch(name):
        words = name.encode("ascii").split(b" ")
    else:
        words = _quote(name).encode("ascii").split(b" ")
    return [*words, b"<" + address + b">"]


def show_mailbox(mailbox: Mailbox) -> str:
    """Return a mailbox for people and programs to read, in every alphabet: what :func:`parse_mailbox` takes."""
    if not mailbox.name:
        return address_of(mailbox)
    name = mailbox.name if _PLAIN_NAME.fullmatch(mailbox.name) and "\\" not in mailbox.name else _quote(mailbox.name)
    return f"{name} <{address_of(mailbox)}>"


def _quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
