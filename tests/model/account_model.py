"""What an account must look like, kept the plain way: dictionaries, no sharing, no caching, no numbers of its own making.

``version`` counts the steps of a sequence. A message remembers the step of its last change, and a mailbox the HIGHESTMODSEQ
that the server gave after each step: so every message's modification sequence is known to lie between two of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

Flags = frozenset[str]


@dataclass
class Message:
    """One message. ``raw`` is what was sent; ``size`` is -1 until the server has told it, where delivery adds to ``raw``."""

    flags: Flags
    raw: bytes
    version: int
    size: int


@dataclass(eq=False)
class Box:
    """One mailbox, whatever its name is at the moment."""

    path: str
    selectable: bool = True
    subscribed: bool = False
    messages: dict[int, Message] = field(default_factory=dict)
    uidnext: int = 1
    uidvalidity: int = 0
    deleted: bool = False
    highest: dict[int, int] = field(default_factory=dict)
    """HIGHESTMODSEQ by the version after which it was read."""
    changed: int = 0
    """The version of the last change to its messages."""

    @property
    def uids(self) -> list[int]:
        return sorted(self.messages)

    def highest_at(self, version: int) -> int:
        """HIGHESTMODSEQ as it was last read at or before a version; 0 before the first reading."""
        return max((modseq for seen, modseq in self.highest.items() if seen <= version), default=0)


@dataclass(frozen=True)
class Snapshot:
    """What a client that looked at a mailbox then may have kept."""

    box: Box
    version: int
    uidvalidity: int
    modseq: int
    uidnext: int
    flags: dict[int, Flags]


class AccountModel:
    """Mailboxes by path, and the operations on them. Each does what must happen and returns what must be told."""

    def __init__(self) -> None:
        self.version = 0
        self.boxes: dict[str, Box] = {}
        self.dangling: set[str] = set()
        self.history: list[Snapshot] = []

    def find(self, path: str) -> Box | None:
        return self.boxes.get(path)

    def children(self, path: str) -> list[Box]:
        return [box for name, box in self.boxes.items() if name.startswith(path + "/")]

    # Messages.

    def touch(self, box: Box) -> None:
        box.changed = self.version

    def append(self, box: Box, raw: bytes, flags: Flags, size: int | None = None) -> int:
        uid = box.uidnext
        box.uidnext += 1
        box.messages[uid] = Message(flags, raw, self.version, len(raw) if size is None else size)
        self.touch(box)
        return uid

    def store(self, box: Box, uids: Iterable[int], mode: str, flags: Flags, since: int | None = None) -> list[int]:
        """Change flags; return the UIDs left alone because they changed after the version ``since``."""
        modified: list[int] = []
        for uid in uids:
            message = box.messages.get(uid)
            if message is None:
                continue
            if since is not None and message.version > since:
                modified.append(uid)
                continue
            new = applied(message.flags, mode, flags)
            if new != message.flags:
                box.messages[uid] = replace(message, flags=new, version=self.version)
                self.touch(box)
        return modified

    def expunge(self, box: Box, uids: Iterable[int]) -> None:
        for uid in list(uids):
            del box.messages[uid]
            self.touch(box)

    def copy(self, box: Box, uids: Iterable[int], target: Box) -> list[tuple[int, int]]:
        pairs: list[tuple[int, int]] = []
        for uid in list(uids):
            message = box.messages[uid]
            pairs.append((uid, self.append(target, message.raw, message.flags, message.size)))
        return pairs

    def move(self, box: Box, uids: Iterable[int], target: Box) -> list[tuple[int, int]]:
        chosen = list(uids)
        pairs = self.copy(box, chosen, target)
        self.expunge(box, chosen)
        return pairs

    # Mailboxes. Each returns the response code of the refusal, or None.

    def _add(self, path: str, *, selectable: bool = True) -> Box:
        box = Box(path, selectable, path in self.dangling, changed=self.version)
        self.dangling.discard(path)
        self.boxes[path] = box
        return box

    def _make(self, path: str) -> None:
        names = path.split("/")
        for level in range(1, len(names) + 1):
            here = "/".join(names[:level])
            if here not in self.boxes:
                self._add(here)

    def create(self, path: str) -> str | None:
        found = self.find(path)
        if found is not None and found.selectable:
            return "ALREADYEXISTS"
        if found is not None:
            self.boxes[path] = Box(path, subscribed=found.subscribed, changed=self.version)
            return None
        self._make(path)
        return None

    def delete(self, path: str) -> str | None:
        found = self.find(path)
        if found is None:
            return "NONEXISTENT"
        if path == "INBOX":
            return "CANNOT"
        children = self.children(path)
        if children and not found.selectable:
            return "HASCHILDREN"
        found.deleted = True
        del self.boxes[path]
        if found.subscribed:
            # RFC 9051 section 6.3.8: a subscription outlives its mailbox.
            self.dangling.add(path)
        if children:
            self._add(path, selectable=False)
        return None

    def rename(self, path: str, target: str) -> str | None:
        found = self.find(path)
        if found is None:
            return "NONEXISTENT"
        if target in self.boxes:
            return "ALREADYEXISTS"
        if path == "INBOX":
            self._make(target)
            self.move(found, found.uids, self.boxes[target])
            return None
        if target.startswith(path + "/"):
            return "CANNOT"
        above = target.rpartition("/")[0]
        if above:
            self._make(above)
        for box in [found, *self.children(path)]:
            del self.boxes[box.path]
            box.path = target + box.path[len(path) :]
            self.boxes[box.path] = box
            if box.path in self.dangling:
                box.subscribed = True
                self.dangling.discard(box.path)
        return None

    def subscribe(self, path: str, *, subscribed: bool) -> str | None:
        found = self.find(path)
        if found is not None:
            found.subscribed = subscribed
        elif subscribed:
            self.dangling.add(path)
        else:
            self.dangling.discard(path)
        return None

    @property
    def subscriptions(self) -> set[str]:
        return self.dangling | {path for path, box in self.boxes.items() if box.subscribed}

    def remember(self, box: Box) -> None:
        """Keep what a client may know after this step."""
        flags = {uid: message.flags for uid, message in box.messages.items()}
        known = Snapshot(box, self.version, box.uidvalidity, box.highest_at(self.version), box.uidnext, flags)
        self.history.append(known)


def applied(before: Flags, mode: str, flags: Flags) -> Flags:
    """Return flags after a STORE with ``+``, ``-`` or nothing as its sign."""
    return before | flags if mode == "+" else before - flags if mode == "-" else flags
