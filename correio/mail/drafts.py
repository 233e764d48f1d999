"""Drafts: written from fields, and written again in their place.

A message never changes, so a draft that is saved again is another message, and the one before is gone. The id of the new one
follows from that of the old one, so that whoever knows any earlier id of a draft is led to what it is now.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final

import msgspec

from correio.errors import InvalidInputError, NotFoundError, StateMismatchError
from correio.ids import Kind, derived_id, new_id
from correio.mail.account import Account
from correio.mail.append import AddMessages, Appended, Item, item_for
from correio.mail.draft import DeferError, Draft
from correio.mail.fetch import StoredMessage, find_messages
from correio.mail.flags import DRAFT, SEEN, flag_set
from correio.mail.identities import Identity, identity_of
from correio.mail.ingest import OFF_LOOP, ingest
from correio.mail.replace import ReplaceMessage
from correio.mail.role_mailbox import mailbox_for
from correio.mail.room import submit_if_room
from correio.mail.send_draft import is_draft
from correio.mail.take_back import DRAFTS_ROLE
from correio.mime.compose.letter import Attachment, Letter, Mailbox
from correio.mime.compose.mailbox import make_mailbox
from correio.mime.compose.message import compose, new_message_id
from correio.mime.compose.own_fields import MESSAGE_ID
from correio.mime.draft_header import FORWARD_OF, REPLY_OF, bcc_field, origin_of
from correio.mime.model import Summary
from correio.store.documents import MessageDocument

_ADDRESS: Final = 512
"""Octets of text that take as long to compose as one address."""
_FOLLOWED: Final = 32
"""Later ids of a draft that are looked for."""
_REFERENCES: Final = 30
"""Message ids in References: the first, which names the thread, and the last ones."""


class Origin(msgspec.Struct, frozen=True):
    """The message that a draft answers or forwards."""

    message: StoredMessage
    forwarded: bool


class DraftFields(msgspec.Struct, frozen=True, kw_only=True):
    """All of a draft: what is left out is empty."""

    identity: Identity | None = None
    """Who writes; None: who wrote it before, or the account itself."""
    to: Sequence[Mailbox] = ()
    cc: Sequence[Mailbox] = ()
    bcc: Sequence[Mailbox] = ()
    subject: str = ""
    text: str | None = None
    html: str | None = None
    attachments: Sequence[Attachment] = ()
    origin: Origin | msgspec.UnsetType | None = msgspec.UNSET
    """Unset: as before."""


class _Thread(msgspec.Struct, frozen=True):
    """Where a draft stands among other messages."""

    in_reply_to: Sequence[str] = ()
    references: Sequence[str] = ()
    headers: Sequence[tuple[str, str]] = ()


_RIVALS: Final = 8
"""How often a draft is looked for anew that others save at the same time."""


class SaveDraft(ReplaceMessage):
    """Replaces a draft by what it has become, whoever saved it meanwhile."""

    def __init__(
        self, account: Account, drafts_id: str, item: Item, current: StoredMessage, if_modseq: int | None
    ) -> None:
        super().__init__(account, drafts_id, [item])
        self._current: MessageDocument = current.document
        self._if_modseq: Final = if_modseq
        self._deferred = 0
        self.weight = 2

    async def prepare(self) -> None:
        await self._aim(self._current)
        for _ in range(_RIVALS):
            if self._index.row(self.uid) is not None:
                return
            # Somebody saved, moved or destroyed it a moment ago, perhaps while it was looked for.
            found = (await find_draft(self.account, self._current.id)).document
            await self.account.refresh()
            await self._aim(found)

    async def _aim(self, current: MessageDocument) -> None:
        self._current, self.source_id, self.uid = current, current.mailbox, current.uid
        self.items[0].document.id = _successor(self.account, current.id)
        self.inserts = [self.items[0].document.id]
        await super().prepare()

    def plan(self, draft: Draft) -> list[Appended]:
        box = draft.mailbox(self.source_id)
        if self.uid in box.removed:
            raise DeferError
        row = box.row(self.uid)
        if row is None and self._deferred < _RIVALS:
            # Another process saved it, and the account has heard of that since this was prepared.
            self._deferred += 1
            raise DeferError
        if row is not None and self._if_modseq is not None and row.modseq > self._if_modseq:
            raise StateMismatchError("The draft has changed since that version; read it again.")
        return super().plan(draft)


async def save_draft(
    account: Account, fields: DraftFields, *, draft_id: str | None = None, if_modseq: int | None = None
) -> Appended:
    """Store a draft in Drafts, in the place of another where ``draft_id`` is given: any id that draft ever had.

    It keeps its Message-ID. ``if_modseq`` is the modseq after which it may not have changed. Raises InvalidInputError (``field``
    as in :func:`correio.mime.compose.message.compose`), NotFoundError, StateMismatchError, TooLargeError, QuotaExceededError,
    LimitError, UnavailableError; nothing has changed then.
    """
    drafts = await mailbox_for(account, DRAFTS_ROLE)
    if draft_id is None:
        item = await _item(account, fields, None)
        return (await submit_if_room(account, AddMessages(account, drafts.id, [item])))[0]
    current = await find_draft(account, draft_id)
    if not is_draft(account, current):
        raise InvalidInputError("The message is not a draft.", "draftId")
    if if_modseq is not None and current.modseq > if_modseq:
        raise StateMismatchError("The draft has changed since that version; read it again.")
    item = await _item(account, fields, current)
    return (await submit_if_room(account, SaveDraft(account, drafts.id, item, current, if_modseq)))[0]


async def find_draft(account: Account, draft_id: str) -> StoredMessage:
    """Return what a draft is now, by any id it ever had. Raises NotFoundError, UnavailableError."""
    chain = [draft_id]
    found = await find_messages(account, chain)
    if not found:
        while len(chain) <= _FOLLOWED:
            chain.append(_successor(account, chain[-1]))
        found = await find_messages(account, chain[1:])
    if not found:
        raise NotFoundError("There is no such draft.")
    return found[max(found, key=chain.index)]


def _successor(account: Account, draft_id: str) -> str:
    return derived_id(Kind.MESSAGE, account.id, "draft", draft_id)


async def _item(account: Account, fields: DraftFields, current: StoredMessage | None) -> Item:
    """Return the draft ready to be added."""
    store = account.store
    letter = await _letter(account, fields, current)
    octets = len(fields.text or "") + len(fields.html or "") + sum(len(one.content) for one in fields.attachments)
    octets += _ADDRESS * (len(fields.to) + len(fields.cc) + len(fields.bcc))
    raw = await store.in_worker(_written, letter, fields.bcc) if octets > OFF_LOOP else _written(letter, fields.bcc)
    ingested = await ingest(store, raw)
    now = store.now()
    return item_for(
        account,
        ingested,
        key=(os.urandom(16),),
        email=new_id(Kind.EMAIL),
        flags=flag_set({DRAFT, SEEN}),
        date=now,
        saved=now,
    )


def _written(letter: Letter, bcc: Sequence[Mailbox]) -> bytes:
    return bcc_field(bcc) + compose(letter).raw


async def _letter(account: Account, fields: DraftFields, current: StoredMessage | None) -> Letter:
    author = _author(account, fields.identity, current)
    if isinstance(fields.origin, msgspec.UnsetType):
        thread = await _as_before(current) if current is not None else _Thread()
    else:
        thread = _answering(fields.origin)
    before = _ids([current.parsed.summary.message_id]) if current is not None else []
    return Letter(
        from_=[author],
        to=fields.to,
        cc=fields.cc,
        subject=fields.subject,
        date=account.store.now(),
        message_id=before[0] if before else new_message_id(author.domain),
        in_reply_to=thread.in_reply_to,
        references=thread.references,
        headers=thread.headers,
        text=fields.text,
        html=fields.html,
        attachments=fields.attachments,
    )


def _author(account: Account, identity: Identity | None, current: StoredMessage | None) -> Mailbox:
    if identity is None and current is not None:
        for one in current.parsed.summary.from_[:1]:
            try:
                return make_mailbox(one.email, one.name or "", "from")
            except InvalidInputError:
                break
    if identity is None:
        identity = identity_of(account, account.address)
    return make_mailbox(identity.email, identity.name, "from")


async def _as_before(current: StoredMessage) -> _Thread:
    parsed = current.parsed
    origin = origin_of(await current.read(0, parsed.parts[0].body_start))
    headers = [(FORWARD_OF if origin[1] else REPLY_OF, origin[0])] if origin is not None else []
    return _Thread(_ids(parsed.summary.in_reply_to), _ids(parsed.summary.references), headers)


def _answering(origin: Origin | None) -> _Thread:
    if origin is None:
        return _Thread()
    summary = origin.message.parsed.summary
    answered = _ids([summary.message_id])
    name = FORWARD_OF if origin.forwarded else REPLY_OF
    # Who gets a forwarded message has not seen what it forwards: it is not an answer to it.
    return _Thread(() if origin.forwarded else answered, _references(summary, answered), [(name, origin.message.id)])


def _references(summary: Summary, answered: Sequence[str]) -> list[str]:
    """Return the References of an answer (RFC 5322 section 3.6.4)."""
    before = summary.references or (summary.in_reply_to if len(summary.in_reply_to) == 1 else [])
    ids = list(dict.fromkeys([*_ids(before), *answered]))
    return ids if len(ids) <= _REFERENCES else [ids[0], *ids[1 - _REFERENCES :]]


def _ids(found: Sequence[str | None]) -> list[str]:
    """Return message ids with their angle brackets; what is none is left out."""
    return [f"<{one}>" for one in found if one and MESSAGE_ID.fullmatch(f"<{one}>")]
