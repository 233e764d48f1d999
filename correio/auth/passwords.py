"""Password hashing: Argon2id (RFC 9106), in threads, never more at once than there are processors to do it."""

from __future__ import annotations

import asyncio
import contextlib
import unicodedata
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from correio.auth.scram import ScramCredentials, derive
from correio.errors import InvalidInputError, UnavailableError

MAX_OCTETS: Final = 1024
"""Octets of a password in UTF-8."""
_WAITING: Final = 512


def prepare(password: str) -> bytes:
    """Return the octets of a password, the same for every way to type it: OpaqueString of RFC 8265 section 4.2.

    Raises InvalidInputError for one that is empty or too long.
    """
    spaced = "".join(" " if unicodedata.category(character) == "Zs" else character for character in password)
    octets = unicodedata.normalize("NFC", spaced).encode("utf-8", "surrogatepass")
    if not octets:
        raise InvalidInputError("A password cannot be empty.", "password")
    if len(octets) > MAX_OCTETS:
        raise InvalidInputError(f"A password has at most {MAX_OCTETS} octets.", "password")
    return octets


class StoredPassword(msgspec.Struct, frozen=True):
    """What is stored of a password: its Argon2id hash in PHC form, and its SCRAM-SHA-256 credentials (RFC 5803)."""

    hash: str
    scram: str

    def __repr__(self) -> str:
        return "StoredPassword(...)"


class Passwords:
    """Hashes and verifies. ``threads`` bounds the processors and, with 32 MiB each, the memory it takes."""

    def __init__(self, threads: int = 2, *, memory_kib: int = 32 * 1024, passes: int = 2) -> None:
        self._hasher: Final = PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=1)
        self._threads: Final = ThreadPoolExecutor(threads, thread_name_prefix="password")
        self._slots: Final = asyncio.Semaphore(threads)
        self._waiting = 0
        self._nobody: str | None = None

    async def hash(self, password: str) -> str:
        """Return the PHC string of a password. Raises InvalidInputError, UnavailableError."""
        octets = prepare(password)
        async with self.slot():
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._hasher.hash, octets)

    async def scram(self, password: str, iterations: int) -> ScramCredentials:
        """Return the SCRAM-SHA-256 credentials of a password. Raises InvalidInputError, UnavailableError."""
        prepare(password)
        async with self.slot():
            return await asyncio.get_running_loop().run_in_executor(self._threads, derive, password, iterations)

    @contextlib.asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Wait for a thread to be free: what is true then is still true when :meth:`verify` begins.

        Raises UnavailableError when too many wait.
        """
        if self._waiting >= _WAITING:
            raise UnavailableError("Too many sign-ins at once; try again in a moment.")
        self._waiting += 1
        try:
            await self._slots.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._slots.release()

    async def verify(self, stored: str, password: str) -> bool:
        """Tell whether the password is the stored one. Call it in a :meth:`slot`.

        Takes its time also where there is nothing to compare with: for an empty or damaged ``stored`` and for a password
        that can be nobody's.
        """
        try:
            octets = prepare(password)
        except InvalidInputError:
            octets, stored = b"-", ""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._verify, stored, octets)

    def is_weak(self, stored: str) -> bool:
        """Tell whether a stored hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(stored)

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _verify(self, stored: str, octets: bytes) -> bool:
        try:
            if stored:
                return self._hasher.verify(stored, octets)
        except InvalidHashError:
            pass
        except VerificationError:
            return False
        self._nobody = self._nobody or self._hasher.hash(b"the password of nobody")
        with contextlib.suppress(VerificationError):
            self._hasher.verify(self._nobody, octets)
        return False


async def protect_password(password: str, iterations: int) -> StoredPassword:
    """Return what to store of one password. ``iterations`` are those of SCRAM. Raises InvalidInputError."""
    passwords = Passwords(1)
    try:
        credentials = await passwords.scram(password, iterations)
        return StoredPassword(await passwords.hash(password), credentials.render())
    finally:
        passwords.close()
