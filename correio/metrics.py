"""Measurements in the Prometheus text format (version 0.0.4): counters, gauges and histograms in one registry.

Names and labels are fixed in the code and label values come from closed sets (routes, statuses, protocols), never from
a client, so the number of series is bounded.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from typing import Final, Protocol, TypeVar

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds for durations of requests."""


class Metric(Protocol):
    """One family of series."""

    name: str
    help: str
    kind: str

    def samples(self) -> list[str]:
        """Return one line a series, without the end of line."""


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _labels(names: tuple[str, ...], values: tuple[str, ...], more: str = "") -> str:
    pairs = [f'{name}="{_escaped(value)}"' for name, value in zip(names, values, strict=True)]
    if more:
        pairs.append(more)
    return "{" + ",".join(pairs) + "}" if pairs else ""


class Counter:
    """Only ever grows."""

    kind = "counter"

    def __init__(self, name: str, help: str, labels: tuple[str, ...] = ()) -> None:  # noqa: A002 - the word of the format
        self.name = name
        self.help = help
        self._labels = labels
        self._values: dict[tuple[str, ...], float] = {}

    def add(self, *labels: str, amount: float = 1) -> None:
        """Add to the series of these label values."""
        self._values[labels] = self._values.get(labels, 0) + amount

    def value(self, *labels: str) -> float:
        """Return what the series stands at."""
        return self._values.get(labels, 0)

    def samples(self) -> list[str]:
        """Return one line a series."""
        return [
            f"{self.name}{_labels(self._labels, values)} {_number(value)}" for values, value in self._values.items()
        ]


class Gauge(Counter):
    """Goes up and down."""

    kind = "gauge"

    def set(self, *labels: str, value: float) -> None:
        """Set the series of these label values."""
        self._values[labels] = value


class Reading:
    """A counter or gauge that lives elsewhere and is read when asked for."""

    def __init__(self, name: str, help: str, read: Callable[[], float], kind: str = "gauge") -> None:  # noqa: A002
        self.name = name
        self.help = help
        self.kind = kind
        self._read = read

    def samples(self) -> list[str]:
        """Return the one line."""
        return [f"{self.name} {_number(self._read())}"]


class Histogram:
    """Counts of observations at or below each bound, their sum and their number."""

    kind = "histogram"

    def __init__(
        self,
        name: str,
        help: str,  # noqa: A002
        labels: tuple[str, ...] = (),
        bounds: tuple[float, ...] = SECONDS,
    ) -> None:
        self.name = name
        self.help = help
        self._labels = labels
        self._bounds = bounds
        self._series: dict[tuple[str, ...], tuple[list[int], list[float]]] = {}

    def observe(self, *labels: str, value: float) -> None:
        """Count one observation in the series of these label values."""
        series = self._series.get(labels)
        if series is None:
            series = self._series[labels] = ([0] * (len(self._bounds) + 1), [0.0])
        series[0][bisect_left(self._bounds, value)] += 1
        series[1][0] += value

    def samples(self) -> list[str]:
        """Return the lines of every series: buckets, sum and count."""
        lines: list[str] = []
        for values, (counts, total) in self._series.items():
            below = 0
            for bound, count in zip((*self._bounds, None), counts, strict=True):
                below += count
                edge = "+Inf" if bound is None else _number(bound)
                bucket = _labels(self._labels, values, f'le="{edge}"')
                lines.append(f"{self.name}_bucket{bucket} {below}")
            labels = _labels(self._labels, values)
            lines.append(f"{self.name}_sum{labels} {total[0]!r}")
            lines.append(f"{self.name}_count{labels} {below}")
        return lines


M = TypeVar("M", bound=Metric)


class Registry:
    """The metrics of one process, by name."""

    def __init__(self) -> None:
        self._metrics: dict[str, Metric] = {}

    def add(self, metric: M) -> M:
        """Register a metric and return it; one of the same name is replaced."""
        self._metrics[metric.name] = metric
        return metric

    def render(self) -> bytes:
        """Return everything in the text format."""
        lines: list[str] = []
        for name in sorted(self._metrics):
            metric = self._metrics[name]
            lines.append(f"# HELP {name} {metric.help}")
            lines.append(f"# TYPE {name} {metric.kind}")
            lines.extend(metric.samples())
        return ("\n".join(lines) + "\n").encode("utf-8")


REGISTRY: Final = Registry()
CONNECTIONS: Final = REGISTRY.add(Gauge("correio_connections", "Open connections by protocol.", ("protocol",)))
ACCEPTED: Final = REGISTRY.add(
    Counter("correio_connections_accepted_total", "Connections accepted by protocol.", ("protocol",))
)
