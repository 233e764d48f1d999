"""``/v1/sieve``: the rules that are run when mail is delivered."""

from __future__ import annotations

from typing import Final

import msgspec
from starlette.responses import Response

from api.rest.call import Call, Nothing
from api.rest.json_response import json_response
from api.rest.route import handles
from api.rest.timestamps import rfc3339
from correio.mail import sieve_scripts
from correio.mail.sieve_scripts import SieveScript
from correio.sieve.capabilities import BUILT_IN, CAPABILITIES
from correio.sieve.errors import SieveSyntaxError

MEDIA_TYPE: Final = "application/sieve"
"""RFC 5228 section 7."""


class ScriptParameters(msgspec.Struct, frozen=True):
    """A script by its name."""

    script_name: str


class PutScriptParameters(msgspec.Struct, frozen=True):
    """A script by its name, and whether it is run from now on."""

    script_name: str
    activate: bool = False


class SieveScriptJson(msgspec.Struct, frozen=True):
    """Schema ``SieveScript``."""

    name: str
    size: int
    active: bool
    changed_at: str
    problem: str | None
    failed_at: str | None


class SieveScriptListJson(msgspec.Struct, frozen=True):
    """Schema ``SieveScriptList``."""

    scripts: list[SieveScriptJson]
    extensions: list[str]


class ScriptProblemJson(msgspec.Struct, frozen=True):
    """Schema ``SieveProblem``."""

    line: int
    column: int
    message: str


class SieveCheckJson(msgspec.Struct, frozen=True):
    """Schema ``SieveCheck``."""

    valid: bool
    problems: list[ScriptProblemJson]


def _script_json(script: SieveScript) -> SieveScriptJson:
    return SieveScriptJson(
        name=script.name,
        size=script.size,
        active=script.active,
        changed_at=rfc3339(script.changed),
        problem=script.problem or None,
        failed_at=rfc3339(script.failed) if script.failed else None,
    )


async def list_sieve_scripts(call: Call[Nothing, Nothing]) -> Response:
    """The account's scripts, and what they may require."""
    scripts = await sieve_scripts.list_scripts(call.account)
    return json_response(SieveScriptListJson([_script_json(one) for one in scripts], sorted(CAPABILITIES - BUILT_IN)))


async def get_sieve_script(call: Call[ScriptParameters, Nothing]) -> Response:
    """A script, octet for octet."""
    _, text = await sieve_scripts.read_script(call.account, call.parameters.script_name)
    return Response(text, media_type=MEDIA_TYPE, headers={"Cache-Control": "private, no-cache"})


async def put_sieve_script(call: Call[PutScriptParameters, bytes]) -> Response:
    """Store a script."""
    name = call.parameters.script_name
    return json_response(
        _script_json(await sieve_scripts.put_script(call.account, name, call.body, activate=call.parameters.activate))
    )


async def delete_sieve_script(call: Call[ScriptParameters, Nothing]) -> Response:
    """Remove a script."""
    await sieve_scripts.remove_script(call.account, call.parameters.script_name)
    return Response(status_code=204)


async def activate_sieve_script(call: Call[ScriptParameters, Nothing]) -> Response:
    """Run a script from now on."""
    await sieve_scripts.activate_script(call.account, call.parameters.script_name)
    script, _ = await sieve_scripts.read_script(call.account, call.parameters.script_name)
    return json_response(_script_json(script))


async def deactivate_sieve(call: Call[Nothing, Nothing]) -> Response:
    """Run no script from now on."""
    await sieve_scripts.activate_script(call.account, None)
    return Response(status_code=204)


async def check_sieve_script(call: Call[Nothing, bytes]) -> Response:
    """Say what is wrong with a script."""
    try:
        await sieve_scripts.check_script(call.context.store, call.body)
    except SieveSyntaxError as error:
        problems = [ScriptProblemJson(one.line, one.column, one.message) for one in error.problems]
        return json_response(SieveCheckJson(valid=False, problems=problems))
    return json_response(SieveCheckJson(valid=True, problems=[]))


HANDLERS: Final = (
    handles(list_sieve_scripts, Nothing, Nothing),
    handles(get_sieve_script, ScriptParameters, Nothing),
    handles(put_sieve_script, PutScriptParameters, bytes),
    handles(delete_sieve_script, ScriptParameters, Nothing),
    handles(activate_sieve_script, ScriptParameters, Nothing),
    handles(deactivate_sieve, Nothing, Nothing),
    handles(check_sieve_script, Nothing, bytes),
)
