"""The server's certificate."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import ssl
import stat
from pathlib import Path

import pytest
from cryptography import x509

from correio import tls
from correio.config import Settings
from correio.config_sources import ConfigError
from correio.tls import self_signed, server_context


def test_a_certificate_is_made_and_used_again(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path / "tls", "mail.example.org")
    first = certificate.read_bytes()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(key.parent.stat().st_mode) == 0o700
    names = x509.load_pem_x509_certificate(first).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert set(names.get_values_for_type(x509.DNSName)) == {"localhost", "mail.example.org"}
    assert set(names.get_values_for_type(x509.IPAddress)) == {
        ipaddress.ip_address("127.0.0.1"),
        ipaddress.ip_address("::1"),
    }
    self_signed(tmp_path / "tls", "mail.example.org")
    assert certificate.read_bytes() == first


@pytest.mark.parametrize("damage", ["name", "certificate", "key", "garbage", "old", "pair"])
def test_a_certificate_that_does_not_fit_is_made_anew(
    tmp_path: Path, damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "mail.example.org"
    certificate, key = self_signed(tmp_path, name)
    first = certificate.read_bytes()
    match damage:
        case "name":
            name = "other.example.org"
        case "certificate":
            certificate.unlink()
        case "key":
            key.unlink()
        case "garbage":
            key.write_bytes(b"nothing")
        case "old":
            monkeypatch.setattr(tls, "_RENEW_BEFORE", datetime.timedelta(days=398))
        case "pair":
            _, other = self_signed(tmp_path / "other", name)
            key.write_bytes(other.read_bytes())
    self_signed(tmp_path, name)
    assert certificate.read_bytes() != first
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)


@pytest.mark.parametrize(
    "name", ["localhost", "127.0.0.1", "[2001:db8::1]", "correio.exämple", "x" * 70, "under_score"]
)
def test_any_host_name_gets_a_certificate(tmp_path: Path, name: str) -> None:
    server_context(Settings(data=tmp_path), name)


def test_tls_1_2_is_the_least(tmp_path: Path) -> None:
    assert server_context(Settings(data=tmp_path), "localhost").minimum_version is ssl.TLSVersion.TLSv1_2


def test_the_configured_files_are_used_or_named(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path / "mine", "a.test")
    server_context(Settings(data=tmp_path / "data", tls_certificate=certificate, tls_key=key), "a.test")
    assert not (tmp_path / "data").exists()
    with pytest.raises(ConfigError, match=r"nowhere\.pem does not exist"):
        server_context(Settings(tls_certificate=tmp_path / "nowhere.pem", tls_key=key), "a.test")
    with pytest.raises(ConfigError, match=r"Cannot use the certificate"):
        server_context(Settings(tls_certificate=key, tls_key=certificate), "a.test")


def test_a_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "tls").write_text("a file")
    with pytest.raises(ConfigError, match="Cannot make a certificate in"):
        self_signed(tmp_path / "tls" / "deeper", "a.test")


def test_no_ticket_follows_a_handshake(tmp_path: Path) -> None:
    """What comes behind the handshake of TLS 1.3 without having been asked for halts clients that read and write by two threads."""
    certificate, key = self_signed(tmp_path, "mail.example.org")
    settings = Settings(data=tmp_path, tls_certificate=certificate, tls_key=key)
    there = server_context(settings, "mail.example.org")
    here = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    here.check_hostname, here.verify_mode = False, ssl.CERT_NONE
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = there.wrap_bio(to_server, to_client, server_side=True)
    client = here.wrap_bio(to_client, to_server)
    for side in (client, server, client, server):
        with contextlib.suppress(ssl.SSLWantReadError):
            side.do_handshake()
    assert (client.version(), to_client.pending) == ("TLSv1.3", 0)
