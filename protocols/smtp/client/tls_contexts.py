"""TLS towards servers: contexts, and the certificates that a server has shown."""

from __future__ import annotations

import _ssl
import ssl
from pathlib import Path
from typing import Any, cast

from correio.config_routes import ConfigError


def checking_context(authorities: Path | None) -> ssl.SSLContext:
    """Return a context that checks certificate and name, by the system's authorities and those of a file in PEM.

    Raises ConfigError.
    """
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if authorities is not None:
        try:
            context.load_verify_locations(authorities)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(f"CORREIO_OUTBOUND_CA: cannot use {authorities}: {error}.") from error
    return context


def trusting_context() -> ssl.SSLContext:
    """Return a context that takes any certificate, weak ones too: the other choice would be no TLS at all (RFC 7435)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    return context


def certificate_chain(tls: ssl.SSLObject | None) -> list[bytes]:
    """Return the certificates in DER as the server has sent them, its own first."""
    if tls is None:
        return []
    # Public from Python 3.13 on; before, the object within has it.
    public = getattr(tls, "get_unverified_chain", None)
    if public is not None:
        return cast("list[bytes]", public())
    inner: Any = getattr(tls, "_sslobj", None)
    if hasattr(inner, "get_unverified_chain"):
        return [one.public_bytes(_ssl.ENCODING_DER) for one in inner.get_unverified_chain() or ()]
    own = tls.getpeercert(binary_form=True)
    return [own] if own else []


def describe(tls: ssl.SSLObject | None, check: str) -> str:
    """Return version, cipher and how the certificate was checked, "" without TLS."""
    if tls is None:
        return ""
    cipher = tls.cipher()
    return f"{tls.version()} {cipher[0] if cipher else '?'} ({check})"
