"""Reading Maildirs: ``cur`` and ``new``, the flags in the names, and subfolders in the Maildir++ way (``.Sent.2026``)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from correio.archive.stored_mail import Found, ReadingBounds, StoredMail, Unreadable, refuse_large
from correio.mail.flags import ANSWERED, DELETED, DRAFT, FLAGGED, SEEN
from protocols.imap.core.mailbox_name import decode_utf7, encode_utf7

FLAGS: Final = {"S": SEEN, "R": ANSWERED, "F": FLAGGED, "T": DELETED, "D": DRAFT, "P": "$Forwarded"}
"""The letters after ``:2,`` and the flags they mean."""


def is_maildir(path: Path) -> bool:
    """Tell whether a directory is a Maildir."""
    return (path / "cur").is_dir() and (path / "new").is_dir()


def read_maildir(path: Path, bounds: ReadingBounds) -> Iterator[Found]:
    """Yield the messages of a Maildir and of its subfolders, oldest first in each folder. Raises OSError."""
    yield from _read_folder(path, None, bounds)
    for folder in sorted(path.iterdir()):
        if folder.name.startswith(".") and folder.is_dir() and is_maildir(folder):
            yield from _read_folder(folder, folder_path(folder.name), bounds)


def folder_path(name: str) -> str:
    """Return the mailbox path of a subfolder's name: ``.Sent.2026`` is Sent/2026; names are in modified UTF-7."""
    return "/".join(_decoded(level) for level in name[1:].split(".") if level)


def _read_folder(path: Path, mailbox: str | None, bounds: ReadingBounds) -> Iterator[Found]:
    entries = [(file.stat().st_mtime, file) for part in ("cur", "new") for file in (path / part).iterdir()]
    for modified, file in sorted(entries):
        if file.name.startswith(".") or not file.is_file():
            continue
        refusal = refuse_large(file, file.stat().st_size, bounds)
        if refusal is not None:
            yield refusal
            continue
        raw = file.read_bytes()
        if not raw:
            yield Unreadable(str(file), "is empty")
            continue
        letters = file.name.rpartition(":2,")[2] if ":2," in file.name else ""
        flags = tuple(flag for letter, flag in FLAGS.items() if letter in letters)
        yield StoredMail(raw, flags, int(modified), mailbox, str(file))


def folder_name(path: str) -> str:
    """Return the subfolder's name of a mailbox path; a dot in a level, which would part levels, becomes %2E."""
    levels = (encode_utf7(level.replace("%", "%25").replace(".", "%2E")) for level in path.split("/"))
    return "." + ".".join(levels)


def _decoded(level: str) -> str:
    # Some programs write plain UTF-8 names.
    with contextlib.suppress(ValueError):
        level = decode_utf7(level)
    return level.replace("%2E", ".").replace("%25", "%")
