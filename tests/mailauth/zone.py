"""A Domain Name System of a test: a dictionary that answers as :class:`correio.mailauth.lookups.Lookups` asks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Coroutine
from ipaddress import IPv4Address, IPv6Address
from typing import Any, TypeVar

from correio.dns.answer import Address, Answer, MailExchange
from correio.dns.errors import NoRecordsError, NoSuchNameError, ResolverTemporaryError

T = TypeVar("T")


def at_once(work: Coroutine[Any, Any, T]) -> T:
    """Run what asks nobody but a zone: it never waits."""
    try:
        work.send(None)
    except StopIteration as end:
        value: T = end.value
        return value
    raise AssertionError("it waits for something")


class Zone:
    """Records by name and type, one a line: ``name TYPE text``; ``TEMP`` as type fails for now."""

    def __init__(self, text: str = "") -> None:
        self.records: dict[str, dict[str, list[str]]] = {}
        self.questions: Counter[str] = Counter()
        for line in text.splitlines():
            words = line.split(None, 2)
            if words:
                self.add(words[0], words[1], words[2] if len(words) > 2 else "")

    def add(self, name: str, kind: str, text: str) -> None:
        self.records.setdefault(name.lower().rstrip("."), {}).setdefault(kind, []).append(text)

    def _find(self, name: str, kind: str) -> list[str]:
        name = name.lower().rstrip(".")
        self.questions[f"{name} {kind}"] += 1
        if any(len(label) > 63 or not label for label in name.split(".")) or len(name) > 253:
            raise NoSuchNameError(name)
        types = self.records.get(name)
        if types is None:
            raise NoSuchNameError(f"{name} {kind}: no such name.")
        if "TEMP" in types:
            raise ResolverTemporaryError(f"{name} {kind}: SERVFAIL.")
        if kind not in types:
            raise NoRecordsError(f"{name} {kind}: no such records.")
        return types[kind]

    async def txt(self, name: str) -> Answer[str]:
        return Answer(tuple(self._find(name, "TXT")), name, False, 60)

    async def ipv4(self, name: str) -> Answer[IPv4Address]:
        return Answer(tuple(IPv4Address(one) for one in self._find(name, "A")), name, False, 60)

    async def ipv6(self, name: str) -> Answer[IPv6Address]:
        return Answer(tuple(IPv6Address(one) for one in self._find(name, "AAAA")), name, False, 60)

    async def mx(self, name: str) -> Answer[MailExchange]:
        found = (one.split() for one in self._find(name, "MX"))
        return Answer(tuple(MailExchange(int(one), host.rstrip(".")) for one, host in found), name, False, 60)

    async def ptr(self, address: Address) -> Answer[str]:
        return Answer(tuple(self._find(address.reverse_pointer, "PTR")), address.reverse_pointer, False, 60)
