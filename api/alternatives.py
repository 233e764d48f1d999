"""Alternatives of the contract (``oneOf``) told apart by the type of the value.

A validator says of a value that fits none of them just that, and makes a list of whatever is wrong with it by each before. By
its type there is only one that it can be meant as: what is wrong with it is wrong by that one, and is told with its place. Pure.
"""

from __future__ import annotations

from typing import Any

Json = Any


def told_apart(node: Json, components: Json) -> Json:
    """Return a schema, or anything of schemas, in which every ``oneOf`` of different types is told apart by them.

    It takes the same values as before. ``components`` is what references lead to, as it was.
    """
    if isinstance(node, list):
        return [told_apart(one, components) for one in node]
    if not isinstance(node, dict):
        return node
    made = {name: told_apart(one, components) for name, one in node.items()}
    kinds = [_types(one, components) for one in node["oneOf"]] if isinstance(node.get("oneOf"), list) else []
    every = [kind for kind in kinds if kind]
    together = set().union(*every)
    if not kinds or len(every) < len(kinds) or sum(map(len, every)) > len(together):
        return made
    alternatives = made.pop("oneOf")
    told = [{"if": {"type": sorted(kind)}, "then": one} for kind, one in zip(every, alternatives, strict=True)]
    made["allOf"] = [*made.get("allOf", ()), {"type": sorted(together)}, *told]
    return made


def _types(schema: Json, components: Json) -> set[str]:
    """Return the types of what a schema takes, none where it does not say."""
    while "$ref" in schema:
        schema = components["schemas"][schema["$ref"].rpartition("/")[2]]
    if "type" in schema:
        return set([schema["type"]] if isinstance(schema["type"], str) else schema["type"])
    kinds = [_types(one, components) for one in schema.get("oneOf", ())]
    return set().union(*kinds) if all(kinds) else set()
