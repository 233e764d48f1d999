"""Signing in, on the real store."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import secrets
from collections.abc import AsyncIterator

import pytest
from argon2 import PasswordHasher

from correio.auth.authenticator import Authenticator, ScramAttempt
from correio.auth.passwords import Passwords
from correio.auth.scram import ScramCredentials, derive
from correio.auth.throttle import Throttle
from correio.auth.tokens import LONGEST, MOST
from correio.errors import AuthenticationError, InvalidInputError, NotFoundError, ThrottledError
from correio.mail import directory as people
from correio.mail.message_store import MessageStore
from correio.store.tokens import list_tokens
from tests.conftest import DOMAIN

REMOTE = "192.0.2.10"


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class CountingPasswords(Passwords):
    """The real thing, and how often it was asked."""

    def __init__(self) -> None:
        super().__init__(2, memory_kib=64, passes=1)
        self.verified = 0

    async def verify(self, stored: str, password: str) -> bool:
        self.verified += 1
        return await super().verify(stored, password)


class Desk:
    """An authenticator with its clock, and people to sign in."""

    def __init__(self, store: MessageStore) -> None:
        self.store = store
        self.clock = Clock()
        self.passwords = CountingPasswords()
        self.authenticator = Authenticator(store, passwords=self.passwords, throttle=Throttle(), clock=self.clock)

    async def person(self, password: str = "certa") -> str:
        address = f"a{secrets.token_hex(6)}@{DOMAIN}"
        await people.add_user(self.store, address, await self.passwords.hash(password))
        return address


@pytest.fixture
async def desk(directory: MessageStore) -> AsyncIterator[Desk]:
    desk = Desk(directory)
    yield desk
    desk.authenticator.close()


async def test_the_right_password_in_any_spelling_of_the_address(desk: Desk) -> None:
    address = await desk.person()
    for spelling in (address, address.upper(), f" {address} "):
        assert (await desk.authenticator.password(spelling, "certa", REMOTE)).address == address


async def test_every_refusal_says_the_same(desk: Desk) -> None:
    address, disabled = await desk.person(), await desk.person()
    await people.disable_user(desk.store, disabled)
    said = set()
    for name, password in (
        (address, "errada"),
        (address, ""),
        (disabled, "certa"),
        (f"nobody@{DOMAIN}", "certa"),
        ("nobody@elsewhere.test", "certa"),
        ("no address", "certa"),
        ("", ""),
    ):
        before = desk.passwords.verified
        with pytest.raises(AuthenticationError) as caught:
            await desk.authenticator.password(name, password, f"198.51.100.{len(name)}")
        assert desk.passwords.verified == before + 1, "an account that does not exist must cost a hash too"
        said.add((type(caught.value), caught.value.message))
    assert len(said) == 1


async def test_a_returning_password_costs_no_hash_for_a_minute(desk: Desk) -> None:
    address = await desk.person()
    for _ in range(5):
        await desk.authenticator.password(address, "certa", REMOTE)
    assert desk.passwords.verified == 1
    with pytest.raises(AuthenticationError):
        await desk.authenticator.password(address, "certa ", REMOTE)
    assert desk.passwords.verified == 2
    desk.clock.now += 61
    await desk.authenticator.password(address, "certa", REMOTE)
    assert desk.passwords.verified == 3


async def test_a_new_password_ends_the_old_one_at_once(desk: Desk) -> None:
    address = await desk.person()
    await desk.authenticator.password(address, "certa", REMOTE)
    await people.set_password(desk.store, address, await desk.passwords.hash("nova"))
    with pytest.raises(AuthenticationError):
        await desk.authenticator.password(address, "certa", REMOTE)
    await desk.authenticator.password(address, "nova", REMOTE)


async def test_a_disabled_or_removed_account_signs_in_no_more(desk: Desk) -> None:
    for end in (people.disable_user, people.remove_user):
        address = await desk.person()
        account = await desk.authenticator.password(address, "certa", REMOTE)
        issued = await desk.authenticator.issue_token(account)
        await desk.authenticator.token(issued.token, REMOTE)
        await end(desk.store, address)
        with pytest.raises(AuthenticationError):
            await desk.authenticator.password(address, "certa", REMOTE)
        with pytest.raises(AuthenticationError):
            await desk.authenticator.token(issued.token, REMOTE)
    await people.disable_user(desk.store, address := await desk.person())
    await people.disable_user(desk.store, address, disabled=False)
    await desk.authenticator.password(address, "certa", REMOTE)


async def test_wrong_passwords_are_throttled_for_every_protocol_and_the_right_one_too(desk: Desk) -> None:
    address = await desk.person()
    for _ in range(10):
        with pytest.raises(AuthenticationError):
            await desk.authenticator.password(address, "errada", REMOTE)
    verified = desk.passwords.verified
    with pytest.raises(ThrottledError) as caught:
        await desk.authenticator.password(address, "certa", REMOTE)
    assert caught.value.retry_after == 30
    assert desk.passwords.verified == verified
    assert (await desk.authenticator.password(address, "certa", "192.0.2.99")).address == address
    desk.clock.now += caught.value.retry_after
    assert (await desk.authenticator.password(address, "certa", REMOTE)).address == address


async def test_guesses_at_the_same_time_do_not_slip_through(desk: Desk) -> None:
    address = await desk.person()
    outcomes = await asyncio.gather(
        *(desk.authenticator.password(address, f"guess {number}", REMOTE) for number in range(60)),
        return_exceptions=True,
    )
    tried = [outcome for outcome in outcomes if type(outcome) is AuthenticationError]
    refused = [outcome for outcome in outcomes if isinstance(outcome, ThrottledError)]
    assert len(tried) + len(refused) == 60
    # Those whose hash was under way when the tenth failed were admitted before.
    assert 10 <= len(tried) <= 11


async def test_a_hash_with_old_parameters_is_made_anew(desk: Desk) -> None:
    address = f"a{secrets.token_hex(6)}@{DOMAIN}"
    old = PasswordHasher(time_cost=3, memory_cost=32, parallelism=1).hash("certa")
    await people.add_user(desk.store, address, old)
    await desk.authenticator.password(address, "certa", REMOTE)
    stored = (await people.find_user(desk.store, address)).password
    assert stored != old
    assert not desk.passwords.is_weak(stored)
    await desk.authenticator.password(address, "certa", REMOTE)
    assert (await people.find_user(desk.store, address)).password == stored


async def test_an_account_without_a_password_takes_none(desk: Desk) -> None:
    address = f"a{secrets.token_hex(6)}@{DOMAIN}"
    await people.add_user(desk.store, address, "")
    for password in ("", "x", "the password of nobody"):
        with pytest.raises(AuthenticationError):
            await desk.authenticator.password(address, password, REMOTE)


async def test_a_token_opens_its_account_until_it_is_revoked(desk: Desk) -> None:
    account = await desk.authenticator.password(await desk.person(), "certa", REMOTE)
    issued = await desk.authenticator.issue_token(account, "laptop", 3600)
    assert issued.token.startswith("co_")
    assert len(issued.token) == 46
    assert issued.token not in repr(issued)
    assert await desk.authenticator.token(issued.token, REMOTE) is account
    [stored] = await list_tokens(desk.store.database, account.id)
    assert stored.label == "laptop"
    assert issued.token.encode() not in stored.digest
    await desk.authenticator.revoke_token(account, issued.id)
    with pytest.raises(AuthenticationError):
        await desk.authenticator.token(issued.token, REMOTE)
    with pytest.raises(NotFoundError):
        await desk.authenticator.revoke_token(account, issued.id)


async def test_another_account_cannot_revoke_it(desk: Desk) -> None:
    mine = await desk.authenticator.password(await desk.person(), "certa", REMOTE)
    theirs = await desk.authenticator.password(await desk.person(), "certa", REMOTE)
    issued = await desk.authenticator.issue_token(mine)
    with pytest.raises(NotFoundError):
        await desk.authenticator.revoke_token(theirs, issued.id)
    assert await desk.authenticator.token(issued.token, REMOTE) is mine
    assert await desk.authenticator.list_tokens(theirs) == []


async def test_a_token_ends_by_itself(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    account = await desk.authenticator.password(await desk.person(), "certa", REMOTE)
    issued = await desk.authenticator.issue_token(account, lifetime=60)
    await desk.authenticator.token(issued.token, REMOTE)
    monkeypatch.setattr(desk.store, "now", lambda: issued.expires)
    with pytest.raises(AuthenticationError):
        await desk.authenticator.token(issued.token, REMOTE)
    assert await desk.authenticator.list_tokens(account) == []


async def test_a_new_password_ends_the_tokens(desk: Desk) -> None:
    address = await desk.person()
    account = await desk.authenticator.password(address, "certa", REMOTE)
    issued = await desk.authenticator.issue_token(account)
    await desk.authenticator.token(issued.token, REMOTE)
    await people.set_password(desk.store, address, await desk.passwords.hash("nova"))
    await account.refresh()
    with pytest.raises(AuthenticationError):
        await desk.authenticator.token(issued.token, REMOTE)


async def test_a_token_revoked_elsewhere_ends_within_five_seconds(desk: Desk) -> None:
    account = await desk.authenticator.password(await desk.person(), "certa", REMOTE)
    issued = await desk.authenticator.issue_token(account)
    await desk.authenticator.token(issued.token, REMOTE)
    elsewhere = Authenticator(desk.store, clock=desk.clock)
    await elsewhere.revoke_token(account, issued.id)
    elsewhere.close()
    desk.clock.now += 5.01
    with pytest.raises(AuthenticationError):
        await desk.authenticator.token(issued.token, REMOTE)


async def test_a_token_asked_for_again_costs_no_round_trip(desk: Desk) -> None:
    account = await desk.authenticator.password(await desk.person(), "certa", REMOTE)
    issued = await desk.authenticator.issue_token(account)
    await desk.authenticator.token(issued.token, REMOTE)
    before = desk.store.database.round_trips.by_name.get("find", 0)
    for _ in range(20):
        await desk.authenticator.token(issued.token, REMOTE)
    assert desk.store.database.round_trips.by_name.get("find", 0) == before


@pytest.mark.parametrize("token", ["", "co_", "co_" + "A" * 43, "x" * 46, "co_" + "é" * 43, "co_" + "A" * 100_000])
async def test_what_is_no_token(desk: Desk, token: str) -> None:
    with pytest.raises(AuthenticationError):
        await desk.authenticator.token(token, "127.0.0.1")


async def test_trying_tokens_is_throttled_by_place(desk: Desk) -> None:
    for _ in range(30):
        with pytest.raises(AuthenticationError):
            await desk.authenticator.token("co_" + "A" * 43, REMOTE)
    with pytest.raises(ThrottledError):
        await desk.authenticator.token("co_" + "A" * 43, REMOTE)


async def test_the_bounds_of_a_token(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    account = await desk.authenticator.password(await desk.person(), "certa", REMOTE)
    for lifetime in (0, -1, LONGEST + 1):
        with pytest.raises(InvalidInputError, match="seconds"):
            await desk.authenticator.issue_token(account, lifetime=lifetime)
    with pytest.raises(InvalidInputError, match="label"):
        await desk.authenticator.issue_token(account, "x" * 201)
    assert MOST == 500
    monkeypatch.setattr("correio.auth.tokens.MOST", 3)
    issued = [await desk.authenticator.issue_token(account, str(number)) for number in range(5)]
    assert len(await desk.authenticator.list_tokens(account)) == 3
    assert await desk.authenticator.token(issued[4].token, REMOTE) is account


def prove(attempt: ScramAttempt, password: str) -> tuple[bytes, bytes]:
    """A message, and the proof over it of a client with this password."""
    offered = attempt.credentials
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), offered.salt, offered.iterations)
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    message = secrets.token_bytes(20)
    signature = hmac.digest(hashlib.sha256(client_key).digest(), message, "sha256")
    return message, bytes(one ^ other for one, other in zip(client_key, signature, strict=True))


async def test_scram_credentials_come_with_the_password(desk: Desk) -> None:
    address = await desk.person()
    attempt = await desk.authenticator.scram(address, REMOTE)
    assert attempt.account_id is None
    with pytest.raises(AuthenticationError):
        await desk.authenticator.prove(attempt, *prove(attempt, "certa"), REMOTE)
    await desk.authenticator.password(address, "certa", REMOTE)
    stored = await people.find_user(desk.store, address)
    credentials = ScramCredentials.parse(stored.scram)
    assert credentials is not None
    assert credentials == derive("certa", desk.store.settings.scram_iterations, credentials.salt)
    attempt = await desk.authenticator.scram(address.upper(), REMOTE)
    assert attempt.credentials == credentials
    account, signature = await desk.authenticator.prove(attempt, *(proof := prove(attempt, "certa")), REMOTE)
    assert account.address == address
    assert signature == credentials.sign(proof[0])
    # Once: the next sign-in finds them.
    desk.clock.now += 61
    await desk.authenticator.password(address, "certa", REMOTE)
    assert (await people.find_user(desk.store, address)).scram == stored.scram


async def test_another_number_of_iterations_comes_with_the_password_too(desk: Desk) -> None:
    address = f"a{secrets.token_hex(6)}@{DOMAIN}"
    hashed = await desk.passwords.hash("certa")
    await people.add_user(desk.store, address, hashed, scram=derive("certa", 4096).render())
    attempt = await desk.authenticator.scram(address, REMOTE)
    assert attempt.credentials.iterations == 4096
    await desk.authenticator.prove(attempt, *prove(attempt, "certa"), REMOTE)
    await desk.authenticator.password(address, "certa", REMOTE)
    stored = await people.find_user(desk.store, address)
    assert stored.scram.startswith(f"SCRAM-SHA-256${desk.store.settings.scram_iterations}:")
    assert stored.password == hashed


async def test_a_password_changed_in_the_middle_of_scram(desk: Desk) -> None:
    address = f"a{secrets.token_hex(6)}@{DOMAIN}"
    for change in (
        people.set_password(desk.store, address, "", scram=derive("certa", 4096).render()),
        people.disable_user(desk.store, address),
        people.remove_user(desk.store, address),
    ):
        with contextlib.suppress(NotFoundError):
            await people.remove_user(desk.store, address)
        await people.add_user(desk.store, address, "", scram=derive("certa", 4096).render())
        attempt = await desk.authenticator.scram(address, REMOTE)
        await change
        with pytest.raises(AuthenticationError):
            await desk.authenticator.prove(attempt, *prove(attempt, "certa"), REMOTE)


async def test_scram_exchanges_at_the_same_time_do_not_slip_through(desk: Desk) -> None:
    address = await desk.person()
    await desk.authenticator.password(address, "certa", REMOTE)
    attempts = [await desk.authenticator.scram(address, REMOTE) for _ in range(12)]
    for attempt in attempts[:10]:
        with pytest.raises(AuthenticationError):
            await desk.authenticator.prove(attempt, *prove(attempt, "errada"), REMOTE)
    with pytest.raises(ThrottledError):
        await desk.authenticator.prove(attempts[10], *prove(attempts[10], "certa"), REMOTE)
    with pytest.raises(ThrottledError):
        await desk.authenticator.scram(address, REMOTE)
    with pytest.raises(ThrottledError):
        await desk.authenticator.password(address, "certa", REMOTE)


async def test_decoys_are_the_same_for_every_process(desk: Desk) -> None:
    other = Desk(desk.store)
    name = f"nobody@{DOMAIN}"
    one, same = await desk.authenticator.scram(name, REMOTE), await other.authenticator.scram(name, REMOTE)
    assert one.credentials == same.credentials
    other.authenticator.close()


async def test_a_token_for_a_session_is_looked_up_every_time(desk: Desk) -> None:
    account = await desk.authenticator.password(await desk.person(), "certa", REMOTE)
    other = await desk.authenticator.password(await desk.person(), "certa", REMOTE)
    issued = await desk.authenticator.issue_token(account)
    assert await desk.authenticator.token_of(account.address.upper(), issued.token, REMOTE) is account
    assert await desk.authenticator.token_of("", issued.token, REMOTE) is account
    for address in (other.address, "no address"):
        with pytest.raises(AuthenticationError):
            await desk.authenticator.token_of(address, issued.token, REMOTE)
    elsewhere = Authenticator(desk.store, clock=desk.clock)
    await elsewhere.revoke_token(account, issued.id)
    elsewhere.close()
    with pytest.raises(AuthenticationError):
        await desk.authenticator.token_of(account.address, issued.token, REMOTE)


async def test_what_a_sign_in_costs(desk: Desk) -> None:
    """In round trips: a password that was right a moment ago one, SCRAM two, a token two."""
    address = await desk.person()
    account = await desk.authenticator.password(address, "certa", REMOTE)
    issued = await desk.authenticator.issue_token(account)
    attempt = await desk.authenticator.scram(address, REMOTE)
    await desk.authenticator.prove(attempt, *prove(attempt, "certa"), REMOTE)
    trips = desk.store.database.round_trips
    for expected, sign_in in (
        (1, desk.authenticator.password(address, "certa", REMOTE)),
        (1, desk.authenticator.scram(address, REMOTE)),
        (1, desk.authenticator.prove(attempt, *prove(attempt, "certa"), REMOTE)),
        (2, desk.authenticator.token_of(address, issued.token, REMOTE)),
    ):
        before = trips.count
        await sign_in
        assert trips.count - before == expected
