"""SubmissionConnection: what an account has sent, a page at a time (Relay Cursor Connections specification)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import strawberry

from correio.mail.sent import Sent, with_deliveries
from correio.store.queue_documents import SendDocument
from correio.store.sends import list_sends
from schema.context import OperationContext
from schema.paced import paced
from schema.pagination import Key, Page, PageInfo, cursor_of, page_info, page_of
from schema.submission.status import SubmissionStatus
from schema.submission.types import Submission, status_of, submission_node

LOOKED_THROUGH: Final = 200
"""Submissions that are looked through for those of one status, for one page."""


@strawberry.type
class SubmissionEdge:
    """A submission and where it stands in the list."""

    cursor: str
    node: Submission


class _Listing:
    """The submissions of an account, newest first, whatever their status."""

    def __init__(self, context: OperationContext) -> None:
        self._database: Final = context.store.database
        self._account_id: Final = context.account.id

    async def read(
        self, limit: int, beyond: Key | None, *, newest_first: bool, including: bool = False
    ) -> list[SendDocument]:
        at = None if beyond is None else (beyond.date, beyond.mailbox)
        return await list_sends(
            self._database, self._account_id, limit, at, newest_first=newest_first, including=including
        )

    async def exists_before(self, key: Key, *, including: bool = False) -> bool:
        """Tell whether there is a newer one."""
        return bool(await self.read(1, key, newest_first=False, including=including))

    async def exists_after(self, key: Key, *, including: bool = False) -> bool:
        """Tell whether there is an older one."""
        return bool(await self.read(1, key, newest_first=True, including=including))

    async def is_empty(self) -> bool:
        """Tell whether there is none."""
        return not await self.read(1, None, newest_first=True)


@strawberry.type(
    description="A page of what was sent, the last sent first. Of one status it holds those that the last "
    f"{LOOKED_THROUGH} before the cursor have among them: fewer than asked for, even none, is not the end of the list."
)
class SubmissionConnection:
    """See the description of each field."""

    edges: list[SubmissionEdge]
    nodes: list[Submission]
    listing: strawberry.Private[_Listing]
    page: strawberry.Private[Page]
    keys: strawberry.Private[list[Key]]

    @strawberry.field(description="What lies on either side of the submissions looked through.")
    async def page_info(self) -> PageInfo:
        """Tell what lies on either side of the page."""
        return await page_info(self.listing, self.page, self.keys)


async def open_submissions(
    context: OperationContext,
    status: SubmissionStatus | None,
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
) -> SubmissionConnection:
    """Return a page of an account's submissions. One round trip for them, and one for the recipients of every 50.

    Raises InvalidInputError for a bad argument, LimitError, UnavailableError.
    """
    page = page_of(first, after, last, before, context.limits.graphql_page)
    listing = _Listing(context)
    sends: Sequence[SendDocument] = []
    if page.size:
        start, end = (page.before, page.after) if page.backward else (page.after, page.before)
        limit = page.size if status is None else max(page.size, LOOKED_THROUGH)
        sends = await listing.read(limit, start, newest_first=not page.backward)
        if end is not None:
            sends = [one for one in sends if (_key(one) < end if page.backward else _key(one) > end)]
    context.charge_recipients(sends)
    found = await with_deliveries(context.account, sends)
    context.submissions.prime_many({one.send.id: one for one in found})
    looked_at, chosen = _chosen(found, status, page.size)
    if page.backward:
        looked_at, chosen = looked_at[::-1], chosen[::-1]
    edges = [SubmissionEdge(cursor=cursor_of(_key(one.send)), node=submission_node(one)) for one in chosen]
    return SubmissionConnection(
        edges=paced(edges, lambda edge: edge),
        nodes=paced(edges, lambda edge: edge.node),
        listing=listing,
        page=page,
        keys=[_key(one.send) for one in looked_at],
    )


def _chosen(found: list[Sent], status: SubmissionStatus | None, size: int) -> tuple[list[Sent], list[Sent]]:
    """Return what was looked at until the page was full, and what of it is on the page."""
    chosen: list[Sent] = []
    for number, one in enumerate(found, 1):
        if status is None or status_of(one) is status:
            chosen.append(one)
        if len(chosen) == size:
            return found[:number], chosen
    return found, chosen


def _key(send: SendDocument) -> Key:
    return Key(send.created, send.id, 0)
