"""The parameters of a request (GraphQL over HTTP, section "Request Parameters"), from a body or a query string."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import msgspec

from schema.operation.request import GraphQLRequest


class ParametersError(Exception):
    """The request is not a well-formed GraphQL request. The text is for the client."""


def from_body(body: bytes) -> GraphQLRequest:
    """Return the request in a JSON body. Raises ParametersError."""
    return _request(_decoded(body, "The body"))


def from_query_string(query_string: bytes) -> GraphQLRequest:
    """Return the request in a query string, with ``variables`` and ``extensions`` in JSON. Raises ParametersError."""
    try:
        pairs = parse_qsl(query_string.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=16)
    except ValueError as error:
        raise ParametersError("The query string is not well formed.") from error
    given: dict[str, Any] = {}
    for name, value in pairs:
        if name in given:
            raise ParametersError(f"{name[:64]!a} stands twice in the query string.")
        given[name] = _decoded(value.encode(), name) if name in ("variables", "extensions") and value else value
    return _request(given)


def _decoded(octets: bytes, what: str) -> Any:
    try:
        return msgspec.json.decode(octets)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ParametersError(f"{what} is not JSON.") from error


def _request(given: Any) -> GraphQLRequest:
    if isinstance(given, list):
        raise ParametersError("Several operations in one request are not taken: send one object, not a list.")
    if not isinstance(given, dict):
        raise ParametersError("The body must be a JSON object.")
    query = given.get("query")
    if not isinstance(query, str) or not query:
        raise ParametersError("query must be a string with a GraphQL document.")
    name = given.get("operationName")
    if name is not None and not isinstance(name, str):
        raise ParametersError("operationName must be a string or null.")
    for parameter in ("variables", "extensions"):
        if not isinstance(given.get(parameter), dict | None):
            raise ParametersError(f"{parameter} must be an object or null.")
    # An empty operationName in a query string is a client's way to say none.
    return GraphQLRequest(query, name or None, given.get("variables") or {})
