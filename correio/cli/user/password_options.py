"""Where a password comes from: a flag, standard input, or two questions on the terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import click

from correio.auth.passwords import MAX_OCTETS

Command = Callable[..., Any]


def password_options(command: Command) -> Command:
    """Give a command ``--password`` and ``--password-stdin``."""
    command = click.option(
        "--password-stdin", "from_input", is_flag=True, help="Read the password from the first line of standard input."
    )(command)
    return click.option(
        "--password",
        metavar="P",
        help="The password (others can see it in the list of processes; asked for if absent).",
    )(command)


def read_password(password: str | None, *, from_input: bool) -> str:
    """Return the password. Raises UsageError when none can be had."""
    if password is not None and from_input:
        raise click.UsageError("Give --password or --password-stdin, not both.")
    if from_input:
        line = sys.stdin.buffer.readline(MAX_OCTETS + 2)
        try:
            return line.rstrip(b"\r\n").decode("utf-8")
        except UnicodeDecodeError as error:
            raise click.UsageError("The password on standard input is not UTF-8.") from error
    if password is not None:
        return password
    if not sys.stdin.isatty():
        raise click.UsageError("Give --password or --password-stdin.")
    asked: str = click.prompt("Password", hide_input=True, confirmation_prompt="Again", err=True)
    return asked
