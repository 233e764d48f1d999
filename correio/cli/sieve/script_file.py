"""A script on the command line: a file or standard input, its account, and what is wrong with it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import click

from correio.cli.running import CommandError
from correio.mail.account import Account
from correio.mail.directory import find_user
from correio.mail.message_store import MessageStore
from correio.sieve.errors import SieveSyntaxError

FILE: Final = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)
_MOST: Final = 16 * 1024 * 1024


def read_script(path: Path) -> bytes:
    """Return the octets of a script; ``-`` is standard input."""
    if str(path) == "-":
        return sys.stdin.buffer.read(_MOST)
    with path.open("rb") as file:
        return file.read(_MOST)


async def account_of(store: MessageStore, address: str) -> Account:
    """Return the account of an address. Raises InvalidInputError, NotFoundError."""
    return await store.account((await find_user(store, address)).id)


def show_problems(path: Path, error: SieveSyntaxError) -> CommandError:
    """Print each mistake as editors read it, and return the failure to raise."""
    for one in error.problems:
        click.echo(f"{path}:{one.line}:{one.column}: {one.message}", err=True)
    count = len(error.problems)
    return CommandError(f"The script has {count} mistake{'s' if count > 1 else ''}.")
