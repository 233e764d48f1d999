"""Running a script on a message."""

from __future__ import annotations

import contextlib
from typing import Final

from correio.sieve.actions import Decision, Keep, Redirect, Vacation
from correio.sieve.environment import Environment
from correio.sieve.errors import SieveRuntimeError
from correio.sieve.execution import Execution
from correio.sieve.limits import LIMITS, SieveLimits
from correio.sieve.message_view import MessageView
from correio.sieve.personal import plain_address
from correio.sieve.run_statements import StopScript, run_statements
from correio.sieve.tree import Script

KEPT: Final = (Keep(),)


def run(script: Script, message: MessageView, environment: Environment, limits: SieveLimits = LIMITS) -> Decision:
    """Return what a script wants done with a message.

    All or nothing: whatever goes wrong, the one action is to keep the message, and ``problem`` says why (RFC 5228 section
    2.10.6). Nothing is raised that a script or a message could cause.
    """
    execution = Execution(script, message, environment, limits)
    try:
        with contextlib.suppress(StopScript):
            run_statements(execution, script.statements)
        actions = execution.actions
        _check_loop(execution)
    except SieveRuntimeError as error:
        return Decision(KEPT, error.message, unknown=tuple(execution.unknown))
    if execution.keeps:
        actions.append(Keep(execution.flags))
    return Decision(
        tuple(action for action in actions if not (isinstance(action, Vacation) and execution.why_no_answer)),
        sightings=tuple(execution.sightings.values()),
        unknown=tuple(execution.unknown),
    )


def _check_loop(execution: Execution) -> None:
    """Raise SieveRuntimeError where a message that came to this account before would be sent on once more (RFC 5228 section
    4.2). By which of its names does not matter: a rule can make up a new one each time.
    """
    if not any(isinstance(action, Redirect) for action in execution.actions):
        return
    here = {plain_address(one) for one in (execution.environment.recipient, *execution.environment.addresses)}
    # The topmost field is that of this delivery.
    if any(plain_address(value) in here for value in execution.message.earlier("delivered-to")):
        raise SieveRuntimeError("The message was delivered here before: redirecting it again would be a loop.")
