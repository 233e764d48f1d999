"""schema/schema.graphql is the schema, and it keeps the conventions that clients build on."""

from __future__ import annotations

import pytest
from graphql import (
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLUnionType,
    build_schema,
    get_named_type,
    is_non_null_type,
)

from schema.build import SCHEMA_FILE, schema_text

SCHEMA = build_schema(SCHEMA_FILE.read_text(encoding="utf-8"))
OBJECTS = [
    one for one in SCHEMA.type_map.values() if isinstance(one, GraphQLObjectType) and not one.name.startswith("__")
]


def test_the_committed_text_is_the_schema() -> None:
    committed = SCHEMA_FILE.read_text(encoding="utf-8")
    assert committed == schema_text(), "run: python -m schema.build"


@pytest.mark.parametrize("one", OBJECTS, ids=lambda one: one.name)
def test_lists_are_never_null(one: GraphQLObjectType) -> None:
    for name, field in one.fields.items():
        if "[" in str(field.type):
            assert is_non_null_type(field.type), f"{one.name}.{name}"


@pytest.mark.parametrize("one", OBJECTS, ids=lambda one: one.name)
def test_connections_are_as_relay_has_them(one: GraphQLObjectType) -> None:
    for field in one.fields.values():
        named = get_named_type(field.type)
        if named.name.endswith("Connection"):
            assert {"first", "after", "last", "before"} <= set(field.args)
            assert isinstance(named, GraphQLObjectType)
            assert {"edges", "pageInfo"} <= set(named.fields)
            edge = get_named_type(named.fields["edges"].type)
            assert isinstance(edge, GraphQLObjectType)
            assert {"cursor", "node"} <= set(edge.fields)
    page_info = SCHEMA.type_map["PageInfo"]
    assert isinstance(page_info, GraphQLObjectType)
    assert {name: str(field.type) for name, field in page_info.fields.items()} == {
        "hasNextPage": "Boolean!",
        "hasPreviousPage": "Boolean!",
        "startCursor": "String",
        "endCursor": "String",
    }


def test_every_mutation_takes_one_input_and_gives_a_union_with_problems() -> None:
    mutation = SCHEMA.mutation_type
    assert mutation is not None
    for name, field in mutation.fields.items():
        assert list(field.args) == ["input"], name
        assert isinstance(get_named_type(field.args["input"].type), GraphQLInputObjectType)
        result = get_named_type(field.type)
        assert isinstance(result, GraphQLUnionType), name
        kinds = [
            isinstance(one, GraphQLObjectType) and "Problem" in {i.name for i in one.interfaces} for one in result.types
        ]
        assert True in kinds, name
        assert False in kinds, name


def test_everything_with_an_id_that_is_a_node_says_so() -> None:
    nodes = {one.name for one in OBJECTS if "Node" in {interface.name for interface in one.interfaces}}
    assert nodes == {"Account", "Identity", "Mailbox", "Message", "Part", "Submission", "Thread"}
    assert {one.name for one in OBJECTS if "id" in one.fields} - nodes == {"Blob"}


@pytest.mark.parametrize(
    "union", [one for one in SCHEMA.type_map.values() if isinstance(one, GraphQLUnionType)], ids=lambda one: one.name
)
def test_members_of_a_union_can_be_asked_for_together(union: GraphQLUnionType) -> None:
    """Fields of one name have one type, so that no selection needs an alias (section 5.3.2 "Field Selection Merging")."""
    types: dict[str, str] = {}
    for member in union.types:
        for name, field in member.fields.items():
            assert types.setdefault(name, str(field.type)) == str(field.type), f"{member.name}.{name}"
