"""Addresses as clients see them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import strawberry

from correio.mime import model
from schema.context import OperationContext
from schema.paced import paced


@strawberry.type(description="One mailbox of an address list (RFC 5322 section 3.4), decoded.")
class Address:
    """A display name and an address. What stands behind it is the parser's own :class:`correio.mime.model.Address`."""

    name: str | None
    email: str = strawberry.field(description="local@domain, or what stands in its place in a broken list.")
    group: str | None = strawberry.field(description="The name of the group it stands in, if any.")


def addresses(context: OperationContext, found: Sequence[model.Address]) -> list[Address]:
    """Return an address list for a client. Groups without members are left out: they name nobody."""
    named = [one for one in found if one.local or one.domain]
    return paced(named, lambda one: one, context.budget.charge)  # type: ignore[no-any-return]


def first_address(found: Sequence[model.Address]) -> Address | None:
    """Return the one address of a field that has one."""
    return cast("Address | None", next((one for one in found if one.local or one.domain), None))
