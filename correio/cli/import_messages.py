"""``correio import``."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import click

from correio.archive.import_mail import Summary, import_mail
from correio.archive.read_path import count_octets, read_path
from correio.archive.stored_mail import ReadingBounds
from correio.cli.progress import octet_progress
from correio.cli.running import CommandError, print_json, run, store_of
from correio.cli.setting_options import setting_options
from correio.config import Settings
from correio.mail.directory import find_user

_SHOWN = 20


@click.command("import")
@click.argument("address")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--mailbox",
    metavar="M",
    help="Put everything there; made if missing. Without: INBOX, and subfolders of Maildirs by name.",
)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@setting_options()
def import_messages(
    address: str, paths: tuple[Path, ...], mailbox: str | None, settings: Settings, *, as_json: bool
) -> None:
    """Put the messages at each PATH into an account: eml files, mboxes, Maildirs with their flags, directories of them.

    Octets are kept; bare LF becomes CRLF. Importing twice makes duplicates. Exits with 1 if a message was left out.
    """

    async def work(progress: Callable[[int], None]) -> Summary:
        async with store_of(settings) as store:
            user = await find_user(store, address)
            account = await store.account(user.id)
            bounds = ReadingBounds(settings.limits.message_size)
            found = itertools.chain.from_iterable(read_path(path, bounds) for path in paths)
            summary = await import_mail(account, found, mailbox, progress)
            # Nobody waits for the rest of the work later: what was imported is searched as fast as what was delivered.
            await store.search_keeper.settle()
            return summary

    shown: AbstractContextManager[Callable[[int], None]] = nullcontext(lambda _: None)
    try:
        if sys.stderr.isatty():
            shown = octet_progress("Importing", sum(count_octets(path) for path in paths))
        with shown as progress:
            summary = run(work(progress))
    except OSError as error:
        raise CommandError(f"Cannot read {error.filename}: {error.strerror}.") from error
    if as_json:
        failures = [{"origin": each.origin, "reason": each.reason} for each in summary.failures]
        print_json({"imported": summary.imported, "octets": summary.octets, "failed": failures})
    else:
        for each in summary.failures[:_SHOWN]:
            click.echo(f"Left out: {each.origin} {each.reason}", err=True)
        if len(summary.failures) > _SHOWN:
            click.echo(f"… and {len(summary.failures) - _SHOWN} more", err=True)
        click.echo(f"{summary.imported} messages imported, {summary.octets} octets, {len(summary.failures)} left out.")
    if summary.failures:
        raise SystemExit(1)
