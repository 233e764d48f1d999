"""``correio version``."""

from __future__ import annotations

import platform
from importlib import metadata

import click

from correio import __version__


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def version(*, as_json: bool) -> None:
    """Print the version of Correio and of what it runs on."""
    found = {"correio": __version__, "python": platform.python_version()}
    for package in ("motor", "pymongo", "secantusdb"):
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    if as_json:
        from correio.cli.running import print_json  # noqa: PLC0415 - only here

        print_json(found)
    else:
        for name, number in found.items():
            click.echo(f"{name} {number}")
