"""One measured figure, its target and its ratio to the bare driver."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal


@dataclass
class Figure:
    """``bare`` is the same work done by the driver alone in the same run, in the same unit."""

    name: str
    value: float
    unit: str
    target: float | None = None
    better: Literal["higher", "lower"] = "higher"
    bare: float | None = None
    target_ratio: float | None = None
    """The least share of the bare driver's figure."""
    note: str = ""

    @property
    def ratio(self) -> float | None:
        return self.value / self.bare if self.bare else None

    @property
    def met(self) -> bool | None:
        """None where there is no target."""
        checks: list[bool] = []
        if self.target is not None:
            checks.append(self.value >= self.target if self.better == "higher" else self.value <= self.target)
        if self.target_ratio is not None:
            checks.append(self.ratio is not None and self.ratio >= self.target_ratio)
        return all(checks) if checks else None

    def as_json(self) -> dict[str, object]:
        return {**asdict(self), "ratio": self.ratio, "met": self.met}


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def median(values: Sequence[float]) -> float:
    return percentile(values, 0.5)
