"""``correio sieve check``."""

from __future__ import annotations

from pathlib import Path

import click

from correio.cli.running import print_json
from correio.cli.setting_options import setting_options
from correio.cli.sieve.script_file import FILE, read_script, show_problems
from correio.config import Settings
from correio.mail.sieve_scripts import limits_of
from correio.sieve.compile_script import compile_script
from correio.sieve.errors import SieveSyntaxError


@click.command()
@click.argument("file", type=FILE)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@setting_options()
def check(file: Path, settings: Settings, *, as_json: bool) -> None:
    """Say what is wrong with a script, by line and column. FILE is - for standard input. No server is needed."""
    text = read_script(file)
    try:
        script = compile_script(text, limits_of(settings.limits))
    except SieveSyntaxError as error:
        if as_json:
            print_json(
                {
                    "valid": False,
                    "problems": [
                        {"line": one.line, "column": one.column, "message": one.message} for one in error.problems
                    ],
                }
            )
            raise SystemExit(1) from error
        raise show_problems(file, error) from error
    if as_json:
        print_json({"valid": True, "problems": []})
        return
    needs = ", ".join(sorted(script.requires)) or "no extensions"
    click.echo(f"{file} is a good script; it uses {needs}.")
