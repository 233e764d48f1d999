"""Documents: parsed, bounded and validated once, then kept."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    SelectionSetNode,
    Visitor,
    parse,
    specified_rules,
    validate,
    visit,
)
from graphql.validation import ASTValidationRule
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from correio.config import Limits
from schema.operation.request import RequestError, refused

MAX_REPEATS: Final = 30
"""How often one response key may stand in one selection set: checking that they agree is quadratic."""
MAX_DEFINITIONS: Final = 100
MAX_ERRORS: Final = 20
_KEPT_DOCUMENTS: Final = 1_000
_KEPT_OCTETS: Final = 4 * 1024 * 1024


class _Shape(Visitor):
    """Counts what must be bounded before validation, whose time is not linear."""

    def __init__(self) -> None:
        super().__init__()
        self.aliases = 0
        self.repeats = 0

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        self.aliases += node.alias is not None

    def enter_selection_set(self, node: SelectionSetNode, *_: Any) -> None:
        seen: dict[str, int] = {}
        for selection in node.selections:
            if isinstance(selection, FieldNode):
                key = (selection.alias or selection.name).value
                seen[key] = seen.get(key, 0) + 1
        self.repeats = max(self.repeats, *seen.values(), 0)


class Document:
    """A valid document of this schema. ``operation`` finds what to run in it."""

    __slots__ = ("node", "operations")

    def __init__(self, node: DocumentNode) -> None:
        self.node: Final = node
        self.operations: Final = [item for item in node.definitions if isinstance(item, OperationDefinitionNode)]

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """Return the operation of this name, or the only one. Raises RequestError (section 6.1 "Executing Requests")."""
        if name is None:
            if len(self.operations) == 1:
                return self.operations[0]
            raise refused("The document has several operations: operationName must name one.", "operation-name")
        for operation in self.operations:
            if operation.name is not None and operation.name.value == name:
                return operation
        raise refused(f"The document has no operation named {name[:64]!a}.", "operation-name")


class Documents:
    """The documents that one schema has accepted, least recently used first.

    Only accepted ones are kept: a wrong document costs its sender time at every attempt, and nobody memory.
    """

    def __init__(self, schema: GraphQLSchema, limits: Limits, introspection: bool) -> None:
        self._schema = schema
        self._limits = limits
        self._kept: OrderedDict[str, Document] = OrderedDict()
        self._octets = 0
        rules: list[type[ASTValidationRule]] = [*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule]
        if not introspection:
            rules.append(NoSchemaIntrospectionCustomRule)
        self._rules: Final = tuple(rules)

    def known(self, source: str) -> Document | None:
        """Return the document if it is kept."""
        found = self._kept.get(source)
        if found is not None:
            self._kept.move_to_end(source)
        return found

    def keep(self, source: str, document: Document) -> None:
        """Keep an accepted document."""
        if source in self._kept:
            return
        self._kept[source] = document
        self._octets += len(source)
        while len(self._kept) > _KEPT_DOCUMENTS or self._octets > _KEPT_OCTETS:
            oldest, _ = self._kept.popitem(last=False)
            self._octets -= len(oldest)

    def prepare(self, source: str) -> Document:
        """Parse and validate a document. Pure, and slow for a long one. Raises RequestError."""
        limits = self._limits
        try:
            node = parse(source, max_tokens=limits.graphql_tokens, allow_empty_selection_sets=False)
        except GraphQLError as error:
            raise RequestError([_with_code(error, "syntax")]) from error
        if len(node.definitions) > MAX_DEFINITIONS:
            raise refused(f"The document has more than {MAX_DEFINITIONS} definitions.", "limit")
        shape = _Shape()
        visit(node, shape)
        if shape.aliases > limits.graphql_aliases:
            raise refused(
                f"The document has {shape.aliases} aliases; at most {limits.graphql_aliases} are allowed.", "limit"
            )
        if shape.repeats > MAX_REPEATS:
            raise refused(f"A field stands more than {MAX_REPEATS} times in one selection.", "limit")
        errors = validate(self._schema, node, self._rules, max_errors=MAX_ERRORS)
        if errors:
            raise RequestError([_with_code(error, "validation") for error in errors])
        return Document(node)


def _with_code(error: GraphQLError, code: str) -> GraphQLError:
    error.extensions = {"code": code, **(error.extensions or {})}
    return error
