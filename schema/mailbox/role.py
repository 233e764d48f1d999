"""What a mailbox is for (RFC 6154, RFC 8621 section 2)."""

from __future__ import annotations

from enum import Enum

import strawberry


@strawberry.enum(description="What a mailbox is for. At most one mailbox of an account has a role.")
class MailboxRole(Enum):
    """The roles this server gives."""

    INBOX = "inbox"
    DRAFTS = "drafts"
    SENT = "sent"
    TRASH = "trash"
    JUNK = "junk"
    ARCHIVE = "archive"
    ALL = "all"
    FLAGGED = "flagged"
    IMPORTANT = "important"
