"""The machine: the data directory, room on the disk, the host name, the clock, the TLS files."""

from __future__ import annotations

import datetime
import os
import shutil
import socket
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from correio.config import Settings
from correio.config_sources import ConfigError
from correio.doctor.finding import Finding
from correio.tls import expiry, server_context
from protocols.wire.listener import server_name

_GIB: Final = 1024**3
_BUILT: Final = datetime.datetime(2025, 1, 1, tzinfo=datetime.UTC).timestamp()


def examine_machine(settings: Settings) -> Iterator[Finding]:
    """Yield what there is to say about the machine."""
    yield from _data(settings.data)
    yield from _tls(settings)
    yield _hostname(settings)
    if time.time() < _BUILT:
        yield Finding("clock", "problem", "The clock is years behind.", "Set it, and keep it right with NTP.")


def _data(data: Path) -> Iterator[Finding]:
    existing = data.absolute()
    while not existing.exists():
        existing = existing.parent
    if not os.access(existing, os.W_OK | os.X_OK):
        yield Finding(
            "data",
            "problem",
            f"{existing} cannot be written by this user.",
            f"Give it to the user who runs Correio: chown {os.geteuid()} {existing}",
        )
        return
    if data.exists():
        mode = stat.S_IMODE(data.stat().st_mode)
        owner = data.stat().st_uid
        if owner != os.geteuid():
            yield Finding(
                "data", "warning", f"{data} belongs to user {owner}, not to {os.geteuid()}.", "Use one user for all."
            )
        elif mode & 0o022:
            yield Finding("data", "warning", f"{data} can be written by others (mode {mode:o}).", f"chmod 700 {data}")
        else:
            yield Finding("data", "ok", f"{data.absolute()} is there, mode {mode:o}.")
    else:
        yield Finding("data", "ok", f"{data.absolute()} will be made at the first start.")
    usage = shutil.disk_usage(existing)
    free = usage.free / _GIB
    state: Finding = Finding("disk", "ok", f"{free:.1f} GiB free for {data}.")
    if free < 0.5:
        state = Finding("disk", "problem", f"Only {free:.2f} GiB are free for {data}.", "Make room before you start.")
    elif free < 5:
        state = Finding("disk", "warning", f"Only {free:.1f} GiB are free for {data}.", "Make room soon.")
    yield state


def _tls(settings: Settings) -> Iterator[Finding]:
    certificate = settings.tls_certificate
    if certificate is None or settings.tls_key is None:
        yield Finding(
            "tls",
            "note",
            "No certificate is configured; a self-signed one is made, which mail programs warn about.",
            "Set CORREIO_TLS_CERTIFICATE and CORREIO_TLS_KEY.",
        )
        return
    try:
        server_context(settings, "localhost")
        ends = expiry(certificate)
    except (ConfigError, OSError, ValueError) as error:
        yield Finding("tls", "problem", str(error), "Name a certificate chain and its key, both in PEM.")
        return
    days = (ends - datetime.datetime.now(datetime.UTC)).days
    if stat.S_IMODE(settings.tls_key.stat().st_mode) & 0o007:
        yield Finding("tls", "warning", f"Everybody can read {settings.tls_key}.", f"chmod 640 {settings.tls_key}")
    if days < 0:
        yield Finding("tls", "problem", f"{certificate} ended {-days} days ago.", "Renew it, then send SIGHUP.")
    elif days < 14:
        yield Finding("tls", "warning", f"{certificate} ends in {days} days.", "Renew it, then send SIGHUP.")
    else:
        yield Finding("tls", "ok", f"{certificate} is good for {days} days.")


def _hostname(settings: Settings) -> Finding:
    name = server_name(settings)
    if "." not in name:
        return Finding(
            "hostname",
            "note" if settings.hostname is None else "warning",
            f"This server calls itself {name!r}, which other mail servers cannot look up.",
            "Set CORREIO_HOSTNAME to its full name, such as mail.example.org.",
        )
    try:
        socket.getaddrinfo(name, None)
    except OSError:
        return Finding(
            "hostname", "warning", f"The name {name} cannot be looked up.", "Add an A or AAAA record for it."
        )
    return Finding("hostname", "ok", f"This server calls itself {name}.")
