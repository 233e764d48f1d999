"""One mail transaction: what MAIL, RCPT, DATA and BDAT have built up so far (RFC 5321 section 3.3)."""

from __future__ import annotations

import msgspec

from correio.ids import Kind, new_id
from correio.mail.recipient import Recipient
from protocols.smtp.core.envelope_address import EnvelopeAddress
from protocols.smtp.core.parameters import MailParameters, RecipientParameters


class AcceptedRecipient(msgspec.Struct, frozen=True):
    """A recipient that RCPT accepted: the address as given, and where mail to it goes."""

    address: EnvelopeAddress
    resolved: Recipient
    parameters: RecipientParameters


class Transaction:
    """What the next message will be. A new one follows each message, and each RSET, EHLO and STARTTLS."""

    __slots__ = ("chunked", "chunks", "failed", "id", "parameters", "recipients", "sender")

    def __init__(self) -> None:
        self.id = ""
        """Names the transaction in the log, in the Received field and in the last reply. Set by :meth:`begin`."""
        self.sender: EnvelopeAddress | None = None
        """None before MAIL."""
        self.parameters = MailParameters()
        self.recipients: list[AcceptedRecipient] = []
        self.chunks = bytearray()
        """What BDAT has brought so far (RFC 3030)."""
        self.chunked = False
        """Whether BDAT has begun: then neither DATA nor RCPT may follow."""
        self.failed = False
        """Whether a chunk was refused: everything but RSET is, from then on."""

    def begin(self, sender: EnvelopeAddress, parameters: MailParameters) -> None:
        """MAIL was accepted."""
        self.id = new_id(Kind.DELIVERY)
        self.sender = sender
        self.parameters = parameters
