"""Following an address, without a database."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correio.errors import LimitError
from correio.mail.address_expansion import (
    MAX_DEPTH,
    MAX_TARGETS,
    AccountEntry,
    AliasEntry,
    Entry,
    Expansion,
    ForeignEntry,
    NobodyEntry,
    best_wildcard,
    expand,
    match_wildcards,
)


def alias(*targets: str) -> AliasEntry:
    return AliasEntry(targets)


ANA, BOB = AccountEntry("A1"), AccountEntry("A2")
KNOWN: dict[str, Entry] = {
    "ana@a": ANA, "ana+x@a": ANA, "bob@a": BOB, "x@f": ForeignEntry(), "gone@a": NobodyEntry(),
    "one@a": alias("ana@a"), "team@a": alias("one@a", "Bob@A", "X@f", "ana+x@a"), "me@a": alias("me@a", "bob@a"),
    "p@a": alias("q@a"), "q@a": alias("p@a"), "half@a": alias("gone@a", "ana@a"), "none@a": alias("gone@a"),
}  # fmt: skip


def led(start: str) -> Expansion:
    found = expand(start, KNOWN)
    assert not found.missing
    return found


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("ana@a", [("ana@a", "A1", "")]), ("ANA@A", [("ana@a", "A1", "")]), ("one@a", [("ana@a", "A1", "one@a")]),
        # Breadth first; the account that is met twice comes once, and what is elsewhere keeps its case.
        ("team@a", [("bob@a", "A2", "team@a"), ("X@f", "", "team@a"), ("ana+x@a", "A1", "team@a")]),
        ("me@a", [("bob@a", "A2", "me@a")]), ("p@a", []), ("half@a", [("ana@a", "A1", "half@a")]), ("none@a", []),
        ("x@f", [("x@f", "", "")]), ("gone@a", []),
    ],
)  # fmt: skip
def test_where_it_leads(start: str, expected: list[tuple[str, str, str]]) -> None:
    assert [(one.address, one.account_id, one.via) for one in led(start).targets] == expected


def test_why_it_leads_nowhere() -> None:
    assert led("p@a").repeated
    assert not led("none@a").repeated
    assert led("half@a").nobody == ("gone@a",)


def test_what_has_to_be_read_first() -> None:
    assert expand("Team@a", {}).missing == {"team@a": "Team@a"}
    assert expand("team@a", {"team@a": KNOWN["team@a"]}).missing == {
        "one@a": "one@a", "bob@a": "Bob@A", "x@f": "X@f", "ana+x@a": "ana+x@a",
    }  # fmt: skip


def test_bounds() -> None:
    chain: dict[str, Entry] = {f"a{at}@a": alias(f"a{at + 1}@a") for at in range(MAX_DEPTH)}
    end = f"a{MAX_DEPTH}@a"
    assert [one.account_id for one in expand("a0@a", {**chain, end: ANA}).targets] == ["A1"]
    with pytest.raises(LimitError):
        expand("a0@a", {**chain, end: alias("last@a"), "last@a": ANA})
    wide = [f"x{at}@f" for at in range(MAX_TARGETS)]
    known: dict[str, Entry] = {one: ForeignEntry() for one in wide} | {"more@f": ForeignEntry()}
    assert len(expand("w@a", {**known, "w@a": alias(*wide)}).targets) == MAX_TARGETS
    with pytest.raises(LimitError):
        expand("w@a", {**known, "w@a": alias(*wide, "more@f")})
    tree: dict[str, Entry] = {
        f"t{n}@a": alias(*(f"t{n * 50 + k}@a" for k in range(1, 51))) for n in range(MAX_TARGETS * 10)
    }
    with pytest.raises(LimitError):
        expand("t0@a", tree)


NAMES = st.sampled_from([f"{letter}@a" for letter in "abcdefgh"])


@given(st.dictionaries(NAMES, st.one_of(st.lists(NAMES, min_size=1, max_size=4), st.integers(0, 3), st.none())))
def test_any_graph_ends(graph: dict[str, list[str] | int | None]) -> None:
    known: dict[str, Entry] = {
        name: NobodyEntry() if to is None else AccountEntry(str(to)) if isinstance(to, int) else alias(*to)
        for name, to in graph.items()
    }
    found = expand("a@a", known)
    reached = {"a@a"}
    while True:
        more = {to for name in reached if isinstance(graph.get(name), list) for to in graph[name]} - reached  # type: ignore[union-attr]
        if not more:
            break
        reached |= more
    accounts = {str(graph[name]) for name in reached if isinstance(graph.get(name), int)}
    assert sorted(one.account_id for one in found.targets) == sorted(accounts)
    assert set(found.missing) == {name for name in reached if name not in graph}


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        ("sales-eu", "sales-*"), ("sales-", "sales-*"), ("sales", None), ("x-info", "*-info"), ("sales-info", "sales-*"),
        ("sales-eu-info", "sales-eu-*"), ("a", None), ("abba", "ab*ba"), ("aba", None),
    ],
)  # fmt: skip
def test_most_literal_characters_win(local: str, expected: str | None) -> None:
    assert best_wildcard(local, ["*-info", "sales-*", "sales-eu-*", "ab*ba"]) == expected


def test_the_catch_all_comes_last() -> None:
    assert match_wildcards("x@a", None, ["*", "y*"]) == "*"
    assert match_wildcards("x-info+tag@a", "x-info@a", ["*", "*-info"]) == "*-info"
    assert match_wildcards("x+tag@a", "x@a", ["*+tag", "x*"]) == "*+tag"
    assert match_wildcards("x@a", None, ["y*"]) is None
