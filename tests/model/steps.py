"""What a step is, and how it names messages, mailboxes and flags before it is known which there are."""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hypothesis import strategies as st

if TYPE_CHECKING:
    from tests.model.play import Play
    from tests.model.session import ModelSession

PATHS = ("INBOX", "Sent", "a", "a/b", "a/b/c", "d", "d/e")
FLAGS = ("\\Seen", "\\Deleted", "\\Flagged", "\\Answered", "\\Draft", "$Label1", "Work", "work")


@dataclass(frozen=True)
class Step(abc.ABC):
    """Something that one session, or somebody beside the sessions, does."""

    session: int

    @abc.abstractmethod
    async def run(self, play: Play) -> None:
        """Do it at the server and in the model, and compare the answers."""


@dataclass(frozen=True)
class Pick:
    """Some messages of a view."""

    form: str
    first: int
    last: int

    def positions(self, count: int) -> list[int]:
        """Positions from 0, ascending, in a view that is not empty."""
        one, two = self.first % count, self.last % count
        match self.form:
            case "one":
                return [one]
            case "range":
                return list(range(min(one, two), max(one, two) + 1))
            case "pair":
                return sorted({one, two})
            case "rest":
                return list(range(one, count))
            case "last":
                return [count - 1]
            case _:
                return list(range(count))

    def text(self, numbers: list[int]) -> bytes:
        """The set that names them, by the message numbers or UIDs of the whole view."""
        one, two = numbers[self.first % len(numbers)], numbers[self.last % len(numbers)]
        match self.form:
            case "one":
                return b"%d" % one
            case "range":
                return b"%d:%d" % (one, two)
            case "pair":
                return b"%d,%d" % (one, two)
            case "rest":
                return b"%d:*" % one
            case "last":
                return b"*"
            case _:
                return b"1:*"

    def resolve(self, session: ModelSession, *, uid: bool) -> tuple[bytes, list[int]]:
        """The set as sent, and the UIDs it means to this session."""
        view = session.view
        if not view:
            return b"1:*", []
        numbers = view if uid else list(range(1, len(view) + 1))
        return self.text(numbers), [view[at] for at in self.positions(len(view))]


def sessions() -> st.SearchStrategy[int]:
    return st.integers(0, 2)


def paths() -> st.SearchStrategy[str]:
    return st.sampled_from(PATHS)


def picks() -> st.SearchStrategy[Pick]:
    forms = st.sampled_from(("one", "all", "range", "pair", "rest", "last"))
    return st.builds(Pick, forms, st.integers(0, 7), st.integers(0, 7))


def flag_names(*, empty: bool = True) -> st.SearchStrategy[tuple[str, ...]]:
    names = st.lists(st.sampled_from(FLAGS), min_size=0 if empty else 1, max_size=3, unique_by=str.lower)
    return names.map(tuple)


def lowered(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(name.lower() for name in names)
