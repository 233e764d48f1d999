"""Which recipients of a message stand or fall together, and what is committed for them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from correio.errors import MailError, UnavailableError
from correio.mail.addresses import address_key
from correio.mail.append import AddMessages
from correio.mail.committer import Operation
from correio.mail.forward import ForwardTo
from correio.mail.notification import ReportWanted, passed_on, reports_wanted
from correio.mail.outgoing import Outgoing, SendOnly
from correio.mail.recipient import Recipient


class Share(msgspec.Struct):
    """Recipients, by their places in the envelope, that are served together or not at all: they share an account or an
    address elsewhere, which gets one copy.
    """

    recipients: dict[int, Recipient]
    operations: dict[str, AddMessages] = {}
    """By account."""
    mail: list[Outgoing] = []
    failures: dict[int, MailError] = {}
    """What is wrong with a recipient itself."""

    def accounts(self) -> dict[str, str]:
        """Return each account, with the recipient that is told of in its copy."""
        found: dict[str, str] = {}
        for recipient in self.recipients.values():
            for account_id in recipient.accounts:
                found.setdefault(account_id, recipient.address)
        return found

    def forwards(self) -> list[ForwardTo]:
        """Return each address elsewhere."""
        found: dict[str, ForwardTo] = {}
        seen: set[str] = set()
        for recipient in self.recipients.values():
            notify = passed_on(recipient.notify, expanded=recipient.expanded)
            for one in recipient.forwards:
                # A thousand names of one alias lead to the same hundred addresses.
                if one.address in seen:
                    continue
                seen.add(one.address)
                found.setdefault(address_key(one.address), ForwardTo(one.address, one.via, notify, recipient.orcpt))
        return list(found.values())

    @property
    def is_single(self) -> bool:
        """Whether all of it leads to one account, which alone says what becomes of its recipients."""
        return len(self.accounts()) == 1 and not any(recipient.forwards for recipient in self.recipients.values())

    def reports(self) -> list[ReportWanted]:
        """Return what the sender is to be told once this is stored."""
        return [wanted for one in self.recipients.values() for wanted in reports_wanted(one)]

    def take(self, ready: dict[str, AddMessages | MailError]) -> None:
        """Take what was made ready, or could not be, by account."""
        for number, recipient in self.recipients.items():
            for account_id in recipient.accounts:
                made = ready[account_id]
                if isinstance(made, MailError):
                    self.fail(number, made)
                else:
                    self.operations[account_id] = made

    def fail(self, number: int, error: MailError) -> None:
        """A recipient cannot be served. What says more than to try again later stands first."""
        known = self.failures.get(number)
        if known is None or (isinstance(known, UnavailableError) and not isinstance(error, UnavailableError)):
            self.failures[number] = error

    def fail_all(self, error: MailError) -> None:
        """No recipient can be served."""
        for number in self.recipients:
            self.fail(number, error)

    def to_commit(self) -> list[Operation[Any]]:
        """Return the operations of one transaction; the mail goes with the first account. Empty: none has a part in it."""
        operations: list[Operation[Any]] = list(self.operations.values())
        if operations and self.mail:
            operations.append(SendOnly(operations[0].account, self.mail))
        return operations

    def take_results(self, results: Sequence[Any]) -> None:
        """Take the outcomes of what :meth:`to_commit` returned."""
        # Behind them may be that of the mail, which cannot fail alone.
        for account_id, result in zip(self.operations, results, strict=False):
            if isinstance(result, MailError):
                for number, recipient in self.recipients.items():
                    if account_id in recipient.accounts:
                        self.fail(number, result)
            elif isinstance(result, BaseException):
                raise result

    def outcomes(self) -> dict[int, MailError | None]:
        """Return what became of each recipient; None: served."""
        if not self.failures:
            return dict.fromkeys(self.recipients)
        for_another = UnavailableError(
            "It could not be delivered to all, so it was delivered to none; try again later."
        )
        return {number: self.failures.get(number, for_another) for number in self.recipients}


def share_out(recipients: Sequence[Recipient], *, together: bool) -> list[Share]:
    """Return the shares, by their first recipients; one for all of them where they are ``together``."""
    if together:
        return [Share(dict(enumerate(recipients)))]
    # Each recipient points to an earlier one that it shares a place with, at the end of which stands the first of them.
    earlier = list(range(len(recipients)))

    def first(number: int) -> int:
        while earlier[number] != number:
            earlier[number] = earlier[earlier[number]]
            number = earlier[number]
        return number

    by_place: dict[str, int] = {}
    for number, recipient in enumerate(recipients):
        for place in _places(recipient):
            one, other = first(by_place.setdefault(place, number)), first(number)
            earlier[max(one, other)] = min(one, other)
    shares: dict[int, Share] = {}
    for number, recipient in enumerate(recipients):
        shares.setdefault(first(number), Share({})).recipients[number] = recipient
    return list(shares.values())


def _places(recipient: Recipient) -> Iterable[str]:
    yield from recipient.accounts
    for one in recipient.forwards:
        yield address_key(one.address)
