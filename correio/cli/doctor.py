"""``correio doctor``."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

import click

from correio.cli.running import print_json, run
from correio.cli.setting_options import setting_options
from correio.config import Settings
from correio.doctor.database_health import examine_database
from correio.doctor.finding import Finding
from correio.doctor.listener_health import examine_listeners
from correio.doctor.machine_health import examine_machine
from correio.doctor.settings_health import examine_settings
from correio.errors import UnavailableError
from correio.opening import database_uri

_MARKS = {"ok": ("✓", "green"), "note": ("i", "blue"), "warning": ("!", "yellow"), "problem": ("✗", "red")}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.option("--quick", is_flag=True, help="Leave out the checks that write to the database.")
@setting_options(every=True)
def doctor(settings: Settings, *, as_json: bool, quick: bool) -> None:
    """Check settings, machine and database, and say what to do.

    The database is held to the store's contract in collections of their own, which are removed afterwards. Works beside
    a running server. Exits with 1 if there is a problem.
    """
    findings: list[Finding] = []

    def tell(finding: Finding) -> None:
        findings.append(finding)
        if not as_json:
            _print(finding)

    run(_examine(settings, tell, quick=quick))
    problems = sum(finding.state == "problem" for finding in findings)
    if as_json:
        print_json(
            {
                "healthy": problems == 0,
                "findings": [
                    {"subject": each.subject, "state": each.state, "text": each.text, "advice": each.advice}
                    for each in findings
                ],
            }
        )
    else:
        click.echo(f"{problems} problem(s) found." if problems else "No problem found.")
    if problems:
        raise SystemExit(1)


async def _examine(settings: Settings, tell: Callable[[Finding], None], *, quick: bool) -> None:
    for finding in examine_settings(settings, os.environ):
        tell(finding)
    for finding in await asyncio.to_thread(lambda: [*examine_machine(settings), *examine_listeners(settings)]):
        tell(finding)
    try:
        async with database_uri(settings) as uri:
            found = examine_database(settings, uri, contract=not quick)
            while (one := await asyncio.to_thread(next, found, None)) is not None:
                tell(one)
    except UnavailableError as error:
        tell(Finding("database", "problem", str(error), "Read what it says above, correct it, and run doctor again."))


def _print(finding: Finding) -> None:
    mark, colour = _MARKS[finding.state]
    click.echo(f"{click.style(mark, fg=colour)} {finding.subject}: {finding.text}")
    if finding.advice:
        click.echo(f"    → {finding.advice}")
