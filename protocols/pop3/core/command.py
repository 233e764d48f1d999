"""One command line (RFC 1939 section 3, RFC 2449 section 4)."""

from __future__ import annotations

import msgspec

from protocols.pop3.core.response import Refusal

MAX_LINE = 255
"""Octets of a command line without its CRLF (RFC 2449 section 4); AUTH with an initial response may be longer."""


class Command(msgspec.Struct, frozen=True):
    """A command: its keyword in upper case, and everything after the first space as given."""

    keyword: str
    argument: str

    def words(self, least: int, most: int) -> list[str]:
        """Return the arguments. Raises Refusal when there are fewer or more than allowed."""
        found = self.argument.split()
        if not least <= len(found) <= most:
            raise Refusal(f"{self.keyword} has {_count(least, most)}.")
        return found


def parse_command(line: bytes) -> Command:
    """Return the command on a line without its CRLF. Raises Refusal."""
    keyword, _, argument = line.partition(b" ")
    if not keyword.isalnum() or (len(line) > MAX_LINE and keyword.upper() not in (b"AUTH", b"USER", b"PASS")):
        raise Refusal("That is not a command.")
    try:
        # Names and passwords in UTF-8 are taken with or without the UTF8 command of RFC 6856.
        text = argument.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refusal("The argument is not in UTF-8.") from error
    if "\0" in text or "\r" in text:
        raise Refusal("The argument holds a control character.")
    return Command(keyword.upper().decode("ascii"), text)


def number(word: str, largest: int) -> int:
    """Return a decimal number of at most this value. Raises Refusal."""
    if not word.isascii() or not word.isdigit() or len(word) > 18 or int(word) > largest:
        raise Refusal("That is not a number that can be meant here.")
    return int(word)


def _count(least: int, most: int) -> str:
    if most == 0:
        return "no argument"
    if least == most:
        return "one argument" if most == 1 else f"{most} arguments"
    return f"at most {most} arguments" if least == 0 else f"{least} to {most} arguments"
