"""The SMTP listeners: from other servers, and from the accounts' own programs."""

from __future__ import annotations

from protocols.smtp.mail_server import MailServer
from protocols.smtp.role import SUBMISSION, TRANSFER


class SmtpServer(MailServer):
    """Takes mail from other servers for the accounts here (RFC 5321). Never relays."""

    role = TRANSFER


class SubmissionServer(MailServer):
    """Takes mail from the accounts' own programs, after AUTH (RFC 6409). Mail for others goes out by the queue."""

    role = SUBMISSION
