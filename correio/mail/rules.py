"""Running the rules of an account on a message: its active script, loaded once and kept compiled."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Final

import msgspec

from correio.ids import Kind, derived_id
from correio.mail.sieve_scripts import active_script, check_script, limits_of
from correio.sieve.actions import Decision
from correio.sieve.environment import Environment
from correio.sieve.errors import SieveSyntaxError
from correio.sieve.execution import OUT_OF_STEPS
from correio.sieve.interpreter import KEPT, run
from correio.sieve.message_view import MessageView
from correio.sieve.special_use import role_of
from correio.sieve.tree import Script
from correio.store.sieve import find_memories, find_script

if TYPE_CHECKING:
    from correio.mail.account import Account

_log = logging.getLogger("correio.mail.rules")
_ON_LOOP: Final = 16 * 1024
"""Octets of message and script together that are looked at on the event loop; more are in a worker."""
_STEPS_ON_LOOP: Final = 1_000
"""What takes more steps is begun again in a worker."""
_LOOKUPS: Final = 4
"""How often a script is run again because it asked whether something was seen. Each ``duplicate`` within another needs one."""
_WEIGHT: Final = 16
"""Octets a compiled script takes for each one it was written in, about."""
DEFECT: Final = "The script could not be run because of a defect of this server; it has been logged."


class Arrival(msgspec.Struct, frozen=True):
    """A message that comes to an account."""

    view: MessageView
    sender: str
    """The envelope sender."""
    recipient: str
    """The envelope recipient, as the client gave it."""
    junk: bool = False
    """Whether it was taken for junk before the rules are run."""


def local_zone(seconds: int) -> int:
    """Return the server's zone at a time, in minutes east of UTC."""
    try:
        return time.localtime(seconds).tm_gmtoff // 60
    except (OverflowError, OSError, ValueError):
        return 0


async def decide(account: Account, arrival: Arrival) -> Decision:
    """Run the active script of an account. What cannot be run is as if it were not there: the message is kept.

    No round trip where the script is in memory and asks for nothing that is remembered. Raises UnavailableError.
    """
    script = await _script(account)
    if isinstance(script, str):
        return Decision(KEPT, script)
    known: dict[str, bool] = {}
    for _ in range(_LOOKUPS):
        decision = await _run(account, script, arrival, known)
        asked = [one for one in decision.unknown if one not in known]
        if not asked:
            break
        known |= await _seen(account, asked)
        if not any(known[one] for one in asked):
            # It was run as if they were new, and they are.
            break
    return decision


async def _run(account: Account, script: Script, arrival: Arrival, known: dict[str, bool]) -> Decision:
    store = account.store
    environment = _environment(account, arrival, dict(known))
    limits = limits_of(store.settings.limits)
    try:
        if arrival.view.size + script.size <= _ON_LOOP:
            few = msgspec.structs.replace(limits, steps=_STEPS_ON_LOOP)
            decision = run(script, arrival.view, environment, few)
            if decision.problem != OUT_OF_STEPS:
                return decision
        return await store.in_worker(run, script, arrival.view, environment, limits)
    except Exception:  # noqa: BLE001 - a defect in running rules must not lose mail
        _log.exception("the script of account %s could not be run", account.id)
        return Decision(KEPT, DEFECT)


async def _script(account: Account) -> Script | str:
    """Return the active script, or what is wrong with it."""
    store = account.store
    wanted = account.document.sieve
    known = store.scripts.get(wanted)
    if known is not None:
        return known
    document = await find_script(store.database, account.id, active_script(account))
    if document is None:
        return "The active script is gone."
    try:
        script: Script | str = await check_script(store, document.text)
    except SieveSyntaxError as error:
        script = error.message
    except Exception:  # noqa: BLE001 - see above
        _log.exception("the script of account %s could not be compiled", account.id)
        return DEFECT
    # Another text than the account names is one that has just replaced it: it is run, and not kept under the older name.
    if wanted == f"{document.id}.{document.digest}":
        store.scripts.put(wanted, script, _WEIGHT * max(document.size, 64))
    return script


def _environment(account: Account, arrival: Arrival, known: dict[str, bool]) -> Environment:
    # One tree for the whole run: it does not change while a worker looks at it.
    tree = account.mailboxes

    def mailbox_exists(path: str) -> bool:
        found = tree.by_path(path)
        return found is not None and found.selectable

    def special_use_exists(use: str, path: str | None) -> bool:
        found = tree.by_role(role_of(use))
        return found is not None and (path is None or tree.by_path(path) is found)

    return Environment(
        sender=arrival.sender,
        recipient=arrival.recipient,
        junk=arrival.junk,
        addresses=(account.address,),
        now=account.store.now(),
        local_zone=local_zone,
        mailbox_exists=mailbox_exists,
        special_use_exists=special_use_exists,
        seen=known,
    )


def sighting_id(account: Account, name: str) -> str:
    """Return the id by which a message seen is remembered."""
    return derived_id(Kind.MEMORY, account.id, "seen", name)


async def _seen(account: Account, names: list[str]) -> dict[str, bool]:
    ids = {sighting_id(account, name): name for name in names}
    now = account.store.now()
    found = await find_memories(account.store.database, list(ids))
    return dict.fromkeys(names, False) | {ids[one.id]: True for one in found if one.expires > now}
