"""Which maildrops are in use (RFC 1939 section 4): one POP3 session at a time, within this process."""

from __future__ import annotations


class MaildropLocks:
    """The locks of one listener, or of several that share it.

    They keep two programs of one person from deleting the same messages in turn. They are no part of keeping
    mail safe: QUIT removes messages by UID in one transaction, and two processes may each let a session in.
    """

    def __init__(self) -> None:
        self._held: set[str] = set()

    def acquire(self, account_id: str) -> bool:
        """Take the lock of an account, or return False when a session has it."""
        if account_id in self._held:
            return False
        self._held.add(account_id)
        return True

    def release(self, account_id: str) -> None:
        """Give the lock back."""
        self._held.discard(account_id)
