"""Where the OpenAPI document takes ids: path, query and body, found by the schemas they refer to."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import yaml

CONTRACT = Path(__file__).parents[2] / "openapi" / "openapi.yaml"
METHODS = ("get", "put", "post", "patch", "delete")
ID_SCHEMAS = {
    "TokenId": "token",
    "KeyId": "key",
    "SendId": "send",
    "DeliveryId": "delivery",
    "AccountId": "account",
    "MailboxId": "mailbox",
    "MessageId": "message",
    "EmailId": "email",
    "ThreadId": "thread",
}
KNOWN_PATH_SCHEMAS = {"PartPath": "1", "ScriptName": "rules"}
"""Path parameters that are no ids, and a value for them."""
NO_IDS = {"Content-Id", "content_id", "message_id_header"}
"""Names that look like ids and are not."""


@dataclass(frozen=True)
class Operation:
    """One method of one path, its references resolved one level."""

    id: str
    method: str
    path: str
    item: dict[str, Any]
    spec: dict[str, Any]

    def parameters(self, place: str) -> list[dict[str, Any]]:
        found = [resolve(one) for one in (*self.item.get("parameters", ()), *self.spec.get("parameters", ()))]
        return [one for one in found if one["in"] == place]

    @property
    def body(self) -> dict[str, Any] | None:
        """The JSON schema of the request body."""
        content = self.spec.get("requestBody", {}).get("content", {})
        schema: dict[str, Any] | None = content.get("application/json", {}).get("schema")
        return schema

    @property
    def takes_mail(self) -> bool:
        return "message/rfc822" in self.spec.get("requestBody", {}).get("content", {})


def document() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(CONTRACT.read_text(encoding="utf-8"))
    return loaded


DOCUMENT = document()


def resolve(schema: dict[str, Any]) -> dict[str, Any]:
    """Follow a reference within the document."""
    while "$ref" in schema:
        at: Any = DOCUMENT
        for step in schema["$ref"].removeprefix("#/").split("/"):
            at = at[step]
        schema = at
    return schema


def operations() -> list[Operation]:
    return [
        Operation(spec["operationId"], method, path, item, spec)
        for path, item in DOCUMENT["paths"].items()
        for method, spec in item.items()
        if method in METHODS
    ]


def id_kind(schema: dict[str, Any], name: str) -> str | None:
    """The kind of id a schema takes, itself or in a list or an alternative. Fails where a name says id and none is known."""
    for one in (schema, *schema.get("oneOf", ()), *schema.get("anyOf", ()), schema.get("items", {})):
        reference = one.get("$ref", "").rpartition("/")[2]
        if reference in ID_SCHEMAS:
            return ID_SCHEMAS[reference]
        if one.get("type") == "array" and (kind := id_kind(one.get("items", {}), name)):
            return kind
    looks = re.search(r"(^|_)ids?$", name) and name not in NO_IDS
    assert not looks, f"{name} looks like an id, and its schema {schema} is not one the tenancy test knows"
    return None


def id_properties(schema: dict[str, Any]) -> Iterator[tuple[str, str, bool]]:
    """(name, kind, whether it is a list) of the ids at the top of a body. Nested objects with ids are not foreseen."""
    for name, spec in resolve(schema).get("properties", {}).items():
        if kind := id_kind(spec, name):
            yield name, kind, resolve(spec).get("type") == "array"
            continue
        for inner in resolve(spec).get("properties", {}):
            assert not re.search(r"(^|_)ids?$", inner), f"{name}.{inner}: teach the tenancy test nested ids"


def valid_body(schema: dict[str, Any], must: dict[str, Any], own: dict[str, str]) -> dict[str, Any]:
    """The smallest body that is valid and holds what it must."""
    whole = {**resolve(schema), "components": DOCUMENT["components"]}
    validator = jsonschema.Draft202012Validator(whole)
    properties = resolve(schema).get("properties", {})
    required = [name for name in resolve(schema).get("required", ()) if name not in must]
    others = [name for name in properties if name not in must and name not in required]
    for size in range(3):
        for chosen in itertools.combinations(others, size):
            body = {name: sample(properties[name], own) for name in (*required, *chosen)} | must
            if validator.is_valid(body):
                return body
    raise AssertionError(f"no valid body with {must} for {schema}")


def sample(schema: dict[str, Any], own: dict[str, str]) -> Any:
    """A value a schema takes, ids being one's own."""
    reference = schema.get("$ref", "").rpartition("/")[2]
    if reference in ID_SCHEMAS:
        return own[ID_SCHEMAS[reference]]
    known = {"Keyword": "$flagged", "State": "9999999999", "MailboxPath": "Fresh", "MailboxName": "Fresh"}
    if reference in known:
        return known[reference]
    schema = resolve(schema)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    if "oneOf" in schema:
        return sample(schema["oneOf"][0], own)
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = kind[0]
    values: dict[str, Any] = {
        "boolean": True,
        "integer": schema.get("minimum", 1),
        "string": "x" * max(1, schema.get("minLength", 1)),
        "object": {"$flagged": True},
    }
    if kind == "array":
        return [sample(schema["items"], own)]
    assert kind in values, f"no sample for {schema}"
    return values[kind]
