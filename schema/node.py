"""Nodes: what has an id of its own (Relay Global Object Identification)."""

from __future__ import annotations

import strawberry


@strawberry.interface(description="An object that can be asked for again by its id.")
class Node:
    """Everything with an id."""

    id: strawberry.ID
