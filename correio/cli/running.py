"""What the commands share: running a coroutine on the store, and saying what went wrong in one sentence."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import sys
from collections.abc import AsyncIterator, Coroutine
from typing import Any, TypeVar

import click

from correio.config import Settings
from correio.config_sources import ConfigError
from correio.errors import MailError
from correio.mail.message_store import MessageStore
from correio.opening import open_store

T = TypeVar("T")


class CommandError(click.ClickException):
    """A failure: one sentence on standard error, exit code 1."""

    def show(self, file: Any = None) -> None:
        """Print the sentence."""
        click.echo(click.style("correio: ", fg="red") + self.format_message(), file=file or sys.stderr)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's coroutine. An expected failure becomes a :class:`CommandError`."""
    logging.basicConfig(level=logging.ERROR, format="correio: %(message)s", stream=sys.stderr)
    try:
        return asyncio.run(work)
    except (MailError, ConfigError) as error:
        raise CommandError(str(error)) from error
    except KeyboardInterrupt:
        raise click.Abort from None


@contextlib.asynccontextmanager
async def store_of(settings: Settings) -> AsyncIterator[MessageStore]:
    """Give the store, whether or not a server runs on it."""
    async with open_store(settings) as store:
        yield store


def print_json(value: object) -> None:
    """Print a value for a program."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))
