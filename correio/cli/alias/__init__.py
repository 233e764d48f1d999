"""``correio alias``: addresses that lead to others."""

from __future__ import annotations

import click

from correio.cli.lazy_group import LazyGroup


@click.group(
    cls=LazyGroup,
    commands_by_name={
        "add": ("correio.cli.alias.add:add", "Let an address lead to others."),
        "list": ("correio.cli.alias.list_aliases:list_aliases", "List the aliases."),
        "rm": ("correio.cli.alias.remove:remove", "Remove an alias."),
    },
)
def alias() -> None:
    """Addresses that lead to others: aliases, forwards, wildcards and catch-alls."""
