"""Smarthosts in the settings: the tables ``[routes.NAME]`` of the file, and the URL of the setting ``smarthost``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final, get_args
from urllib.parse import SplitResult, unquote, urlsplit

from correio.config import Route, RouteTls

ROUTES: Final = "routes"
SMARTHOST: Final = "smarthost"
"""The name of the route that the setting makes."""

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_HOST: Final = re.compile(r"[A-Za-z0-9._\-:\[\]\u00a0-\U0010ffff]{1,255}")
_KEYS: Final = frozenset({"host", "port", "tls", "user", "password", "password_file", "domains"})
_PORTS: Final = {"starttls": 587, "implicit": 465, "opportunistic": 25, "none": 25}


class ConfigError(Exception):
    """A setting is not acceptable. The text names it as the operator wrote it and says what is wrong."""


def parse_routes(tables: Any, where: str, smarthost: str | None) -> tuple[Route, ...]:
    """Return the routes. ``where`` is how the operator knows the file. Raises ConfigError."""
    if not isinstance(tables, dict):
        raise ConfigError(f"routes {where} must be a table of tables.")
    routes = [_parse_table(name, table, f"routes.{name} {where}") for name, table in tables.items()]
    if smarthost is not None:
        if SMARTHOST in tables:
            raise ConfigError(f"CORREIO_SMARTHOST and routes.{SMARTHOST} {where} cannot both be set.")
        routes.append(parse_smarthost(smarthost))
    return tuple(routes)


def parse_smarthost(url: str) -> Route:
    """Return the route that a URL means. Raises ConfigError, whose text never shows the password."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = SplitResult("", "", "", "", ""), None
    host = parts.hostname or ""
    extra = parts.path.strip("/") or parts.query or parts.fragment
    if parts.scheme not in ("smtp", "smtps") or not _HOST.fullmatch(host) or extra:
        raise ConfigError(
            "CORREIO_SMARTHOST: it must be smtp://USER:PASSWORD@HOST:PORT or smtps://USER:PASSWORD@HOST:PORT."
        )
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if bool(user) != bool(password):
        raise ConfigError("CORREIO_SMARTHOST: a user needs a password, and a password a user.")
    tls: RouteTls = "implicit" if parts.scheme == "smtps" else "starttls" if user else "opportunistic"
    return Route(name=SMARTHOST, host=host, port=port or _PORTS[tls], tls=tls, user=user, password=password)


def _parse_table(name: str, table: Any, where: str) -> Route:
    if not _NAME.fullmatch(name):
        raise ConfigError(f"{where}: a name has small letters, digits, - and _, 40 at most.")
    if not isinstance(table, dict):
        raise ConfigError(f"{where} must be a table.")
    for key in table:
        if key not in _KEYS:
            raise ConfigError(f"{where}: {key} is none of {', '.join(sorted(_KEYS))}.")
    wanted = _text(table, "tls", where) or "starttls"
    tls: RouteTls | None = next((one for one in get_args(RouteTls) if one == wanted), None)
    if tls is None:
        raise ConfigError(f"{where}: tls is none of {', '.join(get_args(RouteTls))}.")
    port = table.get("port", _PORTS[tls])
    if not isinstance(port, int) or isinstance(port, bool) or not 1 <= port <= 65_535:
        raise ConfigError(f"{where}: port is no number from 1 to 65535.")
    host = _text(table, "host", where)
    if not _HOST.fullmatch(host):
        raise ConfigError(f"{where}: host is not the name or address of a host.")
    user, password = _text(table, "user", where), _password(table, where)
    if bool(user) != bool(password):
        raise ConfigError(f"{where}: a user needs a password or a password_file, and the other way round.")
    domains = table.get("domains", ["*"])
    if not isinstance(domains, list) or not domains or not all(isinstance(one, str) and one for one in domains):
        raise ConfigError(f"{where}: domains must be an array of names.")
    return Route(
        name=name,
        host=host.strip("[]"),
        port=port,
        tls=tls,
        user=user,
        password=password,
        domains=tuple(domains),
    )


def _text(table: dict[str, Any], key: str, where: str) -> str:
    value = table.get(key, "")
    if not isinstance(value, str):
        raise ConfigError(f"{where}: {key} must be a text.")
    return value


def _password(table: dict[str, Any], where: str) -> str:
    password, file = _text(table, "password", where), _text(table, "password_file", where)
    if password and file:
        raise ConfigError(f"{where}: set password or password_file, not both.")
    if not file:
        return password
    try:
        return Path(file).read_text("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{where}: cannot read the password_file {file}.") from error
