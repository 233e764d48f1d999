"""What two servers said of one message, made comparable: a name and a value for everything that can differ."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_TOKEN = re.compile(rb'[()]|"((?:[^"\\]|\\.)*)"|~?\{(\d+)\}\r\n|((?:[^\s()"\[]|\[[^\]]*\](?:<\d+>)?)+)')
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
ADDRESSES = ("from", "sender", "reply-to", "to", "cc", "bcc")
ENVELOPE = ("date", "subject", *ADDRESSES, "in-reply-to", "message-id")

Facts = dict[str, Any]


def values(octets: bytes) -> list[Any]:
    """Any response as nested lists of octets; NIL is None, a number an int. Lenient: both servers are heard out."""
    stack: list[list[Any]] = [[]]
    at = 0
    while match := _TOKEN.search(octets, at):
        at = match.end()
        token = match[0]
        if token == b"(":
            stack.append([])
        elif token == b")":
            done = stack.pop()
            stack[-1].append(done)
        elif match[2] is not None:
            stack[-1].append(octets[at : at + int(match[2])])
            at += int(match[2])
        elif match[3] is not None:
            stack[-1].append(None if token == b"NIL" else int(token) if token.isdigit() else token)
        else:
            stack[-1].append(_ESCAPED.sub(rb"\1", match[1]))
    return stack[0]


def items(response: bytes) -> dict[str, Any]:
    """The items of ``<number> FETCH (...)``."""
    found = values(response)[2]
    return {name.decode().upper(): value for name, value in zip(found[::2], found[1::2], strict=True)}


def facts(fetched: dict[str, Any]) -> Facts:
    """Everything said of one message, by name."""
    told: Facts = {}
    for name, value in fetched.items():
        if name == "ENVELOPE":
            told.update(envelope("ENVELOPE", value))
        elif name in ("BODYSTRUCTURE", "BODY"):
            told.update(structure(name, value))
        else:
            told[name] = value
    return told


def envelope(prefix: str, value: list[Any]) -> Facts:
    """The ten fields of an ENVELOPE."""
    return {f"{prefix} {name}": field for name, field in zip(ENVELOPE, value, strict=True)}


def structure(name: str, value: list[Any]) -> Facts:
    """A body structure, one name a field of each part. ``(shape)`` is what parts there are."""
    told: Facts = {}
    shape: list[tuple[str, str]] = []
    for path, node in _nodes(value, ""):
        kind, known = _node(node)
        shape.append((path, kind))
        told.update({f"{name} {path} {field}": content for field, content in known.items()})
    return {f"{name} (shape)": shape, **told}


def sections(value: list[Any]) -> list[tuple[str, str]]:
    """Section number and media type of everything below the message itself."""
    return [(path, _node(node)[0]) for path, node in _nodes(value, "") if path]


def _nodes(node: list[Any], prefix: str) -> Iterator[tuple[str, list[Any]]]:
    if isinstance(node[0], list):
        yield prefix.rstrip("."), node
        for number, child in enumerate((one for one in node if _is_body(one)), 1):
            yield from _below(child, f"{prefix}{number}")
    else:
        yield from _below(node, f"{prefix}1")


def _below(node: list[Any], path: str) -> Iterator[tuple[str, list[Any]]]:
    if isinstance(node[0], list):
        yield path, node
        for number, child in enumerate((one for one in node if _is_body(one)), 1):
            yield from _below(child, f"{path}.{number}")
        return
    yield path, node
    if _is_message(node):
        inner = node[8]
        if isinstance(inner[0], list):
            for number, child in enumerate((one for one in inner if _is_body(one)), 1):
                yield from _below(child, f"{path}.{number}")
        else:
            yield from _below(inner, f"{path}.1")


def _is_body(one: Any) -> bool:
    """Tell a part from the parameter list, disposition and language that may follow the parts of a multipart."""
    if not isinstance(one, list) or not one:
        return False
    if isinstance(one[0], list):
        return _is_body(one[0])
    return len(one) >= 7 and isinstance(one[6], int)


def _is_message(node: list[Any]) -> bool:
    return len(node) > 8 and isinstance(node[7], list) and len(node[7]) == 10 and isinstance(node[8], list)


def _node(node: list[Any]) -> tuple[str, Facts]:
    if isinstance(node[0], list):
        bodies = sum(1 for one in node if _is_body(one))
        subtype, *rest = node[bodies:]
        kind = "multipart/" + subtype.decode("latin-1").lower()
        names = ("parameters", "disposition", "language", "location")
        return kind, {name: _folded(name, one) for name, one in zip(names, rest, strict=False)}
    kind = f"{_text(node[0])}/{_text(node[1])}".lower()
    known: Facts = {
        "parameters": _folded("parameters", node[2]), "id": node[3], "description": node[4],
        "encoding": _text(node[5]).lower(), "octets": node[6],
    }  # fmt: skip
    rest = node[7:]
    if _is_message(node):
        known.update(envelope("envelope", node[7]))
        known["lines"] = node[9]
        rest = node[10:]
    elif kind.startswith("text/"):
        known["lines"] = node[7]
        rest = node[8:]
    names = ("md5", "disposition", "language", "location")
    known.update({name: _folded(name, one) for name, one in zip(names, rest, strict=False)})
    return kind, known


def _text(octets: bytes | None) -> str:
    return (octets or b"").decode("latin-1")


def _folded(name: str, value: Any) -> Any:
    """Lower case where the case means nothing: parameter names, disposition types; parameters in no order.

    One language may stand in parentheses or not.
    """
    if not isinstance(value, list):
        return value
    if name == "language" and len(value) == 1:
        return value[0]
    if name == "parameters":
        pairs = zip(value[::2], value[1::2], strict=True)
        return sorted((key.lower(), one) for key, one in pairs)
    if name == "disposition":
        return [value[0].lower(), _folded("parameters", value[1])]
    return value
