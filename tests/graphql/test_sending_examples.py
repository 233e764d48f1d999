"""The examples of docs/graphql.md, run as they stand against a server with its queue at work."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import httpx

from tests.conftest import NewPerson
from tests.peers.served import Served

DOCS = (Path(__file__).parents[2] / "docs" / "graphql.md").read_text("utf-8")
EXAMPLES = {
    re.search(r"\w+ (\w+)", text)[1]: text  # type: ignore[index]
    for text in re.findall(r"```graphql\n(.*?)```", DOCS, re.DOTALL)
}


async def run(http: httpx.AsyncClient, name: str, **variables: Any) -> dict[str, Any]:
    answer = (await http.post("/graphql", json={"query": EXAMPLES[name], "variables": variables})).json()
    assert "errors" not in answer, answer
    data: dict[str, Any] = answer["data"]
    return data


async def test_the_examples(server: Served, new_person: NewPerson) -> None:
    person, maria = await new_person(), await new_person()
    async with await server.rest(person) as http, await server.rest(maria) as hers:
        saved = (await run(http, "Save", account=person.id, to=maria.address))["saveDraft"]
        assert saved["to"] == [{"name": "Maria", "email": maria.address}]
        assert saved["body"]["text"].strip() == "Às duas?"
        [attachment] = saved["attachments"]
        assert (attachment["filename"], (await http.get(attachment["blob"]["url"])).text) == (
            "mapa.txt",
            "Praça da Sé\n",
        )
        sent = (await run(http, "Send", draft=saved["id"], key="1"))["send"]
        assert (sent["status"], sent["copy"]["mailbox"]["role"]) == ("PENDING", "SENT")
        undone = (await run(http, "Undo", submission=sent["id"]))["cancelSubmission"]
        assert (undone["status"], undone["copy"]["isDraft"]) == ("CANCELED", True)
        assert undone["copy"]["bcc"] == [{"email": "arquivo@origem.test"}]
        sent = (await run(http, "Send", draft=undone["copy"]["id"], key="2", undo=1))["send"]
        states: dict[str, str] = {}
        while states.get(maria.address) != "DELIVERED":
            await asyncio.sleep(0.05)
            watched = await run(http, "Watch", submission=sent["id"])
            states = {one["email"]: one["state"] for one in watched["node"]["recipients"]}
        assert set(states) == {maria.address, "arquivo@origem.test"}
        late = (await run(http, "Undo", submission=sent["id"]))["cancelSubmission"]
        assert late["submission"]["status"] in ("SENDING", "PARTIAL")
        # The first one never arrived, and nobody learns of who is hidden.
        [message] = (await hers.get("/v1/mailboxes/" + await inbox(hers) + "/messages")).json()["messages"]
        raw = (await hers.get(f"/v1/messages/{message['id']}/raw")).text
        assert "arquivo" not in raw
        assert "X-Correio" not in raw


async def inbox(http: httpx.AsyncClient) -> str:
    mailboxes = (await http.get("/v1/mailboxes")).json()["mailboxes"]
    return next(str(one["id"]) for one in mailboxes if one["role"] == "inbox")
