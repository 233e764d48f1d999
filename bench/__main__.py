"""`python -m bench [--only PHASE …] [--json] [--messages N] [--seconds S]`."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import sys
import time
from typing import Any

import uvloop
from rich.console import Console
from rich.table import Table

from bench.driver import Driver
from bench.figure import Figure
from bench.phases import append, changes, connections, delivery, fetch, idle, logins, select, sending, signing, trips
from bench.service import Service
from bench.subject import LARGE, ONE, READER, SPREAD, Bench

PHASES = {
    "delivery": delivery,
    "append": append,
    "trips": trips,
    "fetch": fetch,
    "idle": idle,
    "sending": sending,
    "signing": signing,
    "select": select,
    "changes": changes,
    "logins": logins,
    "connections": connections,
}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Print the speeds of Correio on this machine.")
    parser.add_argument(
        "--only", nargs="+", choices=list(PHASES), default=list(PHASES), metavar="PHASE", help=", ".join(PHASES)
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.add_argument("--messages", type=int, default=10_000, help="messages in the mailbox that is read (10000)")
    parser.add_argument("--seconds", type=float, default=5.0, help="how long each writing phase goes on (5)")
    parser.add_argument("--connections", type=int, default=2000, help="clients that idle at once (2000)")
    parser.add_argument("--large", type=int, default=100_000, help="messages in the mailbox of SELECT (100000)")
    return parser.parse_args()


async def _measure(arguments: argparse.Namespace, console: Console) -> list[Figure]:
    service = Service()
    figures: list[Figure] = []
    try:
        with console.status("starting correio serve") as status:
            await asyncio.to_thread(service.start)
            status.update("making accounts")
            await service.users(ONE, READER, LARGE, *SPREAD)
            driver = Driver(*service.database())
            bench = Bench(
                service, driver, arguments.messages, arguments.seconds, arguments.connections, arguments.large
            )
            for name in arguments.only:
                status.update(f"{name}: measuring")
                started = time.perf_counter()
                async for figure in PHASES[name].run(bench):
                    figures.append(figure)
                    status.update(f"{name}: {figure.name}: {_number(figure.value)} {figure.unit}")
                console.log(f"{name} took {time.perf_counter() - started:.0f} s")
            driver.close()
    finally:
        await asyncio.to_thread(service.remove)
    return figures


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:,.2f}"


def _table(figures: list[Figure]) -> Table:
    table = Table(title="Correio on the embedded database")
    for heading, justify in (
        ("what", "left"),
        ("figure", "right"),
        ("unit", "left"),
        ("target", "right"),
        ("bare driver", "right"),
        ("ratio", "right"),
        ("met", "center"),
        ("note", "left"),
    ):
        table.add_column(heading, justify=justify)  # type: ignore[arg-type]
    for figure in figures:
        sign = "≥" if figure.better == "higher" else "≤"
        target = f"{sign} {_number(figure.target)}" if figure.target is not None else ""
        if figure.target_ratio is not None:
            target = f"≥ {figure.target_ratio:.0%} of the driver"
        table.add_row(
            figure.name,
            _number(figure.value),
            figure.unit,
            target,
            _number(figure.bare) if figure.bare else "",
            f"{figure.ratio:.0%}" if figure.ratio else "",
            {None: "", True: "yes", False: "[red]no[/red]"}[figure.met],
            figure.note,
        )
    return table


def main() -> int:
    """Returns 1 where a target was missed, so that a script notices."""
    arguments = _arguments()
    console = Console(stderr=True)
    machine: dict[str, Any] = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "processors": os.cpu_count(),
        "load": os.getloadavg()[0],
    }
    figures = uvloop.run(_measure(arguments, console))
    if arguments.json:
        print(json.dumps({"machine": machine, "figures": [figure.as_json() for figure in figures]}, indent=2))
    else:
        out = Console(width=max(150, console.width))
        out.print(_table(figures))
        out.print(
            f"Python {machine['python']}, {machine['processors']} processors, load {machine['load']:.1f} at the start"
        )
    return 1 if any(figure.met is False for figure in figures) else 0


if __name__ == "__main__":
    sys.exit(main())
