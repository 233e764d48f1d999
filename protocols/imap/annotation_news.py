"""What a client that has enabled METADATA is told of others' changes to annotations (RFC 5464 section 4.4)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from correio.errors import MailError
from correio.mail.annotations import annotations_since
from protocols.imap.core.mailbox_name import encode_name
from protocols.imap.core.metadata_response import metadata_changes

if TYPE_CHECKING:
    from correio.mail.account import Account
    from correio.store.annotations import AnnotationState

SERVER: Final = b'""'
_log = logging.getLogger("correio.imap")


class AnnotationNews:
    """One session's knowledge of its account's annotations, from the moment it asked for it."""

    __slots__ = ("_account", "_own", "_told")

    def __init__(self, account: Account) -> None:
        self._account: Final = account
        self._told = account.modseq
        self._own: set[int] = set()
        """The modseqs of this session's own changes, as long as they may come up."""

    @property
    def waiting(self) -> bool:
        """Whether there may be something to tell."""
        return self._account.document.annotated > self._told

    def did(self, modseq: int) -> None:
        """The session itself made the change of this modseq; 0: there was none."""
        if modseq:
            self._own.add(modseq)

    async def take(self, *, utf8: bool, wanted: Callable[[str], bool] = lambda _: True) -> bytes:
        """Return the responses for what others have changed since the last time, in the mailboxes that are ``wanted``.

        Those are asked for by id, an empty one for the account. What cannot be read now is told the next time.
        """
        until = self._account.document.annotated
        try:
            changed = await annotations_since(self._account, self._told)
        except MailError as error:
            _log.warning("changed annotations of %s could not be read: %s", self._account.address, error)
            return b""
        # What was read beyond ``until`` is told already as well.
        self._told = max([until, *(state.modseq for state in changed)])
        foreign = [state for state in changed if state.modseq not in self._own and wanted(state.mailbox)]
        self._own = {modseq for modseq in self._own if modseq > self._told}
        return self._responses(foreign, utf8=utf8)

    def _responses(self, changed: Iterable[AnnotationState], *, utf8: bool) -> bytes:
        entries: dict[str, list[str]] = {}
        for state in sorted(changed, key=lambda one: (one.mailbox, one.entry)):
            entries.setdefault(state.mailbox, []).append(state.entry)
        pieces: list[bytes] = []
        for mailbox_id, names in entries.items():
            mailbox = self._account.mailboxes.get(mailbox_id)
            if not mailbox_id:
                pieces.append(metadata_changes(SERVER, names))
            elif mailbox is not None:
                pieces.append(metadata_changes(encode_name(mailbox.path, utf8=utf8), names))
        return b"".join(pieces)
