"""MTA-STS records and policies (RFC 8461 section 3). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, Literal, get_args

import msgspec

MOST_OCTETS: Final = 64 * 1024
"""Of a policy (RFC 8461 section 3.3)."""
MOST_AGE: Final = 31_557_600
"""Seconds (RFC 8461 section 3.2)."""
MOST_HOSTS: Final = 200

_RECORD: Final = re.compile(r"v=STSv1[ \t]*;(?P<rest>.*)", re.DOTALL)
_ID: Final = re.compile(r"[A-Za-z0-9]{1,32}")
_LINE: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.-]{0,31})[ \t]*:[ \t]*(.*?)[ \t]*")
_HOST: Final = re.compile(
    r"(?:\*\.)?[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?"
)

Mode = Literal["enforce", "testing", "none"]


class StsPolicy(msgspec.Struct, frozen=True):
    """What a domain demands."""

    mode: Mode
    hosts: tuple[str, ...]
    """Patterns, in lower case."""
    max_age: int
    """Seconds."""
    lines: tuple[str, ...] = ()
    """As they stand, for reports."""

    def allows(self, host: str) -> bool:
        """Tell whether a mail host is one of them: ``*`` stands for one label (RFC 8461 section 4.1)."""
        host = host.lower().removesuffix(".")
        below = host.partition(".")[2]
        return any(pattern[2:] == below if pattern.startswith("*.") else pattern == host for pattern in self.hosts)


class StsPolicyError(ValueError):
    """The text is no policy. The message says why."""


def parse_record(texts: Iterable[str]) -> str | None:
    """Return the id of the TXT record of ``_mta-sts``; None where there is not exactly one (RFC 8461 section 3.1)."""
    records = [match for text in texts if (match := _RECORD.fullmatch(text))]
    if len(records) != 1:
        return None
    for field in records[0]["rest"].split(";"):
        name, _, value = field.partition("=")
        if name.strip() == "id":
            value = value.strip()
            return value if _ID.fullmatch(value) else None
    return None


def parse_policy(octets: bytes) -> StsPolicy:
    """Return a policy. Fields that are not known are passed over, of one that comes twice the first counts, but for ``mx``.

    Raises StsPolicyError.
    """
    if len(octets) > MOST_OCTETS:
        raise StsPolicyError(f"longer than {MOST_OCTETS} octets")
    try:
        lines = octets.decode("utf-8").replace("\r\n", "\n").split("\n")
    except UnicodeDecodeError as error:
        raise StsPolicyError("not UTF-8") from error
    fields: dict[str, str] = {}
    hosts: list[str] = []
    for line in lines:
        match = _LINE.fullmatch(line)
        if match is None:
            if line.strip():
                raise StsPolicyError("a line is no field")
        elif match[1] == "mx":
            hosts.append(match[2])
        else:
            fields.setdefault(match[1], match[2])
    age = fields.get("max_age", "")
    if fields.get("version") != "STSv1":
        raise StsPolicyError("the version is not STSv1")
    mode = next((one for one in get_args(Mode) if one == fields.get("mode")), None)
    if mode is None:
        raise StsPolicyError("no mode")
    if not age.isascii() or not age.isdigit() or len(age) > 10 or int(age) > MOST_AGE:
        raise StsPolicyError("no max_age")
    if len(hosts) > MOST_HOSTS or not all(_HOST.fullmatch(host) for host in hosts):
        raise StsPolicyError("an mx is no name of a host")
    if not hosts and mode != "none":
        raise StsPolicyError("no mx")
    patterns = tuple(host.lower().removesuffix(".") for host in hosts)
    return StsPolicy(mode, patterns, int(age), tuple(line for line in lines if line))
