"""The type Identity."""

from __future__ import annotations

import strawberry

from correio.mail.identities import Identity as CoreIdentity
from schema.node import Node


@strawberry.type(description="A name and an address that the account may send as.")
class Identity(Node):
    """See the description of each field."""

    name: str = strawberry.field(description="The display name; empty: none.")
    email: str


def identity_node(core: CoreIdentity) -> Identity:
    """Return an identity for a client."""
    return Identity(id=strawberry.ID(core.id), name=core.name, email=core.email)
