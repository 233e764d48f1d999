"""GETMETADATA and SETMETADATA (RFC 5464), with the special use of a mailbox as one of its entries (RFC 6154 section 4).

What is set on the server, by the empty mailbox name, is private to the account; its shared entries are the operator's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from msgspec import UNSET, UnsetType

from correio.errors import AlreadyExistsError, ForbiddenError, LimitError, TooLargeError
from correio.mail.annotations import SPECIAL_USE, read_annotations, set_annotations
from protocols.imap.annotation_news import SERVER
from protocols.imap.commands.mailboxes import GIVEN_ROLES, ROLES, find_mailbox
from protocols.imap.core.commands.metadata import GetMetadata, SetMetadata
from protocols.imap.core.mailbox_name import encode_name
from protocols.imap.core.metadata_response import metadata_values
from protocols.imap.core.responses import Completion
from protocols.imap.core.syntax_error import CommandRefusedError
from protocols.imap.mailbox_line import SPECIAL_USES

if TYPE_CHECKING:
    from correio.mail.mailbox_tree import Mailbox
    from protocols.imap.session import ImapSession

ADMIN: Final = "/shared/admin"
"""RFC 5464 section 3.2.1.1"""


async def get_metadata(session: ImapSession, arguments: GetMetadata, _: bytes) -> Completion:
    """RFC 5464 section 4.2"""
    mailbox = await find_mailbox(session, arguments.mailbox) if arguments.mailbox else None
    named = [entry.lower() for entry in arguments.entries] if arguments.depth == 0 else None
    values = await read_annotations(session.person, mailbox.id if mailbox is not None else "", named)
    values |= _computed(session, mailbox)
    chosen = _chosen(arguments, values)
    too_long = 0
    if arguments.most_octets is not None:
        too_long = max((len(value) for value in chosen.values() if value is not None), default=0)
        most = arguments.most_octets
        chosen = {entry: value for entry, value in chosen.items() if value is None or len(value) <= most}
    name = SERVER if mailbox is None else encode_name(mailbox.path, utf8=session.utf8)
    await session.write(metadata_values(name, chosen.items()))
    if arguments.most_octets is not None and too_long > arguments.most_octets:
        return Completion("OK", "Longer values were left out.", f"METADATA LONGENTRIES {too_long}")
    return Completion("OK", "That is all.")


def _computed(session: ImapSession, mailbox: Mailbox | None) -> dict[str, bytes]:
    """Return the entries that are not stored as such."""
    if mailbox is not None:
        return {SPECIAL_USE: SPECIAL_USES[mailbox.role].encode()} if mailbox.role in SPECIAL_USES else {}
    contact = session.server.settings.contact
    return {ADMIN: contact.encode()} if contact is not None else {}


def _chosen(arguments: GetMetadata, values: Mapping[str, bytes]) -> dict[str, bytes | None]:
    """Return what was asked for: the entries named, NIL where there is none, and those below them that are there."""
    chosen: dict[str, bytes | None] = {}
    for given in arguments.entries:
        entry = given.lower()
        below = [
            name
            for name in values
            if name.startswith(entry + "/")
            and (arguments.depth is None or name.count("/") - entry.count("/") <= arguments.depth)
        ]
        if entry in values or not below:
            chosen[given] = values.get(entry)
        if arguments.depth != 0:
            chosen |= {name: values[name] for name in below}
    return chosen


async def set_metadata(session: ImapSession, arguments: SetMetadata, _: bytes) -> Completion:
    """RFC 5464 section 4.3"""
    values = dict(arguments.values)
    mailbox_id = ""
    role: str | UnsetType | None = UNSET
    if arguments.mailbox:
        mailbox_id = (await find_mailbox(session, arguments.mailbox)).id
        if SPECIAL_USE in values:
            role = _role(values.pop(SPECIAL_USE))
    elif any(entry.startswith("/shared/") for entry in values):
        return Completion("NO", "The server's shared entries are for its administrator to set.", "NOPERM")
    try:
        modseq = await set_annotations(session.person, mailbox_id, values, role)
    except TooLargeError as error:
        return Completion("NO", error.message, f"METADATA MAXSIZE {error.limit}")
    except LimitError as error:
        return Completion("NO", error.message, "METADATA TOOMANY")
    except (AlreadyExistsError, ForbiddenError) as error:
        return Completion("NO", error.message, "USEATTR")
    if session.annotation_news is not None:
        session.annotation_news.did(modseq)
    return Completion("OK", "Set.")


def _role(value: bytes | None) -> str | None:
    """Return the role that a value of /private/specialuse stands for, as CREATE takes it (RFC 6154 section 3)."""
    attributes = (value or b"").split()
    if not attributes:
        return None
    role = ROLES.get(attributes[0].decode("ascii", "replace").lower())
    if len(attributes) > 1 or role not in GIVEN_ROLES:
        raise CommandRefusedError("This special use cannot be given to a mailbox.", "USEATTR")
    return role
