"""A delivery agent for programs that pipe each message to a command: one file a message."""

from __future__ import annotations

from tests.clients.letters import name_of
from tests.clients.maildir import crlf
from tests.clients.program import Home


class DeliveryAgent:
    """``command directory`` stores what it reads. ``linger``: seconds it lives on after that."""

    def __init__(self, home: Home, linger: float = 0) -> None:
        self.directory = home / "in"
        self.directory.mkdir()
        pause = f"sleep {linger}\n" if linger else ""
        self.command = home.write("agent", f'#!/bin/sh\ncat > "$(mktemp "$1/XXXXXXXX")" || exit\n{pause}')
        self.command.chmod(0o700)

    def messages(self) -> list[bytes]:
        """What was delivered, with the line ends of the wire, sorted."""
        return sorted(crlf(path.read_bytes()) for path in self.directory.iterdir())

    def names(self) -> list[str]:
        return sorted(name_of(raw) for raw in self.messages())

    def take(self) -> list[bytes]:
        """What was delivered since the last call."""
        found = self.messages()
        for path in self.directory.iterdir():
            path.unlink()
        return found
