"""A script from its octets to what can be run."""

from __future__ import annotations

from correio.sieve.arguments import Context
from correio.sieve.errors import Mistake, Problem, SieveSyntaxError
from correio.sieve.limits import LIMITS, SieveLimits
from correio.sieve.parser import parse
from correio.sieve.read_commands import read_commands
from correio.sieve.tree import Script


def compile_script(text: bytes, limits: SieveLimits = LIMITS) -> Script:
    """Return a script ready to run. Raises SieveSyntaxError, and nothing else whatever the octets are."""
    if len(text) > limits.size:
        raise SieveSyntaxError([Problem(f"The script has {len(text)} octets; at most {limits.size} are read.", 1, 1)])
    context = Context(limits)
    try:
        commands = parse(text, limits.nesting)
    except Mistake as mistake:
        raise SieveSyntaxError([mistake.problem]) from mistake
    statements = read_commands(commands, context, top=True)
    if context.problems:
        problems = sorted(context.problems, key=lambda one: (one.line, one.column))
        raise SieveSyntaxError(problems[: limits.problems])
    return Script(len(text), frozenset(context.required), statements)
