"""``correio sieve``: the rules of an account."""

from __future__ import annotations

import click

from correio.cli.lazy_group import LazyGroup


@click.group(
    cls=LazyGroup,
    commands_by_name={
        "put": ("correio.cli.sieve.put:put", "Store a script, and make it the active one."),
        "list": ("correio.cli.sieve.list_scripts:list_scripts", "List the scripts of an account."),
        "get": ("correio.cli.sieve.get:get", "Print a script."),
        "rm": ("correio.cli.sieve.remove:remove", "Remove a script."),
        "activate": ("correio.cli.sieve.activate:activate", "Make a script the active one, or none."),
        "check": ("correio.cli.sieve.check:check", "Say what is wrong with a script."),
    },
)
def sieve() -> None:
    """Rules that are run when mail is delivered (Sieve, RFC 5228)."""
