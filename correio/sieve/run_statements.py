"""What each command does."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from correio.sieve import tree
from correio.sieve.actions import FileInto, Keep, Redirect, Reject, Vacation
from correio.sieve.errors import SieveRuntimeError
from correio.sieve.execution import Execution
from correio.sieve.flag_list import read_flags, without
from correio.sieve.personal import why_no_answer
from correio.sieve.run_tests import run_test
from correio.sieve.sieve_address import read_address, read_addresses
from correio.sieve.special_use import is_special_use

_LOWER: Final = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_UPPER: Final = {code: code - 32 for code in range(ord("a"), ord("z") + 1)}
_SPECIAL: Final = re.compile(r"[*?\\]")
_MODIFIERS: Final[dict[str, Callable[[str], str]]] = {
    "lower": lambda text: text.translate(_LOWER),
    "upper": lambda text: text.translate(_UPPER),
    "lowerfirst": lambda text: text[:1].translate(_LOWER) + text[1:],
    "upperfirst": lambda text: text[:1].translate(_UPPER) + text[1:],
    "quotewildcard": lambda text: _SPECIAL.sub(r"\\\g<0>", text),
    "length": lambda text: str(len(text)),
}
_CONFLICT: Final = (
    "reject goes with no action that delivers or answers the message: the sender hears that it was refused."
)


class StopScript(Exception):  # noqa: N818 - the end of the script, not an error
    """``stop``."""


def run_statements(run: Execution, statements: Sequence[tree.Statement]) -> None:
    """Run statements in order. Raises SieveRuntimeError and StopScript."""
    for statement in statements:
        run.spend(1)
        _RUN[type(statement)](run, statement)


def _if(run: Execution, statement: tree.If) -> None:
    for test, block in statement.branches:
        if run_test(run, test):
            run_statements(run, block)
            return


def _stop(_: Execution, __: tree.Stop) -> None:
    raise StopScript


def _not_rejected(run: Execution) -> None:
    if any(isinstance(action, Reject) for action in run.actions):
        raise SieveRuntimeError(_CONFLICT)


def _keep(run: Execution, statement: tree.KeepCommand) -> None:
    _not_rejected(run)
    run.act(Keep(run.flags_of(statement.flags)))
    run.keeps = False


def _discard(run: Execution, _: tree.DiscardCommand) -> None:
    run.keeps = False


def _fileinto(run: Execution, statement: tree.FileIntoCommand) -> None:
    _not_rejected(run)
    use = run.text(statement.special_use) if statement.special_use is not None else ""
    if use and not is_special_use(use):
        raise SieveRuntimeError(f'"{use[:80]}" is no special use.')
    mailbox = run.text(statement.mailbox)
    try:
        mailbox.encode("utf-8")
    except UnicodeEncodeError:
        raise SieveRuntimeError("The name of a mailbox must be valid UTF-8.") from None
    run.act(FileInto(mailbox, run.flags_of(statement.flags), statement.create, use))
    if not statement.copy:
        run.keeps = False


def _redirect(run: Execution, statement: tree.RedirectCommand) -> None:
    _not_rejected(run)
    text = run.text(statement.address)
    address = read_address(text)
    if address is None:
        raise SieveRuntimeError(f'"{text[:80]}" is no address to redirect to.')
    action = Redirect(address.email)
    if action not in run.actions:
        if sum(isinstance(one, Redirect) for one in run.actions) >= run.limits.redirects:
            raise SieveRuntimeError(f"The script redirects to more than {run.limits.redirects} addresses.")
        run.act(action)
    if not statement.copy:
        run.keeps = False


def _reject(run: Execution, statement: tree.RejectCommand) -> None:
    if run.actions:
        raise SieveRuntimeError(_CONFLICT)
    run.act(Reject(run.text(statement.reason), statement.early))
    run.keeps = False


def _vacation(run: Execution, statement: tree.VacationCommand) -> None:
    _not_rejected(run)
    if any(isinstance(action, Vacation) for action in run.actions):
        raise SieveRuntimeError("vacation may be run once.")
    reason = run.text(statement.reason)
    if statement.mime and not reason.partition("\r\n\r\n")[0].isascii():
        raise SieveRuntimeError("The header of a :mime answer is in US-ASCII.")
    sender = run.text(statement.sender) if statement.sender is not None else ""
    if sender and read_addresses(sender) is None:
        # RFC 5230 section 4.3: what is no address is ignored rather than an error.
        sender = ""
    subject = run.text(statement.subject) if statement.subject is not None else None
    # In place even where the message gets no answer: a second vacation is an error whatever the message is.
    run.act(Vacation(statement.seconds, subject, sender, statement.mime, statement.handle, reason))
    own = (run.environment.recipient, *run.environment.addresses, *run.texts(statement.addresses))
    if run.environment.junk:
        # Who is named as its sender most likely has not sent it (RFC 3834 section 7).
        run.why_no_answer = "it was taken for junk"
    else:
        run.why_no_answer = why_no_answer(run.message, run.environment.sender, own)


def _set(run: Execution, statement: tree.SetCommand) -> None:
    value = run.text(statement.value)
    for modifier in statement.modifiers:
        value = _MODIFIERS[modifier](value)
    _store(run, statement.name, value)


def _store(run: Execution, name: str, value: str) -> None:
    if name not in run.variables and len(run.variables) >= run.limits.variables:
        raise SieveRuntimeError(f"The script has more than {run.limits.variables} variables.")
    run.variables[name] = value[: run.limits.variable]


def _change_flags(run: Execution, statement: tree.FlagsCommand) -> None:
    given = read_flags(run.texts(statement.flags))
    name = statement.variable
    before = run.flags if name is None else read_flags([run.variables.get(name, "")])
    match statement.mode:
        case "set":
            after = given
        case "add":
            after = read_flags([*before, *given])
        case "remove":
            after = without(before, given)
    if name is None:
        run.flags = after
    else:
        _store(run, name, " ".join(after))


_RUN: Final[dict[type, Callable[[Execution, Any], None]]] = {
    tree.If: _if,
    tree.Stop: _stop,
    tree.KeepCommand: _keep,
    tree.DiscardCommand: _discard,
    tree.FileIntoCommand: _fileinto,
    tree.RedirectCommand: _redirect,
    tree.RejectCommand: _reject,
    tree.VacationCommand: _vacation,
    tree.SetCommand: _set,
    tree.FlagsCommand: _change_flags,
}
