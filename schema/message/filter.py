"""Which messages a list holds. Everything here is answered from memory, by the index of a mailbox."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import strawberry

from correio.mail.flags import FlagSet
from correio.mail.keywords import flag_of
from correio.mail.mailbox_tree import Mailbox
from correio.mail.received_order import ReceivedRows
from schema.mailbox.role import MailboxRole
from schema.scalars import DateTime

Test: TypeAlias = Callable[[int], bool]
"""Tells of a row number whether the row is wanted."""


@strawberry.input(description="Conditions that must all hold. An empty filter holds for every message.")
class MessageFilter:
    """See the description of each field."""

    in_mailbox: strawberry.ID | None = None
    in_mailbox_role: MailboxRole | None = None
    not_in_mailboxes: list[strawberry.ID] | None = None
    has_keyword: str | None = None
    not_keyword: str | None = None
    after: DateTime | None = strawberry.field(default=None, description="Received at this moment or later.")
    before: DateTime | None = strawberry.field(default=None, description="Received before this moment.")
    min_size: int | None = strawberry.field(default=None, description="At least so many octets.")
    max_size: int | None = strawberry.field(default=None, description="Fewer octets than this.")
    all: list[MessageFilter] | None = strawberry.field(default=None, description="Each of these holds.")
    any: list[MessageFilter] | None = strawberry.field(default=None, description="At least one of these holds.")
    none: list[MessageFilter] | None = strawberry.field(default=None, description="None of these holds.")


class CompiledFilter:
    """A filter whose values are checked. Raises InvalidInputError for a keyword that none can be."""

    def __init__(self, filter_: MessageFilter) -> None:
        self._filter = filter_
        self._has = flag_of(filter_.has_keyword).lower() if filter_.has_keyword is not None else None
        self._not = flag_of(filter_.not_keyword).lower() if filter_.not_keyword is not None else None
        self._all = [CompiledFilter(one) for one in filter_.all or ()]
        self._any = [CompiledFilter(one) for one in filter_.any] if filter_.any is not None else None
        self._none = [CompiledFilter(one) for one in filter_.none or ()]

    def covers(self, mailbox: Mailbox) -> bool:
        """Tell whether any message of a mailbox can pass. Never False for one that can."""
        one = self._filter
        return (
            (one.in_mailbox is None or one.in_mailbox == mailbox.id)
            and (one.in_mailbox_role is None or one.in_mailbox_role.value == mailbox.role)
            and mailbox.id not in (one.not_in_mailboxes or ())
            and all(each.covers(mailbox) for each in self._all)
            and (self._any is None or any(each.covers(mailbox) for each in self._any))
        )

    def test(self, mailbox: Mailbox, rows: ReceivedRows) -> Test | None:
        """Return the test of the rows of a mailbox, None where every row passes."""
        one = self._filter
        tests: list[Test] = []
        if not self.covers(mailbox):
            return _never
        if self._has is not None:
            tests.append(_has_flag(rows.flags, self._has))
        if self._not is not None:
            tests.append(_negated(_has_flag(rows.flags, self._not)))
        dates, sizes = rows.dates, rows.sizes
        if (after := one.after) is not None:
            tests.append(lambda row: dates[row] >= after)
        if (before := one.before) is not None:
            tests.append(lambda row: dates[row] < before)
        if (least := one.min_size) is not None:
            tests.append(lambda row: sizes[row] >= least)
        if (most := one.max_size) is not None:
            tests.append(lambda row: sizes[row] < most)
        tests.extend(test for each in self._all if (test := each.test(mailbox, rows)) is not None)
        if self._any is not None:
            alternatives = [each.test(mailbox, rows) for each in self._any]
            if None not in alternatives:
                tests.append(_any_of([test for test in alternatives if test is not None]))
        for each in self._none:
            inner = each.test(mailbox, rows)
            tests.append(_negated(inner) if inner is not None else _never)
        if not tests:
            return None
        return tests[0] if len(tests) == 1 else lambda row: all(test(row) for test in tests)


def _never(_row: int) -> bool:
    return False


def _negated(test: Test) -> Test:
    return lambda row: not test(row)


def _any_of(tests: list[Test]) -> Test:
    return lambda row: any(test(row) for test in tests)


def _has_flag(flags: list[FlagSet], flag: str) -> Test:
    # Sets are few and shared among the rows: each is looked into once. Keywords match in any case (RFC 9051 section 2.3.2).
    known: dict[FlagSet, bool] = {}

    def test(row: int) -> bool:
        names = flags[row]
        found = known.get(names)
        if found is None:
            found = known[names] = any(name.lower() == flag for name in names.names)
        return found

    return test
