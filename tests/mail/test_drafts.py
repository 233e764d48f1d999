"""Drafts: saved, saved again in their place, sent, and taken back."""

from __future__ import annotations

import asyncio
import hashlib
import math

import pytest

from correio.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    RecipientsRejectedError,
    StateMismatchError,
)
from correio.mail.account import Account
from correio.mail.append import NewMessage, append_messages
from correio.mail.directory import set_quota
from correio.mail.drafts import DraftFields, Origin, find_draft, save_draft
from correio.mail.fetch import find_message
from correio.mail.flags import flag_set
from correio.mail.mailbox_commands import delete_mailbox
from correio.mail.message_store import MessageStore
from correio.mail.send_draft import SendRequest, send_draft
from correio.mail.sent import find_many_sent, find_send, find_sent
from correio.mail.submission_status import SubmissionStatus, submission_status
from correio.mail.submit import Once, Submitted
from correio.mail.take_back import take_back
from correio.mail.update_messages import MessageUpdate, update_messages
from correio.mime.compose.letter import Mailbox
from correio.mime.compose.mailbox import parse_mailbox
from correio.store.deliveries import Leased, lease_due
from tests.conftest import NewPerson
from tests.mail.conftest import message


def to(*addresses: str) -> list[Mailbox]:
    return [parse_mailbox(address, "to") for address in addresses]


def count(account: Account, role: str) -> int:
    mailbox = account.mailboxes.by_role(role)
    assert mailbox is not None
    return mailbox.exists


async def send(account: Account, draft_id: str, key: str = "", later: int = 60, **given: int | None) -> Submitted:
    once = Once(key or draft_id, hashlib.sha256(draft_id.encode()).digest())
    request = SendRequest(if_modseq=given.get("version"), send_at=account.store.now() + later, once=once)
    return await send_draft(account, draft_id, request)


async def test_a_draft_is_saved_again_in_its_place(account: Account) -> None:
    first = await save_draft(account, DraftFields(to=to("x@else.where"), bcc=to("H <h@else.where>"), subject="One"))
    before = await find_message(account, first.id)
    assert before.flags.names == {"\\Draft", "\\Seen"}
    assert [one.email for one in before.parsed.summary.bcc] == ["h@else.where"]
    assert [one.email for one in before.parsed.summary.from_] == [account.address]
    second = await save_draft(account, DraftFields(subject="Two", text="á"), draft_id=first.id)
    assert count(account, "drafts") == 1
    after = await find_message(account, second.id)
    assert after.parsed.summary.message_id == before.parsed.summary.message_id
    assert (after.parsed.summary.subject, after.parsed.summary.to) == ("Two", [])
    assert after.thread == before.thread
    # Any id it ever had leads to it; the message itself is another one.
    third = await save_draft(account, DraftFields(subject="Three"), draft_id=first.id)
    assert count(account, "drafts") == 1
    assert {(await find_draft(account, one.id)).id for one in (first, second, third)} == {third.id}
    with pytest.raises(NotFoundError):
        await find_message(account, first.id)
    with pytest.raises(StateMismatchError):
        await save_draft(account, DraftFields(), draft_id=first.id, if_modseq=second.modseq)
    assert (await save_draft(account, DraftFields(), draft_id=third.id, if_modseq=third.modseq)).uid > third.uid
    with pytest.raises(NotFoundError):
        await save_draft(account, DraftFields(), draft_id="M" + "a" * 24)


async def test_two_who_save_at_once_leave_one(account: Account, other_process: MessageStore) -> None:
    there = await other_process.account(account.id)
    first = await save_draft(account, DraftFields(subject="0"))
    await there.refresh()
    saved = await asyncio.gather(
        *(
            save_draft(one, DraftFields(subject=str(number)), draft_id=first.id)
            for number, one in enumerate([account, there] * 4)
        )
    )
    await account.refresh()
    assert count(account, "drafts") == 1
    newest = max(saved, key=lambda one: one.uid)
    assert (await find_draft(account, first.id)).id == newest.id


async def test_what_is_no_draft_is_not_replaced(account: Account) -> None:
    inbox = account.mailboxes.by_role("inbox")
    assert inbox is not None
    [received] = await append_messages(account, inbox.id, [NewMessage(message())])
    with pytest.raises(InvalidInputError, match="not a draft"):
        await save_draft(account, DraftFields(), draft_id=received.id)
    with pytest.raises(InvalidInputError, match="not a draft"):
        await send(account, received.id)
    assert count(account, "inbox") == 1


async def test_drafts_can_be_written_without_a_mailbox_for_them(account: Account) -> None:
    for role in ("drafts", "sent"):
        mailbox = account.mailboxes.by_role(role)
        assert mailbox is not None
        await delete_mailbox(account, mailbox.id)
    saved = await save_draft(account, DraftFields(to=to("x@else.where")))
    assert count(account, "drafts") == 1
    await send(account, saved.id)
    assert (count(account, "drafts"), count(account, "sent")) == (0, 1)


async def test_an_answer_names_what_it_answers(account: Account) -> None:
    inbox = account.mailboxes.by_role("inbox")
    assert inbox is not None
    extra = "References: <0@a> <1@a> no-id <bad>\r\n"
    [received] = await append_messages(account, inbox.id, [NewMessage(message(7, extra=extra))])
    original = await find_message(account, received.id)
    answer = await save_draft(account, DraftFields(to=to("x@else.where"), origin=Origin(original, False)))
    saved_again = await save_draft(account, DraftFields(to=to("x@else.where")), draft_id=answer.id)
    summary = (await find_message(account, saved_again.id)).parsed.summary
    assert summary.in_reply_to == ["7@sender.example"]
    assert summary.references == ["0@a", "1@a", "7@sender.example"]
    done = await send(account, saved_again.id)
    assert "\\Answered" in (await find_message(account, received.id)).flags
    sent = await find_send(account, done.id, octets=True)
    assert b"X-Correio" not in sent.source
    await take_back(account, done.id)
    assert "\\Answered" not in (await find_message(account, received.id)).flags
    forward = await save_draft(account, DraftFields(to=to("x@else.where"), origin=Origin(original, True)))
    summary = (await find_message(account, forward.id)).parsed.summary
    assert (summary.in_reply_to, summary.references[-1]) == ([], "7@sender.example")
    await send(account, forward.id)
    flags = (await find_message(account, received.id)).flags
    assert "$Forwarded" in flags
    assert "\\Answered" not in flags
    # What had the flag before keeps it when the answer is taken back.
    await update_messages(account, [received.id], MessageUpdate(add=frozenset({"\\Answered"})))
    done = await send(account, done.message, key="again")
    await take_back(account, done.id)
    assert "\\Answered" in (await find_message(account, received.id)).flags
    unlinked = await save_draft(account, DraftFields(origin=None), draft_id=done.message)
    assert (await find_message(account, unlinked.id)).parsed.summary.references == []


async def test_a_draft_becomes_the_copy_in_sent(directory: MessageStore, new_person: NewPerson) -> None:
    account, friend = await directory.account((await new_person()).id), await new_person()
    fields = DraftFields(
        to=to("x@else.where", friend.address), cc=to("x@else.where"), bcc=to("h@else.where"), subject="Hi", text="Text"
    )
    draft = await save_draft(account, fields)
    trips = directory.database.round_trips
    before = trips.count
    done = await send(account, draft.id)
    # The draft, the sender, the idempotency key, the index of Drafts; the recipients' accounts and domains by eight; and one
    # transaction: accounts, mailboxes, the draft, the copy, the send, the key, the deliveries, commit.
    assert trips.count - before <= 20
    assert (count(account, "drafts"), count(account, "sent")) == (0, 1)
    sent = await find_sent(account, done.id)
    assert {one.recipient for one in sent.deliveries} == {"x@else.where", friend.address, "h@else.where"}
    assert len(sent.deliveries) == 3
    assert {math.ceil(one.due) for one in sent.deliveries} == {sent.send.send_at}
    assert submission_status(sent.deliveries) is SubmissionStatus.PENDING
    assert (sent.send.kind, sent.send.sender, sent.send.message) == ("submission", account.address, done.message)
    octets = (await find_send(account, done.id, octets=True)).source
    assert b"Bcc" not in octets
    assert b"h@else" not in octets
    kept = await find_message(account, done.message)
    assert (kept.flags.names, kept.parsed.summary.date) == ({"\\Seen"}, sent.send.send_at)
    assert [one.email for one in kept.parsed.summary.bcc] == ["h@else.where"]
    assert b"Message-ID: <" + done.message_id.encode() + b">" in octets
    with pytest.raises(NotFoundError):
        await find_message(account, draft.id)
    # The same request again is the same submission; another one with its key is refused, and so is one without a draft.
    assert (await send(account, draft.id)).id == done.id
    with pytest.raises(ConflictError):
        await send(account, "M" + "a" * 24, key=draft.id)
    with pytest.raises(NotFoundError):
        await send(account, draft.id, key="another")


async def test_sent_at_once_by_many_it_is_sent_once(account: Account, other_process: MessageStore) -> None:
    there = await other_process.account(account.id)
    draft = await save_draft(account, DraftFields(to=to("x@else.where")))
    await there.refresh()
    done = await asyncio.gather(*(send(one, draft.id) for one in [account, there] * 5))
    assert len({one.id for one in done}) == 1
    another = await save_draft(account, DraftFields(to=to("x@else.where")))
    outcomes = await asyncio.gather(
        *(send(account, another.id, key=str(number)) for number in range(5)), return_exceptions=True
    )
    assert [type(one) for one in outcomes if isinstance(one, Exception)] == [NotFoundError] * 4
    assert count(account, "sent") == 2


async def test_what_cannot_be_sent_stays_a_draft(directory: MessageStore, new_person: NewPerson) -> None:
    account, other = await directory.account((await new_person()).id), await new_person()
    drafts = account.mailboxes.by_role("drafts")
    assert drafts is not None
    domain = account.address.partition("@")[2]
    nobody = f"nobody@{domain}"
    unknown = await save_draft(account, DraftFields(to=to(nobody, "x@else.where"), bcc=to(f"none@{domain}")))
    with pytest.raises(RecipientsRejectedError) as caught:
        await send(account, unknown.id)
    assert set(caught.value.recipients) == {nobody, f"none@{domain}"}
    raws = [
        f"From: {account.address}\r\nTo: no address, x@else.where, empty:;\r\n\r\n",
        f"From: {account.address}\r\nTo: nobody:;\r\n\r\n",
        f"From: {other.address}\r\nTo: x@else.where\r\n\r\n",
        f"From: {account.address}, {other.address}\r\nTo: x@else.where\r\n\r\n",
        "To: x@else.where\r\n\r\n",
    ]
    errors = (RecipientsRejectedError, InvalidInputError, ForbiddenError, ForbiddenError, InvalidInputError)
    added = await append_messages(account, drafts.id, [NewMessage(raw.encode(), flag_set({"\\Draft"})) for raw in raws])
    for one, error in zip(added, errors, strict=True):
        with pytest.raises(error):
            await send(account, one.id)
    stale = await save_draft(account, DraftFields(to=to("x@else.where")))
    await update_messages(account, [stale.id], MessageUpdate(add=frozenset({"\\Flagged"})))
    with pytest.raises(StateMismatchError):
        await send(account, stale.id, version=stale.modseq)
    assert (count(account, "drafts"), count(account, "sent")) == (7, 0)


@pytest.mark.parametrize("field", ["To", "Cc", "Bcc"])
async def test_more_addresses_than_are_read_go_to_nobody(account: Account, field: str) -> None:
    """64 KiB of a field are read: the last address of those may be cut in the middle, and be another's."""
    drafts = account.mailboxes.by_role("drafts")
    assert drafts is not None
    some = ",\r\n ".join(
        f"Somebody with a rather long name <somebody.number.{number}@else.where>" for number in range(990)
    )
    for fields in (f"{field}: {some}", f"{field}: {some[: len(some) // 2]}>\r\n{field}: {some}"):
        raw = f"From: {account.address}\r\n{fields}\r\n\r\n".encode()
        [draft] = await append_messages(account, drafts.id, [NewMessage(raw, flag_set({"\\Draft"}))])
        with pytest.raises(InvalidInputError, match=f"The {field} field is longer"):
            await send(account, draft.id)
    assert count(account, "sent") == 0


async def test_nobody_is_served_twice(account: Account) -> None:
    fields = DraftFields(
        to=to("x@else.where", "x@ELSE.where"), cc=to("y@b\u00fccher.test"), bcc=to("y@XN--BCHER-KVA.test")
    )
    sent = await find_sent(account, (await send(account, (await save_draft(account, fields)).id)).id)
    assert [one.recipient for one in sent.deliveries] == ["x@else.where", "y@xn--bcher-kva.test"]


async def test_a_draft_of_another_program_is_mended(account: Account) -> None:
    drafts = account.mailboxes.by_role("drafts")
    assert drafts is not None
    raw = f'From: {account.address}\nTo: "a b"@else.where\nX-Mozilla-Draft-Info: x\n\nText'.encode()
    [added] = await append_messages(account, drafts.id, [NewMessage(raw, flag_set({"\\Draft"}), verbatim=True)])
    done = await send(account, added.id)
    sent = await find_sent(account, done.id)
    assert [one.recipient for one in sent.deliveries] == ['"a b"@else.where']
    octets = (await find_send(account, done.id, octets=True)).source
    assert sent.send.message_id
    assert f"Message-ID: <{sent.send.message_id}>\r\n".encode() in octets
    assert b"\nDate: " in octets
    assert b"Mozilla" not in octets


async def test_a_full_account_sends_what_it_has_written(directory: MessageStore, new_person: NewPerson) -> None:
    account = await directory.account((await new_person()).id)
    draft = await save_draft(account, DraftFields(to=to("x@else.where")))
    await set_quota(directory, account.address, messages=1)
    await account.refresh()
    done = await send(account, draft.id)
    await take_back(account, done.id)
    assert (count(account, "drafts"), account.messages) == (1, 1)


async def test_taken_back_it_is_a_draft_again(directory: MessageStore, new_person: NewPerson) -> None:
    account, friend = await directory.account((await new_person()).id), await new_person()
    draft = await save_draft(account, DraftFields(to=to(friend.address), bcc=to("h@else.where"), subject="Oops"))
    done = await send(account, draft.id)
    trips = directory.database.round_trips
    before = trips.count
    sent = await take_back(account, done.id)
    # The send, its deliveries, the copy; accounts, mailboxes, the copy, its tombstone, the deliveries, commit.
    assert trips.count - before <= 9
    assert submission_status(sent.deliveries) is SubmissionStatus.CANCELED
    assert submission_status((await find_sent(account, done.id)).deliveries) is SubmissionStatus.CANCELED
    assert (count(account, "drafts"), count(account, "sent")) == (1, 0)
    again = await find_message(account, done.message)
    assert again.flags.names == {"\\Draft", "\\Seen"}
    assert [one.email for one in again.parsed.summary.bcc] == ["h@else.where"]
    # Again it changes nothing, and what became of it can be saved and sent.
    modseq = account.modseq
    assert submission_status((await take_back(account, done.id)).deliveries) is SubmissionStatus.CANCELED
    assert account.modseq == modseq
    saved = await save_draft(account, DraftFields(to=to(friend.address), subject="Better"), draft_id=done.message)
    assert (await send(account, saved.id)).id != done.id
    assert (count(account, "drafts"), count(account, "sent")) == (0, 1)


async def test_what_somebody_tries_to_deliver_is_not_taken_back(account: Account) -> None:
    site = f"{account.id.lower()}.one"
    draft = await save_draft(account, DraftFields(to=to(f"x@{site}", "x@site.two")))
    done = await send(account, draft.id, later=0)
    leased = (await lease_due(account.store.database, site, account.store.now() + 1, 2e9, "worker", 10)).deliveries
    assert [one.send for one in leased] == [done.id]
    assert submission_status((await find_sent(account, done.id)).deliveries) is SubmissionStatus.SENDING
    with pytest.raises(ConflictError):
        await take_back(account, done.id)
    assert [one.status for one in (await find_sent(account, done.id)).deliveries] == ["queued", "queued"]
    assert (count(account, "drafts"), count(account, "sent")) == (0, 1)


async def test_either_it_is_taken_back_or_it_is_sent(account: Account) -> None:
    """A worker and the sender at the same moment: no recipient is both served and given back."""
    now = account.store.now()
    for number in range(6):
        draft = await save_draft(account, DraftFields(to=to(f"x@race{number}.test", f"y@race{number}.test")))
        done = await send(account, draft.id, later=0)
        back, taken = await asyncio.gather(
            take_back(account, done.id),
            lease_due(account.store.database, f"race{number}.test", now + 60, 2e9, f"w{number}", 10),
            return_exceptions=True,
        )
        assert isinstance(taken, Leased), taken
        leased = taken.deliveries
        states = [one.status for one in (await find_sent(account, done.id)).deliveries]
        if isinstance(back, ConflictError):
            assert (len(leased), states) == (2, ["queued"] * 2)
        else:
            assert (leased, states) == ([], ["canceled"] * 2)


async def test_a_copy_that_was_destroyed_does_not_come_back(account: Account) -> None:
    draft = await save_draft(account, DraftFields(to=to("x@else.where")))
    done = await send(account, draft.id)
    await delete_mailbox(account, (await find_message(account, done.message)).mailbox)
    sent = await take_back(account, done.id)
    assert submission_status(sent.deliveries) is SubmissionStatus.CANCELED
    assert count(account, "drafts") == 0


async def test_submissions_are_read_together(account: Account) -> None:
    done = []
    for _ in range(3):
        draft = await save_draft(account, DraftFields(to=to("x@else.where")))
        done.append(await send(account, draft.id))
    trips = account.store.database.round_trips
    before = trips.count
    found = await find_many_sent(account, [one.id for one in done] + ["S" + "a" * 24])
    assert (len(found), trips.count - before) == (3, 2)
