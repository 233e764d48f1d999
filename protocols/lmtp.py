"""The LMTP listener (RFC 2033): mail from a mail transfer agent beside this server, with a reply for each recipient."""

from __future__ import annotations

from protocols.smtp.mail_server import MailServer
from protocols.smtp.role import LMTP


class LmtpServer(MailServer):
    """Takes mail for the accounts here. Never relays."""

    role = LMTP
