"""An HTTP client that holds every response it gets against openapi/openapi.yaml."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import jsonschema_rs

from api.contract import METHODS, load_contract

CONTRACT = load_contract()
DOCUMENT: Mapping[str, Any] = CONTRACT.document


def resolved(node: Mapping[str, Any]) -> Mapping[str, Any]:
    """Follow references within the document."""
    while "$ref" in node:
        target: Any = DOCUMENT
        for token in node["$ref"].removeprefix("#/").split("/"):
            target = target[token]
        node = target
    return node


_validators: dict[str, jsonschema_rs.Draft202012Validator] = {}


def check(schema: Mapping[str, Any], instance: object, what: str) -> None:
    """Fail unless an instance is valid."""
    key = repr(schema)
    if key not in _validators:
        whole = {**schema, "components": DOCUMENT["components"]}
        _validators[key] = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
    validator = _validators[key]
    faults = [
        f"{'/'.join(map(str, error.instance_path))}: {error.message}" for error in validator.iter_errors(instance)
    ]
    assert not faults, f"{what}: {faults}"


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{[a-z_]+\\}", "[^/]+", re.escape(path)))


# Paths without parameters first, as the router has them.
PATHS = sorted(((_pattern(path), path) for path in DOCUMENT["paths"]), key=lambda one: "{" in one[1])


def documented(method: str, path: str) -> Mapping[str, Any] | None:
    """Return the operation of a method and a path, None where the contract has none."""
    for pattern, template in PATHS:
        if pattern.fullmatch(path):
            method = "get" if method == "HEAD" else method.lower()
            return DOCUMENT["paths"][template].get(method) if method in METHODS else None
    return None


@dataclass
class Seen:
    """What was answered, over a session: (operationId, key of the response in the contract)."""

    answers: set[tuple[str, str]] = field(default_factory=set)


SEEN = Seen()


def check_response(method: str, path: str, response: httpx.Response) -> None:
    """Fail on any difference between a response and the contract."""
    what = f"{method} {path} -> {response.status_code}"
    assert response.headers["x-content-type-options"] == "nosniff", what
    assert "default-src 'none'" in response.headers["content-security-policy"], what
    assert re.fullmatch("[a-z2-7]{16}", response.headers["x-request-id"]), what
    assert "server" not in response.headers, what
    assert "access-control-allow-origin" not in response.headers, what
    operation = documented(method, path)
    if operation is None:
        _check_outside(method, response, what)
        return
    key = str(response.status_code)
    assert key in operation["responses"] or response.status_code >= 400, f"{what} is not in the contract"
    # What an operation documents by number is held to that; other failures to the document every problem is.
    key = key if key in operation["responses"] else "default"
    SEEN.answers.add((operation["operationId"], key))
    documented_response = resolved(operation["responses"][key])
    for name, reference in documented_response.get("headers", {}).items():
        header = resolved(reference)
        if header.get("required"):
            assert name in response.headers, f"{what} lacks {name}"
            check(header["schema"], response.headers[name], f"{what} {name}")
    content = documented_response.get("content")
    if content is None:
        assert response.content == b"", what
        return
    given = response.headers["content-type"]
    media_type = given if given in content else "*/*"
    assert media_type in content, f"{what}: {given} is not in the contract"
    if method != "HEAD" and "json" in media_type:
        check(content[media_type]["schema"], json.loads(response.content), what)


def _check_outside(method: str, response: httpx.Response, what: str) -> None:
    if method == "OPTIONS" and response.status_code == 204:
        assert "OPTIONS" in response.headers["allow"], what
        return
    assert response.status_code in (404, 405), what
    assert response.headers["content-type"] == "application/problem+json", what
    if method != "HEAD":
        check({"$ref": "#/components/schemas/Problem"}, response.json(), what)


class ContractClient:
    """httpx against one server, signed in or not."""

    def __init__(self, base_url: str, token: str | None = None) -> None:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self.token = token
        self.http = httpx.AsyncClient(base_url=base_url, headers=headers, timeout=60, verify=False)

    async def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send a request; fail where the answer is not in the contract."""
        response = await self.http.request(method, path, **options)
        check_response(method, response.request.url.raw_path.partition(b"?")[0].decode(), response)
        return response

    async def get(self, path: str, **options: Any) -> httpx.Response:
        """GET."""
        return await self.request("GET", path, **options)

    async def post(self, path: str, **options: Any) -> httpx.Response:
        """POST."""
        return await self.request("POST", path, **options)

    async def patch(self, path: str, **options: Any) -> httpx.Response:
        """PATCH."""
        return await self.request("PATCH", path, **options)

    async def delete(self, path: str, **options: Any) -> httpx.Response:
        """DELETE."""
        return await self.request("DELETE", path, **options)

    async def mailboxes(self) -> dict[str, Any]:
        """Return the mailboxes by path."""
        listed = (await self.get("/v1/mailboxes")).json()["mailboxes"]
        return {mailbox["path"]: mailbox for mailbox in listed}

    async def mailbox_id(self, path: str = "INBOX") -> str:
        """Return the id of a mailbox."""
        found: str = (await self.mailboxes())[path]["id"]
        return found

    async def put(self, raw: bytes, path: str = "INBOX", **query: Any) -> dict[str, Any]:
        """Import a message and return it."""
        response = await self.post(
            f"/v1/mailboxes/{await self.mailbox_id(path)}/messages",
            content=raw,
            params=query,
            headers={"Content-Type": "message/rfc822"},
        )
        assert response.status_code == 201, response.text
        message: dict[str, Any] = response.json()
        return message
