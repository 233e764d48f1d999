"""The root of every mutation."""

from __future__ import annotations

import strawberry

from schema.draft.mutations import DraftMutations
from schema.mailbox.mutations import MailboxMutations
from schema.message.mutations import MessageMutations
from schema.submission.mutations import SubmissionMutations


@strawberry.type
class Mutation(MessageMutations, MailboxMutations, DraftMutations, SubmissionMutations):
    """What can be changed. An expected failure is a member of the result; see Problem."""
