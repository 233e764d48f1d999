"""Answers of ``vacation`` (RFC 5230, RFC 6131): who gets one, how often, and what it is."""

from __future__ import annotations

import email
import email.policy
import secrets
from email.message import EmailMessage

import pytest

from correio.mail import filtered_delivery
from correio.mail.deliver import INBOX_ROLE, JUNK_ROLE, deliver
from correio.mail.recipient import Recipient
from correio.mail.retention import sweep
from correio.store.documents import SieveMemoryDocument
from correio.store.sieve import trim_memories
from tests.sieve.ruled import Ruled, letter


def somebody() -> str:
    return f"x{secrets.token_hex(6)}@outside.test"


async def answers(ruled: Ruled, to: str) -> list[EmailMessage]:
    policy = email.policy.SMTP
    return [email.message_from_bytes(mail.raw, policy=policy) for mail in await ruled.sent(to)]  # type: ignore[arg-type]


async def test_an_answer(ruled: Ruled) -> None:
    await ruled.rules('require "vacation"; vacation "Estou de férias.\nVolto logo.";')
    sender = somebody()
    raw = letter(
        ruled.person,
        "References: <0@outside.test>",
        "X-Odd: =?utf-8?q?a=0D=0AInjected:_b?=",
    ).replace(b"Subject: a subject", b"Subject: =?utf-8?b?T2zDoQ==?=")
    assert (await ruled.receive(raw, sender)).code == 250
    assert await ruled.filed() == {"INBOX": [()]}
    (mail,) = await ruled.sent(sender)
    assert (mail.send.kind, mail.send.sender) == ("report", "")
    assert mail.raw.isascii()
    (answer,) = await answers(ruled, sender)
    assert answer["To"] == sender
    assert answer["From"] == ruled.person.address
    assert answer["Subject"] == "Auto: Olá"
    assert answer["Auto-Submitted"] == "auto-replied"
    assert answer["In-Reply-To"] == "<1@outside.test>"
    assert answer["References"] == "<0@outside.test> <1@outside.test>"
    assert answer["Message-ID"].endswith("@correio.test>")
    assert answer["Date"]
    assert answer.get_content().splitlines() == ["Estou de férias.", "Volto logo."]
    (delivery,) = [one async for one in ruled.store.database["deliveries"].find({"recipient": sender})]
    assert delivery["notify"] == ["NEVER"]


async def test_junk_is_not_answered(ruled: Ruled) -> None:
    """What fails the policy of its author's domain, or is spam by rspamd's word: its sender is somebody who has not sent it."""
    await ruled.rules('require "vacation"; vacation "away";')
    to = [Recipient(ruled.person.address, (ruled.person.id,))]
    for keep, count in ((JUNK_ROLE, 0), (INBOX_ROLE, 1)):
        sender = somebody()
        assert await deliver(ruled.store, letter(ruled.person), sender, to, b"", keep=keep) == [None]
        assert len(await answers(ruled, sender)) == count
    assert await ruled.filed() == {"INBOX": [()], "Junk": [()]}


async def test_once_a_week_for_each_sender_and_answer(ruled: Ruled) -> None:
    await ruled.rules(
        'require ["vacation", "variables"];if header :matches "Subject" "*" { vacation :subject "${1}" "away"; }'
    )
    one, two = somebody(), somebody()
    for number in range(3):
        await ruled.receive(letter(ruled.person).replace(b"a subject", b"subject %d" % number), one)
    await ruled.receive(sender=two)
    # The same answer, as it is written before variables are put in.
    assert [len(await answers(ruled, to)) for to in (one, two)] == [1, 1]
    await ruled.rules('require "vacation"; vacation "away for longer";')
    await ruled.receive(sender=one)
    assert len(await answers(ruled, one)) == 2


async def test_handles(ruled: Ruled) -> None:
    await ruled.rules(
        'require "vacation"; if header :contains "X" "a" { vacation :handle "h" "one"; } else { vacation :handle "h" "two"; }'
    )
    sender = somebody()
    await ruled.receive(letter(ruled.person, "X: a"), sender)
    await ruled.receive(sender=sender)
    assert [one.get_content().strip() for one in await answers(ruled, sender)] == ["one"]


async def test_after_its_time_it_is_given_again(ruled: Ruled) -> None:
    await ruled.rules('require "vacation-seconds"; vacation :seconds 600 "away";')
    sender = somebody()
    await ruled.receive(sender=sender)
    memories = ruled.store.database["sieve_memories"]
    (memory,) = [one async for one in memories.find({"account": ruled.person.id})]
    assert 590 <= memory["expires"] - ruled.store.now() <= 600
    await memories.update_one({"_id": memory["_id"]}, {"$set": {"expires": ruled.store.now()}})
    await ruled.receive(sender=sender)
    await ruled.receive(sender=sender)
    assert len(await answers(ruled, sender)) == 2


async def test_zero_seconds_is_always(ruled: Ruled) -> None:
    await ruled.rules('require "vacation-seconds"; vacation :seconds 0 "thanks";')
    sender = somebody()
    for _ in range(2):
        await ruled.receive(sender=sender)
    assert len(await answers(ruled, sender)) == 2


@pytest.mark.parametrize(
    ("fields", "sender", "to"),
    [
        ((), "", ""),
        ((), "MAILER-DAEMON@{}", ""),
        ((), "owner-list@{}", ""),
        ((), "list-request@{}", ""),
        (("List-Id: <a.b>",), "x@{}", ""),
        (("List-Unsubscribe: <mailto:a@b>",), "x@{}", ""),
        (("Auto-Submitted: auto-generated (by us)",), "x@{}", ""),
        (("Precedence: bulk",), "x@{}", ""),
        ((), "x@{}", "undisclosed@outside.test"),
    ],
)
async def test_who_gets_none(ruled: Ruled, fields: tuple[str, ...], sender: str, to: str) -> None:
    await ruled.rules('require "vacation"; vacation "away";')
    sender = sender.format(f"{secrets.token_hex(6)}.test")
    assert (await ruled.receive(letter(ruled.person, *fields, to=to), sender)).code == 250
    assert await ruled.filed() == {"INBOX": [()]}
    assert await ruled.sent(sender) == []


async def test_addresses_of_the_account(ruled: Ruled) -> None:
    await ruled.rules('require "vacation"; vacation :addresses ["Other@Alias.test"] "away";')
    one, two, three = somebody(), somebody(), somebody()
    await ruled.receive(letter(ruled.person, to="Someone <other@alias.test>"), one)
    await ruled.receive(letter(ruled.person, "Resent-Cc: other+tag@alias.test", to="x@y.test"), two)
    tagged = ruled.person.address.replace("@", "+tag@")
    await ruled.receive(letter(ruled.person, "Auto-Submitted: No", to=tagged.upper()), three, to=tagged)
    assert [len(await ruled.sent(to)) for to in (one, two, three)] == [1, 1, 1]


async def test_mime_from_and_subject(ruled: Ruled) -> None:
    await ruled.rules(
        'require "vacation"; vacation :mime :subject "Férias" :from "Célia <c@correio.test>" text:\n'
        "X-Other: is left out\nContent-Type: text/html; charset=utf-8\n\n<p>Olá</p>\n.\n;"
    )
    sender = somebody()
    await ruled.receive(sender=sender)
    (answer,) = await answers(ruled, sender)
    assert (answer["Subject"], answer["From"]) == ("Férias", "Célia <c@correio.test>")
    assert (answer.get_content_type(), answer["X-Other"]) == ("text/html", None)
    assert answer.get_content().strip() == "<p>Olá</p>"


async def test_an_answer_beside_other_actions(ruled: Ruled) -> None:
    await ruled.rules('require ["vacation", "fileinto"]; vacation "away"; fileinto "Archive";')
    sender = somebody()
    await ruled.receive(sender=sender)
    assert await ruled.filed() == {"Archive": [()]}
    assert len(await answers(ruled, sender)) == 1


async def test_what_is_remembered_is_bounded_and_forgotten(ruled: Ruled) -> None:
    database, now = ruled.store.database, ruled.store.now()
    expired = SieveMemoryDocument(id="Y" + secrets.token_hex(12), account=ruled.person.id, expires=now - 1)
    later = [
        SieveMemoryDocument(id="Y" + secrets.token_hex(12), account=ruled.person.id, expires=now + 100 + at)
        for at in range(60)
    ]
    await database["sieve_memories"].insert_many(
        [{"_id": one.id, "account": one.account, "expires": one.expires} for one in (expired, *later)]
    )
    assert (await sweep(ruled.store, now)).memories >= 1
    assert await trim_memories(database, ruled.person.id, 5) == 55
    left = [one["_id"] async for one in database["sieve_memories"].find({"account": ruled.person.id})]
    assert sorted(left) == sorted(one.id for one in later[-5:])


async def test_deliveries_trim_what_is_remembered(ruled: Ruled, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    async def trim(_: object, __: str, most: int) -> int:
        asked.append(most)
        return 0

    monkeypatch.setattr(filtered_delivery, "trim_memories", trim)
    monkeypatch.setattr(filtered_delivery, "sighting_id", lambda _, name: f"Ya{ruled.person.id[2:]}{len(name)}")
    await ruled.rules('require "duplicate"; if duplicate { keep; }')
    await ruled.receive()
    for task in list(ruled.store._background):
        await task
    assert asked == [10_000]
