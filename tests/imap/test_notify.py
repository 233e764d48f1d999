"""NOTIFY (RFC 5465) over real sockets: what is told, when, and in which form."""

from __future__ import annotations

import re

import pytest

from correio.mail.mailbox_journal import JOURNAL_LENGTH
from tests.imap.conftest import Imap
from tests.peers.imap import ImapClient
from tests.peers.served import Person

ONE = b"From: a@example.test\r\nSubject: one\r\n\r\nfirst\r\n"
MESSAGES = b"(MessageNew MessageExpunge)"
ALL = b"(MessageNew MessageExpunge FlagChange)"


async def pair(imap: Imap, person: Person) -> tuple[ImapClient, ImapClient]:
    """One who listens and one who acts."""
    return await imap.client(person), await imap.client(person)


async def nothing_more(client: ImapClient) -> None:
    """Whatever was to be told has been told: only the answer to the next command comes."""
    assert (await client.ok(b"NOOP")).untagged == []


# The command.


@pytest.mark.parametrize(
    "arguments",
    [
        b"",
        b"SOME",
        b"SET",
        b"SET STATUS",
        b"NONE (personal NONE)",
        b"SET (personal)",
        b"SET (everything (MailboxName))",
        b"SET (personal ())",
        b"SET (personal (MessageNew))",
        b"SET (personal (MessageExpunge MailboxName))",
        b"SET (personal (FlagChange))",
        b"SET (personal (AnnotationChange))",
        b"SET (personal (MessageNew (UID) MessageExpunge))",
        b"SET (selected (MailboxName))",
        b"SET (selected (MessageNew MessageExpunge)) (selected-delayed (MessageNew MessageExpunge))",
        b"SET (selected (MessageNew (NOSUCH) MessageExpunge))",
        b"SET (mailboxes (MessageNew MessageExpunge))",
        b"SET (subtree () (MailboxName))",
        b"SET (personal (MailboxName)",
    ],
)
async def test_what_does_not_follow_the_grammar_is_bad(imap: Imap, person: Person, arguments: bytes) -> None:
    client = await imap.client(person)
    assert (await client.command(b"NOTIFY " + arguments)).status == "BAD"
    await client.close()


async def test_unknown_events_are_answered_with_the_known_ones(imap: Imap, person: Person) -> None:
    client = await imap.client(person)
    for events in (b"(MessageNew MessageExpunge AnnotationChange)", b"(X-Moon)", b"(MailboxName X-Moon)"):
        reply = await client.command(b"NOTIFY SET (personal " + events + b")")
        assert reply.status == "NO"
        assert reply.code == (
            b"BADEVENT (MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange MailboxMetadataChange "
            b"ServerMetadataChange)"
        )
    many = b" ".join(b"(mailboxes a MailboxName)" for _ in range(101))
    assert (await client.command(b"NOTIFY SET " + many)).code == b"NOTIFICATIONOVERFLOW"
    many = b" ".join(b"a%d" % number for number in range(1001))
    assert (await client.command(b"NOTIFY SET (mailboxes (" + many + b") MailboxName)")).code == b"NOTIFICATIONOVERFLOW"
    await client.close()


async def test_set_tells_what_there_is_already(imap: Imap, person: Person) -> None:
    client, other = await pair(imap, person)
    await client.ok(b"SELECT INBOX")
    await other.ok(b"CREATE Lists/one")
    await other.append(b"INBOX", ONE)
    reply = await client.ok(
        b"NOTIFY SET STATUS (selected "
        + MESSAGES
        + b") (subtree Lists "
        + MESSAGES
        + b") (mailboxes Sent "
        + ALL
        + b")"
    )
    assert reply.of("EXISTS") == [b"1"]
    statuses = {line.split(b" ", 1)[0]: line for line in reply.of("STATUS")}
    assert statuses.keys() == {b"Lists", b"Lists/one", b"Sent"}
    assert re.fullmatch(rb"Lists/one \(MESSAGES 0 UIDNEXT 1 UIDVALIDITY \d+\)", statuses[b"Lists/one"])
    assert re.fullmatch(rb"Sent \(MESSAGES 0 UIDNEXT 1 UIDVALIDITY \d+ HIGHESTMODSEQ \d+\)", statuses[b"Sent"])
    await client.close()
    await other.close()


# The selected mailbox.


async def test_the_selected_mailbox_is_told_of_at_once(imap: Imap, person: Person) -> None:
    client, other = await pair(imap, person)
    await client.ok(b"SELECT INBOX")
    await other.ok(b"SELECT INBOX")
    await client.ok(
        b"NOTIFY SET (selected (MessageNew (UID FLAGS BODY.PEEK[HEADER.FIELDS (Subject)]) MessageExpunge FlagChange))"
    )
    uid = await other.append(b"INBOX", ONE, b"(\\Flagged) ")
    assert await client.response() == b"* 1 EXISTS"
    line = await client.response()
    line = await client.response() if line.endswith(b"RECENT") else line
    assert line.startswith(b"* 1 FETCH (UID %d FLAGS (" % uid)
    assert b"\\Flagged" in line
    assert b"Subject: one" in line
    await other.ok(b"STORE 1 +FLAGS (\\Seen)")
    assert re.fullmatch(rb"\* 1 FETCH \(UID %d FLAGS \([^)]*\\Seen[^)]*\)\)" % uid, await client.response())
    await other.ok(b"STORE 1 +FLAGS.SILENT (\\Deleted)")
    assert b"\\Deleted" in await client.response()
    await other.ok(b"EXPUNGE")
    assert await client.response() == b"* 1 EXPUNGE"
    await nothing_more(client)
    await client.close()
    await other.close()


async def test_flags_are_told_only_to_who_asks(imap: Imap, person: Person) -> None:
    client, other = await pair(imap, person)
    await other.append(b"INBOX", ONE)
    await client.ok(b"SELECT INBOX")
    await other.ok(b"SELECT INBOX")
    await client.ok(b"NOTIFY SET (selected " + MESSAGES + b")")
    await other.ok(b"STORE 1 +FLAGS (\\Seen)")
    await nothing_more(client)
    # What it changes itself is answered as ever.
    assert (await client.ok(b"STORE 1 +FLAGS (\\Flagged)")).of("FETCH") != []
    await client.close()
    await other.close()


async def test_delayed_expunges_wait_for_a_command_that_may_tell(imap: Imap, person: Person) -> None:
    client, other = await pair(imap, person)
    for _ in range(3):
        await other.append(b"INBOX", ONE)
    await client.ok(b"SELECT INBOX")
    await other.ok(b"SELECT INBOX")
    await client.ok(b"NOTIFY SET (selected-delayed " + MESSAGES + b")")
    await other.ok(b"STORE 1 +FLAGS (\\Deleted)")
    await other.ok(b"EXPUNGE")
    await other.append(b"INBOX", ONE)
    # The new message is told; the first keeps its number.
    assert await client.response() == b"* 4 EXISTS"
    reply = await client.ok(b"FETCH 2 UID")
    assert reply.of("EXPUNGE") == []
    assert b"2 FETCH (UID 2)" in reply.untagged
    assert (await client.ok(b"NOOP")).of("EXPUNGE") == [b"1"]
    await client.close()
    await other.close()


async def test_an_expunge_during_fetch_is_told_right_behind_it(imap: Imap, person: Person) -> None:
    client, other = await pair(imap, person)
    for _ in range(2):
        await other.append(b"INBOX", ONE)
    await client.ok(b"SELECT INBOX")
    await other.ok(b"SELECT INBOX")
    await other.ok(b"STORE 1 +FLAGS (\\Deleted)")
    await client.ok(b"NOOP")
    await client.ok(b"NOTIFY SET (selected " + MESSAGES + b")")
    await other.ok(b"EXPUNGE")
    assert await client.response() == b"* 1 EXPUNGE"
    await client.close()
    await other.close()


async def test_own_messages_are_not_fetched_unasked(imap: Imap, person: Person) -> None:
    client, other = await pair(imap, person)
    await client.ok(b"SELECT INBOX")
    await client.ok(b"NOTIFY SET (selected (MessageNew (UID) MessageExpunge))")
    uid = await client.append(b"INBOX", ONE)
    await nothing_more(client)
    reply = await client.ok(b"UID COPY %d INBOX" % uid)
    assert reply.of("EXISTS") == [b"2"]
    await nothing_more(client)
    await other.append(b"INBOX", ONE)
    assert await client.response() == b"* 3 EXISTS"
    lines = [await client.response()]
    if lines[0].endswith(b"RECENT"):
        lines.append(await client.response())
    assert lines[-1] == b"* 3 FETCH (UID 3)"
    await client.close()
    await other.close()


async def test_none_tells_nothing_but_what_commands_answer(imap: Imap, person: Person) -> None:
    client, other = await pair(imap, person)
    await other.append(b"INBOX", ONE)
    await other.append(b"INBOX", ONE)
    await client.ok(b"SELECT INBOX")
    await client.ok(b"NOTIFY NONE")
    await other.append(b"INBOX", ONE)
    await other.ok(b"CREATE somewhere")
    await nothing_more(client)
    assert (await client.ok(b"STORE 1 +FLAGS (\\Deleted)")).of("FETCH") != []
    assert (await client.ok(b"EXPUNGE")).of("EXPUNGE") == [b"1"]
    reply = await client.ok(b"NOTIFY SET (selected " + MESSAGES + b")")
    await other.append(b"INBOX", ONE)
    assert await client.response() == b"* 3 EXISTS", reply.untagged
    await client.close()
    await other.close()


async def test_idle_tells_what_notify_asked_for(imap: Imap, person: Person) -> None:
    client, other = await pair(imap, person)
    await client.ok(b"SELECT INBOX")
    await client.ok(b"NOTIFY SET (mailboxes Sent " + MESSAGES + b")")
    tag = client.send(b"IDLE")
    assert (await client.response()).startswith(b"+")
    await other.append(b"INBOX", ONE)
    await other.append(b"Sent", ONE)
    assert (await client.response()).startswith(b"* STATUS Sent (MESSAGES 1 UIDNEXT 2")
    client.writer.write(b"DONE\r\n")
    assert (await client.finish(tag)).untagged == []
    await client.close()
    await other.close()


async def test_vanished_goes_to_who_enabled_qresync(imap: Imap, person: Person) -> None:
    client, other = await pair(imap, person)
    uid = await other.append(b"INBOX", ONE)
    await client.ok(b"ENABLE QRESYNC")
    await client.ok(b"SELECT INBOX")
    await client.ok(b"NOTIFY SET (selected " + ALL + b") (mailboxes Trash " + ALL + b")")
    await other.ok(b"SELECT INBOX")
    await other.ok(b"MOVE 1 Trash")
    lines = sorted([await client.response(), await client.response()])
    assert re.fullmatch(
        rb"\* STATUS Trash \(MESSAGES 1 UIDNEXT 2 UIDVALIDITY \d+ UNSEEN 1 HIGHESTMODSEQ \d+\)", lines[0]
    )
    assert lines[1] == b"* VANISHED %d" % uid
    await client.close()
    await other.close()


# Other mailboxes.


async def test_status_of_other_mailboxes_has_the_items_of_the_event(imap: Imap, person: Person) -> None:
    client, other = await pair(imap, person)
    await other.append(b"Sent", ONE)
    await other.append(b"Drafts", ONE)
    await client.ok(b"NOTIFY SET (mailboxes Sent " + ALL + b") (mailboxes Drafts " + MESSAGES + b")")
    await other.ok(b"SELECT Drafts")
    await other.ok(b"STORE 1 +FLAGS (\\Seen)")
    await other.ok(b"SELECT Sent")
    await other.ok(b"STORE 1 +FLAGS (\\Flagged)")
    await nothing_more(client)
    await other.ok(b"STORE 1 +FLAGS (\\Seen)")
    assert re.fullmatch(rb"\* STATUS Sent \(UIDVALIDITY \d+ UNSEEN 0\)", await client.response())
    await client.ok(b"ENABLE CONDSTORE")
    await other.ok(b"STORE 1 -FLAGS (\\Flagged)")
    assert re.fullmatch(rb"\* STATUS Sent \(UIDVALIDITY \d+ HIGHESTMODSEQ \d+\)", await client.response())
    await other.ok(b"STORE 1 +FLAGS (\\Deleted)")
    assert (await client.response()).startswith(b"* STATUS Sent (UIDVALIDITY")
    await other.ok(b"EXPUNGE")
    assert re.fullmatch(
        rb"\* STATUS Sent \(MESSAGES 0 UIDNEXT 2 UIDVALIDITY \d+ HIGHESTMODSEQ \d+\)", await client.response()
    )
    await client.close()
    await other.close()


async def test_selected_overrides_what_names_say(imap: Imap, person: Person) -> None:
    client, other = await pair(imap, person)
    await client.ok(b"SELECT INBOX")
    await client.ok(b"NOTIFY SET (personal " + MESSAGES + b")")
    await other.append(b"INBOX", ONE)
    await nothing_more(client)
    await client.ok(b"UNSELECT")
    await other.append(b"INBOX", ONE)
    assert (await client.response()).startswith(b"* STATUS INBOX (MESSAGES 2 UIDNEXT 3")
    await client.close()
    await other.close()


async def test_inboxes_and_subscribed_are_looked_up_when_something_happens(imap: Imap, person: Person) -> None:
    client, other = await pair(imap, person)
    await other.ok(b"CREATE news")
    await client.ok(b"NOTIFY SET (inboxes " + MESSAGES + b")")
    await other.append(b"news", ONE)
    await nothing_more(client)
    await other.append(b"INBOX", ONE)
    assert (await client.response()).startswith(b"* STATUS INBOX (")
    await other.ok(b"UNSUBSCRIBE news")
    await client.ok(b"NOTIFY SET (subscribed " + MESSAGES + b")")
    await other.append(b"news", ONE)
    await nothing_more(client)
    await other.ok(b"SUBSCRIBE news")
    await other.append(b"news", ONE)
    assert (await client.response()).startswith(b"* STATUS news (MESSAGES 3")
    await client.close()
    await other.close()


# Names.


async def test_names_made_renamed_and_deleted_are_listed(imap: Imap, person: Person) -> None:
    client, other = await pair(imap, person)
    await client.ok(b"NOTIFY SET (personal (MailboxName))")
    await other.ok(b"CREATE tree")
    assert await client.response() == b'* LIST (\\HasNoChildren) "/" tree'
    await other.ok(b"CREATE tree/leaf")
    assert {await client.response(), await client.response()} == {
        b'* LIST (\\HasNoChildren) "/" tree/leaf',
        b'* LIST (\\HasChildren) "/" tree',
    }
    await other.ok(b"RENAME tree wood")
    assert await client.response() == b'* LIST (\\HasChildren) "/" wood ("OLDNAME" (tree))'
    await other.ok(b"DELETE wood/leaf")
    assert {await client.response(), await client.response()} == {
        b'* LIST (\\NonExistent) "/" wood/leaf',
        b'* LIST (\\HasNoChildren) "/" wood',
    }
    await other.ok(b"CREATE wood/leaf")
    await client.response()
    await client.response()
    # A name with names below it stays when its mailbox goes.
    await other.ok(b"DELETE wood")
    assert await client.response() == b'* LIST (\\Noselect \\HasChildren) "/" wood'
    await nothing_more(client)
    await client.close()
    await other.close()


async def test_what_the_client_did_itself_is_no_news(imap: Imap, person: Person) -> None:
    client, other = await pair(imap, person)
    await client.ok(b"NOTIFY SET (personal (MailboxName SubscriptionChange))")
    for command in (b"CREATE a/b/c", b"RENAME a/b x", b"SUBSCRIBE x", b"UNSUBSCRIBE x", b"DELETE x/c", b"DELETE x"):
        await client.ok(command)
        await nothing_more(client)
    await other.ok(b"CREATE b")
    assert await client.response() == b'* LIST (\\HasNoChildren) "/" b'
    await client.close()
    await other.close()


async def test_subscriptions_are_listed_with_every_attribute(imap: Imap, person: Person) -> None:
    client, other = await pair(imap, person)
    await other.ok(b"CREATE a/b")
    await client.ok(b"NOTIFY SET (subtree a SubscriptionChange) (mailboxes ghost (SubscriptionChange))")
    await other.ok(b"SUBSCRIBE a")
    assert await client.response() == b'* LIST (\\HasChildren \\Subscribed) "/" a'
    await other.ok(b"UNSUBSCRIBE a")
    assert await client.response() == b'* LIST (\\HasChildren) "/" a'
    await other.ok(b"SUBSCRIBE ghost")
    assert await client.response() == b'* LIST (\\NonExistent \\Subscribed) "/" ghost'
    await other.ok(b"SUBSCRIBE elsewhere")
    await nothing_more(client)
    await client.close()
    await other.close()


async def test_annotations_are_told_where_they_are_watched(imap: Imap, person: Person) -> None:
    client, other = await pair(imap, person)
    await client.ok(b"NOTIFY SET (mailboxes Sent MailboxMetadataChange)")
    await other.ok(b'SETMETADATA Drafts (/private/comment "x")')
    await other.ok(b'SETMETADATA "" (/private/comment "x")')
    await nothing_more(client)
    await other.ok(b'SETMETADATA Sent (/private/comment "x")')
    assert await client.response() == b"* METADATA Sent /private/comment"
    await client.ok(b'SETMETADATA Sent (/private/comment "y")')
    await nothing_more(client)
    await client.ok(b"NOTIFY SET (inboxes ServerMetadataChange)")
    await other.ok(b'SETMETADATA "" (/private/comment NIL)')
    assert await client.response() == b'* METADATA "" /private/comment'
    await client.ok(b"ENABLE METADATA")
    await client.ok(b"NOTIFY NONE")
    await other.ok(b'SETMETADATA Sent (/private/comment "z")')
    await nothing_more(client)
    await client.close()
    await other.close()


async def test_a_mailbox_made_anew_tells_its_uidvalidity(imap: Imap, person: Person) -> None:
    client, other = await pair(imap, person)
    await other.ok(b"CREATE a")
    reply = await client.ok(b"NOTIFY SET STATUS (mailboxes a " + ALL + b")")
    before = re.findall(rb"UIDVALIDITY (\d+)", reply.of("STATUS")[0])
    await other.ok(b"DELETE a")
    await other.ok(b"CREATE a")
    line = await client.response()
    assert line.startswith(b"* STATUS a (MESSAGES 0 UIDNEXT 1 UIDVALIDITY ")
    assert re.findall(rb"UIDVALIDITY (\d+)", line) != before
    await client.close()
    await other.close()


async def test_too_much_at_once_ends_the_notifications(imap: Imap, person: Person) -> None:
    """A session that could not be told for longer than the journal reaches back is told that it was not."""
    client, other = await pair(imap, person)
    await client.ok(b"SELECT INBOX")
    await client.ok(b"NOTIFY SET (selected " + MESSAGES + b") (personal (MailboxName))")
    account = await imap.server.store.account(person.id)
    journal = account.journal()
    for modseq in range(account.modseq + 1, account.modseq + JOURNAL_LENGTH + 2):
        journal.record(modseq, account.mailboxes, (), None)
    await other.ok(b"CREATE a")
    assert (await client.response()).startswith(b"* OK [NOTIFICATIONOVERFLOW]")
    await other.append(b"INBOX", ONE)
    await other.ok(b"CREATE b")
    await nothing_more(client)
    await client.close()
    await other.close()


async def test_the_journal_lasts_as_long_as_somebody_listens(imap: Imap, person: Person) -> None:
    client, _ = await pair(imap, person)
    account = await imap.server.store.account(person.id)
    await client.ok(b"NOTIFY SET (personal (MailboxName))")
    assert account._journal is not None
    assert account._journal() is not None
    await client.ok(b"NOTIFY NONE")
    assert account._journal() is None
    await client.close()
