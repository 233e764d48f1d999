"""The state of one run: variables, what was matched, the actions so far, and the steps spent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from correio.sieve.actions import Action, Sighting
from correio.sieve.comparator import Value, octets_of, text_of
from correio.sieve.environment import Environment
from correio.sieve.errors import SieveRuntimeError
from correio.sieve.flag_list import read_flags
from correio.sieve.limits import SieveLimits
from correio.sieve.match import Match, find_match
from correio.sieve.message_view import MessageView
from correio.sieve.template import Capture, Template, Variable
from correio.sieve.tree import Script

OUT_OF_STEPS: Final = "The script took too many steps."


class Execution:
    """One run of a script on a message."""

    def __init__(self, script: Script, message: MessageView, environment: Environment, limits: SieveLimits) -> None:
        self.message: Final = message
        self.environment: Final = environment
        self.limits: Final = limits
        self.uses_variables: Final = "variables" in script.requires
        self.variables: Final[dict[str, str]] = {}
        self.captures: tuple[str, ...] = ()
        self.flags: tuple[str, ...] = ()
        """The internal variable of RFC 5232."""
        self.actions: Final[list[Action]] = []
        self.keeps = True
        """Whether nothing has cancelled the implicit keep."""
        self.why_no_answer = ""
        """Why the message gets no answer of ``vacation``; empty: it may get one."""
        self.sightings: Final[dict[str, Sighting]] = {}
        self.unknown: Final[dict[str, None]] = {}
        self._steps = limits.steps

    def spend(self, steps: int) -> None:
        """Count steps. Raises SieveRuntimeError when there are too many."""
        self._steps -= steps
        if self._steps < 0:
            raise SieveRuntimeError(OUT_OF_STEPS)

    def act(self, action: Action) -> None:
        """Add an action. Raises SieveRuntimeError when there are too many."""
        if len(self.actions) >= self.limits.actions:
            raise SieveRuntimeError(f"The script asks for more than {self.limits.actions} actions.")
        self.actions.append(action)

    def text(self, template: Template) -> str:
        """Return a string with its variables put in, cut where it would be too long."""
        if template.constant:
            return template.source
        found: list[str] = []
        room = self.limits.text
        for piece in template.pieces:
            match piece:
                case str():
                    value = piece
                case Variable():
                    value = self.variables.get(piece.name, "")
                case Capture():
                    value = self.captures[piece.number] if piece.number < len(self.captures) else ""
            value = value[:room]
            room -= len(value)
            found.append(value)
        result = "".join(found)
        self.spend(len(result) >> 10)
        # Octets that were captured apart may make up a character again.
        return result if result.isascii() else text_of(octets_of(result))

    def texts(self, templates: Sequence[Template]) -> list[str]:
        """Return strings with their variables put in."""
        return [self.text(template) for template in templates]

    def matches(self, match: Match, values: Iterable[Value], keys: Sequence[Template], *, capture: bool = True) -> bool:
        """Tell whether any value matches any key; the wildcards of ``:matches`` become the match variables."""
        found = find_match(match, values, self.texts(keys), self.spend, self.limits.captures)
        if found is None:
            return False
        if found.captures is not None and capture and self.uses_variables:
            self.captures = tuple(one[: self.limits.variable] for one in found.captures)
        return True

    def flags_of(self, given: Sequence[Template] | None) -> tuple[str, ...]:
        """Return the flags of ``:flags``, or where it was not given those of the internal variable."""
        return self.flags if given is None else read_flags(self.texts(given))
