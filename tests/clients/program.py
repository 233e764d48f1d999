"""Running a mail program as a person does: with a home of its own, until it ends."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import os
import pwd
import shutil
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from types import ModuleType

import pytest

INSTALL = "run tests/clients/install.sh as root (Debian 12), or install it by your system's own means"
PATIENCE = 60.0
"""Seconds a program may take. None takes more than a few; one that waits for the server for ever is shown as such."""


def required(name: str) -> str:
    """The path of a program. A missing one is a failure: nobody shall believe it was tested."""
    path = shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/games")
    if path is None:
        pytest.fail(f"{name} is not installed; {INSTALL}", pytrace=False)
    return path


def required_module(name: str) -> ModuleType:
    """A Python library, from the group `clients` of pyproject.toml."""
    try:
        return importlib.import_module(name)
    except ImportError:
        pytest.fail(f"The Python package {name} is not installed; run the tests by `make test-clients`", pytrace=False)


@dataclass(frozen=True)
class Ended:
    """How a program ended, and all it said."""

    code: int
    said: str
    output: bytes
    """What it wrote to standard output alone."""


class Home:
    """The home directory of somebody who runs programs, in which they may leave what they like."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __truediv__(self, name: str) -> Path:
        return self.path / name

    def write(self, name: str, text: str | bytes) -> Path:
        """A file that only its owner reads, as programs ask of those with passwords."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        path.chmod(0o600)
        return path

    def maildir(self, name: str) -> Path:
        """An empty Maildir."""
        path = self.path / name
        for part in ("cur", "new", "tmp"):
            (path / part).mkdir(parents=True, exist_ok=True)
        return path

    def give_to(self, user: str) -> None:
        """Let another user own everything here."""
        for path in (self.path, *self.path.rglob("*")):
            shutil.chown(path, user)

    async def run(
        self,
        *command: str | Path,
        stdin: bytes = b"",
        codes: Sequence[int] = (0,),
        user: str | None = None,
        patience: float = PATIENCE,
        **environment: str,
    ) -> Ended:
        """Run to the end. Fails when the exit code is none of ``codes``, or when the program outlasts ``patience``."""
        program = required(str(command[0]))
        # To files, so that what was said is there whatever becomes of the program.
        with TemporaryFile() as stdout, TemporaryFile() as stderr:
            child = await asyncio.create_subprocess_exec(
                program,
                *map(str, command[1:]),
                cwd=self.path,
                env={
                    "PATH": os.environ.get("PATH", os.defpath),
                    "HOME": str(self.path),
                    "LANG": "C.UTF-8",
                    "LC_ALL": "C.UTF-8",
                    "TERM": "xterm",
                    "LINES": "40",
                    "COLUMNS": "120",
                    "PYTHONUNBUFFERED": "1",
                    "PYTHONFAULTHANDLER": "1",
                    **environment,
                },
                stdin=asyncio.subprocess.PIPE,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
                user=user,
                group=pwd.getpwnam(user).pw_gid if user else None,
                extra_groups=[] if user else None,
            )
            try:
                async with asyncio.timeout(patience):
                    await child.communicate(stdin)
            except TimeoutError:
                # A program in Python tells where it hangs when it is aborted.
                for number in (signal.SIGABRT, signal.SIGKILL):
                    with contextlib.suppress(ProcessLookupError):
                        os.killpg(child.pid, number)
                    await asyncio.sleep(1)
                await child.wait()
                late = True
            else:
                late = False
            for file in (stdout, stderr):
                file.seek(0)
            output, errors = stdout.read(), stderr.read()
        said = (output + errors).decode(errors="replace")
        assert not late, f"{command[0]} did not end within {patience:.0f} s:\n{said[-8000:]}"
        code = child.returncode if child.returncode is not None else -1
        assert code in codes, f"{command[0]} ended with {code}:\n{said[-6000:]}"
        return Ended(code, said, output)
