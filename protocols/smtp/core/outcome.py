"""From one outcome a recipient to the replies: LMTP has one for each, SMTP one for all (RFC 2033 section 4.2, RFC
5321 section 4.2.5).
"""

from __future__ import annotations

from collections.abc import Sequence

from correio.errors import LoopError, MailError
from protocols.smtp.core.policy import LOOP, refuse_message
from protocols.smtp.core.reply import Reply


def lmtp_reply(outcome: MailError | None, address: str, transaction_id: str) -> Reply:
    """The reply for one recipient."""
    if outcome is None:
        return Reply(250, "2.0.0", f"<{address}> delivered, {transaction_id}")
    refusal = refuse_message(outcome)
    return Reply(refusal.code, refusal.enhanced, f"<{address}> {refusal.text}", more=refusal.more)


def smtp_reply(outcomes: Sequence[MailError | None], transaction_id: str) -> Reply:
    """The one reply for a message.

    All stored: 250. Else nobody has it, as delivery is for all or for none, and the reply is the first temporary failure, or
    the first permanent one where all are. Where one recipient alone cannot be served, the others fail for now: the sender
    tries again, and the one is refused at RCPT then, so nobody gets the message twice. RCPT looks at room and existence
    beforehand, so this takes a mailbox that fills up or goes away while the data arrives, or that has no room for a message whose
    size MAIL did not say: see NoRoom.
    """
    if any(isinstance(outcome, LoopError) for outcome in outcomes):
        # It would be one at every attempt; whoever else is meant has had the message the first time round.
        return LOOP
    refusals = [refuse_message(outcome) for outcome in outcomes if outcome is not None]
    if not refusals:
        return Reply(250, "2.0.0", f"Delivered, {transaction_id}")
    temporary = next((refusal for refusal in refusals if refusal.temporary), None)
    if temporary is not None:
        return temporary
    if len(refusals) < len(outcomes):
        # Cannot be, as long as delivery keeps its word; a permanent failure would then be a lie to those who have it.
        return Reply(451, "4.2.0", "Not delivered to all recipients; try again later.")
    return refusals[0]
