"""Correio: a mail service in which SMTP, LMTP, IMAP, POP3, REST and GraphQL share one set of MongoDB documents."""

__version__ = "0.1.0"
