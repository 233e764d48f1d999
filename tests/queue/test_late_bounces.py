"""Mail that comes back after it was taken finds the delivery that it was."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from correio.mail.message_store import MessageStore
from correio.mail.routing import resolve_recipient
from correio.mail.sent import find_sent
from correio.mail.submission_recipients import SubmissionRecipient
from correio.mail.submit import Submission, submit
from correio.queue.late_bounces import note_bounces, read_bounce
from correio.queue.report import Report, ReportedRecipient, compose_report
from correio.queue.verp import verp_delivery, verp_sender
from correio.store.deliveries import DeliveryChange, lease_due, write_updates
from tests.conftest import NewPerson

RAW = b"From: a@b\r\nSubject: x\r\nMessage-ID: <1@x>\r\nDate: Mon, 2 Mar 2026 10:00:00 +0000\r\n\r\ny\r\n"


def bounce(action: str = "failed") -> bytes:
    recipient = ReportedRecipient(
        address="x@else.where",
        action=action,
        status="5.1.1",
        diagnostic="550 5.1.1 gone",
        remote="mx.else.where",  # type: ignore[arg-type]
    )
    return compose_report(
        Report(
            to="a@b", hostname="mx.else.where", message_id="1@mx.else.where", time=1_800_000_000, arrived=1_800_000_000,
            recipients=[recipient], original=RAW, whole=True,
        )
    )  # fmt: skip


async def test_a_bounce_finds_its_delivery(directory: MessageStore, new_person: NewPerson) -> None:
    account = await directory.account((await new_person()).id)
    recipients = [SubmissionRecipient("x@late.bounces"), SubmissionRecipient("y@late.bounces")]
    done = await submit(
        account, Submission(kind="api", sender=account.address, recipients=recipients, raw=RAW, verp=True)
    )
    database = directory.database
    taken = (await lease_due(database, "late.bounces", directory.now(), directory.now() + 60, "token", 10)).deliveries
    senders = {one.recipient: await verp_sender(directory, account.address, one.id) for one in taken}
    assert len(set(senders.values())) == 2
    for sender in senders.values():
        assert (await resolve_recipient(directory, sender)).accounts == (account.id,)
    changes = [
        DeliveryChange(id=one.id, lease="token", status="delivered", due=0.0, ended=directory.now()) for one in taken
    ]
    assert await write_updates(database, changes) == 2
    for raw, expected in (
        (RAW, "delivered"),
        (bounce("delayed"), "delivered"),
        (bounce(), "bounced"),
        (bounce(), "bounced"),
    ):
        await note_bounces(directory, [account.address, senders["x@late.bounces"].upper()], raw)
        sent = await find_sent(account, done.id)
        assert [one.status for one in sent.deliveries] == [expected, "delivered"]
    assert [one.reply for one in sent.deliveries[0].history] == ["550 5.1.1 gone"]


async def test_nobody_else_can_make_such_an_address(directory: MessageStore, new_person: NewPerson) -> None:
    account = await directory.account((await new_person()).id)
    delivery_id = "D" + "a" * 24
    address = await verp_sender(directory, account.address, delivery_id)
    assert await verp_delivery(directory, address) == delivery_id
    local, _, domain = address.partition("@")
    for wrong in (
        f"{local[:-1]}{'0' if local[-1] != '0' else '1'}@{domain}",
        account.address,
        f"a+b-@{domain}",
        "",
        "@",
    ):
        assert await verp_delivery(directory, wrong) is None
    long = f"{'a' * 60}@{domain}"
    assert await verp_sender(directory, long, delivery_id) == long


@given(st.binary(max_size=2000), st.binary(max_size=300))
def test_nothing_that_comes_breaks_it(fields: bytes, boundary: bytes) -> None:
    head = b"Content-Type: multipart/report; boundary=x\r\n\r\n--x\r\nContent-Type: message/delivery-status\r\n\r\n"
    found = read_bounce(head + fields + b"\r\n--x--" + boundary)
    assert found is None or len(found.diagnostic) <= 1000
