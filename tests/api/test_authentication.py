"""Which channels may carry credentials."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from api.rest.authentication import is_loopback, require_private_channel
from api.rest.problems import ProblemError


@pytest.mark.parametrize(
    ("address", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("", True),
        ("10.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("fe80::1%eth0", False),
        ("localhost.evil.example", False),
    ],
)
def test_loopback(address: str, loopback: bool) -> None:
    assert is_loopback(address) is loopback


def request(scheme: str, client: str) -> Request:
    return Request(
        {"type": "http", "scheme": scheme, "client": (client, 5), "headers": [], "path": "/", "server": ("x", 1)}
    )


def test_credentials_never_cross_a_network_in_the_clear() -> None:
    require_private_channel(request("https", "192.0.2.7"))
    require_private_channel(request("http", "127.0.0.1"))
    with pytest.raises(ProblemError) as caught:
        require_private_channel(request("http", "192.0.2.7"))
    assert (caught.value.status, caught.value.code) == (403, "tls-required")


def test_a_forwarded_for_of_the_client_counts_for_nothing() -> None:
    forged = request("http", "192.0.2.7")
    forged.scope["headers"] = [(b"x-forwarded-for", b"127.0.0.1"), (b"x-forwarded-proto", b"https")]
    with pytest.raises(ProblemError):
        require_private_channel(forged)
