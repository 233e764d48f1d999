"""What others wrote, as it may stand in a line of ours."""

from __future__ import annotations


def printable(text: str) -> str:
    """Return a text that steers no terminal and stays in its line: what cannot be seen becomes a space."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
