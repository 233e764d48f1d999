"""Nothing a client sends may leave a traceback in the server's log."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.peers.served import Served


@pytest.fixture(autouse=True)
def no_traceback(server: Served) -> Iterator[None]:
    """Read what the log has gained in the test."""
    before = len(server.tracebacks())
    yield
    new = server.tracebacks()[before:]
    assert not new, "\n".join(new)
