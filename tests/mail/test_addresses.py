"""Where mail goes: aliases, wildcards, alias domains, forwards and rewritten senders, on the real database."""

from __future__ import annotations

import secrets

import pytest

from correio.errors import (
    AlreadyExistsError,
    ForbiddenError,
    InvalidInputError,
    LimitError,
    LoopError,
    MailError,
    NotFoundError,
)
from correio.mail.account import Account
from correio.mail.alias_directory import add_alias, list_aliases, remove_alias
from correio.mail.deliver import deliver
from correio.mail.directory import add_domain, add_user, disable_user, remove_domain, remove_user
from correio.mail.identities import may_send_as
from correio.mail.message_store import MessageStore
from correio.mail.recipient import Forward
from correio.mail.routing import resolve_recipient, srs_secret
from correio.mail.srs import original_sender, rewrite_sender
from tests.conftest import NewPerson
from tests.mail.conftest import message
from tests.peers.queued import queued

Led = tuple[set[str], set[str]]


@pytest.fixture
async def domain(directory: MessageStore) -> str:
    return (await add_domain(directory, f"d{secrets.token_hex(5)}.test")).id


async def led(store: MessageStore, address: str) -> Led:
    found = await resolve_recipient(store, address)
    assert found.address == address
    return set(found.accounts), {one.address for one in found.forwards}


async def trips(store: MessageStore, address: str) -> int:
    before = store.database.round_trips.count
    await resolve_recipient(store, address)
    return store.database.round_trips.count - before


async def test_aliases(directory: MessageStore, account: Account, domain: str, new_person: NewPerson) -> None:
    other = await new_person()
    await add_alias(directory, f"One@{domain}", [account.address.upper()])
    await add_alias(directory, f"team@{domain}", [f"one@{domain}", other.address, "X@Elsewhere.test"])
    assert await led(directory, f"ONE@{domain.upper()}") == ({account.id}, set())
    assert await led(directory, f"one+tag@{domain}") == ({account.id}, set())
    assert await led(directory, f"team@{domain}") == ({account.id, other.id}, {"X@elsewhere.test"})
    assert (await resolve_recipient(directory, f"Team+Tag@{domain}")).forwards == (
        Forward("X@elsewhere.test", f"team+tag@{domain}"),
    )
    with pytest.raises(NotFoundError):
        await led(directory, f"two@{domain}")
    assert await remove_alias(directory, f"ONE@{domain}") == f"one@{domain}"
    # At once in this process, whatever was remembered.
    assert await led(directory, f"team@{domain}") == ({other.id}, {"X@elsewhere.test"})
    assert f"team@{domain}" in [one.id for one in await list_aliases(directory)]


async def test_the_order(directory: MessageStore, domain: str, new_person: NewPerson) -> None:
    first, second, third = [await new_person() for _ in range(3)]
    await add_alias(directory, f"*@{domain}", [first.address])
    await add_alias(directory, f"sales-*@{domain}", [second.address])
    await add_alias(directory, f"sales-eu*@{domain}", [third.address])
    await add_alias(directory, f"sales-eu-x@{domain}", [first.address])
    mine = await add_user(directory, f"sales-me@{domain}", "")
    for local, account_id in (
        ("anything", first.id), ("any+thing", first.id), ("sales-", second.id), ("sales-us+t", second.id),
        ("sales-eu-1", third.id), ("sales-eu-x", first.id), ("sales-eu-x+t", first.id), ("sales-me", mine.id),
        ("sales-me+t", mine.id), ("SALES-US", second.id),
    ):  # fmt: skip
        assert await led(directory, f"{local}@{domain}") == ({account_id}, set()), local
    # Whose account is closed keeps the address: nobody else reads the mail.
    await disable_user(directory, f"sales-me@{domain}")
    for local in ("sales-me", "sales-me+t"):
        with pytest.raises(NotFoundError):
            await led(directory, f"{local}@{domain}")
    # Names that nobody can have are the catch-all's neither.
    with pytest.raises(NotFoundError):
        await led(directory, f'"a@elsewhere.test"@{domain}')


async def test_an_alias_domain(directory: MessageStore, account: Account, domain: str) -> None:
    old = (await add_domain(directory, f"old-{domain}", alias_of=domain.upper())).id
    await add_alias(directory, f"info@{domain}", [account.address])
    mine = await add_user(directory, f"me@{domain}", "")
    assert await led(directory, f"info+t@{old}") == ({account.id}, set())
    assert await led(directory, f"Me@{old}") == ({mine.id}, set())
    with pytest.raises(NotFoundError):
        await led(directory, f"nobody@{old}")
    for work in (add_alias(directory, f"x@{old}", [account.address]), add_user(directory, f"x@{old}", "")):
        with pytest.raises(InvalidInputError, match="stands for"):
            await work
    with pytest.raises(InvalidInputError):
        await add_domain(directory, f"older-{domain}", alias_of=old)
    with pytest.raises(NotFoundError):
        await add_domain(directory, f"older-{domain}", alias_of="nowhere.test")
    with pytest.raises(ForbiddenError, match="accounts"):
        await remove_domain(directory, domain)
    await remove_user(directory, f"me@{domain}")
    with pytest.raises(ForbiddenError, match="aliases"):
        await remove_domain(directory, domain)
    await remove_alias(directory, f"info@{domain}")
    with pytest.raises(ForbiddenError, match="stand for it"):
        await remove_domain(directory, domain)
    await remove_domain(directory, old)
    await remove_domain(directory, domain)
    with pytest.raises(NotFoundError):
        await remove_domain(directory, domain)
    with pytest.raises(ForbiddenError):
        await led(directory, f"info@{old}")


async def test_what_no_alias_may_be(directory: MessageStore, account: Account, domain: str) -> None:
    await add_alias(directory, f"a@{domain}", [account.address])
    refused: list[tuple[str, list[str], type[MailError]]] = [
        (f"a@{domain}", [account.address], AlreadyExistsError), (account.address, [f"a@{domain}"], AlreadyExistsError),
        ("a@elsewhere.test", [account.address], InvalidInputError), (f"**@{domain}", [account.address], InvalidInputError),
        ("a", [account.address], InvalidInputError), (f"b@{domain}", [], InvalidInputError),
        (f"b@{domain}", [f"*@{domain}"], InvalidInputError), (f"b@{domain}", ["x"], InvalidInputError),
        (f"b@{domain}", [f"nobody@{domain}"], NotFoundError), (f"b@{domain}", [f"b@{domain}"], LoopError),
        (f"b@{domain}", [f"x{n}@f.test" for n in range(101)], LimitError),
        (f"srs0=x@{domain}", [account.address], InvalidInputError),
    ]  # fmt: skip
    for address, targets, error in refused:
        with pytest.raises(error):
            await add_alias(directory, address, targets)
    with pytest.raises(AlreadyExistsError):
        await add_user(directory, f"a@{domain}", "")
    with pytest.raises(NotFoundError):
        await remove_alias(directory, f"b@{domain}")
    # It may name itself beside others.
    await add_alias(directory, f"b@{domain}", [f"B@{domain}", f"a@{domain}"])
    assert await led(directory, f"b@{domain}") == ({account.id}, set())


async def test_what_has_gone_since(directory: MessageStore, account: Account, domain: str) -> None:
    one = await add_user(directory, f"one@{domain}", "")
    await add_alias(directory, f"a@{domain}", [one.address])
    await add_alias(directory, f"b@{domain}", [one.address, account.address])
    await remove_user(directory, one.address)
    assert await led(directory, f"b@{domain}") == ({account.id}, set())
    with pytest.raises(NotFoundError):
        await led(directory, f"a@{domain}")
    await add_alias(directory, one.address, [f"b@{domain}"])
    await remove_alias(directory, f"b@{domain}")
    with pytest.raises(NotFoundError):
        await led(directory, f"a@{domain}")


async def test_a_circle(directory: MessageStore, account: Account, domain: str) -> None:
    await add_alias(directory, f"a@{domain}", [account.address])
    await add_alias(directory, f"b@{domain}", [f"a@{domain}"])
    await remove_alias(directory, f"a@{domain}")
    with pytest.raises(LoopError):
        await add_alias(directory, f"a@{domain}", [f"b@{domain}"])
    await directory.database["addresses"].insert_one({"_id": f"a@{domain}", "targets": [f"b@{domain}"]})
    with pytest.raises(LoopError):
        await led(directory, f"b@{domain}")


async def test_round_trips(
    directory: MessageStore, other_process: MessageStore, account: Account, domain: str, new_person: NewPerson
) -> None:
    person = await new_person()
    await add_alias(directory, f"a@{domain}", [account.address])
    await add_alias(directory, f"w-*@{domain}", [account.address])
    # An account: by its address, by its id, its mailboxes; and never again.
    assert await trips(other_process, person.address) <= 3
    assert await trips(other_process, person.address) == 0
    # With a tag: no account of that name, the domain, no alias.
    tagged = person.address.replace("@", "+{}@")
    assert [await trips(other_process, tagged.format(at)) for at in range(3)] == [3, 2, 2]
    assert await trips(other_process, tagged.format(0)) == 0
    # An alias: no account of that name; the domain; the alias, or none and the wildcards.
    await other_process.account_by_address(account.address)
    assert await trips(other_process, f"a@{domain}") <= 3
    assert await trips(other_process, f"w-x@{domain}") <= 3
    for address in (f"a@{domain}", f"w-x@{domain}"):
        assert await trips(other_process, address) == 0


async def test_identities(directory: MessageStore, account: Account, domain: str, new_person: NewPerson) -> None:
    other = await directory.account((await new_person()).id)
    old = (await add_domain(directory, f"old-{domain}", alias_of=domain)).id
    tagged = account.address.replace("@", "+t@")
    for local, targets in (
        ("mine", [account.address]), ("tagged", [tagged]), ("copied", [account.address, "x@f.test"]),
        ("ours", [account.address, other.address]), ("theirs", [other.address]), ("far", ["x@f.test"]),
        ("deep", [f"mine@{domain}"]), ("*", [account.address]), ("w-*", [account.address]),
    ):  # fmt: skip
        await add_alias(directory, f"{local}@{domain}", targets)
    taken = await add_user(directory, account.address.replace("@", "+taken@"), "")
    own = [
        account.address, account.address.upper(), tagged, f"mine@{domain}", f"Mine+x@{domain}", f"mine@{old}", f"tagged@{domain}",
        f"copied@{domain}",
    ]  # fmt: skip
    foreign = [
        other.address, taken.address, "a", "a@", "x@f.test", f"nobody@{old}", f"far@{domain}", f"ours@{domain}", f"theirs@{domain}",
        f"deep@{domain}", f"any@{domain}", f"w-x@{domain}", f"*@{domain}", f"srs0=x@{domain}",
    ]  # fmt: skip
    assert [address for address in own if not await may_send_as(directory, account, address)] == []
    assert [address for address in foreign if await may_send_as(directory, account, address)] == []


async def test_forwards(directory: MessageStore, account: Account, domain: str) -> None:
    await add_alias(directory, f"both@{domain}", [account.address, "X@f.test", "y@g.test"])
    await add_alias(directory, f"out@{domain}", ["x@f.test", "z@f.test"])
    to = [await resolve_recipient(directory, f"{local}@{domain}") for local in ("both", "out")]
    before = directory.database.round_trips.count
    directory.outbox.take()
    received = b"Received: by us\r\n"
    assert await deliver(directory, message(1), "ana@home.test", to, received, all_or_none=True) == [None, None]
    # The secret of senders; accounts, mailboxes, messages, sends, deliveries, commit.
    assert directory.database.round_trips.count - before <= 7
    mine = await queued(directory, f"@{domain}")
    assert {tuple(sorted(one.recipient for one in deliveries)) for _, deliveries in mine} == {
        ("X@f.test", "y@g.test"), ("z@f.test",),
    }  # fmt: skip
    assert directory.outbox.take() == {"f.test", "g.test"}
    for send, _ in mine:
        assert original_sender(send.sender, await srs_secret(directory), directory.now()) == "ana@home.test"
    inbox = account.mailboxes.by_role("inbox")
    assert inbox is not None
    assert inbox.exists == 1
    # A bounce of it leads back to who sent it, and nowhere when its hash is not ours.
    back = await resolve_recipient(directory, mine[0][0].sender)
    assert [one.address for one in back.forwards] == ["ana@home.test"]
    with pytest.raises(NotFoundError):
        await resolve_recipient(directory, mine[0][0].sender.replace("=ana@", "=eva@"))


async def test_a_bounce_to_somebody_here(directory: MessageStore, account: Account, domain: str) -> None:
    await add_alias(directory, f"*@{domain}", ["x@f.test"])
    sender = rewrite_sender(account.address, domain, await srs_secret(directory), directory.now())
    assert await led(directory, sender) == ({account.id}, set())
