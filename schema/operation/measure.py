"""How deep an operation goes and how many objects it may ask for, told before anything is read.

The cost of a field is the objects it may bring: one for an object, the page size for a connection, the number of ids for
``nodes``, an assumed length for any other list; each times what is selected below it. Fields that read a message's
content weigh more (see :mod:`schema.cost`). Conditions (``@skip``, ``@include``) and merging are not counted on, so the
figure is never too low.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_list_type,
    is_non_null_type,
)

from schema.cost import ASSUMED_LENGTH, INTROSPECTION_COST, LENGTHS, LIST_ARGUMENTS, PAGED_FIELDS, WEIGHTS
from schema.pagination import DEFAULT_PAGE

_COMPOSITE: Final = (GraphQLObjectType, GraphQLInterfaceType, GraphQLUnionType)


class Measure:
    """Measures one operation with its variables. A fragment is measured once for each type and page size it stands in."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, variables: dict[str, Any]) -> None:
        self._schema = schema
        self._variables = variables
        self._fragments: Final = {
            item.name.value: item for item in document.definitions if isinstance(item, FragmentDefinitionNode)
        }
        self._measured: dict[tuple[str, int], tuple[int, int]] = {}

    def operation(self, node: OperationDefinitionNode) -> tuple[int, int]:
        """Return (depth, cost). The document is valid: fragments have no cycles."""
        root = self._schema.get_root_type(node.operation)
        return self._selections(node.selection_set, root, 1) if root else (0, 0)

    def below(self, nodes: Iterable[FieldNode], inner: GraphQLNamedType) -> int:
        """Return the cost of what these fields select of one object."""
        return sum(
            self._selections(node.selection_set, inner, 1)[1] for node in nodes if node.selection_set is not None
        )

    def _selections(self, selections: SelectionSetNode, parent: GraphQLNamedType, page: int) -> tuple[int, int]:
        depth = cost = 0
        for selection in selections.selections:
            if isinstance(selection, FieldNode):
                below, price = self._field(selection, parent, page)
            elif isinstance(selection, FragmentSpreadNode):
                below, price = self._spread(selection.name.value, page)
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                inner = self._schema.get_type(condition.name.value) if condition else parent
                below, price = self._selections(selection.selection_set, inner or parent, page)
            else:
                continue
            depth = max(depth, below)
            cost += price
        return depth, cost

    def _spread(self, name: str, page: int) -> tuple[int, int]:
        found = self._measured.get((name, page))
        if found is None:
            fragment: FragmentDefinitionNode = self._fragments[name]
            inner = self._schema.get_type(fragment.type_condition.name.value)
            found = self._selections(fragment.selection_set, inner, page) if inner else (0, 0)
            self._measured[(name, page)] = found
        return found

    def _field(self, node: FieldNode, parent: GraphQLNamedType, page: int) -> tuple[int, int]:
        name = node.name.value
        if name.startswith("__"):
            return 1, INTROSPECTION_COST.get(name, 0)
        definition = parent.fields.get(name) if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType) else None
        if definition is None:
            return 1, 0
        weight = WEIGHTS.get((parent.name, name), 0)
        inner = get_named_type(definition.type)
        if node.selection_set is None or not isinstance(inner, _COMPOSITE):
            return 1, weight
        size = self._page_size(node, definition) if "first" in definition.args else 1
        depth, below = self._selections(node.selection_set, inner, size)
        length = self._length(node, definition, parent.name, page)
        return depth + 1, weight + length * (1 + below)

    def _length(self, node: FieldNode, definition: GraphQLField, parent: str, page: int) -> int:
        for name in LIST_ARGUMENTS:
            if name in definition.args:
                return self._list_argument(node, name)
        if not _is_list(definition):
            return 1
        if node.name.value in PAGED_FIELDS:
            return page
        return LENGTHS.get((parent, node.name.value), ASSUMED_LENGTH)

    def _value(self, node: FieldNode, name: str) -> Any:
        for argument in node.arguments or ():
            if argument.name.value == name:
                value = argument.value
                if isinstance(value, VariableNode):
                    return self._variables.get(value.name.value)
                if isinstance(value, IntValueNode):
                    return int(value.value)
                if isinstance(value, ListValueNode):
                    return value.values
        return None

    def _page_size(self, node: FieldNode, definition: GraphQLField) -> int:
        sizes = [
            size
            for name in ("first", "last")
            if name in definition.args and isinstance(size := self._value(node, name), int)
        ]
        return max(0, *sizes) if sizes else DEFAULT_PAGE

    def _list_argument(self, node: FieldNode, name: str) -> int:
        value = self._value(node, name)
        return max(1, len(value)) if isinstance(value, list | tuple) else 1


def _is_list(definition: GraphQLField) -> bool:
    of = definition.type
    return is_list_type(of.of_type if is_non_null_type(of) else of)
