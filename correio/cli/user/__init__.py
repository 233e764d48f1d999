"""``correio user``: the people with mail here."""

from __future__ import annotations

import click

from correio.cli.lazy_group import LazyGroup


@click.group(
    cls=LazyGroup,
    commands_by_name={
        "add": ("correio.cli.user.add:add", "Make an account."),
        "list": ("correio.cli.user.list_users:list_users", "List the accounts."),
        "passwd": ("correio.cli.user.passwd:passwd", "Give an account another password."),
        "disable": ("correio.cli.user.disable:disable", "Close an account; its mail is kept."),
        "enable": ("correio.cli.user.enable:enable", "Open a disabled account again."),
        "quota": ("correio.cli.user.quota:quota", "Say or show how much an account may hold."),
        "capability": ("correio.cli.user.capability:capability", "Switch IMAP capabilities off or on for an account."),
        "rm": ("correio.cli.user.remove:remove", "Remove an account with all its mail."),
    },
)
def user() -> None:
    """The people with mail here."""
