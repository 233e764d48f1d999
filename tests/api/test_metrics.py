"""The Prometheus text format."""

from __future__ import annotations

from correio.metrics import Counter, Gauge, Histogram, Reading, Registry


def test_the_format() -> None:
    registry = Registry()
    counter = registry.add(Counter("c_total", "Counts.", ("route", "status")))
    gauge = registry.add(Gauge("g", "Goes up and down."))
    histogram = registry.add(Histogram("h_seconds", "Durations.", ("route",), bounds=(0.1, 1.0)))
    registry.add(Reading("r", "Lives elsewhere.", lambda: 2.5))
    counter.add("a", "200")
    counter.add("a", "200")
    counter.add('b"\n\\', "500", amount=0.5)
    gauge.set(value=3)
    gauge.add(amount=-1)
    for value in (0.1, 0.5, 7.0):
        histogram.observe("a", value=value)
    assert registry.render().decode() == (
        "# HELP c_total Counts.\n# TYPE c_total counter\n"
        'c_total{route="a",status="200"} 2\n'
        'c_total{route="b\\"\\n\\\\",status="500"} 0.5\n'
        "# HELP g Goes up and down.\n# TYPE g gauge\ng 2\n"
        "# HELP h_seconds Durations.\n# TYPE h_seconds histogram\n"
        'h_seconds_bucket{route="a",le="0.1"} 1\n'
        'h_seconds_bucket{route="a",le="1"} 2\n'
        'h_seconds_bucket{route="a",le="+Inf"} 3\n'
        'h_seconds_sum{route="a"} 7.6\n'
        'h_seconds_count{route="a"} 3\n'
        "# HELP r Lives elsewhere.\n# TYPE r gauge\nr 2.5\n"
    )
