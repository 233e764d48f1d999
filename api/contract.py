"""The REST contract, openapi/openapi.yaml, compiled: what each operation takes, checked on every request."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, cast

import jsonschema_rs
import yaml

from api.alternatives import told_apart
from api.body_shape import PLAIN, Shape, shape_of
from api.rest.problems import Fault, ProblemError, escape_pointer

DOCUMENT: Final = Path(__file__).resolve().parents[1] / "openapi" / "openapi.yaml"
METHODS: Final = ("get", "post", "put", "patch", "delete")
MAX_FAULTS: Final = 16
"""Faults reported for one request."""

_SENTENCE: Final = 300
"""Characters of what is told of a fault."""
_INTEGER: Final = re.compile(r"-?[0-9]{1,18}")
_BOOLEANS: Final = {"true": True, "false": False}
_WINDOW: Final = 1024 * 1024
_CONTROL_IN_TEXT: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")

# JSON, as YAML or a request gives it. The one place where a dict stands for a document: it has no shape before it is checked.
Json = Any


class Checker:
    """One JSON Schema of the contract, compiled. ``components`` have their alternatives told apart."""

    def __init__(self, schema: Json, components: Json) -> None:
        # The mask keeps values, which may be passwords, out of the messages.
        self._validator = jsonschema_rs.Draft202012Validator(
            {**schema, "components": components}, mask="The value", validate_formats=True, offline=True
        )

    def is_valid(self, instance: Json) -> bool:
        """Tell whether an instance is valid."""
        return bool(self._validator.is_valid(instance))

    def faults(self, instance: Json) -> list[tuple[list[str], str]]:
        """Return the path and a sentence for each fault, bounded.

        All of them are found before the first is told, and each holds a copy of what it is about: the time grows with the square
        of the members of an object. :func:`api.rest.request_body.decode_json` bounds those.
        """
        found: list[tuple[list[str], str]] = []
        for error in self._validator.iter_errors(instance):
            found.append(([str(token) for token in error.instance_path], _sentence(error)))
            if len(found) == MAX_FAULTS:
                break
        return found


def _sentence(error: jsonschema_rs.ValidationError) -> str:
    """Return what is wrong, in a sentence of bearable length."""
    kind = error.kind
    if not isinstance(kind, jsonschema_rs.ValidationErrorKind.AnyOf | jsonschema_rs.ValidationErrorKind.OneOfNotValid):
        return error.message if len(error.message) <= _SENTENCE else f"{error.message[:_SENTENCE]}…"
    found = [each[0].kind for each in kind.context if each]
    needed = [one.property for one in found if isinstance(one, jsonschema_rs.ValidationErrorKind.Required)]
    if needed and len(needed) == len(found):
        return f"One of these is needed: {', '.join(needed)}."
    return "It has none of the forms that are taken here."


class Parameters:
    """The parameters of one operation in one place: path, query or header."""

    def __init__(self, rules: Sequence[Json], components: Json) -> None:
        self._kinds: dict[str, str] = {}
        properties: dict[str, Json] = {}
        required: list[str] = []
        for rule in rules:
            name = rule["name"].lower() if rule["in"] == "header" else rule["name"]
            schema = _resolved(rule["schema"], components)
            self._kinds[name] = schema.get("type", "string")
            properties[name] = rule["schema"]
            if rule.get("required"):
                required.append(name)
        self.names: Final = frozenset(properties)
        self._checker = Checker(
            {"type": "object", "properties": properties, "required": required, "additionalProperties": False},
            components,
        )

    def read(self, pairs: Sequence[tuple[str, str]]) -> tuple[dict[str, Json], list[Fault]]:
        """Return the values in the types of the contract, and what is wrong with them."""
        values: dict[str, Json] = {}
        faults: list[Fault] = []
        for name, text in pairs:
            kind = self._kinds.get(name)
            if kind is None:
                faults.append(Fault("There is no such parameter here.", parameter=name[:64]))
            elif _CONTROL.search(text):
                faults.append(Fault("Control characters are not allowed.", parameter=name))
            elif kind == "array":
                values.setdefault(name, []).append(text)
            elif name in values:
                faults.append(Fault("It is given more than once.", parameter=name))
            else:
                values[name] = _typed(kind, text)
        if not faults and not self._checker.is_valid(values):
            faults = [Fault(text, parameter=path[0] if path else None) for path, text in self._checker.faults(values)]
        return values, faults[:MAX_FAULTS]


class Operation:
    """One method of one path. ``operation_id`` is the route's name and the handler's."""

    def __init__(self, path: str, method: str, shared: Sequence[Json], document: Json, checked: Json) -> None:
        rule = document["paths"][path][method]
        components = document["components"]
        parameters = [_resolved(one, components) for one in (*shared, *rule.get("parameters", ()))]
        self.operation_id: Final[str] = rule["operationId"]
        self.path: Final = path
        self.method: Final = method.upper()
        security = rule.get("security", document["security"])
        self.secured: Final = bool(security)
        self.scopes: Final[tuple[str, ...]] = tuple(security[0]["bearer"]) if security else ()
        """Scopes of API keys of which one is enough; the full one always is."""
        self.path_parameters: Final = Parameters([one for one in parameters if one["in"] == "path"], checked)
        self.query_parameters: Final = Parameters([one for one in parameters if one["in"] == "query"], checked)
        self.header_parameters: Final = Parameters([one for one in parameters if one["in"] == "header"], checked)
        body = rule.get("requestBody")
        self.body_media_types: Final[tuple[str, ...]] = tuple(body["content"]) if body else ()
        schema = body["content"]["application/json"]["schema"] if "application/json" in self.body_media_types else None
        self.body: Final = None if schema is None else Checker(schema, checked)
        self.shape: Final[Shape] = PLAIN if schema is None else shape_of(schema, components)

    def check_body(self, instance: Json) -> None:
        """Raise a 422 problem that points at each fault of a JSON body."""
        if self.body is None or self.body.is_valid(instance):
            return
        errors = tuple(
            Fault(text, pointer="#" + "".join("/" + escape_pointer(token) for token in path))
            for path, text in self.body.faults(instance)
        )
        raise ProblemError(422, "invalid-input", "The body is not what this operation takes.", errors=errors)


class Contract:
    """The whole document."""

    def __init__(self, source: bytes) -> None:
        self.source: Final = source
        self.etag: Final = f'"{hashlib.sha256(source).hexdigest()[:32]}"'
        self.document: Final[Json] = yaml.load(source, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe
        self.operations: Final[dict[str, Operation]] = {}
        components = self.document["components"]
        checked = {**components, "schemas": told_apart(components["schemas"], components)}
        for path, item in self.document["paths"].items():
            for method in METHODS:
                if method in item:
                    operation = Operation(path, method, item.get("parameters", ()), self.document, checked)
                    self.operations[operation.operation_id] = operation


def load_contract(path: Path = DOCUMENT) -> Contract:
    """Read and compile the contract. Raises OSError, yaml.YAMLError, KeyError, or ValueError for a bad schema."""
    return Contract(path.read_bytes())


def has_control_characters(text: str) -> bool:
    """Tell whether a string holds a control character, a line separator or a lone surrogate."""
    return _CONTROL.search(text) is not None


def has_controls_but_lines(text: str) -> bool:
    """Tell whether a text holds a control character other than a tab or a line end, or a lone surrogate.

    Looks at 1 MiB at a time, so that no call holds the interpreter for long.
    """
    return any(_CONTROL_IN_TEXT.search(text, at, at + _WINDOW) for at in range(0, len(text), _WINDOW))


def _typed(kind: str, text: str) -> Json:
    # What does not look like its type stays text, and the schema says what is wrong with it.
    if kind == "integer" and _INTEGER.fullmatch(text):
        return int(text)
    if kind == "boolean":
        return _BOOLEANS.get(text, text)
    return text


def _resolved(node: Mapping[str, Json], components: Json) -> Mapping[str, Json]:
    while "$ref" in node:
        _, _, kind, name = node["$ref"].split("/")
        node = cast("Mapping[str, Json]", components[kind][name])
    return node
