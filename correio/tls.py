"""The server's certificate: the configured one, or a self-signed one made below the data directory."""

from __future__ import annotations

import datetime
import ipaddress
import os
import ssl
from pathlib import Path
from typing import TYPE_CHECKING, Final

from correio.config import Settings
from correio.config_sources import ConfigError

if TYPE_CHECKING:
    from cryptography import x509

_LIFETIME: Final = datetime.timedelta(days=397)
_RENEW_BEFORE: Final = datetime.timedelta(days=30)


def server_context(settings: Settings, hostname: str) -> ssl.SSLContext:
    """Return the context of every TLS listener: TLS 1.2 or newer (RFC 8996). Raises ConfigError."""
    if settings.tls_certificate is not None and settings.tls_key is not None:
        certificate, key = settings.tls_certificate, settings.tls_key
    else:
        certificate, key = self_signed(settings.data / "tls", hostname)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # TLS 1.3 would send tickets behind the handshake, when a client has its first command under way: one that reads them in
    # one thread while it writes in another (imaplib2, under offlineimap) comes to a halt. Mail programs hardly resume sessions.
    context.num_tickets = 0
    try:
        context.load_cert_chain(certificate, key, password=_no_password)
    except FileNotFoundError as error:
        missing = certificate if not certificate.exists() else key
        raise ConfigError(f"The TLS file {missing} does not exist.") from error
    except (OSError, ssl.SSLError, ValueError) as error:
        raise ConfigError(f"Cannot use the certificate {certificate} with the key {key}: {error}.") from error
    return context


def _no_password() -> str:
    raise ValueError("the key is encrypted; store it without a password, readable by its owner alone")


def self_signed(directory: Path, hostname: str) -> tuple[Path, Path]:
    """Return certificate and key for ``hostname``, localhost and the loopback addresses, made anew when needed.

    The key is readable by its owner alone. A certificate is kept until 30 days before its end. Raises ConfigError.
    """
    certificate, key = directory / "certificate.pem", directory / "key.pem"
    try:
        if not _is_good(certificate, key, hostname):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            _make(certificate, key, hostname)
    except OSError as error:
        raise ConfigError(f"Cannot make a certificate in {directory}: {error.strerror}.") from error
    return certificate, key


def expiry(certificate: Path) -> datetime.datetime:
    """Return when a certificate in PEM ends. Raises OSError, ValueError."""
    from cryptography import x509  # noqa: PLC0415 - slow to import, and seldom needed

    return x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc


def _is_good(certificate: Path, key: Path, hostname: str) -> bool:
    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    try:
        stored = x509.load_pem_x509_certificate(certificate.read_bytes())
        private = load_pem_private_key(key.read_bytes(), None)
        names = stored.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (FileNotFoundError, ValueError, TypeError, x509.ExtensionNotFound):
        return False
    now = datetime.datetime.now(datetime.UTC)
    return (
        stored.not_valid_before_utc <= now < stored.not_valid_after_utc - _RENEW_BEFORE
        and private.public_key() == stored.public_key()
        and set(names) == set(_names(hostname))
    )


def _names(hostname: str) -> list[x509.GeneralName]:
    from cryptography import x509  # noqa: PLC0415

    names: list[x509.GeneralName] = [x509.DNSName("localhost")]
    literal = hostname.strip("[]")
    try:
        names.append(x509.IPAddress(ipaddress.ip_address(literal)))
    except ValueError:
        try:
            ascii_name = hostname.encode("idna").decode("ascii")
        except UnicodeError:
            ascii_name = "localhost"
        if ascii_name != "localhost":
            names.append(x509.DNSName(ascii_name))
    for loopback in ("127.0.0.1", "::1"):
        name = x509.IPAddress(ipaddress.ip_address(loopback))
        if name not in names:
            names.append(name)
    return names


def _make(certificate: Path, key: Path, hostname: str) -> None:
    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID  # noqa: PLC0415

    private = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Correio, self-signed")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + _LIFETIME)
        .add_extension(x509.SubjectAlternativeName(_names(hostname)), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(private, hashes.SHA256())
    )
    _replace(
        key,
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
        0o600,
    )
    _replace(certificate, made.public_bytes(serialization.Encoding.PEM), 0o644)


def _replace(path: Path, octets: bytes, mode: int) -> None:
    """Write a file in one step, never readable by more than ``mode`` says."""
    draft = path.with_suffix(f".{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(octets)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
