"""``correio domain``: the domains whose mail ends here."""

from __future__ import annotations

import click

from correio.cli.lazy_group import LazyGroup


@click.group(
    cls=LazyGroup,
    commands_by_name={
        "add": ("correio.cli.domain.add:add", "Take mail for a domain."),
        "records": ("correio.cli.domain.records:records", "Print the DNS records to publish for a domain."),
        "list": ("correio.cli.domain.list_domains:list_domains", "List the domains."),
        "rm": ("correio.cli.domain.remove:remove", "Take no more mail for a domain."),
    },
)
def domain() -> None:
    """The domains whose mail ends here."""
