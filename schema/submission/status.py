"""How far a submission has come, and each of its recipients."""

from __future__ import annotations

from enum import Enum

import strawberry


@strawberry.enum(description="How far a submission has come.")
class SubmissionStatus(Enum):
    """The values of :class:`correio.mail.submission_status.SubmissionStatus`."""

    PENDING = strawberry.enum_value("pending", description="Nothing was tried yet: it can be taken back.")
    SENDING = strawberry.enum_value("sending", description="Some recipients are being served, or will be tried again.")
    SENT = strawberry.enum_value("sent", description="Every recipient's server has it.")
    PARTIAL = strawberry.enum_value("partial", description="Some recipients' servers have it, the others never will.")
    FAILED = strawberry.enum_value("failed", description="No recipient's server has it, or ever will.")
    CANCELED = strawberry.enum_value("canceled", description="It was taken back.")


@strawberry.enum(description="What became of one recipient.")
class RecipientState(Enum):
    """The values of ``DeliveryDocument.status``."""

    QUEUED = strawberry.enum_value("queued", description="Not tried yet.")
    DEFERRED = strawberry.enum_value("deferred", description="Tried, and to be tried again.")
    HELD = strawberry.enum_value("held", description="An operator stopped it.")
    DELIVERED = strawberry.enum_value("delivered", description="The recipient's server has it.")
    BOUNCED = strawberry.enum_value("bounced", description="The recipient's server refused it for good.")
    EXPIRED = strawberry.enum_value("expired", description="It was tried for too long.")
    CANCELED = strawberry.enum_value("canceled", description="It was taken back.")


@strawberry.enum(
    description="What to do where the connection, or this server, ends between the last octet of the message and the answer to "
    "it, so that nobody knows whether the other server has it.",
)
class AmbiguousOutcome(Enum):
    """The values of ``SendDocument.ambiguous``."""

    RETRY = strawberry.enum_value("retry", description="It is sent again with the same Message-ID, and may come twice.")
    FAIL = strawberry.enum_value("fail", description="It is BOUNCED, and never comes twice.")
