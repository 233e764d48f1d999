"""``correio export``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import click

from correio.archive.export_mail import export_mail
from correio.archive.write_mail import FORMATS
from correio.cli.progress import octet_progress
from correio.cli.running import CommandError, print_json, run, store_of
from correio.cli.setting_options import setting_options
from correio.config import Settings
from correio.mail.directory import find_user


@click.command("export")
@click.argument("address")
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice([*FORMATS]),
    default="eml",
    show_default=True,
    help="eml and maildir keep every octet; mbox has LF line ends.",
)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@setting_options()
def export_messages(address: str, directory: Path, form: str, settings: Settings, *, as_json: bool) -> None:
    """Write all mail of an account into DIRECTORY, which must be empty or not exist."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if any(directory.iterdir()):
            raise CommandError(f"{directory} is not empty; name a directory that is, so that nothing is overwritten.")
    except OSError as error:
        raise CommandError(f"Cannot use {directory}: {error.strerror}.") from error

    async def work() -> tuple[int, int]:
        async with store_of(settings) as store:
            user = await find_user(store, address)
            account = await store.account(user.id)
            shown: AbstractContextManager[Callable[[int], None]] = nullcontext(lambda _: None)
            if sys.stderr.isatty():
                shown = octet_progress("Exporting", account.used)
            with shown as progress:
                return await export_mail(account, FORMATS[form](directory), progress)

    try:
        messages, octets = run(work())
    except OSError as error:
        raise CommandError(f"Cannot write {error.filename}: {error.strerror}.") from error
    if as_json:
        print_json({"exported": messages, "octets": octets})
    else:
        click.echo(f"{messages} messages exported, {octets} octets.")
