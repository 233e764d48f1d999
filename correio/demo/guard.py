"""The demo has a password that everybody knows, so it listens on loopback only."""

from __future__ import annotations

import ipaddress

from correio.config import Endpoint, Settings
from correio.config_sources import ConfigError, listeners


def is_loopback(host: str) -> bool:
    """Tell whether a listening host is reached from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def require_loopback(settings: Settings) -> None:
    """Raise ConfigError if a listener is open to other machines."""
    for name in listeners(settings):
        endpoint: Endpoint = getattr(settings, name)
        if not is_loopback(endpoint.host):
            raise ConfigError(
                f"--demo accounts have a known password, so {name} may listen on loopback only, not on {endpoint};"
                f" set CORREIO_{name.upper()} to 127.0.0.1:{endpoint.port}, or leave --demo out."
            )
