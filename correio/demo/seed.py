"""Puts the demo's domains, people and messages into a store, once."""

from __future__ import annotations

import time

from correio.auth.passwords import protect_password
from correio.demo.messages import demo_messages
from correio.demo.people import DOMAINS, PASSWORD, PEOPLE
from correio.errors import AlreadyExistsError
from correio.mail.append import NewMessage, append_messages
from correio.mail.directory import add_domain, add_user
from correio.mail.flags import flag_set
from correio.mail.message_store import MessageStore


async def seed(store: MessageStore) -> None:
    """Add what is missing. An account that exists is left as it is, with its password and its mail."""
    for domain in DOMAINS:
        try:
            await add_domain(store, domain)
        except AlreadyExistsError:
            continue
    for address, name in PEOPLE:
        try:
            stored = await protect_password(PASSWORD, store.settings.scram_iterations)
            made = await add_user(store, address, stored.hash, scram=stored.scram, name=name)
        except AlreadyExistsError:
            continue
        account = await store.account(made.id)
        for message in demo_messages(address, int(time.time())):
            mailbox = account.mailboxes.by_role(message.role)
            assert mailbox is not None
            await append_messages(
                account, mailbox.id, [NewMessage(message.raw, flag_set(message.flags), date=message.date)]
            )
