"""``correio queue``: outbound mail that waits."""

from __future__ import annotations

import click

from correio.cli.lazy_group import LazyGroup


@click.group(
    cls=LazyGroup,
    commands_by_name={
        "list": ("correio.cli.queue.list_queue:list_queue", "List what waits, and why."),
        "show": ("correio.cli.queue.show:show", "Show a message with every attempt."),
        "retry": ("correio.cli.queue.retry:retry", "Try now, also what is held."),
        "hold": ("correio.cli.queue.hold:hold", "Keep a message, or all for a destination, until it is retried."),
        "cancel": ("correio.cli.queue.cancel:cancel", "End what waits, without telling the sender."),
    },
)
def queue() -> None:
    """Outbound mail that waits."""
