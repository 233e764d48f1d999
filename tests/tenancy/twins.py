"""Accounts with the same data, and every id that stands for a piece of it."""

from __future__ import annotations

import random
import re
import string
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.corpus.build import b64, entity, message, multipart
from tests.peers.imap import Literal
from tests.peers.served import Person, Served

ID = re.compile(r"\b[ABDEIKMPST][a-z2-7]{24}\b")
KINDS = (
    "account",
    "mailbox",
    "message",
    "email",
    "thread",
    "token",
    "part",
    "key",
    "send",
    "delivery",
    "draft",
    "identity",
    "submission",
)

ATTACHED = message(
    "Message-ID: <twin@origem.test>",
    "Subject: the same in both",
    "Content-Type: multipart/mixed; boundary=b",
    body=multipart(
        "b",
        entity("Content-Type: text/plain", body=b"words"),
        entity(
            "Content-Type: application/octet-stream",
            "Content-Disposition: attachment; filename=a",
            "Content-Transfer-Encoding: base64",
            body=b64(bytes(range(256)) * 300),
        ),
    ),
)
REPLY = message(
    "Message-ID: <reply@origem.test>",
    "In-Reply-To: <twin@origem.test>",
    "References: <twin@origem.test>",
    "Subject: Re: the same in both",
    body=b"more words\r\n",
)

NewTwin = Callable[[], Awaitable["Twin"]]


@dataclass
class Twin:
    """One of them. ``ids`` holds at least one id of each kind."""

    person: Person
    http: httpx.AsyncClient
    ids: dict[str, list[str]] = field(default_factory=dict)
    etags: list[str] = field(default_factory=list)
    inbox: str = ""
    folder: str = ""
    """A mailbox that may be deleted."""

    def own(self, kind: str) -> str:
        """An id to use where any of the account will do."""
        return self.folder if kind == "mailbox" else self.ids[kind][0]

    def other(self, kind: str) -> str:
        """Another id than :meth:`own`'s where there are several."""
        return next((one for one in self.ids[kind] if one not in (self.own(kind), self.inbox)), self.own(kind))

    @property
    def all_ids(self) -> set[str]:
        return {one for kind in self.ids.values() for one in kind}


async def make_twin(server: Served, person: Person) -> Twin:
    """Fill an account and collect its ids from the list surfaces."""
    imap = await server.imap(person)
    await imap.ok(b"CREATE Projects/Secret")
    for raw in (ATTACHED, REPLY):
        await imap.ok(b"APPEND INBOX ", Literal(raw))
    await imap.ok(b"APPEND Projects/Secret ", Literal(ATTACHED))
    await imap.close()
    twin = Twin(person, await server.rest(person))
    http = twin.http
    twin.ids["account"] = [(await _json(http, "/v1/account"))["id"]]
    twin.ids["token"] = [one["id"] for one in (await _json(http, "/v1/tokens"))["tokens"]]
    mailboxes = (await _json(http, "/v1/mailboxes"))["mailboxes"]
    twin.ids["mailbox"] = [one["id"] for one in mailboxes]
    twin.inbox = next(one["id"] for one in mailboxes if one["role"] == "inbox")
    twin.folder = next(one["id"] for one in mailboxes if one["path"] == "Projects/Secret")
    messages: list[dict[str, Any]] = []
    for mailbox in (twin.inbox, twin.folder):
        messages += (await _json(http, f"/v1/mailboxes/{mailbox}/messages?order=asc"))["messages"]
    for kind, name in (("message", "id"), ("email", "email_id"), ("thread", "thread_id")):
        twin.ids[kind] = sorted({one[name] for one in messages}, key=[one[name] for one in messages].index)
    key = await http.post("/v1/keys", json={"name": "twin", "scopes": ["send"]})
    twin.ids["key"] = [key.json()["id"]]
    later = {"from": person.address, "to": person.address, "text": "later", "scheduled_at": _tomorrow()}
    twin.ids["send"] = [(await http.post("/v1/emails", json=later)).json()["id"]]
    twin.ids["delivery"] = [one["id"] for one in (await http.get("/v1/queue")).json()["deliveries"]]
    twin.ids["submission"] = twin.ids["send"]
    await _draft_and_identity(twin)
    twin.ids["part"] = [f"{twin.ids['message'][0]}.{path}" for path in ("0", "1", "2")]
    for message_id in twin.ids["message"]:
        twin.etags.append((await http.get(f"/v1/messages/{message_id}")).headers["etag"])
    return twin


async def _draft_and_identity(twin: Twin) -> None:
    fields = f'accountId: "{twin.ids["account"][0]}", to: [{{email: "x@else.where"}}], subject: "secret"'
    made = await _graphql(twin, f"mutation {{ saveDraft(input: {{{fields}}}) {{ ... on Message {{ id }} }} }}")
    twin.ids["draft"] = [made["saveDraft"]["id"]]
    found = await _graphql(twin, "{ account { identities { id } } }")
    twin.ids["identity"] = [found["account"]["identities"][0]["id"]]


async def _graphql(twin: Twin, query: str) -> dict[str, Any]:
    answer = await twin.http.post("/graphql", json={"query": query})
    data: dict[str, Any] = answer.json()["data"]
    return data


def _tomorrow() -> str:
    return (datetime.now(UTC) + timedelta(days=1)).isoformat()


async def _json(http: httpx.AsyncClient, path: str) -> dict[str, Any]:
    answer = await http.get(path)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def unknown(like: str) -> str:
    """An id of the same form that nothing has."""
    alphabet = string.ascii_lowercase + "234567"
    return ID.sub(lambda found: found.group()[0] + "".join(random.choices(alphabet, k=24)), like)


def without_ids(text: str, *used: str) -> str:
    """An answer with the ids the question held, and what differs in every answer, taken out."""
    for one in sorted(used, key=len, reverse=True):
        text = text.replace(one, "<id>")
        text = text.replace(one.partition(".")[0], "<id>")
    return re.sub(r'"request_id": ?"[^"]*"', '"request_id":"<request>"', text)
