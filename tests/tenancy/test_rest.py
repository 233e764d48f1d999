"""No id of another account gives anything by REST: every operation that takes an id, found in the contract."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from tests.tenancy.contract import (
    KNOWN_PATH_SCHEMAS,
    Operation,
    id_kind,
    id_properties,
    operations,
    valid_body,
)
from tests.tenancy.twins import KINDS, REPLY, Twin, unknown, without_ids


@dataclass
class Question:
    """A request that can be asked about any id of a kind, in one place."""

    operation: Operation
    place: str
    kind: str
    path: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] | None = None
    is_list: bool = False

    async def ask(
        self, http: httpx.AsyncClient, id_: str, method: str = "", headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """Put the id in its place."""
        where, _, name = self.place.partition(" ")
        path = self.path | ({name: id_} if where == "path" else {})
        query = self.query | ({name: id_} if where == "query" else {})
        body = self.body
        if body is not None and where == "body":
            body = {**body, name: [id_] if self.is_list else id_}
        sent: dict[str, Any] = {"json": body} if body is not None else {}
        headers = dict(headers or {})
        if self.operation.takes_mail:
            sent = {"content": REPLY}
            headers["Content-Type"] = "message/rfc822"
        return await http.request(
            method or self.operation.method, self.operation.path.format(**path), params=query, headers=headers, **sent
        )


def path_ids(operation: Operation) -> dict[str, str]:
    """Name and kind of the ids in the path. Fails for a path parameter of an unknown kind."""
    kinds = {}
    for one in operation.parameters("path"):
        kind = id_kind(one["schema"], one["name"])
        if kind:
            kinds[one["name"]] = kind
        else:
            reference = one["schema"].get("$ref", "").rpartition("/")[2]
            assert reference in KNOWN_PATH_SCHEMAS, f"{operation.id}: teach the tenancy test the path parameter {one}"
    return kinds


def questions(operation: Operation, own: dict[str, str]) -> list[Question]:
    """One for each place of an operation that takes an id, everything else being one's own."""
    kinds = path_ids(operation)
    path = {name: own[kind] for name, kind in kinds.items()}
    for one in operation.parameters("path"):
        reference = one["schema"].get("$ref", "").rpartition("/")[2]
        if reference in KNOWN_PATH_SCHEMAS:
            path[one["name"]] = KNOWN_PATH_SCHEMAS[reference]
    query = {one["name"]: "true" for one in operation.parameters("query") if one["name"] == "delete_messages"}
    found = [
        Question(
            operation,
            f"path {name}",
            kind,
            path,
            query,
            valid_body(operation.body, {}, own) if operation.body else None,
        )
        for name, kind in kinds.items()
    ]
    for one in operation.parameters("query"):
        if kind := id_kind(one["schema"], one["name"]):
            found.append(Question(operation, f"query {one['name']}", kind, path, query))
    if operation.body:
        for name, kind, is_list in id_properties(operation.body):
            body = valid_body(operation.body, {name: [own[kind]] if is_list else own[kind]}, own)
            found.append(Question(operation, f"body {name}", kind, path, query, body, is_list))
    return found


ANY = {kind: letter + "a" * 24 for kind, letter in zip(KINDS, "ABMETKMPSDMIS", strict=True)}
PLACES = [(operation, question.place) for operation in operations() for question in questions(operation, ANY)]


@pytest.mark.parametrize(("operation", "place"), PLACES, ids=[f"{operation.id} {place}" for operation, place in PLACES])
async def test_foreign_ids_are_unknown_ids(operation: Operation, place: str, victim: Twin, intruder: Twin) -> None:
    """The same answer for the victim's ids as for ids nobody has; 404 where it stands in the path. One's own work."""
    own = {kind: intruder.own(kind) for kind in intruder.ids}
    (question,) = (one for one in questions(operation, own) if one.place == place)
    methods = [operation.method, *(["head"] if operation.method == "get" else [])]
    for method in methods:
        for headers in (
            {},
            *({name: tag} for name in ("If-None-Match", "If-Match") for tag in (*victim.etags[:1], "*")),
        ):
            for foreign in victim.ids[question.kind]:
                nobody = unknown(foreign)
                theirs = await question.ask(intruder.http, foreign, method, headers)
                none = await question.ask(intruder.http, nobody, method, headers)
                if place.startswith("path"):
                    assert theirs.status_code == 404, (method, headers, theirs.status_code, theirs.text)
                assert theirs.status_code == none.status_code
                assert without_ids(theirs.text, foreign) == without_ids(none.text, nobody)
                assert sorted(theirs.headers) == sorted(none.headers)
                leaked = (victim.all_ids - {foreign} - intruder.all_ids) & set(theirs.text.replace('"', " ").split())
                assert not leaked
    good = intruder.other(question.kind) if place.startswith("body") else own[question.kind]
    mine = await question.ask(intruder.http, good)
    assert mine.status_code < 300, ("the question is not a good one", mine.status_code, mine.text)


async def test_the_victim_noticed_nothing(victim: Twin, intruder: Twin) -> None:
    """After foreign ids in everything that changes things, the victim's state has not moved."""
    before = (await victim.http.get("/v1/account")).json()
    own = {kind: intruder.own(kind) for kind in intruder.ids}
    for operation in operations():
        if operation.method == "get":
            continue
        for question in questions(operation, own):
            for foreign in victim.ids[question.kind]:
                await question.ask(intruder.http, foreign)
    assert (await victim.http.get("/v1/account")).json() == before
    assert (await victim.http.get("/v1/tokens")).status_code == 200


async def test_no_token_no_answer(victim: Twin) -> None:
    """Without a token nothing is told apart: 401 for ids that are and ids that are not."""
    own = {kind: victim.own(kind) for kind in victim.ids}
    async with httpx.AsyncClient(base_url=victim.http.base_url, trust_env=False) as http:
        for operation in operations():
            if operation.spec.get("security") == []:
                continue
            for question in questions(operation, own):
                for id_ in (own[question.kind], unknown(own[question.kind])):
                    answer = await question.ask(http, id_)
                    assert answer.status_code == 401, (operation.id, answer.text)
                    assert answer.headers["content-type"].startswith("application/problem+json")
