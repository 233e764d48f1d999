"""``correio key``: API keys for programs."""

from __future__ import annotations

import click

from correio.cli.lazy_group import LazyGroup


@click.group(
    cls=LazyGroup,
    commands_by_name={
        "add": ("correio.cli.key.add:add", "Make an API key and show its secret this once."),
        "list": ("correio.cli.key.list_keys:list_keys", "List an account's keys."),
        "rm": ("correio.cli.key.remove:remove", "Revoke a key."),
    },
)
def key() -> None:
    """API keys for programs that act for an account."""
