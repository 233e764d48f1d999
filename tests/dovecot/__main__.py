"""`python -m tests.dovecot [--own] [--examples N]`: print the table; 1 where a difference has no explanation."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from argon2 import PasswordHasher
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from correio.config import Settings
from correio.mail.directory import add_domain, add_user
from correio.opening import open_store
from tests.corpus.catalogue import messages, outside_messages
from tests.dovecot.explained import explanation
from tests.dovecot.instance import INSTALL, PASSWORD, USER, Dovecot, binary
from tests.dovecot.run import Comparison, Difference, Pair
from tests.peers.imap import ImapClient
from tests.peers.served import Served

ADDRESS = "reader@correio.test"


async def _correio(data: Path) -> Served:
    served = Served(data)
    await served.start()
    async with open_store(Settings(data=data)) as store:
        await add_domain(store, "correio.test")
        await add_user(store, ADDRESS, PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD))
    return served


async def _compare(dovecot: Dovecot, data: Path, console: Console, *, own: bool) -> Comparison:
    served = await _correio(data)
    try:
        ours = await ImapClient.connect(served.address("imap"))
        await ours.signed_in(ADDRESS, PASSWORD)

        async def theirs() -> ImapClient:
            client = await ImapClient.connect(dovecot.address)
            return await client.signed_in(USER, PASSWORD)

        pair = Pair(ours, await theirs(), theirs)
        comparison = Comparison(pair, console.log)
        await comparison.run(messages() if own else (*messages(), *outside_messages()))
        await ours.close()
        await pair.dovecot.close()
    except ConnectionError:
        console.print("The log of Correio ends with:", served.log.read_text()[-3000:], markup=False)
        raise
    finally:
        await served.stop()
    assert not served.tracebacks(), served.tracebacks()[0]
    return comparison


def _report(comparison: Comparison, version: str, examples: int) -> int:
    out = Console(width=150)
    table = Table(title=f"Correio and Dovecot {version}")
    for heading, justify in (
        ("asked", "left"),
        ("times", "right"),
        ("different", "right"),
        ("why (docs/imap.md)", "left"),
    ):
        table.add_column(heading, justify=justify)  # type: ignore[arg-type]
    by_kind: dict[str, dict[str, list[Difference]]] = defaultdict(lambda: defaultdict(list))
    for difference in comparison.found:
        by_kind[difference.kind][explanation(difference) or ""].append(difference)
    unexplained = 0
    for kind, asked in sorted(comparison.asked.items()):
        if kind not in by_kind:
            table.add_row(escape(kind), str(asked), "0", "")
        for why, those in sorted(by_kind.get(kind, {}).items()):
            unexplained += 0 if why else len(those)
            table.add_row(escape(kind), str(asked), str(len(those)), why or "[red]unexplained[/red]")
    out.print(table)
    for kind, reasons in sorted(by_kind.items()):
        for difference in reasons.get("", [])[:examples]:
            out.print(f"{kind}: {difference.where}", markup=False, highlight=False)
            out.print(f"   Correio: {_short(difference.correio)}", markup=False, highlight=False)
            out.print(f"   Dovecot: {_short(difference.dovecot)}", markup=False, highlight=False)
    out.print(f"{len(comparison.found)} differences, {unexplained} without an explanation")
    return 1 if unexplained else 0


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 400 else f"{text[:300]} ... {text[-80:]} ({len(text)} characters)"


def main() -> int:
    """Returns 0 without Dovecot too, after saying what to install."""
    parser = argparse.ArgumentParser(prog="python -m tests.dovecot", description="Compare Correio with Dovecot.")
    parser.add_argument("--own", action="store_true", help="only our own messages, not those of CORREIO_CORPUS")
    parser.add_argument("--examples", type=int, default=5, help="unexplained differences to show of each kind (5)")
    arguments = parser.parse_args()
    program = binary()
    if program is None:
        print(INSTALL, file=sys.stderr)
        return 0
    console = Console(stderr=True)
    dovecot = Dovecot(program)
    with tempfile.TemporaryDirectory(prefix="compare-correio-") as data:
        try:
            dovecot.start()
            comparison = asyncio.run(_compare(dovecot, Path(data), console, own=arguments.own))
        finally:
            dovecot.remove()
    return _report(comparison, dovecot.version, arguments.examples)


if __name__ == "__main__":
    sys.exit(main())
