"""An account seen and changed by REST, apart from the program under test."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import httpx

from tests.clients.letters import name_of
from tests.peers.served import Person, Served

SEEN, FLAGGED, ANSWERED, DRAFT, DELETED = "$seen", "$flagged", "$answered", "$draft", "$deleted"


@dataclass(frozen=True)
class Stored:
    """One message as it is stored, octet for octet."""

    id: str
    uid: int
    raw: bytes
    keywords: frozenset[str]
    received_at: str

    @property
    def name(self) -> str:
        return name_of(self.raw)


class Store:
    """One person's mail."""

    def __init__(self, server: Served, person: Person, http: httpx.AsyncClient) -> None:
        self.server = server
        self.person = person
        self.http = http

    @classmethod
    async def of(cls, server: Served, person: Person) -> Store:
        return cls(server, person, await server.rest(person))

    @property
    def token(self) -> str:
        """A bearer token, which the programs may use in place of the password (OAUTHBEARER, XOAUTH2)."""
        return self.http.headers["Authorization"].removeprefix("Bearer ")

    async def mailboxes(self) -> dict[str, dict[str, Any]]:
        """Every mailbox by its path."""
        answer = await self.http.get("/v1/mailboxes")
        assert answer.status_code == 200, answer.text
        return {box["path"]: box for box in answer.json()["mailboxes"]}

    async def create(self, path: str) -> None:
        """Make a mailbox, subscribed as a person's own program would."""
        answer = await self.http.post("/v1/mailboxes", json={"path": path})
        assert answer.status_code == 201, answer.text

    async def _id(self, path: str) -> str:
        boxes = await self.mailboxes()
        assert path in boxes, f"there is no mailbox {path!r}, only {sorted(boxes)}"
        found: str = boxes[path]["id"]
        return found

    async def messages(self, path: str = "INBOX") -> list[Stored]:
        """All messages of a mailbox in order of arrival."""
        found: list[Stored] = []
        url = f"/v1/mailboxes/{await self._id(path)}/messages"
        cursor: str | None = ""
        while cursor is not None:
            answer = await self.http.get(
                url, params={"limit": 200, "order": "asc"} | ({"cursor": cursor} if cursor else {})
            )
            assert answer.status_code == 200, answer.text
            page = answer.json()
            cursor = page["next_cursor"]
            for row in page["messages"]:
                raw = await self.http.get(f"/v1/messages/{row['id']}/raw")
                assert raw.status_code == 200, raw.text
                assert len(raw.content) == row["size"]
                keywords = frozenset(row["keywords"])
                found.append(Stored(row["id"], row["uid"], raw.content, keywords, row["received_at"]))
        return found

    async def names(self, path: str = "INBOX") -> list[str]:
        """The names of the letters in a mailbox, sorted; one that is there twice is named twice."""
        return sorted(message.name for message in await self.messages(path))

    async def one(self, name: str, path: str = "INBOX") -> Stored:
        """The letter of that name, which must be there once."""
        every = await self.messages(path)
        found = [message for message in every if message.name == name]
        assert len(found) == 1, f"{name!r} is {len(found)} times in {path}: {[message.name for message in every]}"
        return found[0]

    async def flags(self, name: str, path: str = "INBOX") -> frozenset[str]:
        """The keywords of a letter."""
        return (await self.one(name, path)).keywords

    async def everything(self) -> dict[str, list[Stored]]:
        """The whole account, to see that nothing changed."""
        return {path: await self.messages(path) for path in await self.mailboxes()}

    async def put(self, *letters: bytes, path: str = "INBOX", keywords: tuple[str, ...] = ()) -> None:
        """Store letters in order."""
        url = f"/v1/mailboxes/{await self._id(path)}/messages"
        for raw in letters:
            answer = await self.http.post(
                url, params={"keyword": list(keywords)}, content=raw, headers={"Content-Type": "message/rfc822"}
            )
            assert answer.status_code == 201, answer.text

    async def mark(self, name: str, path: str = "INBOX", **keywords: bool) -> None:
        """Set and clear keywords, given without their dollar sign."""
        await self._patch(name, path, {"keywords": {f"${key}": value for key, value in keywords.items()}})

    async def move(self, name: str, path: str, target: str) -> None:
        await self._patch(name, path, {"mailbox_id": await self._id(target)})

    async def _patch(self, name: str, path: str, change: dict[str, Any]) -> None:
        answer = await self.http.patch(f"/v1/messages/{(await self.one(name, path)).id}", json=change)
        assert answer.status_code == 200, answer.text

    async def destroy(self, name: str, path: str = "INBOX") -> None:
        """Delete for good, as an expunge by another program does."""
        answer = await self.http.delete(f"/v1/messages/{(await self.one(name, path)).id}")
        assert answer.status_code == 204, answer.text

    async def deliver(self, raw: bytes) -> None:
        """Mail from outside, by SMTP; it is in INBOX when this returns."""
        client = await self.server.smtp()
        answers = await client.deliver([self.person.address], raw, "orlando@origem.test", " BODY=8BITMIME")
        await client.close()
        assert [answer.code for answer in answers] == [250], answers

    async def arrived(self, count: int, path: str = "INBOX") -> list[Stored]:
        """The messages of a mailbox once there are so many: what was answered with 250 is there already."""
        for _ in range(100):
            found = await self.messages(path)
            if len(found) >= count:
                break
            await asyncio.sleep(0.05)
        assert len(found) == count, f"{len(found)} messages in {path}, not {count}"
        return found
