"""The ``correio`` command. Each subcommand is a module, loaded when it is called."""

from __future__ import annotations

import os
from typing import Any, Final

import click

from correio.cli.lazy_group import LazyGroup

_COMMANDS: Final = {
    "serve": ("correio.cli.serve:serve", "Serve mail until SIGTERM or SIGINT."),
    "domain": ("correio.cli.domain:domain", "The domains whose mail ends here: add, list, rm."),
    "alias": ("correio.cli.alias:alias", "Addresses that lead to others: add, list, rm."),
    "user": ("correio.cli.user:user", "The people with mail here: add, list, passwd, disable, enable, rm."),
    "queue": ("correio.cli.queue:queue", "Outbound mail that waits: list, show, retry, hold, cancel."),
    "sieve": ("correio.cli.sieve:sieve", "Rules run at delivery: put, list, get, rm, activate, check."),
    "key": ("correio.cli.key:key", "API keys for programs: add, list, rm."),
    "import": ("correio.cli.import_messages:import_messages", "Put eml files, mboxes and Maildirs into a mailbox."),
    "export": ("correio.cli.export_messages:export_messages", "Write an account's mail into a directory."),
    "doctor": ("correio.cli.doctor:doctor", "Check settings, database and machine, and say what to do."),
    "version": ("correio.cli.version:version", "Print the version of Correio and of what it runs on."),
}


@click.group(
    cls=LazyGroup,
    commands_by_name=_COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.pass_context
def correio(context: click.Context) -> None:
    """Correio, a mail service: SMTP, LMTP, IMAP, POP3, REST and GraphQL over one store.

    All commands work whether or not a server runs on the same data.
    """
    if os.environ.get("NO_COLOR"):
        context.color = False


def main(**extra: Any) -> None:
    """Run the command line."""
    correio(prog_name="correio", **extra)
