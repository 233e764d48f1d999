"""Reading whatever lies at a path: an eml file, an mbox, a Maildir, or a directory tree of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from correio.archive.read_maildir import is_maildir, read_maildir
from correio.archive.read_mbox import read_mbox
from correio.archive.stored_mail import Found, ReadingBounds, StoredMail, Unreadable, refuse_large
from correio.archive.trace_date import received_date

_FIELD: Final = re.compile(rb"[!-9;-~]+[ \t]*:")
_MBOX_SUFFIXES: Final = frozenset({".mbox", ".mbx"})
_MESSAGE_SUFFIXES: Final = frozenset({".eml", ".msg", ".rfc822"}) | _MBOX_SUFFIXES
_OTHER_SUFFIXES: Final = frozenset({".md", ".txt", ".html", ".json", ".py", ".pdf", ".png", ".jpg", ".zip", ".gz"})


def read_path(path: Path, bounds: ReadingBounds) -> Iterator[Found]:
    """Yield every message at a path. What is named by itself is read whatever it looks like. Raises OSError."""
    if path.is_dir():
        yield from _read_directory(path, bounds)
    else:
        yield from _read_file(path, bounds)


def count_octets(path: Path) -> int:
    """Return about how much there is to read, for a progress bar. Raises OSError."""
    if not path.is_dir():
        return path.stat().st_size
    return sum(each.stat().st_size for each in path.rglob("*") if each.is_file())


def _read_directory(path: Path, bounds: ReadingBounds) -> Iterator[Found]:
    if is_maildir(path):
        yield from read_maildir(path, bounds)
        return
    for entry in sorted(path.iterdir()):
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _read_directory(entry, bounds)
        elif entry.is_file() and looks_like_mail(entry):
            yield from _read_file(entry, bounds)


def looks_like_mail(path: Path) -> bool:
    """Tell whether a file found in a directory is meant: by its name, or by its first line where the name says nothing."""
    suffix = path.suffix.lower()
    if suffix in _MESSAGE_SUFFIXES:
        return True
    if suffix in _OTHER_SUFFIXES:
        return False
    with path.open("rb") as file:
        first = file.readline(1000)
    return first.startswith(b"From ") or _FIELD.match(first) is not None


def _read_file(path: Path, bounds: ReadingBounds) -> Iterator[Found]:
    with path.open("rb") as file:
        beginning = file.read(5)
    if beginning == b"From " and path.suffix.lower() != ".eml":
        yield from read_mbox(path, bounds)
        return
    size = path.stat().st_size
    refusal = refuse_large(path, size, bounds)
    if refusal is not None:
        yield refusal
    elif size == 0:
        if path.suffix.lower() not in _MBOX_SUFFIXES:
            yield Unreadable(str(path), "is empty")
    else:
        raw = path.read_bytes()
        yield StoredMail(raw, (), received_date(raw) or int(path.stat().st_mtime), None, str(path))
