"""Threads of messages (RFC 5256 sections 3 and 4): ORDEREDSUBJECT and REFERENCES. Pure; nothing recurses, whatever the depth."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec


class Threadable(msgspec.Struct, frozen=True):
    """A message to be threaded."""

    uid: int
    sent: int
    """The Date field's time in seconds, or INTERNALDATE where that says none (section 2.2)."""
    subject: str = ""
    """The collated base subject."""
    is_reply: bool = False
    """Whether the subject is that of a reply or forward (section 2.1)."""
    message_id: str | None = None
    references: tuple[str, ...] | list[str] = ()
    """The ids of its References, or else the first of In-Reply-To."""


class Thread:
    """A message and what answers it. Without a message it is a dummy, which holds together what belongs together."""

    __slots__ = ("_root", "_round", "children", "message", "parent")

    def __init__(self, message: Threadable | None = None) -> None:
        self.message = message
        self.parent: Thread | None = None
        self.children: list[Thread] = []
        self._root: Thread = self
        self._round = -1

    @property
    def first(self) -> Threadable:
        """The message, or of a dummy that of its first child. No dummy has a dummy as its first child, or none at all."""
        message = self.message or self.children[0].message
        assert message is not None
        return message


def _order(thread: Thread) -> tuple[int, int]:
    return thread.first.sent, thread.first.uid


def ordered_subject(messages: Iterable[Threadable]) -> list[Thread]:
    """Return threads of messages with one base subject, all that follow the first below it (section 3, ORDEREDSUBJECT)."""
    subjects: dict[str, Thread] = {}
    for message in sorted(messages, key=lambda one: (one.sent, one.uid)):
        head = subjects.get(message.subject)
        if head is None:
            subjects[message.subject] = Thread(message)
        else:
            head.children.append(Thread(message))
    # They were met by date, so they stand by the date of their first messages.
    return list(subjects.values())


class _Linking:
    """Step 1: the links between messages that References tell."""

    def __init__(self) -> None:
        self._threads: dict[str, Thread] = {}
        self._all: list[Thread] = []
        self._round = 0

    def link(self, messages: Sequence[Threadable]) -> list[Thread]:
        """Return the threads without a parent: step 2."""
        own = [self._own(message) for message in messages]
        for message, thread in zip(messages, own, strict=True):
            before: Thread | None = None
            for reference in message.references:
                current = self._named(reference)
                if before is not None and current.parent is None:
                    self._adopt(before, current)
                before = current
            if thread.parent is not None and thread.parent is not before:
                # A link made for another's shortened References: this message's own word counts more.
                thread.parent = None
                self._round += 1
            if before is not None and thread.parent is None:
                self._adopt(before, thread)
        for thread in self._all:
            if thread.parent is not None:
                thread.parent.children.append(thread)
        return [thread for thread in self._all if thread.parent is None]

    def _own(self, message: Threadable) -> Thread:
        thread = Thread(message)
        self._all.append(thread)
        # A message whose id is missing, or another's already, has an id that nobody names (section 3, step 1).
        if message.message_id is not None and message.message_id not in self._threads:
            self._threads[message.message_id] = thread
        return thread

    def _named(self, message_id: str) -> Thread:
        thread = self._threads.get(message_id)
        if thread is None:
            thread = self._threads[message_id] = Thread()
            self._all.append(thread)
        return thread

    def _adopt(self, parent: Thread, child: Thread) -> None:
        """Link two, the child having no parent, unless the link would close a loop."""
        if self._root_of(parent) is not child:
            child.parent = parent

    def _root_of(self, thread: Thread) -> Thread:
        """Return the topmost ancestor. What was found is kept as a short cut until a link is broken."""
        path: list[Thread] = []
        while True:
            if thread._round == self._round and thread._root is not thread:
                step: Thread | None = thread._root
            else:
                step = thread.parent
            if step is None:
                break
            path.append(thread)
            thread = step
        for one in path:
            one._root = thread
            one._round = self._round
        return thread


def references(messages: Sequence[Threadable]) -> list[Thread]:
    """Return the threads that References, In-Reply-To and base subjects make (section 3, REFERENCES)."""
    heads = _Linking().link(messages)
    heads = _pruned(heads)
    for head in heads:  # Step 4
        if head.message is None:
            head.children.sort(key=_order)
    heads.sort(key=_order)
    heads = _joined(heads)
    _sort(heads)
    return heads


def _pruned(heads: list[Thread]) -> list[Thread]:
    """Step 3: take out dummies. Their children rise, but not to the top unless there is only one."""
    order: list[Thread] = []
    waiting = list(heads)
    while waiting:
        thread = waiting.pop()
        order.append(thread)
        waiting.extend(thread.children)
    # From the leaves up: what stands below a thread has no dummies any more.
    for thread in reversed(order):
        if any(child.message is None for child in thread.children):
            kept: list[Thread] = []
            for child in thread.children:
                if child.message is None:
                    kept.extend(child.children)
                else:
                    kept.append(child)
            thread.children = kept
    pruned: list[Thread] = []
    for head in heads:
        if head.message is None and len(head.children) <= 1:
            pruned.extend(head.children)
        else:
            pruned.append(head)
    return pruned


def _joined(heads: list[Thread]) -> list[Thread]:
    """Step 5: put threads of the same base subject together."""
    table: dict[str, Thread] = {}
    for head in heads:
        subject = head.first.subject
        if not subject:
            continue
        there = table.get(subject)
        if there is None or (
            there.message is not None
            and (head.message is None or (there.message.is_reply and not head.message.is_reply))
        ):
            table[subject] = head
    subjects = [head.first.subject for head in heads]
    gone: set[int] = set()
    replaced: dict[int, Thread] = {}
    for head, subject in zip(heads, subjects, strict=True):
        there = table.get(subject) if subject else None
        if there is None or there is head:
            continue
        if there.message is None and head.message is None:
            there.children.extend(head.children)
        elif there.message is None or (
            head.message is not None and head.message.is_reply and not there.message.is_reply
        ):
            there.children.append(head)
        else:
            both = Thread()
            both.children = [there, head]
            replaced[id(there)] = both
            table[subject] = both
        gone.add(id(head))
    return [replaced.get(id(head), head) for head in heads if id(head) not in gone]


def _sort(heads: list[Thread]) -> None:
    """Step 6: siblings by date, the youngest first, since a dummy stands where its first child does."""
    order: list[Thread] = []
    waiting = list(heads)
    while waiting:
        thread = waiting.pop()
        order.append(thread)
        waiting.extend(thread.children)
    for thread in reversed(order):
        if len(thread.children) > 1:
            thread.children.sort(key=_order)
    heads.sort(key=_order)


_OPEN: Final = "("
_CLOSE: Final = ")"


def write_threads(threads: Sequence[Thread], numbers: dict[int, int]) -> bytes:
    """Write ``thread-list`` items (section 5): an only child follows its parent, several stand in parentheses each.

    ``numbers`` says by UID what stands for a message.
    """
    out: list[str] = []
    waiting: list[Thread | str] = []
    for head in reversed(threads):
        waiting += (_CLOSE, head, _OPEN)
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            out.append(item)
            continue
        if item.message is not None:
            out.append(str(numbers[item.message.uid]))
            if item.children:
                out.append(" ")
        if len(item.children) == 1 and item.message is not None:
            waiting.append(item.children[0])
            continue
        for child in reversed(item.children):
            waiting += (_CLOSE, child, _OPEN)
    return "".join(out).encode("ascii")
