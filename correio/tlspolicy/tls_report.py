"""What came of TLS, counted by day, domain and result, as a report of RFC 8460 has it. The reports themselves are not sent."""

from __future__ import annotations

import datetime
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

import msgspec

from correio.metrics import REGISTRY, Counter
from correio.tlspolicy.result import PolicyKind, Result

DAYS: Final = 2
"""Today and the day before are kept."""
MOST_DOMAINS: Final = 10_000
MOST_FAILURES: Final = 100
"""Different failures of one policy that are counted each on its own."""

SESSIONS: Final = REGISTRY.add(
    Counter(
        "correio_outbound_tls_sessions_total",
        "Connections to mail hosts by the policy that applied (tlsa, sts, no-policy-found) and what came of TLS (RFC 8460).",
        ("policy", "result"),
    )
)


class Failure(msgspec.Struct, kw_only=True, rename="kebab"):
    """A member of ``failure-details`` (RFC 8460 section 4.4)."""

    result_type: Result
    receiving_mx_hostname: str
    receiving_ip: str
    failed_session_count: int = 0


class PolicySummary(msgspec.Struct, kw_only=True):
    """The sessions of one domain under one policy."""

    domain: str
    kind: PolicyKind
    policy: tuple[str, ...] = ()
    """The policy's lines, or the TLSA records."""
    hosts: tuple[str, ...] = ()
    """The ``mx`` patterns of an MTA-STS policy."""
    successful: int = 0
    failed: int = 0
    failures: list[Failure] = msgspec.field(default_factory=list)


class DaySummary(msgspec.Struct):
    """One day, in UTC."""

    day: str
    """``2026-11-23``."""
    policies: list[PolicySummary]
    left_out: int
    """Sessions of domains that there was no room for."""


class TlsReport:
    """One per process; it counts what this process has seen."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock: Final = clock
        self._days: OrderedDict[str, dict[tuple[str, PolicyKind], PolicySummary]] = OrderedDict()
        self._left_out: dict[str, int] = {}

    def count(
        self,
        domain: str,
        kind: PolicyKind,
        result: Result,
        *,
        host: str = "",
        address: str = "",
        policy: tuple[str, ...] = (),
        hosts: tuple[str, ...] = (),
    ) -> None:
        """Count one session."""
        SESSIONS.add(kind, result)
        summary = self._summary(domain, kind, policy, hosts)
        if summary is None:
            return
        if result == "successful":
            summary.successful += 1
            return
        summary.failed += 1
        key = (result, host, address)
        for failure in summary.failures:
            if (failure.result_type, failure.receiving_mx_hostname, failure.receiving_ip) == key:
                failure.failed_session_count += 1
                return
        if len(summary.failures) < MOST_FAILURES:
            summary.failures.append(
                Failure(result_type=result, receiving_mx_hostname=host, receiving_ip=address, failed_session_count=1)
            )

    def summary(self, day: datetime.date) -> DaySummary:
        """Return what was counted on a day: today or yesterday; any other is empty."""
        name = day.isoformat()
        return DaySummary(name, list(self._days.get(name, {}).values()), self._left_out.get(name, 0))

    def _summary(
        self, domain: str, kind: PolicyKind, policy: tuple[str, ...], hosts: tuple[str, ...]
    ) -> PolicySummary | None:
        today = datetime.datetime.fromtimestamp(self._clock(), datetime.UTC).date().isoformat()
        if today not in self._days:
            self._days[today] = {}
            while len(self._days) > DAYS:
                gone, _ = self._days.popitem(last=False)
                self._left_out.pop(gone, None)
        policies = self._days[today]
        found = policies.get((domain, kind))
        if found is None:
            if len(policies) >= MOST_DOMAINS:
                self._left_out[today] = self._left_out.get(today, 0) + 1
                return None
            found = policies[domain, kind] = PolicySummary(domain=domain, kind=kind)
        found.policy, found.hosts = policy, hosts
        return found
