"""A GraphQL client of the tests: plain HTTP, nothing between it and the wire."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import httpx

RESPONSE = "application/graphql-response+json"


class GraphQLFailureError(AssertionError):
    """The response has errors that the test did not expect."""


@dataclass
class GraphQLClient:
    """One token on one endpoint."""

    url: str
    token: str
    http: httpx.AsyncClient = field(init=False)

    def __post_init__(self) -> None:
        headers = {"Authorization": f"Bearer {self.token}", "Accept": RESPONSE}
        self.http = httpx.AsyncClient(base_url=self.url, headers=headers, timeout=30)

    async def post(self, body: Any, **headers: str) -> httpx.Response:
        """Send a body as it is."""
        return await self.http.post("/graphql", json=body, headers=headers)

    async def run(self, document: str, /, **variables: Any) -> dict[str, Any]:
        """Run a document and return the whole response."""
        response = await self.post({"query": document, "variables": variables})
        found: dict[str, Any] = response.json()
        return found

    async def data(self, document: str, /, **variables: Any) -> dict[str, Any]:
        """Run a document that must succeed and return its data."""
        response = await self.run(document, **variables)
        if "errors" in response:
            raise GraphQLFailureError(response["errors"])
        data: dict[str, Any] = response["data"]
        return data

    async def errors(self, document: str, /, **variables: Any) -> list[dict[str, Any]]:
        """Run a document that must fail and return its errors."""
        response = await self.run(document, **variables)
        assert "errors" in response, response
        errors: list[dict[str, Any]] = response["errors"]
        return errors
