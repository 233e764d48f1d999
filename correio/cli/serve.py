"""``correio serve``."""

from __future__ import annotations

import os
import sys

import click

from correio.cli.setting_options import setting_options
from correio.config import Settings


@click.command()
@click.option("--demo", is_flag=True, help="Add two domains, two accounts and some mail to try; loopback only.")
@setting_options(every=True)
def serve(settings: Settings, *, demo: bool) -> None:
    """Serve mail until SIGTERM or SIGINT.

    Addresses are HOST:PORT, [IPv6]:PORT or :PORT (every address of the machine); port 0 takes a free one, an empty value
    turns the listener off. SIGHUP reads the configured TLS certificate again.
    """
    from correio.serving import serve_forever  # noqa: PLC0415 - so that --help does not load the server

    code, clean = serve_forever(settings, demo=demo)
    if not clean:
        # A thread that is stuck in the database must not keep the process beyond the time it has to stop.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    raise SystemExit(code)
