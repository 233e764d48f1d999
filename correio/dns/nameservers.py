"""Whom to ask, and whether to believe that they have validated what they say."""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from correio.config import Endpoint

RESOLV_CONF: Final = Path("/etc/resolv.conf")
PORT: Final = 53
MAX_SERVERS: Final = 8

_log = logging.getLogger("correio.dns")


class Nameserver(msgspec.Struct, frozen=True):
    """A resolver. ``trusted``: its AD bit counts."""

    host: str
    port: int
    trusted: bool


def nameservers(configured: Sequence[Endpoint], *, trusted: bool) -> list[Nameserver]:
    """Return the resolvers of the settings, or else the system's.

    The AD bit is no more than a claim, and anybody on the way could set it: it counts of a resolver on this machine, or
    where the operator says that the way there is safe (``trusted``).
    """
    endpoints = list(configured) or _system()
    return [Nameserver(one.host, one.port, trusted or _is_loopback(one.host)) for one in endpoints[:MAX_SERVERS]]


def _system() -> list[Endpoint]:
    try:
        text = RESOLV_CONF.read_text("utf-8", "replace")
    except OSError as error:
        _log.warning("no resolver: %s cannot be read: %s", RESOLV_CONF, error.strerror)
        return []
    return parse_resolv_conf(text)


def parse_resolv_conf(text: str) -> list[Endpoint]:
    """Return the ``nameserver`` lines of a resolv.conf. Its search list is for people: here every name is whole."""
    found = []
    for line in text.splitlines():
        words = line.split()
        if len(words) >= 2 and words[0] == "nameserver" and is_address(words[1]):
            found.append(Endpoint(words[1], PORT))
    return found


def is_address(host: str) -> bool:
    """Tell whether a host is numeric, as that of a resolver has to be."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    return ipaddress.ip_address(host).is_loopback
