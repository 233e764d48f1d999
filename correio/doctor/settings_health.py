"""The settings: names that mean nothing, and values that are legal and unwise."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator, Mapping

from correio.config import Settings
from correio.config_sources import listeners, unknown_variables
from correio.doctor.finding import Finding


def examine_settings(settings: Settings, environment: Mapping[str, str]) -> Iterator[Finding]:
    """Yield what there is to say about the settings."""
    unknown = unknown_variables(environment)
    for variable in unknown:
        yield Finding("settings", "warning", f"{variable} is not a setting and does nothing.", "Correct or remove it.")
    on = listeners(settings)
    if not on:
        yield Finding("settings", "problem", "Every listener is turned off.", "Give at least one an address.")
    elif not unknown:
        yield Finding("settings", "ok", f"{len(on)} listeners: {', '.join(on)}.")
    if settings.mongodb_uri is None:
        yield Finding(
            "database",
            "note",
            "The embedded database is in use. It is beta software, and any local user can connect to it.",
            "For mail that must not be lost, set CORREIO_MONGODB_URI to a MongoDB replica set.",
        )
    yield _file_limit(settings)


def _file_limit(settings: Settings) -> Finding:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = settings.limits.connections
    if hard != resource.RLIM_INFINITY and hard < wanted:
        return Finding(
            "open files",
            "warning",
            f"This user may have {hard} files open; limits.connections allows {wanted} connections.",
            "Raise the limit (LimitNOFILE= in a systemd unit), or lower CORREIO_LIMIT_CONNECTIONS.",
        )
    return Finding("open files", "ok", f"{os.cpu_count()} processors; enough open files for {wanted} connections.")
