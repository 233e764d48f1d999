"""The mailbox that has a role, made where it is missing: whoever deleted Drafts can write again all the same."""

from __future__ import annotations

from correio.errors import AlreadyExistsError
from correio.mail.account import Account
from correio.mail.mailbox_commands import create_mailbox
from correio.mail.mailbox_tree import Mailbox


async def mailbox_for(account: Account, role: str) -> Mailbox:
    """Return the mailbox of a role; without one, that of the role's name, or a new one.

    Raises LimitError, UnavailableError.
    """
    found = account.mailboxes.by_role(role)
    if found is not None:
        return found
    name = role.capitalize()
    try:
        return await create_mailbox(account, name, role)
    except AlreadyExistsError:
        named = account.mailboxes.by_role(role) or account.mailboxes.by_path(name)
        if named is None:
            raise
        return named
