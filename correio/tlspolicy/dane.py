"""DANE for SMTP (RFC 7672): whether a certificate chain is the one that TLSA records (RFC 6698) name. Pure.

Usages 2 (DANE-TA) and 3 (DANE-EE) count; 0 and 1 are of no use between mail servers (RFC 7672 section 3.1.3).
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from correio.dns.answer import Tlsa
from correio.tlspolicy.result import TlsError

TRUST_ANCHOR: Final = 2
END_ENTITY: Final = 3
MOST_RECORDS: Final = 50
MOST_CERTIFICATES: Final = 10
MOST_PATHS: Final = 10
"""What is looked at of what others send: a thousand records and hundreds of certificates would hold up everybody."""
_LENGTHS: Final = {1: 32, 2: 64}


def usable(records: Iterable[Tlsa]) -> list[Tlsa]:
    """Return the records that can be used. If there are some and none can be, TLS is owed, and the certificate not checked
    (RFC 7672 section 2.2).
    """
    good = (
        record
        for record in dict.fromkeys(records)
        if record.usage in (TRUST_ANCHOR, END_ENTITY)
        and record.selector in (0, 1)
        and record.matching in (0, 1, 2)
        and len(record.data) == _LENGTHS.get(record.matching, len(record.data) or -1)
    )
    return list(islice(good, MOST_RECORDS))


def check_chain(
    chain: Sequence[bytes], records: Sequence[Tlsa], names: Sequence[str], now: datetime.datetime | None = None
) -> None:
    """Check the certificates of a server, in DER, its own first. Raises TlsError.

    ``names`` are those that a certificate under a trust anchor must have one of (RFC 7672 section 3.2.3): the host's, and
    the domain's.
    """
    certificates = _read(chain)
    # RFC 7671 section 5.1: the record says it all; names and dates in the certificate do not count.
    if any(certificates[0].fits(record) for record in records if record.usage == END_ENTITY):
        return
    anchors = [record for record in records if record.usage == TRUST_ANCHOR]
    failure = TlsError("validation-failure", "The certificate is none that the TLSA records name.")
    try:
        for length, path in islice(_paths(certificates, anchors), MOST_PATHS):
            try:
                _check_path(path[: length + 1], now or datetime.datetime.now(datetime.UTC))
                _check_name(path[0], names)
            except TlsError as error:
                failure = error
            else:
                return
    except ValueError as error:
        # Names and dates are read when they are asked for.
        raise TlsError("validation-failure", "A certificate of the server cannot be read.") from error
    raise failure


def has_name(certificate: x509.Certificate, names: Sequence[str]) -> bool:
    """Tell whether a certificate is for one of the names. A common name counts where it has no other (RFC 7672 section 3.2.3)."""
    own: list[str] = []
    try:
        alternative = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        own = alternative.get_values_for_type(x509.DNSName)
    except (x509.ExtensionNotFound, ValueError, x509.DuplicateExtension):
        pass
    if not own:
        common = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
        own = [str(attribute.value) for attribute in common]
    return any(name_matches(pattern, name) for pattern in own for name in names)


def name_matches(pattern: str, name: str) -> bool:
    """Tell whether a name is the one of a pattern, whose first label may be ``*``, in any case (RFC 6125 section 6.4.3)."""
    pattern, name = pattern.lower().removesuffix("."), name.lower().removesuffix(".")
    if not pattern.startswith("*."):
        return pattern == name
    label, dot, rest = name.partition(".")
    return bool(label) and bool(dot) and rest == pattern[2:] and "." in rest


class _Certificate:
    """A certificate, and what records may say of it, made once."""

    def __init__(self, certificate: x509.Certificate) -> None:
        self.x509: Final = certificate
        self._forms: dict[tuple[int, int], bytes | None] = {}

    def fits(self, record: Tlsa) -> bool:
        """Tell whether a record is of this certificate (RFC 6698 section 2.1: selector and matching type)."""
        kind = record.selector, record.matching
        if kind not in self._forms:
            self._forms[kind] = self._form(*kind)
        return self._forms[kind] == record.data

    def _form(self, selector: int, matching: int) -> bytes | None:
        if selector == 0:
            octets = self.x509.public_bytes(Encoding.DER)
        else:
            try:
                octets = self.x509.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
            except (ValueError, UnsupportedAlgorithm):
                return None
        if matching == 0:
            return octets
        return (hashlib.sha256(octets) if matching == 1 else hashlib.sha512(octets)).digest()


def _read(chain: Sequence[bytes]) -> list[_Certificate]:
    """Return the certificates up to the first above the server's own that cannot be read. Raises TlsError."""
    certificates: list[_Certificate] = []
    for octets in chain[:MOST_CERTIFICATES]:
        try:
            certificates.append(_Certificate(x509.load_der_x509_certificate(octets)))
        except ValueError as error:
            if certificates:
                break
            raise TlsError("validation-failure", "The certificate of the server cannot be read.") from error
    if not certificates:
        raise TlsError("validation-failure", "The server has no certificate.")
    return certificates


def _paths(
    certificates: Sequence[_Certificate], anchors: Sequence[Tlsa]
) -> Iterator[tuple[int, list[x509.Certificate]]]:
    """Yield (index of the anchor, certificates up to it) for each anchor that a record names."""
    sent = [certificate.x509 for certificate in certificates]
    for at, certificate in enumerate(certificates):
        if at and any(certificate.fits(record) for record in anchors):
            yield at, sent
    for record in anchors:
        # RFC 7671 section 5.2.1: the whole certificate of an anchor need not come from the server.
        if record.selector == 0 and record.matching == 0:
            try:
                anchor = x509.load_der_x509_certificate(record.data)
            except ValueError:
                continue
            for at in range(len(sent)):
                if sent[at].issuer == anchor.subject:
                    yield at + 1, [*sent[: at + 1], anchor]


def _check_path(path: list[x509.Certificate], now: datetime.datetime) -> None:
    for certificate in path:
        if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            raise TlsError("certificate-expired", "A certificate of the server is not valid now.")
    for at, issuer in enumerate(path[1:]):
        if not _is_authority(issuer):
            raise TlsError("certificate-not-trusted", "A certificate is issued by one that may not issue any.")
        try:
            path[at].verify_directly_issued_by(issuer)
        except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError) as error:
            raise TlsError("certificate-not-trusted", "A certificate is not issued by the next one.") from error


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        extensions = certificate.extensions
        if not extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            return False
        return extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    except x509.ExtensionNotFound as error:
        return error.oid == x509.KeyUsage.oid
    except (ValueError, x509.DuplicateExtension):
        return False


def _check_name(certificate: x509.Certificate, names: Sequence[str]) -> None:
    if not has_name(certificate, names):
        raise TlsError("certificate-host-mismatch", f"The certificate is for none of {', '.join(names)}.")
