"""Commands on quotas (RFC 9208 section 4.1). SETQUOTA is not among them: quotas are the operator's to set."""

from __future__ import annotations

from typing import Self

from protocols.imap.core.commands.arguments import Arguments, Dialect, MailboxArgument
from protocols.imap.core.cursor import Cursor


class GetQuota(Arguments, frozen=True):
    """RFC 9208 section 4.1.1"""

    root: bytes

    @classmethod
    def parse(cls, cursor: Cursor, dialect: Dialect) -> Self:  # noqa: ARG003 - the same for every dialect
        cursor.space()
        root = cursor.astring()
        cursor.end()
        return cls(root)


class GetQuotaRoot(MailboxArgument, frozen=True):
    """RFC 9208 section 4.1.2"""
