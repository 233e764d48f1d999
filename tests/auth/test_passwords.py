"""Hashing and comparing passwords."""

from __future__ import annotations

import asyncio

import pytest
from argon2 import PasswordHasher

from correio.auth import passwords as module
from correio.auth.passwords import Passwords, prepare, protect_password
from correio.errors import InvalidInputError, UnavailableError


@pytest.fixture
def passwords() -> Passwords:
    return Passwords(1, memory_kib=64, passes=1)


async def test_a_password_is_recognised_and_another_is_not(passwords: Passwords) -> None:
    stored = await passwords.hash("segredo")
    assert stored.startswith("$argon2id$")
    async with passwords.slot():
        assert await passwords.verify(stored, "segredo")
        assert not await passwords.verify(stored, "Segredo")
        assert not await passwords.verify(stored, "")
        assert not await passwords.verify("", "segredo")
        assert not await passwords.verify("plain text", "plain text")


async def test_two_hashes_of_one_password_differ(passwords: Passwords) -> None:
    assert await passwords.hash("x") != await passwords.hash("x")


async def test_the_same_password_typed_in_other_ways(passwords: Passwords) -> None:
    """RFC 8265 section 4.2: composed or decomposed, and whatever space the keyboard makes."""
    stored = await passwords.hash("coração grande")
    async with passwords.slot():
        assert await passwords.verify(stored, "corac\u0327a\u0303o grande")
        assert await passwords.verify(stored, "coração\u00a0grande")
        assert not await passwords.verify(stored, "coracao grande")


@pytest.mark.parametrize("password", ["", "x" * 1025, "é" * 513])
async def test_what_cannot_be_a_password(passwords: Passwords, password: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        await passwords.hash(password)
    assert caught.value.field == "password"
    async with passwords.slot():
        assert not await passwords.verify(await Passwords(1, memory_kib=64).hash("x"), password)


def test_a_lone_surrogate_is_only_octets() -> None:
    assert prepare("\ud800") == b"\xed\xa0\x80"


async def test_work_is_done_also_where_there_is_nothing_to_compare(passwords: Passwords) -> None:
    """The time for an unknown account is that of a hash: seen by the decoy, which is made once and then compared."""
    async with passwords.slot():
        assert not await passwords.verify("", "guess")
        decoy = passwords._nobody
        assert decoy is not None
        parameters = "m=64,t=1,p=1"
        assert parameters in decoy
        assert not await passwords.verify("", "guess again")
        assert not await passwords.verify("", "the password of nobody")
    assert passwords._nobody == decoy


async def test_hashes_with_other_parameters_are_weak(passwords: Passwords) -> None:
    assert not passwords.is_weak(await passwords.hash("x"))
    assert passwords.is_weak(PasswordHasher(time_cost=3, memory_cost=128, parallelism=2).hash("x"))
    assert not Passwords().is_weak((await protect_password("x", 4096)).hash)


async def test_too_many_at_once_are_sent_away(passwords: Passwords, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_WAITING", 3)
    async with passwords.slot():
        waiting = [asyncio.create_task(passwords.hash("x")) for _ in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(UnavailableError):
            await passwords.hash("x")
    assert len(await asyncio.gather(*waiting)) == 3
    assert await passwords.hash("x")
