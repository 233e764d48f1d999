"""GraphQL over HTTP: the transport at /graphql. The schema itself is the package ``schema``."""

from __future__ import annotations

from api.graphql.app import create_graphql_app

__all__ = ["create_graphql_app"]
