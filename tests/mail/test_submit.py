"""The one way out: what a submission makes true, at once or not at all."""

from __future__ import annotations

import asyncio
import hashlib
import math
from pathlib import Path

import pytest

from correio.config import Route, Settings
from correio.errors import ConflictError, ForbiddenError, InvalidInputError
from correio.mail.account import Account
from correio.mail.append import NewMessage
from correio.mail.directory import set_quota
from correio.mail.fetch import find_message
from correio.mail.message_store import MessageStore
from correio.mail.sent import cancel_send, find_send, find_sent, list_sent
from correio.mail.sent_copy import append_by_client
from correio.mail.submission_recipients import SubmissionRecipient
from correio.mail.submit import Once, Submission, Submitted, submit
from correio.store.deliveries import find_deliveries_of
from tests.conftest import NewPerson

RAW = b"From: a@b\r\nTo: c@d\r\nSubject: Hi\r\nMessage-ID: <1@here>\r\nDate: Mon, 2 Mar 2026 10:00:00 +0000\r\n\r\nText\r\n"


async def send(account: Account, *addresses: str, **fields: object) -> Submitted:
    recipients = [SubmissionRecipient(address) for address in addresses]
    given = {"kind": "api", "sender": account.address, "recipients": recipients, "raw": RAW, **fields}
    return await submit(account, Submission(**given))  # type: ignore[arg-type]


def in_role(account: Account, role: str) -> int:
    mailbox = account.mailboxes.by_role(role)
    assert mailbox is not None
    return mailbox.exists


async def test_all_of_it_is_there_at_once(directory, new_person: NewPerson) -> None:
    sender, friend = await new_person(), await new_person()
    account, other = await directory.account(sender.id), await directory.account(friend.id)
    trips = directory.database.round_trips
    before = trips.count
    done = await send(
        account, "x@else.where", friend.address, "y@xn--bcher-kva.test", received=b"Received: by here\r\n"
    )
    # Addresses and domains are asked for by six, then one transaction: accounts, mailboxes, messages, sends, deliveries, commit.
    assert trips.count - before <= 12
    assert (in_role(account, "sent"), in_role(other, "inbox")) == (1, 1)
    copy = await find_message(account, done.message)
    assert await copy.read() == RAW
    assert "\\Seen" in copy.flags.names
    sent = await find_sent(account, done.id)
    assert [(one.recipient, one.status, one.queue) for one in sent.deliveries] == [
        ("x@else.where", "queued", "else.where"),
        (friend.address, "delivered", ""),
        ("y@xn--bcher-kva.test", "queued", "xn--bcher-kva.test"),
    ]
    assert (sent.send.subject, sent.send.message_id, sent.last_event) == ("Hi", "1@here", "partial")
    stored = await find_send(account, done.id, octets=True)
    assert stored.source == b"Received: by here\r\n" + RAW
    assert directory.outbox.take() >= {"else.where", "xn--bcher-kva.test"}
    assert [one.send.id for one in await list_sent(account, 10)] == [done.id]


async def test_many_domains_are_asked_for_together(directory, new_person: NewPerson) -> None:
    account = await directory.account((await new_person()).id)
    before = directory.database.round_trips.count
    done = await send(account, *(f"x@d{number}.else.where" for number in range(300)))
    # Six for three hundred domains, and the transaction.
    assert directory.database.round_trips.count - before <= 20
    assert len((await find_sent(account, done.id)).deliveries) == 300


async def test_a_route_takes_the_mail_of_its_domains(data: Path, database_uri: str, new_person: NewPerson) -> None:
    sender = await new_person()
    routes = (Route(name="relay", host="relay.test", port=25, domains=("else.where", ".else.where")),)
    store = await MessageStore.open(Settings(data=data, routes=routes), database_uri)
    try:
        account = await store.account(sender.id)
        done = await send(account, "x@Else.Where", "y@a.else.where", "z@other.test", "w@[192.0.2.1]")
        sent = await find_sent(account, done.id)
        queues = ["route:relay", "route:relay", "other.test", "[192.0.2.1]"]
        assert [one.queue for one in sent.deliveries] == queues
    finally:
        await store.close()


async def test_who_sends_is_who_signed_in(directory, new_person: NewPerson) -> None:
    account = await directory.account((await new_person()).id)
    other = await new_person()
    for sender in (other.address, "x@else.where", f"nobody@{other.address.partition('@')[2]}"):
        with pytest.raises(ForbiddenError):
            await send(account, "x@else.where", sender=sender)
    with pytest.raises(InvalidInputError):
        await send(account)
    tagged = account.address.replace("@", "+tag@")
    await send(account, "x@else.where", sender=tagged)


async def test_nobody_is_signed_for_but_the_sender(directory, new_person: NewPerson) -> None:
    """A signature says that the server answers for the author. Another account's address, or another tenant's, is none of
    the sender's, however it gets into the From field.
    """
    account, other = await directory.account((await new_person()).id), await new_person()
    domain = account.address.partition("@")[2]
    own, theirs = account.address.encode(), other.address.encode()
    for field, signer in (
        (b"From: Me <%b>" % own, domain),
        (b"From: me <%b>" % own.replace(b"@", b"+tag@").upper(), domain),
        (b"From: The boss <%b>" % theirs, ""),
        (b"From: %b, %b" % (own, theirs), ""),
        (b"From: %b\r\nFrom: %b" % (own, theirs), ""),
        (b"From: %b\r\n (%b),\r\n %b" % (own, b"x" * 70_000, theirs), ""),
        (b"From: me <%b>, friends: %b;" % (own, theirs), ""),
        (b"From: %b, postmaster" % own, ""),
        (b"From: %b\r\nSender: %b" % (own, own), domain),
        (b"From: %b\r\nSender: %b" % (own, theirs), ""),
        (b"From: friends:;", ""),
        (b"From: nobody@%b" % domain.encode(), ""),
        (b"Subject: no author", ""),
    ):
        done = await send(account, "x@else.where", raw=field + b"\r\nTo: c@d\r\n\r\nText\r\n")
        assert (await find_sent(account, done.id)).send.signer == signer, field[:100]


async def test_a_full_mailbox_here_is_left_to_the_queue(directory, new_person: NewPerson) -> None:
    account, full = await directory.account((await new_person()).id), await new_person()
    await set_quota(directory, full.address, messages=1)
    first = await send(account, full.address)
    assert (await find_sent(account, first.id)).last_event == "delivered"
    second = await send(account, full.address, f"nobody@{full.address.partition('@')[2]}", "x@else.where")
    sent = await find_sent(account, second.id)
    assert sorted((one.status, one.queue) for one in sent.deliveries) == [
        ("queued", "else.where"),
        ("queued", "local"),
        ("queued", "local"),
    ]
    assert in_role(await directory.account(full.id), "inbox") == 1
    assert in_role(account, "sent") == 2


async def test_later_is_for_the_queue_too_and_can_be_taken_back(directory, new_person: NewPerson) -> None:
    account, friend = await directory.account((await new_person()).id), await new_person()
    when = directory.now() + 3600
    done = await send(account, friend.address, "x@else.where", send_at=when)
    sent = await find_sent(account, done.id)
    assert [(math.ceil(one.due), one.status) for one in sent.deliveries] == [(when, "queued")] * 2
    assert in_role(await directory.account(friend.id), "inbox") == 0
    assert (await cancel_send(account, done.id)).last_event == "canceled"
    with pytest.raises(ConflictError):
        await cancel_send(account, done.id)


async def test_fifty_requests_with_one_key_make_one(directory, new_person: NewPerson) -> None:
    account, friend = await directory.account((await new_person()).id), await new_person()
    once = Once("order 1", hashlib.sha256(b"a").digest())
    all_done = await asyncio.gather(*(send(account, friend.address, "x@else.where", once=once) for _ in range(50)))
    assert len({one.id for one in all_done}) == 1
    assert sum(not one.replayed for one in all_done) == 1
    assert in_role(await directory.account(friend.id), "inbox") == in_role(account, "sent") == 1
    found = await find_deliveries_of(directory.database, [all_done[0].id])
    assert len(found[all_done[0].id]) == 2
    with pytest.raises(ConflictError):
        await send(account, friend.address, once=Once("order 1", hashlib.sha256(b"b").digest()))
    # The key is this account's alone.
    other = await directory.account(friend.id)
    assert not (await send(other, "x@else.where", once=once)).replayed


async def test_another_account_has_no_part_in_it(directory, new_person: NewPerson) -> None:
    account, other = await directory.account((await new_person()).id), await directory.account((await new_person()).id)
    done = await send(account, "x@else.where")
    for ask in (find_sent, cancel_send, find_send):
        with pytest.raises(Exception, match="no such e-mail"):
            await ask(other, done.id)


async def test_the_copy_a_client_appends_itself_is_the_one_that_stays(directory, new_person: NewPerson) -> None:
    account = await directory.account((await new_person()).id)
    sent = account.mailboxes.by_role("sent")
    assert sent is not None
    first = await send(account, "x@else.where")
    own = RAW.replace(b"Subject", b"Bcc: hidden@else.where\r\nSubject")
    [added] = await append_by_client(account, sent.id, [NewMessage(own)])
    assert in_role(account, "sent") == 1
    assert await (await find_message(account, added.id)).read() == own
    assert (await find_sent(account, first.id)).send.message == added.id
    # And the other way about: it is there when the message is submitted.
    await send(account, "x@else.where", kind="submission")
    assert in_role(account, "sent") == 1
    # Two messages that a client appends are two.
    await append_by_client(account, sent.id, [NewMessage(own)])
    assert in_role(account, "sent") == 1 + 1
