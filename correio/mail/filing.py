"""Where the copies go that a script wants filed. Pure: what a draft records, checked whole before anything is recorded."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from correio.errors import InvalidInputError, LimitError
from correio.mail.draft import Draft, DraftMailbox
from correio.mail.flags import FlagSet, canonical_flag, flag_set
from correio.mail.mailbox_commands import ROLES, CreateMailbox
from correio.mail.mailbox_tree import DELIMITER, canonical_path
from correio.sieve.actions import Action, FileInto, Keep
from correio.sieve.special_use import role_of


class Filing(msgspec.Struct, frozen=True):
    """Where copies go: mailboxes by their ids with the flags of each. ``problem`` says what was not done as asked."""

    places: tuple[tuple[str, tuple[str, ...]], ...]
    problem: str = ""


class CannotCreateError(Exception):
    """A mailbox that a script wants created cannot be (RFC 5490 section 3.2): an error of the script."""


def file_copies(draft: Draft, actions: Sequence[Action], keep_in: str) -> Filing:
    """Return the mailboxes, having created those that are missing where ``:create`` asks for it.

    ``keep_in`` is the id of the mailbox that kept messages go to. A missing mailbox without ``:create`` is that one too. Each
    mailbox gets one copy, with the flags asked for last (RFC 5232 section 3). Raises CannotCreateError before recording
    anything.
    """
    missing = _check(draft, actions)
    problems = [f'There is no mailbox "{path[:200]}"; the message was kept instead.' for path in missing]
    places: dict[str, tuple[str, ...]] = {}
    for action in actions:
        match action:
            case Keep():
                places[keep_in] = action.flags
            case FileInto():
                places[_place(draft, action) or keep_in] = action.flags
            case _:
                continue
    return Filing(tuple(places.items()), " ".join(problems))


def _existing(draft: Draft, action: FileInto) -> str | None:
    """Return the mailbox an action means, None where it does not exist: the special one first (RFC 8579 section 4)."""
    special = draft.tree.by_role(role_of(action.special_use)) if action.special_use else None
    if special is not None and special.selectable:
        return special.id
    found = draft.tree.by_path(action.mailbox)
    return found.id if found is not None and found.selectable else None


def _path(draft: Draft, action: FileInto) -> str:
    limits = draft.account.store.settings.limits
    return canonical_path(action.mailbox, depth=limits.mailbox_depth, octets=limits.mailbox_name)


def _check(draft: Draft, actions: Sequence[Action]) -> list[str]:
    """Return the paths of missing mailboxes that are not to be created. Raises CannotCreateError."""
    missing: list[str] = []
    levels = 0
    for action in actions:
        if not isinstance(action, FileInto) or _existing(draft, action) is not None:
            continue
        if not action.create:
            missing.append(action.mailbox)
            continue
        try:
            levels += _path(draft, action).count(DELIMITER) + 1
        except InvalidInputError as error:
            raise CannotCreateError(
                f'The mailbox "{action.mailbox[:200]}" cannot be created. {error.message}'
            ) from error
    if levels and len(draft.tree) + levels > draft.account.store.settings.limits.mailboxes:
        raise CannotCreateError("The account has as many mailboxes as it may have.")
    return missing


def _place(draft: Draft, action: FileInto) -> str | None:
    found = _existing(draft, action)
    if found is not None or not action.create:
        return found
    role = role_of(action.special_use) if action.special_use else None
    if role not in ROLES or draft.tree.by_role(role) is not None:
        role = None
    return CreateMailbox(draft.account, _path(draft, action), role).plan(draft)


def admitted(draft: Draft, box: DraftMailbox, flags: Sequence[str]) -> FlagSet:
    """Return the flags that can be stored; others are ignored (RFC 5232 section 5)."""
    good: set[str] = set()
    for flag in flags:
        try:
            good.add(canonical_flag(flag))
        except InvalidInputError:
            continue
    try:
        return draft.admit(box, flag_set(good))
    except LimitError:
        return flag_set(flag for flag in good if flag.startswith("\\"))
