"""The delivery of one message to an account that has rules: their outcome, in one transaction."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Final

import msgspec

from correio.errors import InvalidInputError, QuotaExceededError, RefusedError, TooLargeError
from correio.ids import Kind, derived_id
from correio.mail.account import Account
from correio.mail.answers import Key, Redirected, answer, redirect, refusal
from correio.mail.append import AddMessages, Appended, appended, item_for
from correio.mail.draft import Draft
from correio.mail.filing import CannotCreateError, Filing, admitted, file_copies
from correio.mail.flags import NO_FLAGS
from correio.mail.ingest import Ingested
from correio.mail.outgoing import Outgoing
from correio.mail.rules import Arrival, decide, sighting_id
from correio.mail.sieve_scripts import active_script
from correio.sieve.actions import Decision, Keep, Redirect, Reject, Sighting, Vacation
from correio.sieve.interpreter import KEPT
from correio.store.documents import MessageDocument, SieveMemoryDocument
from correio.store.sends import find_send
from correio.store.sieve import find_memories, note_failure, trim_memories

_log = logging.getLogger("correio.mail.rules")
_UNSAYABLE: Final = "The recipient's rules refuse the message."
_REASON: Final = 2000
"""Characters of a reason that are said in the protocol."""


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """A message on its way into an account with rules."""

    arrival: Arrival
    ingested: Ingested
    """With the trace fields of this recipient."""
    redirected: Redirected
    key: Key
    keep_in: str
    """The id of the mailbox where kept messages go."""
    durable: set[bytes]
    """Digests of parts that are known to be stored."""
    can_refuse: bool
    """Whether the recipient can be refused in the protocol, without the others."""


class FilteredDelivery(AddMessages):
    """Files, sends and remembers what the active script says, all of it or nothing.

    The script is run beforehand; should it have been replaced by the time of the commit, the new one is run.
    """

    def __init__(self, account: Account, delivery: Delivery) -> None:
        now = account.store.now()
        item = item_for(
            account,
            delivery.ingested,
            key=delivery.key,
            email=derived_id(Kind.EMAIL, account.id, *delivery.key),
            flags=NO_FLAGS,
            date=now,
            saved=now,
        )
        super().__init__(account, delivery.keep_in, [item])
        self._delivery: Final = delivery
        self._decided_by = ""
        self._decision = Decision(KEPT)
        self._redirects: Outgoing | None = None
        self._refusal: Outgoing | None = None
        self._answer: Outgoing | None = None
        self._known: dict[str, SieveMemoryDocument] = {}
        self._problem = ""
        self._sent: list[Outgoing] = []
        self._remembered: list[SieveMemoryDocument] = []

    # What the rules say

    async def evaluate(self) -> None:
        """Run the active script, and make ready what it sends. Raises UnavailableError."""
        self._decided_by = self.account.document.sieve
        delivery = self._delivery
        decision = await decide(self.account, delivery.arrival) if self._decided_by else Decision(KEPT)
        self._redirects = self._refusal = self._answer = None
        addresses = [action.address for action in decision.actions if isinstance(action, Redirect)]
        try:
            if addresses:
                self._redirects = await redirect(
                    self.account,
                    delivery.redirected,
                    delivery.arrival.sender,
                    addresses,
                    delivery.key,
                    delivery.durable,
                )
            for action in decision.actions:
                if isinstance(action, Reject) and not self._says(action):
                    self._refusal = await self._refuse_by_mail(action)
        except (InvalidInputError, TooLargeError) as error:
            # An address that nothing can be sent to: an error of the script like any other.
            decision = Decision(KEPT, error.message)
            self._redirects = None
        self._decision = decision
        self.weight = 4 + len(decision.actions)
        self.octets = self._delivery.ingested.inline_octets * max(1, len(decision.actions))

    def _says(self, action: Reject) -> bool:
        """Tell whether the protocol can say it (RFC 5429 sections 2.1.1 and 2.2)."""
        return self._delivery.can_refuse and (action.early or action.reason.isascii())

    async def _refuse_by_mail(self, action: Reject) -> Outgoing | None:
        arrival = self._delivery.arrival
        if not arrival.sender:
            _log.info("account %s refused a message with the null sender, which hears nothing", self.account.id)
            return None
        content = self._delivery.redirected.content
        header = content[: self._delivery.redirected.parsed.parts[0].body_start]
        try:
            return await refusal(self.account, action, arrival, header, self._delivery.key)
        except InvalidInputError:
            _log.info("account %s refused a message of a sender that is no address", self.account.id)
            return None

    @property
    def _vacation(self) -> Vacation | None:
        return next((one for one in self._decision.actions if isinstance(one, Vacation)), None)

    def _answer_id(self, action: Vacation) -> str:
        sender = self._delivery.arrival.sender.casefold()
        return derived_id(Kind.MEMORY, self.account.id, "answered", sender, action.handle)

    def _is_answered(self, action: Vacation) -> bool:
        return self._answer_id(action) in self._known

    async def prepare(self) -> None:
        await super().prepare()
        if self._decided_by != self.account.document.sieve:
            await self.evaluate()
        # In the account's turn, and the guard sees what other processes do: nobody is answered twice.
        action = self._vacation
        ids = [sighting_id(self.account, one.id) for one in self._decision.sightings]
        if action is not None and action.seconds:
            ids.append(self._answer_id(action))
        now = self.account.store.now()
        found = await find_memories(self.account.store.database, ids) if ids else []
        self._known = {one.id: one for one in found if one.expires > now}
        if action is not None and self._answer is None and not self._is_answered(action):
            try:
                self._answer = await answer(self.account, action, self._delivery.arrival, self._delivery.key)
            except InvalidInputError:
                _log.info("account %s has no answer for a sender that is no address", self.account.id)

    # The transaction

    def plan(self, draft: Draft) -> list[Appended]:
        actions = self._decision.actions
        self._problem = self._decision.problem
        self._sent, self._remembered = [], []
        for action in actions:
            if isinstance(action, Reject) and self._says(action):
                raise RefusedError(action.reason[:_REASON] if action.reason.isascii() else _UNSAYABLE)
        size = self.items[0].document.size
        try:
            filing = file_copies(draft, actions, self.mailbox_id)
            if len(filing.places) > 1:
                draft.room_for(size * len(filing.places), len(filing.places))
        except (CannotCreateError, QuotaExceededError) as error:
            # Nothing but the message itself: all or nothing, as where a script fails while it runs.
            self._problem = str(error)
            filing = Filing(((self.mailbox_id, ()),))
            actions = (Keep(),)
        if filing.places:
            draft.room_for(size * len(filing.places), len(filing.places))
        if filing.problem:
            self._problem = filing.problem
        added = self._file(draft, filing.places)
        if actions is self._decision.actions:
            self._send(draft)
            self._remember(draft)
        return added

    def _file(self, draft: Draft, places: Sequence[tuple[str, tuple[str, ...]]]) -> list[Appended]:
        results: list[Appended] = []
        (item,) = self.items
        for number, (mailbox_id, flags) in enumerate(places):
            box = draft.mailbox(mailbox_id)
            document = msgspec.structs.replace(item.document)
            if number:
                document.id = derived_id(Kind.MESSAGE, self.account.id, *self._delivery.key, number)
            document.flags = list(admitted(draft, box, flags).ordered)
            modseq = draft.tick()
            document.created = modseq
            draft.add_message(box, document, modseq)
            results.append(appended(document))
        return results

    def _send(self, draft: Draft) -> None:
        action = self._vacation
        answered = self._answer if action is not None and not self._is_answered(action) else None
        self._sent = [one for one in (self._redirects, self._refusal, answered) if one is not None]
        for one in self._sent:
            draft.tick()
            draft.send(one.send, one.deliveries)

    def _remember(self, draft: Draft) -> None:
        now = self.account.store.now()
        found = [self._sighting(one, now) for one in self._decision.sightings]
        action = self._vacation
        if action is not None and action.seconds and self._answer in self._sent:
            found.append(self._memory(self._answer_id(action), now + action.seconds))
        self._remembered = [one for one in found if one is not None]
        if self._remembered:
            draft.tick()
            draft.remember(self._remembered)

    def _sighting(self, sighting: Sighting, now: int) -> SieveMemoryDocument | None:
        memory_id = sighting_id(self.account, sighting.id)
        if memory_id in self._known and not sighting.last:
            return None
        return self._memory(memory_id, now + sighting.seconds)

    def _memory(self, memory_id: str, expires: int) -> SieveMemoryDocument:
        return SieveMemoryDocument(id=memory_id, account=self.account.id, expires=expires)

    async def made(self) -> bool:
        if await super().made():
            return True
        database = self.account.store.database
        mail = [one for one in (self._redirects, self._refusal, self._answer) if one is not None]
        return bool(mail) and await find_send(database, mail[0].send.account, mail[0].send.id) is not None

    def recover(self, stored: dict[str, MessageDocument]) -> list[Appended]:
        return [appended(document) for document in stored.values()]

    def durable(self) -> None:
        store = self.account.store
        if self._sent:
            store.outbox.put({site for one in self._sent for site in one.sites})
        if self._problem:
            _log.info("the script of account %s failed: %s", self.account.id, self._problem)
            script_id = self._decided_by.partition(".")[0] or active_script(self.account)
            store.spawn(note_failure(store.database, script_id, self._problem, store.now()))
        # Now and then, by the chance that is in the ids: counting costs more than a few memories too many.
        if any(one.id[1] == "a" for one in self._remembered):
            store.spawn(self._trim())

    async def _trim(self) -> None:
        store = self.account.store
        await trim_memories(store.database, self.account.id, store.settings.limits.sieve_memory)
