"""Addresses as clients see them."""

from __future__ import annotations

from collections.abc import Iterable

import strawberry

from correio.mime import model


@strawberry.type(description="One mailbox of an address list (RFC 5322 section 3.4), decoded.")
class Address:
    """A display name and an address."""

    name: str | None
    email: str = strawberry.field(description="local@domain, or what stands in its place in a broken list.")
    group: str | None = strawberry.field(default=None, description="The name of the group it stands in, if any.")


def addresses(found: Iterable[model.Address]) -> list[Address]:
    """Return an address list for a client. Groups without members are left out: they name nobody."""
    return [Address(name=one.name, email=one.email, group=one.group) for one in found if one.local or one.domain]
