"""What is wrong with a command, in a sentence for its tagged BAD."""

from __future__ import annotations


class CommandSyntaxError(ValueError):
    """The arguments of a command do not follow its grammar. ``message`` is one sentence, ASCII, for the client."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class CommandRefusedError(ValueError):
    """The command is well formed and cannot be done; answered with a tagged NO. ``code`` is a response code or empty."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code
