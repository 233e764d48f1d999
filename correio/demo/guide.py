"""What ``correio serve --demo`` prints when it is ready: addresses, accounts, and three commands that work as printed."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Final

from rich.console import Console
from rich.table import Table

from correio.config import Endpoint
from correio.demo.people import PASSWORD, PEOPLE

_WHAT: Final = {
    "http": "REST, GraphQL, health and metrics",
    "smtp": "mail from other servers",
    "submission": "mail from your own programs, after they sign in",
    "submissions": "the same under TLS",
    "lmtp": "mail from a mail transfer agent on this machine",
    "imap": "mailboxes",
    "imaps": "the same under TLS",
    "pop3": "the inbox",
    "pop3s": "the same under TLS",
}


def commands(endpoints: Mapping[str, Endpoint]) -> list[tuple[str, str]]:
    """Return what can be tried with curl on the listeners that are on: (what it does, command)."""
    orlando, maria = (address for address, _ in PEOPLE)
    found: list[tuple[str, str]] = []
    if smtp := endpoints.get("smtp"):
        found.append(
            (
                "Send Maria a message by SMTP",
                (
                    f"printf 'From: {orlando}\\r\\nTo: {maria}\\r\\nSubject: Olá\\r\\n\\r\\nBom dia!\\r\\n' |"
                    f" curl -sS smtp://{smtp} --mail-from {orlando} --mail-rcpt {maria} -T -"
                ),
            )
        )
    if imap := endpoints.get("imap"):
        found.append(
            (
                "Read her newest message by IMAP",
                f"curl -sS -u {maria}:{PASSWORD} 'imap://{imap}/INBOX;MAILINDEX=*'",
            )
        )
    if http := endpoints.get("http"):
        found.append(
            (
                "List her mailboxes by REST",
                (
                    f'curl -sS http://{http}/v1/mailboxes -H "Authorization: Bearer $(curl -sS http://{http}/v1/tokens'
                    f' -H \'Content-Type: application/json\' -d \'{{"address":"{maria}","password":"{PASSWORD}"}}\''
                    ' | sed \'s/.*"token":"\\([^"]*\\)".*/\\1/\')"'
                ),
            )
        )
    return found


def print_guide(endpoints: Mapping[str, Endpoint]) -> None:
    """Print everything a newcomer needs, in colour on a terminal."""
    console = Console(file=sys.stdout, highlight=False, soft_wrap=True)
    console.print("\n[bold]Correio is ready.[/bold] Stop it with Ctrl-C.\n")
    table = Table(box=None, padding=(0, 2, 0, 2), show_header=False)
    for name, endpoint in endpoints.items():
        shown = f"http://{endpoint}" if name == "http" else str(endpoint)
        table.add_row(f"[bold]{name}[/bold]", f"[cyan]{shown}[/cyan]", _WHAT[name])
    console.print(table)
    console.print("\n  [bold]Accounts[/bold]")
    for address, name in PEOPLE:
        console.print(f"    [cyan]{address}[/cyan]  password [cyan]{PASSWORD}[/cyan]  ({name})")
    console.print("\n  [bold]Three commands to try[/bold], in another terminal")
    for what, command in commands(endpoints):
        console.print(f"\n    # {what}", style="dim")
        console.print(f"    {command}", markup=False)
    console.print()
    sys.stdout.flush()
