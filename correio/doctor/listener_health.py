"""The listening addresses: free, taken by our own server, or taken by somebody else."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import msgspec

from correio.bind_error import explain_bind
from correio.config import Endpoint, Settings
from correio.config_sources import listeners
from correio.demo.guard import is_loopback
from correio.doctor.finding import Finding


class _Ready(msgspec.Struct):
    pid: int
    endpoints: dict[str, str]


def examine_listeners(settings: Settings) -> Iterator[Finding]:
    """Yield a finding for each listener that is on."""
    running = running_server(settings.data)
    if running is not None:
        yield Finding("server", "ok", f"A server runs on this data directory, process {running.pid}.")
    for name in listeners(settings):
        endpoint: Endpoint = getattr(settings, name)
        if running is not None and running.endpoints.get(name) == str(endpoint):
            yield Finding(name, "ok", f"{endpoint} is served.")
            continue
        error = _bind(endpoint)
        if error is not None:
            yield Finding(name, "problem", explain_bind(name, endpoint, error))
        else:
            yield Finding(name, "ok", f"{endpoint} is free.")
    if settings.lmtp is not None and not is_loopback(settings.lmtp.host):
        yield Finding(
            "lmtp",
            "warning",
            f"LMTP takes mail without sign-in, and {settings.lmtp} is open to other machines.",
            "Set CORREIO_LMTP to a loopback address, or let a firewall admit your mail transfer agent alone.",
        )
    if settings.http is not None and not is_loopback(settings.http.host):
        yield Finding(
            "http",
            "warning",
            f"HTTP on {settings.http} is not encrypted.",
            "Put a TLS proxy in front and let Correio listen on loopback; tokens are refused elsewhere.",
        )


def running_server(data: Path) -> _Ready | None:
    """Return what the server on this data directory said when it was ready, if it still runs."""
    try:
        ready = msgspec.json.decode((data / "run" / "ready.json").read_bytes(), type=_Ready)
        os.kill(ready.pid, 0)
    except PermissionError:
        return ready
    except (OSError, msgspec.DecodeError):
        return None
    return ready


def _bind(endpoint: Endpoint) -> OSError | None:
    try:
        found = socket.getaddrinfo(
            endpoint.host or None, endpoint.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        for family, kind, protocol, _, address in found:
            with socket.socket(family, kind, protocol) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                probe.bind(address)
    except OSError as error:
        return error
    return None
