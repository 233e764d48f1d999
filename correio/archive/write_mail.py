"""Writing mail into files: eml, mbox (mboxrd) and Maildir."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import Final, Protocol

from correio.archive.read_maildir import FLAGS, folder_name
from correio.mail.flags import FlagSet

_FROM: Final = re.compile(rb"^(>*From )", re.MULTILINE)
_UNSAFE: Final = re.compile(r"[\x00-\x1f\x7f/\\:*?\"<>|%]|^\.|[. ]$")


class Writer(Protocol):
    """Writes the messages of one account below a directory."""

    def begin(self, path: str) -> None:
        """Go to a mailbox, by its path. Raises OSError."""

    def write(self, uid: int, raw: bytes, flags: FlagSet, date: int) -> None:
        """Write a message; ``date`` in seconds since the epoch. Raises OSError."""

    def close(self) -> None:
        """Finish the mailbox. Raises OSError."""


def file_name(level: str) -> str:
    """Return a file name for one level of a mailbox path, safe on every file system."""
    safe = _UNSAFE.sub(lambda match: "".join(f"%{octet:02X}" for octet in match[0].encode()), level)
    octets = safe.encode()[:200]
    return octets.decode("utf-8", "ignore")


def _directory(root: Path, path: str) -> Path:
    return root.joinpath(*(file_name(level) for level in path.split("/")))


class EmlWriter:
    """One file a message, its octets exactly, in a directory a mailbox; the file's time is the message's."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._directory = root

    def begin(self, path: str) -> None:
        self._directory = _directory(self._root, path)
        self._directory.mkdir(parents=True, exist_ok=True)

    def write(self, uid: int, raw: bytes, flags: FlagSet, date: int) -> None:  # noqa: ARG002 - eml has no flags
        file = self._directory / f"{uid:08}.eml"
        file.write_bytes(raw)
        os.utime(file, (date, date))

    def close(self) -> None:
        """Nothing is open."""


class MboxWriter:
    """One mboxrd file a mailbox, with LF line ends, as programs expect; Status and X-Status are not added."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._file: Path | None = None

    def begin(self, path: str) -> None:
        target = _directory(self._root, path)
        target.parent.mkdir(parents=True, exist_ok=True)
        self._file = target.with_name(target.name + ".mbox")
        self._file.touch()

    def write(self, uid: int, raw: bytes, flags: FlagSet, date: int) -> None:  # noqa: ARG002 - see the class
        assert self._file is not None
        lines = _FROM.sub(rb">\1", raw.replace(b"\r\n", b"\n"))
        if not lines.endswith(b"\n"):
            lines += b"\n"
        with self._file.open("ab") as file:
            file.write(b"From MAILER-DAEMON " + time.asctime(time.gmtime(date)).encode() + b"\n" + lines + b"\n")

    def close(self) -> None:
        """Nothing is open."""


class MaildirWriter:
    """A Maildir++ tree: INBOX at its root, the others as ``.Sent.2026``; octets exactly, flags in the names."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._directory = root

    def begin(self, path: str) -> None:
        if path == "INBOX":
            self._directory = self._root
        else:
            self._directory = self._root / folder_name(path)
            self._directory.mkdir(parents=True, exist_ok=True)
            (self._directory / "maildirfolder").touch()
        for part in ("cur", "new", "tmp"):
            (self._directory / part).mkdir(parents=True, exist_ok=True)

    def write(self, uid: int, raw: bytes, flags: FlagSet, date: int) -> None:
        letters = "".join(sorted(letter for letter, flag in FLAGS.items() if flag in flags))
        name = f"{date}.{uid}.correio"
        draft = self._directory / "tmp" / name
        draft.write_bytes(raw)
        os.utime(draft, (date, date))
        draft.rename(self._directory / "cur" / f"{name}:2,{letters}")

    def close(self) -> None:
        """Nothing is open."""


FORMATS: Final[dict[str, type[EmlWriter] | type[MboxWriter] | type[MaildirWriter]]] = {
    "eml": EmlWriter,
    "mbox": MboxWriter,
    "maildir": MaildirWriter,
}
