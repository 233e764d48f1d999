"""A Maildir as a mail program leaves it, and as a person's other program changes it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tests.clients.letters import name_of


def crlf(octets: bytes) -> bytes:
    """Local line ends as a message on the wire has them."""
    return re.sub(rb"\r?\n", b"\r\n", octets)


def without(header: str, raw: bytes) -> bytes:
    """A message with local line ends and without a field that a program added for itself."""
    return re.sub(rb"(?im)^" + header.encode() + rb":[^\n]*\n(?:[ \t][^\n]*\n)*", b"", raw, count=1)


@dataclass(frozen=True)
class Filed:
    """One file."""

    path: Path
    raw: bytes
    flags: str
    """The letters after ``:2,``, sorted."""

    @property
    def name(self) -> str:
        return name_of(self.raw)


class Maildir:
    """A directory with cur, new and tmp."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def files(self) -> list[Filed]:
        found = []
        for path in sorted([*(self.path / "cur").iterdir(), *(self.path / "new").iterdir()]):
            flags = path.name.partition(":2,")[2]
            found.append(Filed(path, path.read_bytes(), "".join(sorted(set(flags) & set("DFPRST")))))
        return found

    def names(self) -> list[str]:
        return sorted(file.name for file in self.files())

    def one(self, name: str) -> Filed:
        found = [file for file in self.files() if file.name == name]
        assert len(found) == 1, f"{name!r} is {len(found)} times among {self.names()}"
        return found[0]

    def flag(self, name: str, flags: str) -> None:
        """Set these flags and no other."""
        file = self.one(name)
        rest = file.path.name.partition(":2,")[0]
        file.path.rename(self.path / "cur" / f"{rest}:2,{flags}")

    def add(self, raw: bytes, flags: str = "S") -> None:
        """A message somebody wrote or filed here, with local line ends."""
        for part in ("cur", "new", "tmp"):
            (self.path / part).mkdir(parents=True, exist_ok=True)
        count = sum(1 for _ in (self.path / "cur").iterdir())
        target = self.path / "cur" / f"1700000000.{count}_{name_of(raw)}.here:2,{flags}"
        target.write_bytes(raw.replace(b"\r\n", b"\n"))

    def remove(self, name: str) -> None:
        self.one(name).path.unlink()
