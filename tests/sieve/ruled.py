"""An account with rules: what it is sent by LMTP, what it files and what it sends."""

from __future__ import annotations

from dataclasses import dataclass, field

from correio.mail.account import Account
from correio.mail.fetch import fetch_messages
from correio.mail.message_store import MessageStore
from correio.mail.sieve_scripts import put_script
from correio.mail.stored_octets import StoredOctets
from correio.store.database import from_document
from correio.store.queue_documents import DeliveryDocument, SendDocument
from tests.peers.served import Person
from tests.peers.smtp import SmtpClient, SmtpReply
from tests.smtp.listeners import Listener

SENDER = "sender@outside.test"


@dataclass
class Mail:
    """A message in the queue."""

    send: SendDocument
    raw: bytes
    recipients: list[str] = field(default_factory=list)


def letter(person: Person, *fields: str, body: str = "words\r\n", to: str = "") -> bytes:
    """A message to somebody; ``fields`` go on top of the usual ones."""
    lines = [
        *fields,
        f"From: <{SENDER}>",
        f"To: {to or person.address}",
        "Subject: a subject",
        "Message-ID: <1@outside.test>",
    ]
    return "".join(line + "\r\n" for line in lines).encode() + b"\r\n" + body.encode()


@dataclass
class Ruled:
    """One account."""

    store: MessageStore
    lmtp: Listener
    person: Person

    async def account(self) -> Account:
        account = await self.store.account(self.person.id)
        await account.refresh()
        return account

    async def rules(self, script: str, name: str = "rules") -> None:
        """Give it an active script."""
        account = await self.store.account(self.person.id)
        await put_script(account, name, script.encode(), activate=True)

    async def receive(self, raw: bytes | None = None, sender: str = SENDER, to: str = "") -> SmtpReply:
        """Deliver a message by LMTP; the reply for the one recipient."""
        client = await SmtpClient.connect(self.lmtp.address, lmtp=True)
        (answer,) = await client.deliver([to or self.person.address], raw or letter(self.person), sender)
        await client.close()
        return answer

    async def filed(self) -> dict[str, list[tuple[str, ...]]]:
        """The flags of the messages in each mailbox that has any."""
        account = await self.account()
        found: dict[str, list[tuple[str, ...]]] = {}
        for mailbox in account.mailboxes:
            index = await account.index(mailbox.id)
            for uid in index.uids:
                row = index.row(uid)
                assert row is not None
                found.setdefault(mailbox.path, []).append(row.flags.ordered)
        return found

    async def emails(self) -> list[str]:
        """The EMAILID of every message."""
        account = await self.account()
        found: list[str] = []
        for mailbox in account.mailboxes:
            index = await account.index(mailbox.id)
            async for batch in fetch_messages(account, mailbox.id, list(index.uids)):
                found += [one.email for one in batch]
        return found

    async def sent(self, recipient: str) -> list[Mail]:
        """What is in the queue for an address, oldest first."""
        database = self.store.database
        found: list[Mail] = []
        async for raw in database["deliveries"].find({"recipient": recipient}):
            delivery = from_document(DeliveryDocument, raw)
            document = await database["sends"].find_one({"_id": delivery.send})
            assert document is not None
            send = from_document(SendDocument, document)
            octets = await StoredOctets(self.store, send.size, send.source, send.layout, send.content).read()
            found.append(Mail(send, octets, [delivery.recipient]))
        return sorted(found, key=lambda one: one.send.created)
