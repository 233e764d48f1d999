"""What the doctor finds."""

from __future__ import annotations

from typing import Literal

import msgspec

State = Literal["ok", "note", "warning", "problem"]


class Finding(msgspec.Struct, frozen=True):
    """One thing looked at. ``advice`` says what to do; it is empty when nothing is to be done."""

    subject: str
    state: State
    text: str
    advice: str = ""
