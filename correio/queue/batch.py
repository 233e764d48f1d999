"""One batch: deliveries of one site that a worker holds, tried one message after another, and what became of each."""

from __future__ import annotations

import asyncio
import itertools
import logging
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Final

from correio.errors import MailError, UnavailableError
from correio.ids import Kind, new_id
from correio.metrics import REGISTRY, Counter
from correio.queue.courier import (
    ConnectError,
    Envelope,
    EnvelopeRecipient,
    Link,
    LostError,
    Outcome,
    Reply,
)
from correio.queue.faults import reach
from correio.queue.local_courier import deliver_here
from correio.queue.reports import Owed, report
from correio.queue.sent_message import SentMessage, Sign
from correio.queue.telling import hold_untold, owed_for
from correio.queue.verdict import judge, unanswered
from correio.queue.verp import verp_sender
from correio.store.deliveries import DeliveryChange
from correio.store.queue_documents import LOCAL_SITE, NEVER, Attempt, DeliveryDocument, SendDocument
from correio.store.round_trips import background_task
from correio.store.sends import find_sends

if TYPE_CHECKING:
    from correio.mail.message_store import MessageStore
    from correio.queue.change_writer import ChangeWriter

AWAY: Final = 600.0
"""Seconds for which what became of a message is kept in memory while the database is away."""
PAUSE: Final = 1.0
"""Seconds between two attempts to write it."""
ATTEMPTS: Final = REGISTRY.add(
    Counter("correio_queue_attempts_total", "Attempts to deliver, by what became of the recipient.", ("status",))
)
TELLINGS: Final = 3
"""How often a report is tried again before the database is asked whether it is there at all."""
UNREADABLE: Final = "The document of the message cannot be read; the log of the server says why."
_log = logging.getLogger("correio.queue")
MARGIN: Final = 1.0
"""Seconds before the end of a lease from which on no message is ended under it: clocks differ, and the dot takes its way."""
_TRANSCRIPT: Final = 200
"""Lines of a dialogue that are kept with an attempt."""


def new_lease() -> str:
    """Return a token that no other worker has."""
    return new_id(Kind.TOKEN)


class NotWrittenError(UnavailableError):
    """What became of a message is known, and the database was away for too long to write it."""


class Unreadable:
    """In place of a send whose document is not what it should be."""


class Batch:
    """The deliveries of one site under one lease."""

    def __init__(
        self,
        store: MessageStore,
        writer: ChangeWriter,
        sign: Sign,
        hostname: str,
        site: str,
        lease: str,
        deliveries: Sequence[DeliveryDocument],
        held_until: float,
    ) -> None:
        self._store: Final = store
        self._writer: Final = writer
        self._sign: Final = sign
        self._hostname: Final = hostname
        self._site: Final = site
        self.lease: Final = lease
        self.left: Final = {one.id: one for one in deliveries}
        """Those of which nothing is written yet."""
        self._noted: Final[set[str]] = set()
        """Those of which it is written down that they may have arrived."""
        self.held_until = held_until
        """Until when nobody else can have the deliveries. Renewing the lease moves it on."""
        self._writing: asyncio.Task[None] | None = None
        """What became of the last message, on its way into the database."""
        self._used: Link | None = None
        """The link by which something was sent last."""
        self.refused = False
        """Whether the site showed that it was asked for too much: a connection lost, 421 or 45z to everything."""

    @property
    def over(self) -> bool:
        """Whether all that is left has waited for as long as it may."""
        now = time.time()
        return all(one.expires <= now for one in self.left.values())

    async def run(self, link: Callable[[], Awaitable[Link]]) -> None:
        """Try every delivery; ``link`` gives a connection that can be used, and raises ConnectError.

        Returns when what became of each is durable. Raises ConnectError after the first failure to connect, with nothing
        written of those that were not tried; UnavailableError.
        """
        try:
            await self._run(link)
            await self._written()
        except asyncio.CancelledError:
            # The server stops: what the writer has got it writes, and the rest comes back.
            if self._writing is not None:
                self._writing.cancel()
            raise
        except BaseException:
            await self._written()
            raise

    async def _run(self, link: Callable[[], Awaitable[Link]]) -> None:
        for send, deliveries in await self._by_send():
            mine = deliveries
            if isinstance(send, Unreadable):
                await self._hold(mine, UNREADABLE)
                continue
            if send is None:
                # Its message is gone: there is nothing to send, and nobody to tell.
                gone = [Outcome(Reply(0, "5.3.0", "The message is no longer there.")) for _ in mine]
                await self._settle(None, mine, gone, Attempt(at=time.time()))
                continue
            doubtful = [one for one in mine if one.phase == "data" and send.ambiguous == "fail"]
            if doubtful:
                lost = unanswered(
                    "The connection was lost while the message was being taken; it may have arrived.", "5.4.2"
                )
                await self._settle(
                    send, doubtful, [lost] * len(doubtful), Attempt(at=time.time(), reply=lost.reply.text)
                )
                mine = [one for one in mine if one not in doubtful]
            await self._deliver(send, mine, link)

    async def _deliver(
        self, send: SendDocument, deliveries: Sequence[DeliveryDocument], link: Callable[[], Awaitable[Link]]
    ) -> None:
        """Try the deliveries of one send. What is wrong with it alone is noted with it, and keeps no other from being tried."""
        try:
            if self._site == LOCAL_SITE:
                await self._deliver_here(send, deliveries)
            else:
                await self._deliver_there(send, deliveries, link)
        except (ConnectError, NotWrittenError):
            raise
        except MailError as error:
            # It may be the message, a part of which is lost, or the database, and then it is the same with the others.
            await self._store.database.ping()
            _log.error("%s cannot be sent now: %s", send.id, error)
            await self._put_off(send, deliveries, error.message)
        except Exception:  # noqa: BLE001 - the others of the batch are to go
            _log.exception("defect while delivering %s", send.id)
            await self._put_off(send, deliveries, "A defect of this server; see its log.")

    async def _put_off(self, send: SendDocument, deliveries: Sequence[DeliveryDocument], text: str) -> None:
        """Try again later those of which nothing is written yet, unless they may have arrived and are not to come twice."""
        await self._written()
        left = [one for one in deliveries if one.id in self.left]
        if left:
            final = {one.id for one in left if send.ambiguous == "fail"} & self._noted
            outcomes = [unanswered(text, "5.4.2" if one.id in final else "4.3.0") for one in left]
            await self._settle(send, left, outcomes, _attempt(time.time(), outcomes[0].reply))

    async def _deliver_here(self, send: SendDocument, deliveries: Sequence[DeliveryDocument]) -> None:
        for delivery in deliveries:
            began = time.time()
            outcome = await deliver_here(self._store, self._hostname, send, delivery)
            attempt = _attempt(began, outcome.reply)
            await self._settle(send, [delivery], [outcome], attempt)

    async def _deliver_there(
        self, send: SendDocument, deliveries: Sequence[DeliveryDocument], link: Callable[[], Awaitable[Link]]
    ) -> None:
        message = SentMessage(self._store, send, self._sign)
        at = 0
        while at < len(deliveries):
            used = await link()
            self._reach("opened")
            count = 1 if send.verp else max(1, used.limit)
            if await self._send(send, message, used, deliveries[at : at + count]):
                at += count

    async def _send(
        self, send: SendDocument, message: SentMessage, link: Link, deliveries: Sequence[DeliveryDocument]
    ) -> bool:
        """Send to some recipients; False where a connection that is used again had ended, and nothing is written yet."""
        began = time.time()
        sender = send.sender
        if send.verp and sender:
            sender = await verp_sender(self._store, sender, deliveries[0].id)
        envelope = Envelope(
            sender=sender,
            recipients=tuple(
                EnvelopeRecipient(one.recipient, None if one.notify is None else tuple(one.notify), one.orcpt)
                for one in deliveries
            ),
            # RFC 3461 section 5.2.1: none is added to what others send. What comes by REST begins here.
            envid=send.envid or (send.id if send.kind == "api" else ""),
            ret=send.ret,
            smtputf8=send.smtputf8,
        )

        async def before_dot(accepted: Sequence[int]) -> bool:
            self._reach("content")
            held = time.monotonic() < self.held_until
            if held:
                # Found later, it says that the message may have arrived.
                ending = [deliveries[number].id for number in accepted]
                held = await self._writer.enter_data(ending, self.lease)
                if held:
                    self._noted.update(ending)
            self._reach("data")
            return held

        try:
            outcomes = await link.send(envelope, message, before_dot)
        except LostError as error:
            if self._ended_between(link) and not error.after_dot and not error.refused:
                return False
            self.refused = True
            final = error.after_dot and send.ambiguous == "fail"
            lost = unanswered(str(error), "5.4.2" if final else "4.4.2")
            outcomes = [Outcome(error.refused[at]) if at in error.refused else lost for at in range(len(deliveries))]
        self._reach("answered")
        transcript = link.transcript()[:_TRANSCRIPT]
        if self._ended_between(link) and all(outcome.reply.code == 421 for outcome in outcomes):
            return False
        self._used = link
        if all(outcome.reply.code in (421, 450, 451, 452) for outcome in outcomes):
            self.refused = True
        attempt = _attempt(began, outcomes[0].reply, link, transcript)
        # While it is written the next message goes out, as far as its end: the note before that is written behind this one.
        before = self._writing
        self._writing = background_task(self._settle_aside(send, deliveries, outcomes, attempt), "queue outcome")
        if before is not None:
            await before
        return True

    async def _settle_aside(
        self, send: SendDocument, deliveries: Sequence[DeliveryDocument], outcomes: Sequence[Outcome], attempt: Attempt
    ) -> None:
        """Settle where nobody waits for it: what goes wrong is not the next message's. Raises NotWrittenError."""
        try:
            await self._settle(send, deliveries, outcomes, attempt)
        except NotWrittenError:
            raise
        except Exception:  # noqa: BLE001 - the lease ends, and it is tried again
            _log.exception("defect while noting what became of %s", send.id)

    async def _written(self) -> None:
        """Wait until what became of the last message is durable. Raises NotWrittenError."""
        if self._writing is not None:
            writing, self._writing = self._writing, None
            await writing

    def _ended_between(self, link: Link) -> bool:
        """Whether a link that is of no use any more has served before: a server may take so much and no more by each."""
        return link is self._used and not link.usable and time.monotonic() < self.held_until

    async def give_back(self, reply: Reply, attempt: Attempt, *, not_before: float) -> None:
        """No connection was had: every delivery goes back, to be tried when the site is, or fails where that is final."""
        for send, mine in await self._by_send():
            if isinstance(send, Unreadable):
                await self._hold(mine, UNREADABLE)
            else:
                await self._settle(send, mine, [Outcome(reply)] * len(mine), attempt, due=not_before)

    async def _by_send(self) -> list[tuple[SendDocument | Unreadable | None, list[DeliveryDocument]]]:
        """Return what is left, with the send it belongs to."""
        grouped: dict[str, list[DeliveryDocument]] = {}
        for one in self.left.values():
            grouped.setdefault(one.send, []).append(one)
        sends, unreadable = await find_sends(self._store.database, list(grouped))
        self._reach("read")
        return [
            (Unreadable() if send_id in unreadable else sends.get(send_id), deliveries)
            for send_id, deliveries in grouped.items()
        ]

    def _reach(self, point: str) -> None:
        reach(point, self._store.settings.queue_fault)

    async def _settle(
        self,
        send: SendDocument | None,
        deliveries: Sequence[DeliveryDocument],
        outcomes: Sequence[Outcome],
        attempt: Attempt,
        *,
        due: float = 0.0,
    ) -> None:
        """Report what the sender has to hear, then write what became of each: a crash between the two reports it again."""
        now = time.time()
        first = self._store.settings.queue_retry
        local = self._site == LOCAL_SITE
        since = None if send is None else send.send_at
        verdicts = [
            judge(one, outcome, now, first, random.random(), local=local, since=since)  # noqa: S311 - spreads attempts
            for one, outcome in zip(deliveries, outcomes, strict=True)
        ]
        owed = owed_for(deliveries, outcomes, verdicts, attempt)
        changes = []
        for one, outcome, verdict in zip(deliveries, outcomes, verdicts, strict=True):
            under_way = verdict.status == "deferred"
            tried = Attempt(
                at=attempt.at,
                duration=attempt.duration,
                host=attempt.host,
                address=attempt.address,
                tls=attempt.tls,
                code=outcome.reply.code,
                reply=str(outcome.reply),
                transcript=attempt.transcript,
            )
            changes.append(
                DeliveryChange(
                    id=one.id,
                    lease=self.lease,
                    status=verdict.status,
                    due=min(max(verdict.due, due), one.expires) if under_way else verdict.due,
                    attempt=tried,
                    ended=0 if under_way else int(now),
                    delay_told=verdict.tell == "delayed",
                )
            )
        written = await self._write_down(send, owed, changes)
        self._reach("settled")
        self._note(deliveries, written)

    async def _hold(self, deliveries: Sequence[DeliveryDocument], text: str) -> None:
        """Keep deliveries that nobody can make anything of until somebody has looked at them."""
        attempt = _attempt(time.time(), Reply(0, "4.3.0", text))
        changes = [
            DeliveryChange(id=one.id, lease=self.lease, status="held", due=NEVER, attempt=attempt) for one in deliveries
        ]
        await self._write_down(None, [], changes)
        self._note(deliveries, changes)

    def _note(self, deliveries: Sequence[DeliveryDocument], changes: Sequence[DeliveryChange]) -> None:
        """Take note that it is written."""
        for one, change in zip(deliveries, changes, strict=True):
            self.left.pop(one.id, None)
            ATTEMPTS.add(change.status)
            reply = change.attempt.reply if change.attempt is not None else ""
            _log.info("%s to %s: %s: %s", one.send, one.recipient, change.status, reply)

    async def _write_down(
        self, send: SendDocument | None, owed: Sequence[Owed], changes: Sequence[DeliveryChange]
    ) -> Sequence[DeliveryChange]:
        """Report, then write what became of each; both again as long as the database is away. Returns what was written.

        What is known and not written would be sent again. To report again changes nothing, and who has the deliveries by
        then is not overwritten. What has failed and cannot be reported is held instead. Raises UnavailableError when the
        database has been away for too long.
        """
        deadline = time.monotonic() + AWAY
        for before in itertools.count():
            try:
                if send is not None and not await self._tell(send, owed, before):
                    changes, owed = hold_untold(owed, changes), []
                self._reach("reported")
                await self._writer.write(changes)
            except UnavailableError as error:
                if time.monotonic() > deadline:
                    raise NotWrittenError(error.message) from error
                await asyncio.sleep(PAUSE)
            else:
                break
        return changes

    async def _tell(self, send: SendDocument, owed: Sequence[Owed], before: int) -> bool:
        """Report; False where that cannot be done. ``before``: how often it was tried. Raises UnavailableError."""
        try:
            await report(self._store, self._hostname, send, owed)
        except Exception as error:
            if isinstance(error, UnavailableError):
                if before < TELLINGS:
                    raise
                # A message of which a part is lost looks like a database that is away, until the database is asked.
                await self._store.database.ping()
            _log.exception("the sender of %s cannot be told what became of it", send.id)
            return False
        return True


def _attempt(began: float, reply: Reply, link: Link | None = None, transcript: Sequence[str] = ()) -> Attempt:
    return Attempt(
        at=began,
        duration=time.time() - began,
        host=link.host if link is not None else "",
        address=link.address if link is not None else "",
        tls=link.tls if link is not None else "",
        code=reply.code,
        reply=str(reply),
        transcript="\n".join(transcript),
    )
