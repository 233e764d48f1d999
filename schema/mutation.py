"""The root of every mutation."""

from __future__ import annotations

import strawberry

from schema.mailbox.mutations import MailboxMutations
from schema.message.mutations import MessageMutations


@strawberry.type
class Mutation(MessageMutations, MailboxMutations):
    """What can be changed. An expected failure is a member of the result; see Problem."""
