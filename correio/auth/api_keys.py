"""API keys: bearer tokens for programs, each made for something, with a name and perhaps without an end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from correio.auth.grant import FULL, SCOPES, normalise_senders
from correio.auth.secret_text import KEY_PREFIX, digest_of, new_secret
from correio.errors import InvalidInputError, LimitError, NotFoundError
from correio.ids import Kind, is_id, new_id
from correio.mail.account import Account
from correio.mail.message_store import MessageStore
from correio.store.documents import TokenDocument
from correio.store.tokens import delete_token, insert_token, list_tokens

NEVER: Final = 253_402_300_799
"""When a key without an end expires: with the year 9999."""
LONGEST: Final = 3650 * 86_400
MOST: Final = 100
"""Living keys of one account."""
MAX_NAME: Final = 100


class IssuedKey(msgspec.Struct, frozen=True):
    """A new key. ``secret`` is shown this once."""

    secret: str
    document: TokenDocument

    def __repr__(self) -> str:
        return f"IssuedKey(id={self.document.id!r})"


async def issue_key(
    account: Account,
    name: str,
    scopes: Sequence[str],
    allowed_senders: Sequence[str] = (),
    lifetime: int | None = None,
) -> IssuedKey:
    """Make a key. ``lifetime`` in seconds; None: until it is revoked.

    Raises InvalidInputError that names the field, LimitError, UnavailableError.
    """
    if not 1 <= len(name) <= MAX_NAME:
        raise InvalidInputError(f"A name has 1 to {MAX_NAME} characters.", "name")
    if not scopes:
        raise InvalidInputError("A key is made for something.", "scopes")
    for at, scope in enumerate(scopes):
        if scope not in SCOPES:
            raise InvalidInputError(f"There is no such scope; there are {', '.join(SCOPES)}.", f"scopes/{at}")
    if lifetime is not None and not 1 <= lifetime <= LONGEST:
        raise InvalidInputError(f"A key lives from 1 to {LONGEST} seconds, or for ever.", "expires_in")
    senders = normalise_senders(allowed_senders)
    if senders and FULL in scopes:
        # It could make itself another key, or send by another door.
        raise InvalidInputError("A key for everything cannot be bound to senders.", "allowed_senders")
    store = account.store
    now = store.now()
    if len(await list_keys(account)) >= MOST:
        raise LimitError(f"An account has at most {MOST} keys; revoke one first.")
    secret = new_secret(KEY_PREFIX)
    document = TokenDocument(
        id=new_id(Kind.KEY),
        account=account.id,
        digest=digest_of(secret),
        label=name,
        created=now,
        expires=NEVER if lifetime is None else now + lifetime,
        scopes=sorted(set(scopes)),
        senders=senders,
    )
    await insert_token(store.database, document)
    return IssuedKey(secret, document)


async def list_keys(account: Account) -> list[TokenDocument]:
    """Return an account's living keys, newest first. Raises UnavailableError."""
    now = account.store.now()
    found = await list_tokens(account.store.database, account.id)
    return [one for one in found if is_key(one) and one.expires > now]


async def revoke_key(store: MessageStore, account_id: str, key_id: str) -> None:
    """End a key of an account: in a running server within five seconds. Raises NotFoundError, UnavailableError."""
    if not is_id(key_id, Kind.KEY) or await delete_token(store.database, account_id, key_id) is None:
        raise NotFoundError("The account has no such key.")


def is_key(token: TokenDocument) -> bool:
    """Tell an API key from a token that a sign-in gave."""
    return token.id.startswith(Kind.KEY)
