"""Who is in the demo."""

from __future__ import annotations

from typing import Final

DOMAINS: Final = ("origem.test", "destino.test")
PEOPLE: Final = (("orlando@origem.test", "Orlando Magalhães"), ("maria@destino.test", "Maria Conceição"))
PASSWORD: Final = "correio"  # noqa: S105 - known to everybody, and therefore on loopback only
