"""From one outcome a recipient to the replies: LMTP has one for each, SMTP one for all (RFC 2033 section 4.2, RFC
5321 section 4.2.5).
"""

from __future__ import annotations

from collections.abc import Sequence

from correio.errors import MailError
from protocols.smtp.core.policy import refuse_message
from protocols.smtp.core.reply import Reply


def lmtp_reply(outcome: MailError | None, address: str, transaction_id: str) -> Reply:
    """The reply for one recipient."""
    if outcome is None:
        return Reply(250, "2.0.0", f"<{address}> delivered, {transaction_id}")
    refusal = refuse_message(outcome)
    return Reply(refusal.code, refusal.enhanced, f"<{address}> {refusal.text}")


def smtp_reply(outcomes: Sequence[MailError | None], transaction_id: str) -> Reply:
    """The one reply for a message.

    All stored: 250. None stored: the first temporary failure, else the first permanent one. Mixed: always temporary,
    even where what failed is permanent. 250 would lose the message for the recipients that failed, 5yz would have the
    sender report as undelivered what others have received; after 4yz the sender tries again, the recipients that
    still fail are refused at RCPT, and those that were served may see the message a second time. RCPT looks at room
    and existence beforehand, so this takes a mailbox that fills up or goes away while the data arrives.
    """
    refusals = [refuse_message(outcome) for outcome in outcomes if outcome is not None]
    if not refusals:
        return Reply(250, "2.0.0", f"Delivered, {transaction_id}")
    temporary = next((refusal for refusal in refusals if refusal.temporary), None)
    if temporary is not None:
        return temporary
    if len(refusals) < len(outcomes):
        return Reply(451, "4.2.0", "Not delivered to all recipients; try again later.")
    return refusals[0]
