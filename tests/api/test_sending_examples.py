"""The examples of docs/sending.md, run as they stand."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
from pathlib import Path

import pytest

from tests.api.conftest import Service
from tests.api.contract_client import ContractClient
from tests.peers.served import Person

EXAMPLES = re.findall(
    r"```sh\n(.*?)```", (Path(__file__).parents[2] / "docs" / "sending.md").read_text("utf-8"), re.DOTALL
)


async def shell(script: str, **environment: str) -> dict[str, object]:
    process = await asyncio.create_subprocess_exec(
        "sh", "-c", script, env={"PATH": os.environ["PATH"], **environment}, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    found: dict[str, object] = json.loads(out)
    return found


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
async def test_the_examples(client: ContractClient, person: Person, service: Service) -> None:
    make_key, send, look, cancel = EXAMPLES
    world = {"URL": service.url, "ADDRESS": person.address, "TOKEN": client.token or ""}
    world["KEY"] = str((await shell(make_key, **world))["key"])
    world["ID"] = str((await shell(send, **world))["id"])
    shown = await shell(look, **world)
    assert (shown["subject"], shown["text"], shown["metadata"]) == ("O seu pedido", "Obrigado!\n", {"order": "1042"})
    assert shown["from"] == f"Loja <{person.address}>"
    assert (await shell(cancel, **world))["last_event"] == "canceled"
