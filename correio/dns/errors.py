"""Why a question to the Domain Name System has no records for an answer."""

from __future__ import annotations


class DnsError(Exception):
    """The base. The text names the question and says what came back."""


class NothingFoundError(DnsError):
    """The answer is known: there is nothing. ``secure``: whether a trusted resolver has validated that (RFC 4035)."""

    def __init__(self, message: str, *, secure: bool = False) -> None:
        super().__init__(message)
        self.secure = secure


class NoSuchNameError(NothingFoundError):
    """The name does not exist (NXDOMAIN), or is none that could."""


class NoRecordsError(NothingFoundError):
    """The name exists and has no records of the type (NODATA, RFC 2308 section 2.2)."""


class ResolverTemporaryError(DnsError):
    """Nobody could tell: a failure of a server (SERVFAIL), a time-out, or no server at all. Later may do."""
