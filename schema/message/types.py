"""The type Message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import strawberry

from correio.errors import NotFoundError, UnavailableError
from correio.mail.fetch import StoredMessage
from correio.mail.flags import ANSWERED, DRAFT, FLAGGED
from correio.mail.keywords import keywords_of
from correio.mail.mailbox_index import Row
from schema.account import types as accounts
from schema.context import Info, OperationContext
from schema.mailbox import types as mailboxes
from schema.message.address import Address, addresses, first_address
from schema.message.authentication import AuthenticationResults, authentication_results
from schema.message.body import BodyKind, MessageBody, message_body
from schema.message.header import Header
from schema.node import Node
from schema.part.blob import Blob, message_blob
from schema.part.content import read_headers
from schema.part.tree import bodies_of
from schema.part.types import Part, attachment_nodes, part_nodes
from schema.scalars import DateTime, State, clamped, date_time
from schema.submission import types as submissions
from schema.thread import types as threads

if TYPE_CHECKING:
    from schema.account.types import Account
    from schema.mailbox.types import Mailbox
    from schema.submission.types import Submission
    from schema.thread.types import Thread


@strawberry.type(description="One message in one mailbox. Its id stays when it moves; a copy has one of its own.")
class Message(Node):
    """See the description of each field."""

    core: strawberry.Private[StoredMessage]
    version: State = strawberry.field(description="The state at its last change.")
    keywords: list[str] = strawberry.field(
        description="As JMAP writes them: $seen, $flagged, $answered, $draft, others."
    )
    is_unread: bool
    is_flagged: bool
    is_draft: bool
    is_answered: bool
    subject: str
    snippet: str = strawberry.field(description="The beginning of the text a person would read first.")
    sent_at: DateTime | None = strawberry.field(description="The Date field, null where absent or unreadable.")
    received_at: DateTime
    size: int = strawberry.field(description="Octets of the whole message.")
    from_: list[Address] = strawberry.field(name="from")
    sender: Address | None
    reply_to: list[Address]
    to: list[Address]
    cc: list[Address]
    bcc: list[Address]
    message_id: str | None = strawberry.field(description="Without the angle brackets.")
    in_reply_to: list[str]
    references: list[str]
    has_attachments: bool
    is_truncated: bool = strawberry.field(
        description="Whether the structure is so large that its rest is shown as one part."
    )
    authentication: AuthenticationResults = strawberry.field(
        description="Who it is from, as far as was found when another server brought it."
    )
    email_id: strawberry.ID = strawberry.field(description="The same for every copy of one message (RFC 8474).")

    @strawberry.field
    def account(self, info: Info) -> Annotated[Account, strawberry.lazy("schema.account.types")]:
        """Return the account whose message it is."""
        return accounts.account_node(info.context.account)

    @strawberry.field
    def mailbox(self, info: Info) -> Annotated[Mailbox, strawberry.lazy("schema.mailbox.types")]:
        """Return the mailbox it is in."""
        core = info.context.account.mailboxes.get(self.core.mailbox)
        if core is None:
            raise UnavailableError("The message has just moved to a mailbox that is new; ask again.")
        return mailboxes.mailbox_node(core)

    @strawberry.field
    async def thread(self, info: Info) -> Annotated[Thread, strawberry.lazy("schema.thread.types")]:
        """Return the thread it belongs to."""
        members = await info.context.threads.load(self.core.thread)
        if not members:
            raise NotFoundError("The message has just been destroyed.")
        return threads.thread_node(self.core.thread, members)

    @strawberry.field(description="The fields of its header in order; with names, only those, in any case.")
    async def headers(self, info: Info, names: list[str] | None = None) -> list[Header]:
        """Read the header."""
        return await read_headers(info.context, self.core, self.core.parsed.parts[0], names)

    @strawberry.field(description="What a person reads.")
    async def body(self, info: Info, prefer: BodyKind = BodyKind.HTML) -> MessageBody:
        """Read the parts that are the body."""
        return await message_body(info.context, self.core, bodies_of(self.core.parsed, 0), prefer)

    @strawberry.field(description="Every MIME entity in document order, the message itself first if it is a multipart.")
    def parts(self, info: Info) -> list[Part]:
        """Return the parts, flat."""
        return part_nodes(info, self.core)

    @strawberry.field(
        description="The parts a person would call attachments, with pictures shown in place if asked for."
    )
    def attachments(self, info: Info, include_inline: bool = False) -> list[Part]:
        """Return the attachments."""
        return attachment_nodes(info, self.core, 0, include_inline)

    @strawberry.field(description="The submission whose copy it is. Null: none, or one that is forgotten.")
    async def submission(self, info: Info) -> Annotated[Submission, strawberry.lazy("schema.submission.types")] | None:
        """Return the submission."""
        send_id = self.core.document.send
        sent = await info.context.submissions.load(send_id) if send_id else None
        return submissions.submission_node(sent) if sent is not None else None

    @strawberry.field(description="The message octet for octet.")
    def raw(self) -> Blob:
        """Return where the octets are."""
        return message_blob(self.core)


def message_node(context: OperationContext, core: StoredMessage, row: Row | None = None) -> Message:
    """Return a message for a client, with the flags of its row in the index where that is newer than what was read."""
    parsed = core.parsed
    flags, modseq = (core.flags, core.modseq) if row is None else (row.flags, row.modseq)
    summary = parsed.summary
    return Message(
        id=strawberry.ID(core.id),
        core=core,
        version=State(modseq),
        keywords=keywords_of(flags),
        is_unread=not flags.seen,
        is_flagged=FLAGGED in flags,
        is_draft=DRAFT in flags,
        is_answered=ANSWERED in flags,
        subject=summary.subject,
        snippet=summary.preview,
        sent_at=date_time(summary.date),
        received_at=clamped(core.date),
        size=core.size,
        from_=addresses(context, summary.from_),
        sender=first_address(summary.sender),
        reply_to=addresses(context, summary.reply_to),
        to=addresses(context, summary.to),
        cc=addresses(context, summary.cc),
        bcc=addresses(context, summary.bcc),
        message_id=summary.message_id,
        in_reply_to=summary.in_reply_to,
        references=summary.references,
        has_attachments=summary.has_attachment,
        is_truncated=parsed.truncated,
        authentication=authentication_results(core.authentication),
        email_id=strawberry.ID(core.email),
    )
