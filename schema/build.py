"""The schema put together, and its text. ``python -m schema.build`` writes schema.graphql anew."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final

import strawberry
from graphql import GraphQLArgument, GraphQLInputField, GraphQLInputObjectType, GraphQLObjectType, Undefined
from strawberry.schema.config import StrawberryConfig

from schema.mutation import Mutation
from schema.part.types import EmbeddedMessage, Part
from schema.query import Query
from schema.scalars import SCALARS
from schema.thread.types import Thread

SCHEMA_FILE: Final = Path(__file__).with_name("schema.graphql")


@lru_cache(maxsize=1)
def build_schema() -> strawberry.Schema:
    """Return the schema. It is made once a process."""
    schema = strawberry.Schema(
        query=Query,
        mutation=Mutation,
        types=[Thread, Part, EmbeddedMessage],
        config=StrawberryConfig(scalar_map=SCALARS),
    )
    _forget_null_defaults(schema)
    return schema


def _forget_null_defaults(schema: strawberry.Schema) -> None:
    """Take ``= null`` from arguments and input fields: what is left out is left out, and the text says no more than that."""
    for named in schema._schema.type_map.values():
        given: list[GraphQLArgument | GraphQLInputField] = []
        if isinstance(named, GraphQLInputObjectType):
            given.extend(named.fields.values())
        elif isinstance(named, GraphQLObjectType):
            given.extend(argument for field in named.fields.values() for argument in field.args.values())
        for one in given:
            if one.default_value is None:
                one.default_value = Undefined


def schema_text() -> str:
    """Return the schema in the schema definition language, as schema.graphql holds it."""
    return build_schema().as_str().rstrip("\n") + "\n"


if __name__ == "__main__":
    SCHEMA_FILE.write_text(schema_text(), encoding="utf-8")
