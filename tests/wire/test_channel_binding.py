"""What both ends of a TLS connection know and nobody else."""

from __future__ import annotations

import hashlib
import ssl
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from protocols.wire.channel_binding import channel_binding
from tests.wire.certificate import client_context, server_context

NAMES = ("tls-exporter", "tls-unique", "tls-server-end-point")
NO_EXTENDED_MASTER_SECRET = 1
"""SSL_OP_NO_EXTENDED_MASTER_SECRET of OpenSSL 3, which Python does not name."""


def connected(server: ssl.SSLContext, version: ssl.TLSVersion, options: int = 0) -> tuple[ssl.SSLObject, ssl.SSLObject]:
    """Both ends of a connection in memory, the server's first."""
    context = client_context()
    context.minimum_version = context.maximum_version = version
    context.options |= options
    to_server, to_client = (ssl.MemoryBIO(), ssl.MemoryBIO()), (ssl.MemoryBIO(), ssl.MemoryBIO())
    ends = server.wrap_bio(*to_server, server_side=True), context.wrap_bio(*to_client)
    done: set[ssl.SSLObject] = set()
    for _ in range(10):
        for end in reversed(ends):
            try:
                end.do_handshake()
                done.add(end)
            except ssl.SSLWantReadError:
                pass
            to_server[0].write(to_client[1].read())
            to_client[0].write(to_server[1].read())
    assert len(done) == 2
    return ends


def bindings(tls: ssl.SSLObject) -> dict[str, bytes | None]:
    octets = channel_binding(tls)
    assert octets is not None
    return {name: octets(name) for name in NAMES}


def test_both_ends_have_the_same_and_no_other_connection_has(tmp_path: Path) -> None:
    context = server_context(tmp_path)
    seen = set()
    for version, unique in ((ssl.TLSVersion.TLSv1_3, "tls-exporter"), (ssl.TLSVersion.TLSv1_2, "tls-unique")):
        for _ in range(3):
            server, client = connected(context, version)
            here, there = bindings(server), bindings(client)
            assert [name for name in NAMES[:2] if here[name]] == [unique]
            assert here[unique] == there[unique]
            certificate = client.getpeercert(binary_form=True)
            assert certificate is not None
            assert here["tls-server-end-point"] == hashlib.sha256(certificate).digest()
            seen.add(here[unique])
    assert len(seen) == 6


def test_a_connection_under_tls_1_2_that_is_not_unique_is_not_bound_to(tmp_path: Path) -> None:
    """RFC 7627 section 1: without the extended master secret two connections can have the same tls-unique."""
    for end in connected(server_context(tmp_path), ssl.TLSVersion.TLSv1_2, NO_EXTENDED_MASTER_SECRET):
        assert channel_binding(end) is None


def test_what_is_no_connection_of_pythons_openssl(tmp_path: Path) -> None:
    server, client = connected(server_context(tmp_path), ssl.TLSVersion.TLSv1_3)
    inner = cast(Any, server)._sslobj
    for other in (
        None,
        SimpleNamespace(),
        SimpleNamespace(_sslobj=object(), context=server.context),
        # The pointer next to the handle is not the one that it ought to be.
        SimpleNamespace(_sslobj=inner, context=client.context),
        # OpenSSL knows other Finished messages than Python.
        SimpleNamespace(_sslobj=inner, context=server.context, get_channel_binding=lambda _: b"x" * 12),
        SimpleNamespace(_sslobj=inner, context=server.context, get_channel_binding=lambda _: None),
    ):
        assert channel_binding(cast(Any, other)) is None


def test_unknown_names(tmp_path: Path) -> None:
    server, _ = connected(server_context(tmp_path), ssl.TLSVersion.TLSv1_3)
    octets = channel_binding(server)
    assert octets is not None
    for name in ("", "tls-unique", "tls-exporter ", "TLS-EXPORTER", "é"):
        assert octets(name) is None


def test_nothing_is_bound_where_openssl_cannot_be_reached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server, _ = connected(server_context(tmp_path), ssl.TLSVersion.TLSv1_3)
    monkeypatch.setattr("protocols.wire.channel_binding._library", lambda: None)
    assert channel_binding(server) is None
