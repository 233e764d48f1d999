"""No id of another account gives anything by GraphQL: every argument and input field that takes one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from graphql import build_schema

from tests.tenancy.questions import Slot, Writer, load, slots
from tests.tenancy.twins import KINDS, NewTwin, Twin, unknown, without_ids

SCHEMA = load()
SLOTS = slots(SCHEMA)


def candidates(twin: Twin) -> list[str]:
    """Every id of a twin, of every kind, and its address: no argument's name is trusted to tell its kind."""
    found = [id_ for ids in twin.ids.values() for id_ in ids[:2]]
    return [*found, twin.folder, twin.person.address]


async def ask(twin: Twin, query: str, id_: str | None = None) -> dict[str, Any]:
    """One operation, about an id; what it answers must be JSON whatever is wrong."""
    variables = {} if id_ is None else {"id": id_}
    answer = await twin.http.post("/graphql", json={"query": query, "variables": variables})
    assert answer.status_code < 500, (query, answer.text)
    found: dict[str, Any] = answer.json()
    return found


def nobody_like(id_: str) -> str:
    return f"nobody{id_}" if "@" in id_ else unknown(id_)


def test_every_slot_is_known() -> None:
    """There are such places at all, and a way to each; subscriptions would need a test of their own."""
    assert len(SLOTS) > 5
    assert SCHEMA.subscription_type is None, "teach the tenancy test to subscribe"
    own = dict.fromkeys(KINDS, "x")
    writer = Writer(SCHEMA, own)
    for slot in SLOTS:
        writer.operation(slot)


@pytest.mark.parametrize("slot", SLOTS, ids=str)
async def test_foreign_ids_are_unknown_ids(slot: Slot, victim: Twin, intruder: Twin, new_twin: NewTwin) -> None:
    """The same answer as for ids nobody has, whatever stands beside them; and one's own ids give another."""
    writer = Writer(SCHEMA, {kind: intruder.own(kind) for kind in intruder.ids})
    before = (await victim.http.get("/v1/account")).json()
    told_apart = False
    mine_all = intruder.all_ids
    for extra in writer.extras(slot):
        query = writer.operation(slot, extra)
        for foreign in candidates(victim):
            nobody = nobody_like(foreign)
            theirs = await ask(intruder, query, foreign)
            none = await ask(intruder, query, nobody)
            text = without_ids(json.dumps(theirs), foreign)
            assert text == without_ids(json.dumps(none), nobody), (slot, extra, foreign)
            for id_ in victim.all_ids - mine_all:
                assert id_ not in text
        disposable = await new_twin()
        query = Writer(SCHEMA, {kind: disposable.own(kind) for kind in disposable.ids}).operation(slot, extra)
        for mine in candidates(disposable):
            nobody = nobody_like(mine)
            none = await ask(disposable, query, nobody)
            good = await ask(disposable, query, mine)
            if "errors" not in good and without_ids(json.dumps(good), mine) != without_ids(json.dumps(none), nobody):
                told_apart = True
        if told_apart:
            break
    assert told_apart, "no id of one's own gives anything else than an unknown one: the question is not a good one"
    assert (await victim.http.get("/v1/account")).json() == before


async def test_cursors_of_others_give_nothing(victim: Twin, intruder: Twin) -> None:
    """A cursor is a place in a list, not a key to it."""
    query = """{ viewer { accounts { messages(first: 1) { edges { cursor } } } } }"""
    cursor = (await ask(victim, query))["data"]["viewer"]["accounts"][0]["messages"]["edges"][0]["cursor"]
    for argument in ("first: 50, after", "last: 50, before"):
        query = f'{{ viewer {{ accounts {{ messages({argument}: "{cursor}") {{ nodes {{ id }} }} }} }} }}'
        answer = json.dumps(await ask(intruder, query))
        assert not any(id_ in answer for id_ in victim.all_ids - intruder.all_ids)


async def test_nothing_without_a_token(victim: Twin) -> None:
    """Every slot answers 401 without a token."""
    writer = Writer(SCHEMA, {kind: victim.own(kind) for kind in victim.ids})
    async with type(victim.http)(base_url=victim.http.base_url, trust_env=False) as http:
        for slot in SLOTS:
            answer = await http.post("/graphql", json={"query": writer.operation(slot)})
            assert answer.status_code == 401, (slot, answer.text)
            assert victim.own("thread") not in answer.text


def test_a_new_scalar_is_not_passed_over() -> None:
    """The enumeration fails, and does not skip, where it does not know what an argument takes."""
    schema = build_schema("scalar Secret type Query { a(b: Secret, c: In): Int } input In { d: [ID!] }")
    with pytest.raises(AssertionError, match="Secret"):
        slots(schema)
    found = slots(build_schema("type Query { a(c: In): Int } input In { d: [ID!] e: In }"))
    assert [str(slot) for slot in found] == ["Query.a(c.d)"]
