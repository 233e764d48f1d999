"""Bounds on the values of arguments: how long a list may be and how deep an input object may nest."""

from __future__ import annotations

from typing import Any, Final

from graphql import DocumentNode, ListValueNode, ObjectValueNode, ValueNode, Visitor, visit

from schema.operation.request import refused

MAX_INPUT_DEPTH: Final = 12
"""Lists and objects within one another, such as filters of filters."""
MAX_INPUT_VALUES: Final = 5_000
"""Values in all variables of a request together."""


def check_variables(variables: dict[str, Any], longest_list: int) -> None:
    """Raise RequestError for variables with too long a list, too deep a nesting or too many values.

    They are walked before they are coerced, so that nothing recursive ever sees them.
    """
    count = 0
    level: list[Any] = list(variables.values())
    depth = 0
    while level:
        depth += 1
        count += len(level)
        if depth > MAX_INPUT_DEPTH:
            raise refused(f"A variable nests deeper than {MAX_INPUT_DEPTH} levels.", "limit")
        if count > MAX_INPUT_VALUES:
            raise refused(f"The variables hold more than {MAX_INPUT_VALUES} values.", "limit")
        below: list[Any] = []
        for value in level:
            if isinstance(value, list):
                _check_length(len(value), longest_list)
                below.extend(value)
            elif isinstance(value, dict):
                below.extend(value.values())
        level = below


class _Literals(Visitor):
    def __init__(self, longest_list: int) -> None:
        super().__init__()
        self._longest_list = longest_list
        self._depth = 0

    def enter_list_value(self, node: ListValueNode, *_: Any) -> None:
        _check_length(len(node.values), self._longest_list)
        self._enter(node)

    def enter_object_value(self, node: ObjectValueNode, *_: Any) -> None:
        self._enter(node)

    def leave_list_value(self, *_: Any) -> None:
        self._depth -= 1

    def leave_object_value(self, *_: Any) -> None:
        self._depth -= 1

    def _enter(self, _node: ValueNode) -> None:
        self._depth += 1
        if self._depth > MAX_INPUT_DEPTH:
            raise refused(f"An argument nests deeper than {MAX_INPUT_DEPTH} levels.", "limit")


def check_literals(document: DocumentNode, longest_list: int) -> None:
    """Raise RequestError for a literal list that is too long or a literal that nests too deeply."""
    visit(document, _Literals(longest_list))


def _check_length(length: int, longest: int) -> None:
    if length > longest:
        raise refused(f"A list has {length} items; at most {longest} are allowed.", "limit")
