"""Where settings come from: defaults, then a TOML file, then the environment (CORREIO_*), then flags; the last one wins.

Every field of :class:`correio.config.Settings` has one name everywhere: ``imap`` is ``imap`` in the file, ``CORREIO_IMAP``
in the environment and ``--imap`` as a flag; ``limits.message_size`` is ``message_size`` in the table ``[limits]``,
``CORREIO_LIMIT_MESSAGE_SIZE`` and ``--limit-message-size``. Smarthosts stand in the file alone: :mod:`correio.config_routes`.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, get_args, get_origin, get_type_hints

import msgspec

from correio.config import MIB, Endpoint, Limits, Settings
from correio.config_routes import ROUTES, ConfigError, parse_routes
from correio.dns.names import ascii_name
from correio.dns.nameservers import is_address

__all__ = [
    "SETTINGS",
    "ConfigError",
    "Setting",
    "listeners",
    "load_settings",
    "parse",
    "parse_endpoint",
    "parse_size",
    "to_text",
    "unknown_variables",
]

OTHER_VARIABLES: Final = frozenset({"CORREIO_CONFIG", "CORREIO_CORPUS"})
"""Variables with our prefix that are no settings."""
MOST_ANNOTATION: Final = 8 * MIB
"""Octets of one entry of METADATA: a document of MongoDB has at most 16 MiB."""
LOG_LEVELS: Final = ("debug", "info", "warning", "error")
_CHOICES: Final = {"log_level": LOG_LEVELS, "mail_authentication": ("auto", "on", "off")}

_SIZE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]*)", re.IGNORECASE)
_OCTETS: Final = {"": 1, "b": 1, "k": 1024, "m": 1024**2, "g": 1024**3, "t": 1024**4} | {
    f"{letter}{suffix}": (1024 if suffix == "ib" else 1000) ** power
    for power, letter in enumerate("kmgt", 1)
    for suffix in ("b", "ib")
}
_SECONDS: Final = {"": 1, "s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400}


class Setting(msgspec.Struct, frozen=True):
    """One field of the settings and its names."""

    field: str
    limit: bool
    kind: type
    """Endpoint, int, float, str, bool or Path."""
    optional: bool
    several: bool
    """A list, in text with commas between its items."""
    unit: str
    least: int
    description: str
    default: Any

    @property
    def key(self) -> str:
        """The name in a TOML file, with its table."""
        return f"limits.{self.field}" if self.limit else self.field

    @property
    def variable(self) -> str:
        """The name in the environment."""
        return f"CORREIO_{'LIMIT_' if self.limit else ''}{self.field.upper()}"

    @property
    def flag(self) -> str:
        """The name as a flag."""
        return f"--{'limit-' if self.limit else ''}{self.field.replace('_', '-')}"

    @property
    def default_text(self) -> str:
        """The default as one would write it."""
        return to_text(self, self.default)


def _fields(struct: type[msgspec.Struct], *, limit: bool) -> Iterator[Setting]:
    hints = get_type_hints(struct, include_extras=True)
    for field in msgspec.structs.fields(struct):
        hint = hints[field.name]
        if get_origin(hint) is not Annotated:
            continue
        annotated, meta = get_args(hint)
        choices = get_args(annotated)
        yield Setting(
            field=field.name,
            limit=limit,
            kind=choices[0] if choices else annotated,
            optional=type(None) in choices,
            several=get_origin(annotated) is tuple,
            unit=meta.extra["unit"],
            least=meta.extra["least"],
            description=meta.description,
            default=field.default,
        )


SETTINGS: Final = (*_fields(Settings, limit=False), *_fields(Limits, limit=True))
"""Every setting, in the order of the structs."""


def load_settings(
    flags: Mapping[str, str | None] | None = None,
    environment: Mapping[str, str] | None = None,
    file: Path | None = None,
) -> Settings:
    """Return the settings. ``flags`` are texts by :attr:`Setting.key`; None is a flag that was not given.

    ``file`` is read if it is given, else the one that CORREIO_CONFIG names. Raises ConfigError.
    """
    environment = environment or {}
    if file is None and environment.get("CORREIO_CONFIG"):
        file = Path(environment["CORREIO_CONFIG"])
    stored = _read(file) if file is not None else {}
    values: dict[str, Any] = {}
    limits: dict[str, Any] = {}
    for setting in SETTINGS:
        target = limits if setting.limit else values
        text = (flags or {}).get(setting.key)
        if text is not None:
            target[setting.field] = parse(setting, text, setting.flag)
        elif setting.variable in environment:
            target[setting.field] = parse(setting, environment[setting.variable], setting.variable)
        elif setting.key in stored:
            target[setting.field] = _from_toml(setting, stored[setting.key], f"{setting.key} in {file}")
    if "request_body" not in limits and "message_size" in limits:
        # A message that may be received may be imported over HTTP too.
        limits["request_body"] = max(Limits().request_body, limits["message_size"])
    values["routes"] = parse_routes(stored.get(ROUTES, {}), f"in {file}", values.get("smarthost"))
    settings = Settings(**values, limits=Limits(**limits))
    _check(settings)
    return settings


def unknown_variables(environment: Mapping[str, str]) -> list[str]:
    """Return the variables with our prefix that mean nothing, each with a guess at what was meant."""
    known = {setting.variable for setting in SETTINGS} | OTHER_VARIABLES
    found = sorted(name for name in environment if name.startswith("CORREIO_") and name not in known)
    return [name + _guess(name, known) for name in found]


def parse(setting: Setting, text: str, name: str) -> Any:
    """Return the value a text means. ``name`` is how the operator knows the setting. Raises ConfigError."""
    text = text.strip()
    if setting.optional and not text:
        return None
    try:
        if setting.several:
            return tuple(_parse_one(setting, item.strip()) for item in text.split(",") if item.strip())
        return _parse_one(setting, text)
    except ValueError as error:
        raise ConfigError(f"{name}: {error}.") from error


def _parse_one(setting: Setting, text: str) -> Any:
    if setting.kind is Endpoint:
        return parse_endpoint(text)
    if setting.kind is bool:
        return _parse_bool(text)
    if setting.kind in (int, float):
        return _parse_number(setting, text)
    return _parse_text(setting, text)


def parse_endpoint(text: str) -> Endpoint:
    """Return the address a text means: HOST:PORT, [IPv6]:PORT or :PORT. Raises ValueError."""
    host, colon, port = text.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host or host.endswith("]"):
        raise ValueError(f"{text!r} is no address; write an IPv6 address as [::1]:143")
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65_535:
        raise ValueError(f"{text!r} is no address of the form HOST:PORT, [IPv6]:PORT or :PORT (empty turns it off)")
    if any(character.isspace() for character in host):
        raise ValueError(f"{text!r} has a space in its host name")
    return Endpoint(host, int(port))


def parse_size(text: str) -> int:
    """Return the octets a text such as 50MiB means. Raises ValueError."""
    return int(_number(text, "octets"))


def to_text(setting: Setting, value: Any) -> str:
    """Return a value as one would write it."""
    if value is None:
        return ""
    if setting.several:
        return ",".join(str(item) for item in value)
    if setting.kind is bool:
        return "true" if value else "false"
    if setting.unit == "octets" and value:
        for unit, size in (("GiB", 1024**3), ("MiB", 1024**2), ("KiB", 1024)):
            if value % size == 0:
                return f"{value // size}{unit}"
    if setting.unit == "seconds":
        return f"{value:.15g}s"
    return str(value)


def _parse_bool(text: str) -> bool:
    if text.lower() in ("1", "true", "yes", "on"):
        return True
    if text.lower() in ("0", "false", "no", "off", ""):
        return False
    raise ValueError(f"{text!r} is neither true nor false")


def _parse_text(setting: Setting, text: str) -> str | Path:
    if not text and setting.default != "":
        raise ValueError("it cannot be empty")
    if setting.kind is Path:
        return Path(text)
    choices = _CHOICES.get(setting.field)
    if choices is not None:
        text = text.lower()
        if text not in choices:
            raise ValueError(f"{text!r} is none of {', '.join(choices)}")
    return text


def _parse_number(setting: Setting, text: str) -> int | float:
    number = _number(text, setting.unit)
    if setting.kind is int and number != int(number):
        raise ValueError(f"{text!r} is not a whole number")
    if number < setting.least:
        raise ValueError(f"{text!r} is less than the least possible, {to_text(setting, setting.least)}")
    return int(number) if setting.kind is int else number


def _number(text: str, unit: str) -> float:
    match = _SIZE.fullmatch(text.replace("_", ""))
    units: dict[str, int] = {"octets": _OCTETS, "seconds": _SECONDS}.get(unit, {"": 1})
    if match is None or match[2].lower() not in units:
        example = {"octets": "a size such as 50MiB", "seconds": "a time such as 30s or 10min"}.get(unit)
        raise ValueError(f"{text!r} is not {example or 'a whole number'}")
    number = float(match[1]) * units[match[2].lower()]
    if number > 2**50:
        raise ValueError(f"{text!r} is too large")
    return number


def _read(file: Path) -> dict[str, Any]:
    """Return the file's values by key."""
    try:
        found = tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"Cannot read {file}: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} is not TOML: {error}.") from error
    limits = found.pop("limits", {})
    if not isinstance(limits, dict):
        raise ConfigError(f"limits in {file} must be a table.")
    values = found | {f"limits.{name}": value for name, value in limits.items()}
    known = {setting.key for setting in SETTINGS}
    for name in values.keys() - {ROUTES}:
        if name not in known:
            raise ConfigError(f"{name} in {file} is not a setting{_guess(name, known)}.")
    return values


def _from_toml(setting: Setting, value: Any, name: str) -> Any:
    if setting.several and isinstance(value, list) and all(isinstance(item, str) for item in value):
        return parse(setting, ",".join(value), name)
    if isinstance(value, bool) != (setting.kind is bool) and not isinstance(value, str):
        raise ConfigError(f"{name}: {value!r} is of the wrong type.")
    if isinstance(value, bool):
        return value
    if isinstance(value, str) or (isinstance(value, int | float) and setting.kind in (int, float)):
        return parse(setting, str(value), name)
    raise ConfigError(f"{name}: {value!r} is of the wrong type.")


def _guess(name: str, known: set[str]) -> str:
    close = difflib.get_close_matches(name, known, 1, 0.8)
    return f" (did you mean {close[0]}?)" if close else ""


def _check(settings: Settings) -> None:
    """Raise ConfigError for values that are each fine and do not fit together."""
    if (settings.tls_certificate is None) != (settings.tls_key is None):
        raise ConfigError("CORREIO_TLS_CERTIFICATE and CORREIO_TLS_KEY: set both or neither.")
    if settings.mongodb_uri is not None and not settings.mongodb_uri.startswith(("mongodb://", "mongodb+srv://")):
        raise ConfigError("CORREIO_MONGODB_URI: it must begin with mongodb:// or mongodb+srv://.")
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,60}", settings.database):
        raise ConfigError(f"CORREIO_DATABASE: {settings.database!r} is not a name of letters, digits, - and _.")
    if settings.hostname is not None and not re.fullmatch(r"[\w.\-\[\]:]{1,255}", settings.hostname):
        raise ConfigError(f"CORREIO_HOSTNAME: {settings.hostname!r} is not a host name.")
    if settings.contact is not None and not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]{1,1000}", settings.contact):
        raise ConfigError(f"CORREIO_CONTACT: {settings.contact!r} is not a URI.")
    _check_arrival(settings)
    _check_authentication(settings)
    _check_outbound(settings)
    if settings.limits.annotation_size > MOST_ANNOTATION:
        raise ConfigError("CORREIO_LIMIT_ANNOTATION_SIZE: at most 8MiB fit into one document of the database.")
    if settings.limits.request_body < settings.limits.message_size:
        raise ConfigError(
            "CORREIO_LIMIT_REQUEST_BODY must be at least CORREIO_LIMIT_MESSAGE_SIZE, or large messages cannot be imported."
        )
    taken: dict[Endpoint, str] = {}
    for name in listeners(settings):
        endpoint: Endpoint = getattr(settings, name)
        if endpoint.port and endpoint in taken:
            raise ConfigError(f"{name} and {taken[endpoint]} cannot both listen on {endpoint}.")
        taken[endpoint] = name


def _check_arrival(settings: Settings) -> None:
    url = settings.rspamd_url
    if url is not None and not re.fullmatch(r"http://(\[[0-9A-Fa-f:.]+\]|[\w.-]+)(:\d{1,5})?(/[!-~]*)?", url):
        raise ConfigError(f"CORREIO_RSPAMD_URL: {url!r} is not of the form http://HOST:PORT.")
    for zone in settings.dnsbl:
        if not re.fullmatch(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+", zone):
            raise ConfigError(f"CORREIO_DNSBL: {zone!r} is not the name of a zone, such as zen.spamhaus.org.")


def _check_authentication(settings: Settings) -> None:
    for sealer in settings.arc_trusted:
        try:
            ascii_name(sealer)
        except ValueError as error:
            raise ConfigError(f"CORREIO_ARC_TRUSTED: {sealer!r} is not a domain name: {error}.") from error


def _check_outbound(settings: Settings) -> None:
    for name in ("outbound_port", "outbound_mta_sts_port"):
        if getattr(settings, name) > 65_535:
            raise ConfigError(f"CORREIO_{name.upper()}: a port is 65535 at most.")
    for address in settings.outbound_source:
        if not is_address(address):
            raise ConfigError(f"CORREIO_OUTBOUND_SOURCE: {address!r} is not a numeric address.")
    for resolver in settings.dns:
        if not is_address(resolver.host):
            raise ConfigError(f"CORREIO_DNS: {resolver} is not a numeric address with a port, such as 192.0.2.1:53.")


def listeners(settings: Settings) -> list[str]:
    """Return the names of the listeners that are on."""
    names = [setting.field for setting in SETTINGS if setting.kind is Endpoint and not setting.several]
    return [name for name in names if getattr(settings, name) is not None]
