"""What a client in IDLE, or one that listens by NOTIFY, hears of changes made elsewhere."""

from __future__ import annotations

from correio.mail.append import NewMessage, append_messages
from correio.mail.flags import SEEN, flag_set
from correio.mail.mailbox_commands import create_mailbox
from correio.mail.message_store import MessageStore
from correio.mail.store_flags import FlagChange, store_flags
from tests.imap.conftest import Imap
from tests.peers.imap import ImapClient
from tests.peers.served import Person, Served

ONE = b"Subject: one\r\n\r\nfirst\r\n"


async def lines_to(client: ImapClient, last: bytes) -> list[bytes]:
    lines = [await client.response()]
    while lines[-1] != last:
        lines.append(await client.response())
    return lines


async def test_changes_of_another_process_are_pushed(server: Served, directory: MessageStore, person: Person) -> None:
    """The server is a process of its own; this one commits to the same database."""
    idler = await ImapClient.connect(server.address("imap"))
    await idler.signed_in(person.address, person.password)
    await idler.ok(b"SELECT INBOX")
    idler.send(b"IDLE")
    assert (await idler.response()).startswith(b"+")
    listener = await ImapClient.connect(server.address("imap"))
    await listener.signed_in(person.address, person.password)
    await listener.ok(b"NOTIFY SET (inboxes (MessageNew MessageExpunge FlagChange)) (personal (MailboxName))")
    account = await directory.account(person.id)
    inbox = account.mailboxes.by_path("INBOX")
    assert inbox is not None
    await append_messages(account, inbox.id, [NewMessage(ONE), NewMessage(ONE)])
    assert b"* 1 EXISTS" not in await lines_to(idler, b"* 2 EXISTS")
    assert (await listener.response()).startswith(b"* STATUS INBOX (MESSAGES 2 UIDNEXT 3 ")
    await store_flags(account, inbox.id, [2], FlagChange("add", flag_set({SEEN})))
    line = await idler.response()
    line = await idler.response() if line.endswith(b"RECENT") else line
    assert line.startswith(b"* 2 FETCH (FLAGS (")
    assert b"\\Seen" in line
    assert b" UNSEEN 1" in await listener.response()
    await create_mailbox(account, "made/elsewhere")
    assert sorted([await listener.response(), await listener.response()]) == [
        b'* LIST (\\HasChildren) "/" made',
        b'* LIST (\\HasNoChildren) "/" made/elsewhere',
    ]
    for client in (idler, listener):
        await client.close()


async def test_several_changes_are_told_together(imap: Imap, person: Person) -> None:
    client = await imap.client(person, b"INBOX")
    client.send(b"IDLE")
    assert (await client.response()).startswith(b"+")
    account = await imap.server.store.account(person.id)
    inbox = account.mailboxes.by_path("INBOX")
    assert inbox is not None
    await append_messages(account, inbox.id, [NewMessage(ONE) for _ in range(50)])
    assert [line for line in await lines_to(client, b"* 50 EXISTS") if line.endswith(b"EXISTS")] == [b"* 50 EXISTS"]
    await client.close()
