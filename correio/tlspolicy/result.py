"""What came of the TLS of one connection (RFC 8460 section 4.3)."""

from __future__ import annotations

import ssl
from typing import Final, Literal

Result = Literal[
    "successful",
    "starttls-not-supported",
    "certificate-host-mismatch",
    "certificate-not-trusted",
    "certificate-expired",
    "validation-failure",
    "tlsa-invalid",
    "dnssec-invalid",
    "sts-policy-fetch-error",
    "sts-policy-invalid",
    "sts-webpki-invalid",
]
PolicyKind = Literal["tlsa", "sts", "no-policy-found"]

_EXPIRED: Final = 10
_MISMATCH: Final = frozenset({62, 64})
"""X509_V_ERR_CERT_HAS_EXPIRED, _HOSTNAME_MISMATCH and _IP_ADDRESS_MISMATCH of OpenSSL's x509_vfy.h."""


class TlsError(Exception):
    """There is no TLS as it has to be. ``result`` says in which way."""

    def __init__(self, result: Result, text: str) -> None:
        super().__init__(text)
        self.result: Final[Result] = result


def result_of(error: BaseException) -> Result:
    """Return the result that an exception of a handshake stands for."""
    if isinstance(error, TlsError):
        return error.result
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code == _EXPIRED:
            return "certificate-expired"
        return "certificate-host-mismatch" if error.verify_code in _MISMATCH else "certificate-not-trusted"
    return "validation-failure"
