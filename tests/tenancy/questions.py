"""Every place where the GraphQL schema takes an ID or an address, and an operation that asks there."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
    get_named_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
)

SDL = Path(__file__).parents[2] / "schema" / "schema.graphql"
SCALARS: dict[str, Any] = {
    "String": "x",
    "Int": 1,
    "Float": 1.0,
    "Boolean": True,
    "State": "1",
    "DateTime": "2026-03-03T14:05:09Z",
    "URL": "https://origem.test/",
}
"""A value for each scalar that is no id. A new scalar fails the test until it is known to be no id, or to be one."""
NAMES = {"address"}
"""Names of String arguments that name somebody as an id does."""
COMPANIONS = {
    "account": "account",
    "mailbox": "mailbox",
    "parent": "mailbox",
    "moveto": "mailbox",
    "message": "message",
    "part": "part",
    "thread": "thread",
    "token": "token",
    "draft": "draft",
    "identity": "identity",
    "submission": "submission",
}
"""What kind of one's own id a required ID argument takes beside the one that is asked about, by its name."""


class Name(str):
    """An enum value or a variable: printed without quotes."""

    __slots__ = ()


@dataclass(frozen=True)
class Slot:
    """One argument of type ID, or one field of type ID within an input argument."""

    type: str
    field: str
    path: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.type}.{self.field}({'.'.join(self.path)})"


def load() -> GraphQLSchema:
    return build_schema(SDL.read_text(encoding="utf-8"))


def slots(schema: GraphQLSchema) -> list[Slot]:
    """All of them. Input types that contain themselves are entered once."""
    found: list[Slot] = []
    for name, kind in schema.type_map.items():
        if name.startswith("__") or not isinstance(kind, GraphQLObjectType):
            continue
        for field_name, field in kind.fields.items():
            for argument_name, argument in field.args.items():
                for path in id_paths(argument.type, (argument_name,), frozenset()):
                    found.append(Slot(name, field_name, path))
    return found


def id_paths(kind: Any, path: tuple[str, ...], inside: frozenset[str]) -> Iterator[tuple[str, ...]]:
    """The ways to an ID below a type."""
    named = get_named_type(kind)
    if named.name == "ID" or (named.name == "String" and path[-1] in NAMES):
        yield path
    elif isinstance(named, GraphQLInputObjectType) and named.name not in inside:
        for name, field in named.fields.items():
            yield from id_paths(field.type, (*path, name), inside | {named.name})
    elif not isinstance(named, GraphQLInputObjectType | GraphQLEnumType):
        assert named.name in SCALARS, f"{'.'.join(path)}: teach the tenancy test the scalar {named.name}"


class Writer:
    """Writes operations; ``own`` gives an id of one's own of each kind."""

    def __init__(self, schema: GraphQLSchema, own: dict[str, str]) -> None:
        self.schema = schema
        self.own = own
        self._about = ""
        self.routes = self._routes()

    def _routes(self) -> dict[str, tuple[str, str]]:
        """What to write before and after a selection to reach each object type."""
        routes: dict[str, tuple[str, str]] = {}
        waiting: deque[tuple[GraphQLObjectType, str, str]] = deque()
        for word, root in (("query", self.schema.query_type), ("mutation", self.schema.mutation_type)):
            if root is not None:
                routes[root.name] = (word + " {", "}")
        query = self.schema.query_type
        assert query is not None
        waiting.append((query, *routes[query.name]))
        while waiting:
            kind, before, after = waiting.popleft()
            for name, field in kind.fields.items():
                target = get_named_type(field.type)
                if is_leaf_type(target):
                    continue
                for concrete in self._concrete(target):
                    if concrete.name in routes:
                        continue
                    if kind is query and name in ("node", "nodes"):
                        own = self.own.get(concrete.name.lower())
                        if own is None or name == "nodes":
                            continue
                        arguments = f"(id: {json.dumps(own)})"
                    else:
                        arguments = self.arguments(field.args, {})
                    fragment = "" if concrete is target else f"... on {concrete.name} {{"
                    route = (f"{before} {name}{arguments} {{ {fragment}", ("}" if fragment else "") + "}" + after)
                    routes[concrete.name] = route
                    waiting.append((concrete, *route))
        return routes

    def _concrete(self, kind: Any) -> list[GraphQLObjectType]:
        if isinstance(kind, GraphQLObjectType):
            return [kind]
        assert isinstance(kind, GraphQLInterfaceType | GraphQLUnionType)
        return list(self.schema.get_possible_types(kind))

    def arguments(self, args: dict[str, Any], given: dict[str, Any]) -> str:
        """The given arguments, and those that are required."""
        values = {
            name: given[name] if name in given else self.sample(argument.type, name)
            for name, argument in args.items()
            if name in given or is_required_argument(argument)
        }
        return "(" + ", ".join(f"{name}: {written(value)}" for name, value in values.items()) + ")" if values else ""

    def sample(self, kind: Any, name: str) -> Any:
        """A value for a required argument or input field."""
        if isinstance(kind, GraphQLNonNull):
            return self.sample(kind.of_type, name)
        if isinstance(kind, GraphQLList):
            return [self.sample(kind.of_type, name)]
        if isinstance(kind, GraphQLEnumType):
            return Name(next(iter(kind.values)))
        if isinstance(kind, GraphQLInputObjectType):
            required = {one: field for one, field in kind.fields.items() if is_required_input_field(field)}
            if kind.is_one_of:
                required = dict(list(kind.fields.items())[:1])
            return {one: self.sample(field.type, one) for one, field in required.items()}
        if kind.name == "ID":
            for part, own in COMPANIONS.items():
                if part in (self._about if name in ("id", "ids") else name).lower():
                    return self.own[own]
            raise AssertionError(f"teach the tenancy test what id {name} of {self._about} takes")
        assert kind.name in SCALARS, f"teach the tenancy test the scalar {kind.name}"
        return "$flagged" if "keyword" in name.lower() else SCALARS[kind.name]

    def value(self, kind: Any, path: tuple[str, ...], id_: str, extra: str) -> Any:
        """A value that holds the id at the end of the path, and one optional field more beside it."""
        if isinstance(kind, GraphQLNonNull):
            return self.value(kind.of_type, path, id_, extra)
        if isinstance(kind, GraphQLList):
            return [self.value(kind.of_type, path, id_, extra)]
        if not path:
            return id_
        assert isinstance(kind, GraphQLInputObjectType)
        whole = {
            name: self.sample(field.type, name)
            for name, field in kind.fields.items()
            if is_required_input_field(field) or name == extra
        }
        whole[path[0]] = self.value(kind.fields[path[0]].type, path[1:], id_, extra)
        return whole

    def extras(self, slot: Slot) -> list[str]:
        """Names of optional input fields without ids that may have to stand beside the id; the first is none."""
        kind: Any = self._field(slot).args[slot.path[0]].type
        found = [""]
        named = get_named_type(kind)
        if isinstance(named, GraphQLInputObjectType):
            found += [
                name
                for name, field in named.fields.items()
                if not is_required_input_field(field)
                and name != slot.path[-1]
                and not isinstance(get_named_type(field.type), GraphQLInputObjectType)
            ]
        return found

    def _field(self, slot: Slot) -> Any:
        kind = self.schema.type_map[slot.type]
        assert isinstance(kind, GraphQLObjectType)
        return kind.fields[slot.field]

    def operation(self, slot: Slot, extra: str = "") -> str:
        """Ask about the id in the variable ``$id`` in a slot: a document that the server reads once for many ids."""
        field = self._field(slot)
        assert slot.type in self.routes, f"no way leads to {slot.type}: teach the tenancy test one"
        before, after = self.routes[slot.type]
        first, *rest = slot.path
        self._about = slot.field
        given = {first: self.value(field.args[first].type, tuple(rest), Name("$id"), extra)}
        selection = self.selection(field.type, 3)
        kind = "String" if slot.path[-1] in NAMES else "ID"
        before = before.replace(" {", f"($id: {kind}!) {{", 1)
        return f"{before} {slot.field}{self.arguments(field.args, given)} {selection} {after}"

    def selection(self, kind: Any, depth: int) -> str:
        """Everything a type shows without arguments, to a depth; where members of a union differ, the first has the name."""
        named = get_named_type(kind)
        if is_leaf_type(named):
            return ""
        taken: dict[str, str] = {}
        pieces = ["__typename"]
        concrete = self._concrete(named)
        for one in concrete:
            fields = []
            for name, field in one.fields.items():
                if any(is_required_argument(argument) for argument in field.args.values()):
                    continue
                inner = get_named_type(field.type)
                if not is_leaf_type(inner) and depth <= 1:
                    continue
                if taken.setdefault(name, str(field.type)) != str(field.type):
                    continue
                fields.append(f"{name} {self.selection(field.type, depth - 1)}".strip())
            if fields:
                inside = " ".join(fields)
                pieces.append(inside if named is one else f"... on {one.name} {{ {inside} }}")
        return "{ " + " ".join(pieces) + " }"


def written(value: Any) -> str:
    """A GraphQL literal."""
    if isinstance(value, Name):
        return str(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {written(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(written(one) for one in value) + "]"
    return json.dumps(value)
