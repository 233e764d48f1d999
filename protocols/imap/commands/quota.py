"""GETQUOTA and GETQUOTAROOT (RFC 9208). An account has one quota root, named by the empty string, for all its mailboxes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from protocols.imap.core.commands.quota import GetQuota, GetQuotaRoot
from protocols.imap.core.mailbox_name import encode_name
from protocols.imap.core.responses import Completion

if TYPE_CHECKING:
    from correio.mail.account import Account
    from protocols.imap.session import ImapSession

_UNIT: Final = 1024
"""Octets: STORAGE counts in these (RFC 9208 section 5.1)."""


def _units(octets: int) -> int:
    """Round up on both sides, so that what is within its quota never looks as if it were over it."""
    return -(-octets // _UNIT)


def quota_response(account: Account) -> bytes:
    """Write QUOTA (RFC 9208 section 4.2.1): what is not bounded is not listed."""
    resources: list[str] = []
    if account.quota:
        resources.append(f"STORAGE {_units(account.used)} {_units(account.quota)}")
    if account.message_quota:
        resources.append(f"MESSAGE {account.messages} {account.message_quota}")
    resources.append(f"MAILBOX {len(account.mailboxes)} {account.store.settings.limits.mailboxes}")
    return b'* QUOTA "" (' + " ".join(resources).encode("ascii") + b")\r\n"


async def get_quota(session: ImapSession, arguments: GetQuota, _: bytes) -> Completion:
    """RFC 9208 section 4.1.1"""
    if arguments.root:
        return Completion("NO", 'The only quota root here is "".', "NONEXISTENT")
    await session.person.refresh()
    await session.write(quota_response(session.person))
    return Completion("OK", "That is all.")


async def get_quota_root(session: ImapSession, arguments: GetQuotaRoot, _: bytes) -> Completion:
    """RFC 9208 section 4.1.2: the mailbox need not exist."""
    await session.person.refresh()
    name = encode_name(arguments.mailbox, utf8=session.utf8)
    await session.write(b"* QUOTAROOT " + name + b' ""\r\n' + quota_response(session.person))
    return Completion("OK", "That is all.")
