"""The Sieve scripts of an account: putting, reading, activating and removing them.

One script at most is active: the one that ``AccountDocument.sieve`` names with the digest of its text. So a delivery knows
without asking whether there is one, and which; and since the account's clock moves with it, no delivery is committed under
a script that was replaced before.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import Final

import msgspec

from correio.config import Limits
from correio.errors import ConflictError, InvalidInputError, LimitError, NotFoundError, TooLargeError
from correio.ids import Kind, derived_id
from correio.mail.account import Account
from correio.mail.committer import Operation
from correio.mail.draft import Draft
from correio.mail.message_store import MessageStore
from correio.sieve.compile_script import compile_script
from correio.sieve.limits import SieveLimits
from correio.sieve.tree import Script
from correio.store.documents import SieveScriptDocument
from correio.store.sieve import find_script, find_scripts

# RFC 5804 section 1.6; and no slash, so that a name is one segment of a path.
_NAME: Final = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff/]{1,128}")
_ON_LOOP: Final = 4 * 1024
"""Octets of a script that is compiled on the event loop; a larger one is in a worker."""


class SieveScript(msgspec.Struct, frozen=True):
    """A script without its text. Times in seconds since the epoch."""

    name: str
    size: int
    active: bool
    changed: int
    problem: str = ""
    """What went wrong when it was last run and failed."""
    failed: int = 0
    """When that was; 0: never."""


def script_name(name: str) -> str:
    """Return the name of a script as it is stored, in NFC. Raises InvalidInputError."""
    normal = unicodedata.normalize("NFC", name)
    if not _NAME.fullmatch(normal) or normal in (".", ".."):
        raise InvalidInputError(
            "The name of a script has 1 to 128 characters, without slashes and control characters.", "name"
        )
    return normal


def script_id(account_id: str, name: str) -> str:
    """Return the id of the script of a name."""
    return derived_id(Kind.SCRIPT, account_id, name)


def active_script(account: Account) -> str:
    """Return the id of the active script, empty where there is none."""
    return account.document.sieve.partition(".")[0]


def limits_of(limits: Limits) -> SieveLimits:
    """Return the bounds of scripts that the settings say."""
    return SieveLimits(size=limits.sieve_script_size, redirects=limits.sieve_redirects)


async def check_script(store: MessageStore, text: bytes) -> Script:
    """Compile a script. Raises TooLargeError, and SieveSyntaxError with every mistake."""
    limits = store.settings.limits
    if len(text) > limits.sieve_script_size:
        raise TooLargeError(
            f"The script has {len(text)} octets; at most {limits.sieve_script_size} are accepted.",
            limits.sieve_script_size,
        )
    if len(text) > _ON_LOOP:
        return await store.in_worker(compile_script, text, limits_of(limits))
    return compile_script(text, limits_of(limits))


def _shown(account: Account, script: SieveScriptDocument) -> SieveScript:
    active = script.id == active_script(account)
    return SieveScript(script.name, script.size, active, script.changed, script.problem, script.failed)


async def list_scripts(account: Account) -> list[SieveScript]:
    """Return the account's scripts, by name. Raises UnavailableError."""
    await account.refresh()
    return [_shown(account, script) for script in await find_scripts(account.store.database, account.id)]


async def read_script(account: Account, name: str) -> tuple[SieveScript, bytes]:
    """Return a script and its text. Raises InvalidInputError (name), NotFoundError, UnavailableError."""
    await account.refresh()
    script = await find_script(account.store.database, account.id, script_id(account.id, script_name(name)))
    if script is None:
        raise NotFoundError("There is no script of this name.")
    return _shown(account, script), script.text


class _PutScript(Operation[None]):
    """Stores a script under its name, in place of an older one, and makes it the active one where that was asked."""

    def __init__(self, account: Account, script: SieveScriptDocument, *, activate: bool) -> None:
        super().__init__(account)
        self._script: Final = script
        self._activate: Final = activate
        self._stored: set[str] = set()
        self.octets = script.size

    async def prepare(self) -> None:
        # In the account's turn, and the guard sees what other processes do: the bound holds exactly.
        self._stored = {one.id for one in await find_scripts(self.account.store.database, self.account.id)}

    def plan(self, draft: Draft) -> None:
        most = self.account.store.settings.limits.sieve_scripts
        script = self._script
        if script.id not in self._stored and len(self._stored) >= most:
            raise LimitError(f"The account has {most} scripts, as many as it may have.")
        draft.tick()
        draft.put_script(script)
        if self._activate or draft.document.sieve.partition(".")[0] == script.id:
            draft.document.sieve = f"{script.id}.{script.digest}"


async def put_script(account: Account, name: str, text: bytes, *, activate: bool = False) -> SieveScript:
    """Store a script, in place of one of the same name. An active one stays active with its new text.

    Raises InvalidInputError (name), SieveSyntaxError, TooLargeError, LimitError, UnavailableError.
    """
    name = script_name(name)
    store = account.store
    await check_script(store, text)
    digest = hashlib.blake2b(text, digest_size=12).hexdigest()
    script = SieveScriptDocument(
        id=script_id(account.id, name),
        account=account.id,
        name=name,
        text=text,
        size=len(text),
        digest=digest,
        changed=store.now(),
    )
    await store.committer.submit(_PutScript(account, script, activate=activate))
    return _shown(account, script)


class _RemoveScript(Operation[None]):
    """Removes a script that is not active."""

    def __init__(self, account: Account, name: str) -> None:
        super().__init__(account)
        self._id: Final = script_id(account.id, name)
        self._found = False

    async def prepare(self) -> None:
        self._found = await find_script(self.account.store.database, self.account.id, self._id) is not None

    def plan(self, draft: Draft) -> None:
        if not self._found:
            raise NotFoundError("There is no script of this name.")
        if draft.document.sieve.partition(".")[0] == self._id:
            # RFC 5804 section 2.10: so that nobody's rules end by mistake.
            raise ConflictError("The script is active; activate another, or none, before it is removed.")
        draft.tick()
        draft.remove_script(self._id)


async def remove_script(account: Account, name: str) -> None:
    """Remove a script. Raises InvalidInputError (name), NotFoundError, ConflictError (it is active), UnavailableError."""
    await account.store.committer.submit(_RemoveScript(account, script_name(name)))


class _ActivateScript(Operation[None]):
    """Makes a script the active one, or none."""

    def __init__(self, account: Account, name: str | None) -> None:
        super().__init__(account)
        self._id: Final = None if name is None else script_id(account.id, name)
        self._script: SieveScriptDocument | None = None

    async def prepare(self) -> None:
        if self._id is not None:
            self._script = await find_script(self.account.store.database, self.account.id, self._id)

    def plan(self, draft: Draft) -> None:
        sieve = ""
        if self._id is not None:
            if self._script is None:
                raise NotFoundError("There is no script of this name.")
            sieve = f"{self._script.id}.{self._script.digest}"
        if draft.document.sieve != sieve:
            draft.tick()
            draft.document.sieve = sieve


async def activate_script(account: Account, name: str | None) -> None:
    """Make a script the active one; None: no script is run from now on.

    Raises InvalidInputError (name), NotFoundError, UnavailableError.
    """
    await account.store.committer.submit(_ActivateScript(account, None if name is None else script_name(name)))
