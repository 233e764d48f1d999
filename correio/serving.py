"""Running a node in the foreground: the loop, the signals, and the exit code."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import resource
import signal
import sys
from typing import Any

import uvloop

from correio.config import Settings
from correio.config_sources import ConfigError, unknown_variables
from correio.demo.guard import require_loopback
from correio.demo.guide import print_guide
from correio.demo.seed import seed
from correio.errors import MailError
from correio.log_format import set_up_logging
from correio.node import Node, StartError

_log = logging.getLogger("correio.node")


def serve_forever(settings: Settings, *, demo: bool = False) -> tuple[int, bool]:
    """Serve until SIGTERM or SIGINT. Returns the exit code, and whether everything ended in time."""
    set_up_logging(settings.log_level, as_json=settings.log_json)
    # The line "ready" is a promise to scripts, whatever the level.
    _log.setLevel(min(logging.INFO, _log.getEffectiveLevel()))
    for variable in unknown_variables(os.environ):
        _log.warning("%s is not a setting and does nothing", variable)
    raise_file_limit()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_serve(settings, demo=demo))


async def _serve(settings: Settings, *, demo: bool) -> tuple[int, bool]:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_log_unhandled)
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _stop, stopping)
    node = Node(settings, seed if demo else None)
    loop.add_signal_handler(signal.SIGHUP, node.reload_certificate)
    stop = asyncio.create_task(stopping.wait())
    starting = asyncio.create_task(_start(node, settings, demo=demo))
    await asyncio.wait((starting, stop), return_when=asyncio.FIRST_COMPLETED)
    if not starting.done():
        starting.cancel()
    try:
        await starting
    except asyncio.CancelledError:
        return 0, node.clean
    except (StartError, ConfigError, MailError) as error:
        stop.cancel()
        print(f"correio: {error}", file=sys.stderr, flush=True)
        return 1, node.clean
    if demo:
        print_guide(node.endpoints)
    await stop
    _log.info("stopping")
    await node.stop()
    _log.info("stopped")
    return 0, node.clean


async def _start(node: Node, settings: Settings, *, demo: bool) -> None:
    if demo:
        require_loopback(settings)
    await node.start()


def _stop(stopping: asyncio.Event) -> None:
    if stopping.is_set():
        # Asked for twice: somebody is in a hurry. What is acknowledged is on disk.
        os._exit(1)
    stopping.set()


def _log_unhandled(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    error = context.get("exception")
    _log.error("%s", context.get("message", "unhandled exception"), exc_info=error)


def raise_file_limit() -> None:
    """Allow as many open files, and so connections, as the system lets this user have."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
