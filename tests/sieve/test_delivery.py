"""Rules at delivery, by the real listeners, on the real database."""

from __future__ import annotations

import secrets

import pytest

from correio.errors import RefusedError
from correio.mail import rules as running
from correio.mail.alias_directory import add_alias
from correio.mail.deliver import Recipient, deliver
from correio.mail.directory import add_domain
from correio.mail.mailbox_commands import create_mailbox
from correio.mail.message_store import MessageStore
from correio.mail.sieve_scripts import activate_script, list_scripts, put_script
from correio.mail.submission_recipients import SubmissionRecipient
from correio.mail.submit import Submission, submit
from correio.queue.local_courier import reply_for
from tests.conftest import NewPerson
from tests.peers.smtp import SmtpClient
from tests.sieve.ruled import SENDER, Ruled, letter
from tests.smtp.listeners import Listener, inbox


def elsewhere() -> str:
    """An address that nobody else is sent anything at."""
    return f"x{secrets.token_hex(6)}@outside.test"


async def test_without_rules_mail_is_kept_and_nothing_is_looked_up(ruled: Ruled) -> None:
    assert (await ruled.receive()).code == 250
    assert await ruled.filed() == {"INBOX": [()]}


async def test_keep_with_flags(ruled: Ruled) -> None:
    await ruled.rules('require "imap4flags"; keep :flags ["\\\\Flagged", "$Work", "\\\\Recent", "not an(atom"];')
    assert (await ruled.receive()).code == 250
    assert await ruled.filed() == {"INBOX": [("\\Flagged", "$Work", "not")]}


async def test_fileinto(ruled: Ruled) -> None:
    await create_mailbox(await ruled.account(), "Lists/Sieve")
    await ruled.rules('require "fileinto"; if header :contains "Subject" "subject" { fileinto "Lists/Sieve"; }')
    await ruled.receive()
    assert await ruled.filed() == {"Lists/Sieve": [()]}


async def test_a_missing_mailbox_is_where_mail_is_kept(ruled: Ruled) -> None:
    await ruled.rules('require ["fileinto", "imap4flags"]; fileinto :flags "\\\\Seen" "Nowhere";')
    assert (await ruled.receive()).code == 250
    assert await ruled.filed() == {"INBOX": [("\\Seen",)]}
    (script,) = await failed(ruled)
    assert script.problem == 'There is no mailbox "Nowhere"; the message was kept instead.'


async def failed(ruled: Ruled) -> list[running.Script]:
    """The scripts, once what went wrong is noted."""
    for task in list(ruled.store._background):
        await task
    return await list_scripts(await ruled.account())  # type: ignore[return-value]


async def test_create(ruled: Ruled) -> None:
    await ruled.rules('require ["fileinto", "mailbox"]; fileinto :create "A/B/C"; fileinto :create "A/D";')
    await ruled.receive()
    await ruled.receive()
    assert await ruled.filed() == {"A/B/C": [(), ()], "A/D": [(), ()]}
    assert len(set(await ruled.emails())) == 2


async def test_what_cannot_be_created_is_an_error_of_the_script(ruled: Ruled) -> None:
    await ruled.rules('require ["fileinto", "mailbox", "copy"]; fileinto :copy "Junk"; fileinto :create "A//B";')
    assert (await ruled.receive()).code == 250
    assert await ruled.filed() == {"INBOX": [()]}
    (script,) = await failed(ruled)
    assert "cannot be created" in script.problem


async def test_several_copies_share_one_email_id_and_no_mailbox_gets_two(ruled: Ruled) -> None:
    script = 'require ["fileinto", "imap4flags"]; keep; fileinto "Archive"; fileinto :flags "\\\\Seen" "Archive"; keep;'
    await ruled.rules(script)
    await ruled.receive()
    assert await ruled.filed() == {"INBOX": [()], "Archive": [("\\Seen",)]}
    assert len(set(await ruled.emails())) == 1


async def test_special_use(ruled: Ruled) -> None:
    await ruled.rules(
        'require ["fileinto", "special-use", "mailbox"];'
        'if specialuse_exists "Archive" "\\\\Archive" { fileinto :specialuse "\\\\Junk" "Spam"; }'
        'fileinto :create :specialuse "\\\\Flagged" "Stars";'
    )
    await ruled.receive()
    assert await ruled.filed() == {"Junk": [()], "Stars": [()]}
    found = (await ruled.account()).mailboxes.by_path("Stars")
    assert found is not None
    assert found.role == "flagged"


async def test_discard(ruled: Ruled) -> None:
    await ruled.rules("discard;")
    assert (await ruled.receive()).code == 250
    assert await ruled.filed() == {}


@pytest.mark.parametrize(
    "script",
    [
        'require "variables"; redirect "${nothing}";',
        'require ["fileinto", "reject"]; fileinto "Junk"; reject "no";',
        'require ["vacation"]; vacation "one"; vacation "two";',
        'redirect "a@b.test"; ' + "".join(f'redirect "a{at}@b.test"; ' for at in range(5)),
    ],
)
async def test_a_script_that_fails_keeps_the_message_and_does_nothing_else(ruled: Ruled, script: str) -> None:
    await ruled.rules(script)
    assert (await ruled.receive()).code == 250
    assert await ruled.filed() == {"INBOX": [()]}
    (noted,) = await failed(ruled)
    assert noted.problem
    assert noted.failed
    assert await ruled.sent("a@b.test") == []


async def test_a_defect_of_the_interpreter_keeps_the_message(ruled: Ruled, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the secret inside")

    await ruled.rules("discard;")
    monkeypatch.setattr(running, "run", broken)
    assert (await ruled.receive()).code == 250
    assert await ruled.filed() == {"INBOX": [()]}
    assert [one.problem for one in await failed(ruled)] == [running.DEFECT]


async def test_a_stored_script_that_no_longer_compiles_keeps_the_message(ruled: Ruled) -> None:
    await ruled.rules("discard;")
    await ruled.store.database["sieve_scripts"].update_one({"account": ruled.person.id}, {"$set": {"text": b"discar"}})
    assert (await ruled.receive()).code == 250
    assert await ruled.filed() == {"INBOX": [()]}


async def test_the_newest_script_counts_and_none_after_it_was_switched_off(ruled: Ruled) -> None:
    await ruled.rules("discard;")
    await ruled.receive()
    await ruled.rules('require "fileinto"; fileinto "Junk";')
    await ruled.receive()
    await ruled.rules('require "fileinto"; fileinto "Archive";', "other")
    await ruled.receive()
    await activate_script(await ruled.account(), None)
    await ruled.receive()
    assert await ruled.filed() == {"INBOX": [()], "Junk": [()], "Archive": [()]}


async def test_a_script_that_another_process_replaced_is_not_run(
    ruled: Ruled, directory: MessageStore, database_uri: str
) -> None:
    """The commit is guarded by the account's clock: what was decided by an older script is decided again."""
    other = await MessageStore.open(directory.settings, database_uri)
    await ruled.rules("discard;")
    stale = await other.account(ruled.person.id)
    assert stale.document.sieve
    other._feed._moved = lambda *_: None  # type: ignore[assignment]
    await ruled.rules('require "fileinto"; fileinto "Junk";')
    outcome = await deliver(other, letter(ruled.person), SENDER, [Recipient(ruled.person.address, (stale.id,))], b"")
    assert outcome == [None]
    await other.close()
    assert await ruled.filed() == {"Junk": [()]}


async def test_where_keep_goes_can_be_said(ruled: Ruled) -> None:
    account = await ruled.account()
    to = [Recipient(ruled.person.address, (account.id,))]
    assert await deliver(ruled.store, letter(ruled.person), SENDER, to, b"", keep="junk") == [None]
    await put_script(account, "rules", b'require "fileinto"; keep; fileinto "Archive";', activate=True)
    assert await deliver(ruled.store, letter(ruled.person), SENDER, to, b"", keep="junk") == [None]
    assert await ruled.filed() == {"Junk": [(), ()], "Archive": [()]}


async def test_the_trace_fields_and_the_envelope_are_seen(ruled: Ruled) -> None:
    await ruled.rules(
        'require ["fileinto", "envelope", "subaddress", "date", "index"];'
        f'if allof (envelope :detail "to" "lists", envelope :all "from" "{SENDER}",'
        f'header :matches "Return-Path" "<{SENDER}>", header :index 1 :contains "Received" "by mx.correio.test",'
        'currentdate :matches "year" "2*", date :matches "received" "year" "2*")'
        '{ fileinto "Archive"; }'
    )
    await ruled.receive(to=ruled.person.address.replace("@", "+lists@"))
    assert await ruled.filed() == {"Archive": [()]}


async def test_a_large_message_is_looked_at_whole(ruled: Ruled) -> None:
    await ruled.rules('require ["fileinto", "body"]; if body :contains "the needle" { fileinto "Archive"; }')
    await ruled.receive(letter(ruled.person, body="hay\r\n" * 300_000 + "the needle\r\n"))
    assert await ruled.filed() == {"Archive": [()]}


async def test_no_room_for_all_copies_is_room_for_the_message(ruled: Ruled) -> None:
    await ruled.store.database["accounts"].update_one(
        {"_id": ruled.person.id}, {"$set": {"message_quota": 1}, "$inc": {"modseq": 1}}
    )
    await ruled.account()
    await ruled.rules('require "fileinto"; keep; fileinto "Archive";')
    assert (await ruled.receive()).code == 250
    assert await ruled.filed() == {"INBOX": [()]}
    assert (await ruled.receive()).code == 452


async def test_redirect(ruled: Ruled) -> None:
    to = elsewhere()
    await ruled.rules(f'redirect "Someone <{to}>"; redirect "{to}";')
    raw = letter(ruled.person)
    assert (await ruled.receive(raw)).code == 250
    assert await ruled.filed() == {}
    (mail,) = await ruled.sent(to)
    assert mail.send.kind == "forward"
    assert mail.send.sender.startswith("SRS0")
    assert mail.send.sender.endswith("@correio.test")
    head, body = mail.raw[: -len(raw)], mail.raw[-len(raw) :]
    assert body == raw
    assert head.startswith(f"Delivered-To: {ruled.person.address}\r\nReceived: ".encode())
    # It has come back: not again, and not lost.
    assert (await ruled.receive(mail.raw)).code == 250
    assert await ruled.filed() == {"INBOX": [()]}
    assert len(await ruled.sent(to)) == 1


async def test_redirect_a_copy_and_the_null_sender(ruled: Ruled) -> None:
    to = elsewhere()
    await ruled.rules(f'require "copy"; redirect :copy "{to}";')
    await ruled.receive(sender="")
    assert await ruled.filed() == {"INBOX": [()]}
    assert [mail.send.sender for mail in await ruled.sent(to)] == [""]


async def test_redirecting_to_oneself_ends(ruled: Ruled) -> None:
    """A rule that sends each message on as two, to names of the account itself that are new each time."""
    local, _, domain = ruled.person.address.partition("@")
    names = f"n{secrets.token_hex(4)}.test"
    await add_domain(ruled.store, names)
    await add_alias(ruled.store, f"*@{names}", [ruled.person.address])
    for mine, first in ((f"{local}+%s@{domain}", ruled.person.address), (f"%s@{names}", f"first@{names}")):
        one, two = mine % "a${of}", mine % "b${of}"
        await ruled.rules(
            'require ["variables", "envelope"]; if envelope :localpart :matches "to" "*" { set "of" "${1}"; }'
            f'redirect "{one}"; redirect "{two}";'
        )
        assert (await ruled.receive(to=first)).code == 250
        kept = len((await ruled.filed()).get("INBOX", []))
        of = first.partition("@")[0]
        (mail,) = await ruled.sent(mine % f"a{of}")
        assert (await ruled.receive(mail.raw, to=mine % f"a{of}")).code == 250
        assert len((await ruled.filed())["INBOX"]) == kept + 1
    (script,) = await failed(ruled)
    assert "loop" in script.problem


async def test_redirect_to_somebody_here(ruled: Ruled, new_person: NewPerson) -> None:
    other = await new_person()
    await ruled.rules(f'redirect "{other.address}";')
    await ruled.receive()
    (delivery,) = [one async for one in ruled.store.database["deliveries"].find({"recipient": other.address})]
    assert delivery["queue"] == "local"


async def test_reject_by_lmtp(ruled: Ruled) -> None:
    await ruled.rules('require "reject"; reject text:\nNot now.\n\nNor later.\n.\n;')
    answer = await ruled.receive()
    address = ruled.person.address.encode()
    assert (answer.code, answer.lines) == (550, [b"5.7.1 <" + address + b"> Not now.", b"5.7.1 Nor later."])
    assert await ruled.filed() == {}


async def test_reject_in_another_alphabet_is_told_by_mail(ruled: Ruled) -> None:
    await ruled.rules('require "reject"; reject "Hoje não.";')
    sender = elsewhere()
    assert (await ruled.receive(sender=sender)).code == 250
    assert await ruled.filed() == {}
    (mail,) = await ruled.sent(sender)
    assert (mail.send.kind, mail.send.sender) == ("report", "")
    assert "Hoje não.".encode() in mail.raw
    assert b"Disposition: automatic-action/MDN-sent-automatically; deleted\r\n" in mail.raw
    # Nobody is told who has no address.
    assert (await ruled.receive(sender="")).code == 250


async def test_ereject_in_another_alphabet_is_said_in_the_protocol(ruled: Ruled) -> None:
    await ruled.rules('require "ereject"; ereject "Hoje não.";')
    answer = await ruled.receive()
    assert answer.code == 550
    assert answer.text.endswith(b"The recipient's rules refuse the message.")


async def test_reject_by_smtp(ruled: Ruled, smtp: Listener, new_person: NewPerson) -> None:
    other = await new_person()
    await ruled.rules('require "ereject"; ereject "No.";')
    sender = elsewhere()
    client = await SmtpClient.connect(smtp.address)
    (answer,) = await client.deliver([ruled.person.address], letter(ruled.person), sender)
    assert (answer.code, answer.text) == (550, b"5.7.1 No.")
    (answer,) = await client.deliver([ruled.person.address, other.address], letter(ruled.person), sender)
    assert answer.code == 250
    await client.close()
    assert len(await inbox(ruled.store, other.id)) == 1
    assert await ruled.filed() == {}
    (mail,) = await ruled.sent(sender)
    assert b"Action: failed\r\nStatus: 5.7.1\r\n" in mail.raw
    assert b"\r\nNo.\r\n" in mail.raw


async def test_rules_behind_an_alias(ruled: Ruled, new_person: NewPerson) -> None:
    """Who refuses what an alias brings refuses it alone, and what goes elsewhere goes whatever the rules say."""
    other, away, sender = await new_person(), elsewhere(), elsewhere()
    alias = f"all{secrets.token_hex(4)}@correio.test"
    await add_alias(ruled.store, alias, [ruled.person.address, other.address, away])
    await ruled.rules('require "reject"; reject "No.";')
    assert (await ruled.receive(letter(ruled.person), sender, to=alias)).code == 250
    assert len(await inbox(ruled.store, other.id)) == 1
    assert await ruled.filed() == {}
    assert [len(await ruled.sent(to)) for to in (away, sender)] == [1, 1]
    await ruled.rules("discard;")
    single = f"one{secrets.token_hex(4)}@correio.test"
    await add_alias(ruled.store, single, [ruled.person.address, away])
    assert (await ruled.receive(letter(ruled.person), sender, to=single)).code == 250
    assert [len(await ruled.sent(to)) for to in (away, sender)] == [2, 1]
    assert await ruled.filed() == {}


async def test_reject_of_a_message_from_here(ruled: Ruled, new_person: NewPerson) -> None:
    """A submission is accepted, and its sender told by the queue."""
    author = await new_person()
    await ruled.rules('require "reject"; reject "No.";')
    account = await ruled.store.account(author.id)
    submission = Submission(
        kind="submission",
        sender=author.address,
        recipients=[SubmissionRecipient(ruled.person.address)],
        raw=letter(ruled.person),
        save=False,
    )
    submitted = await submit(account, submission)
    (delivery,) = [one async for one in ruled.store.database["deliveries"].find({"send": submitted.id})]
    assert (delivery["queue"], delivery["status"]) == ("local", "queued")
    assert str(reply_for(RefusedError("No."))) == "550 5.7.1 No."
    await ruled.rules('require "fileinto"; fileinto "Archive";')
    await submit(account, submission)
    assert await ruled.filed() == {"Archive": [()]}


async def test_duplicate(ruled: Ruled) -> None:
    await ruled.rules('require ["duplicate", "fileinto"]; if duplicate { fileinto "Trash"; }')
    await ruled.receive()
    await ruled.receive()
    await ruled.receive(letter(ruled.person, "Message-ID: <2@outside.test>"))
    assert await ruled.filed() == {"INBOX": [(), ()], "Trash": [()]}


async def test_a_failed_run_remembers_nothing(ruled: Ruled) -> None:
    await ruled.rules('require ["duplicate", "variables"]; if duplicate { discard; } redirect "${0}";')
    await ruled.receive()
    await ruled.receive()
    assert await ruled.filed() == {"INBOX": [(), ()]}


async def test_nested_duplicates(ruled: Ruled) -> None:
    script = 'require ["duplicate", "fileinto"]; if duplicate { if duplicate :handle "b" { discard; } }'
    await ruled.rules(script)
    for _ in range(3):
        await ruled.receive()
    assert await ruled.filed() == {"INBOX": [(), ()]}


async def test_round_trips(ruled: Ruled) -> None:
    """Neither a message without rules nor one with a script in memory asks the database for anything more."""
    trips = ruled.store.database.round_trips
    await ruled.receive()
    before = trips.total
    await ruled.receive()
    without = trips.total - before
    await ruled.rules('if header "Subject" "other" { discard; }')
    await ruled.receive()
    before = trips.total
    await ruled.receive()
    assert trips.total - before == without
