"""Everything about one message, by one call."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from correio.mailauth.arc import Arc
from correio.mailauth.authenticate import (
    MessageAuthentication,
    authenticate,
    examine,
    pack_authentication,
    unpack_authentication,
)
from correio.mailauth.authentication_results import MethodResult, parse_results, results_field
from correio.mailauth.report import method_results
from correio.mailauth.sealing import seal
from correio.mailauth.signing import Signer, sign
from tests.mailauth.keys import publish, rsa_key, signers
from tests.mailauth.zone import Zone, at_once

NOW = 1_700_000_000
MESSAGE = b"From: Ana <ana@example.com>\r\nTo: b@correio.test\r\nSubject: x\r\nDate: y\r\n\r\nHello\r\n"
LIST = Signer("list.test", "r1", rsa_key())


def zone() -> Zone:
    made = Zone(
        """
        example.com         TXT  v=spf1 ip4:192.0.2.1 -all
        mx.example.com      TXT  v=spf1 a -all
        mx.example.com      A    192.0.2.1
        _dmarc.example.com  TXT  v=DMARC1; p=reject
        """
    )
    return publish(made, *signers(), LIST)


def run(
    message: bytes, where: Zone, ip: str = "192.0.2.1", mail_from: str = "ana@example.com", **more: object
) -> MessageAuthentication:
    return at_once(
        authenticate(
            message,
            client_ip=ip,
            helo="mx.example.com",
            mail_from=mail_from,
            hostname="mx.correio.test",
            lookups=where,
            now=NOW,
            **more,  # type: ignore[arg-type]
        )
    )


def test_a_message_from_who_it_says() -> None:
    found = run(sign(MESSAGE, signers(), NOW) + MESSAGE, zone())
    assert (found.spf.result, found.helo.result, [one.result for one in found.dkim]) == (
        "pass",
        "pass",
        ["pass", "pass"],
    )
    assert (found.dmarc.result, found.dmarc.aligned, found.arc.result) == ("pass", ("dkim", "spf"), "none")
    assert found.disposition == "accept"
    results = method_results(found, mail_from="ana@example.com", helo="mx.example.com", client_ip="192.0.2.1")
    field = results_field("mx.correio.test", results)
    assert field.startswith(
        b"Authentication-Results: mx.correio.test;\r\n\tdkim=pass (2048-bit key) header.d=example.com header.s=r1"
    )
    assert b"header.b=" + found.dkim[1].beginning.encode() in field.replace(b'"', b"")
    assert b";\r\n\tspf=pass smtp.mailfrom=ana@example.com;\r\n\tspf=pass smtp.helo=mx.example.com;\r\n" in field
    assert b";\r\n\tdmarc=pass policy.dmarc=reject header.from=example.com;\r\n\tarc=none\r\n" in field
    read = parse_results(field.partition(b":")[2])
    assert read is not None
    assert [one.method for one in read.results] == ["dkim", "dkim", "spf", "spf", "dmarc", "arc"]


def test_a_forged_message() -> None:
    found = run(MESSAGE, zone(), ip="203.0.113.1")
    assert (found.spf.result, found.dkim, found.dmarc.result, found.disposition) == ("fail", (), "fail", "reject")
    results = method_results(found, mail_from="ana@example.com", helo="mx.example.com", client_ip="203.0.113.1")
    assert [(one.method, one.result) for one in results] == [
        ("dkim", "none"),
        ("spf", "fail"),
        ("spf", "fail"),
        ("dmarc", "fail"),
        ("arc", "none"),
    ]


def test_the_null_sender_has_its_helo_name_alone() -> None:
    found = run(MESSAGE, zone(), mail_from="")
    assert (found.spf.result, found.spf.domain, found.dmarc.aligned) == ("pass", "mx.example.com", ("spf",))
    results = method_results(found, mail_from="", helo="mx.example.com", client_ip="192.0.2.1")
    assert [one.properties for one in results if one.method == "spf"] == [(("smtp.helo", "mx.example.com"),)]


def listed() -> bytes:
    """What a mailing list makes of a message: another subject, and its seal."""
    changed = MESSAGE.replace(b"Subject: x", b"Subject: [list] x")
    passed = [MethodResult("dmarc", "pass", properties=(("header.from", "example.com"),))]
    return seal(changed, LIST, Arc("none"), passed, authserv_id="mx.list.test", now=NOW) + changed


def test_the_word_of_a_trusted_sealer() -> None:
    message = listed()
    where = zone()
    assert run(message, where, ip="203.0.113.1").disposition == "reject"
    found = run(message, where, ip="203.0.113.1", arc_trusted=["list.test"])
    assert (found.dmarc.result, found.sealer, found.disposition) == ("fail", "list.test", "accept")
    results = method_results(found, mail_from="l@list.test", helo="h", client_ip="203.0.113.1")
    assert "list.test" in next(one.comment for one in results if one.method == "dmarc")
    # Not for one who forges the seal, and not refused where the key cannot be had.
    assert (
        run(message.replace(b"Hello", b"Hallo"), where, ip="203.0.113.1", arc_trusted=["list.test"]).disposition
        == "reject"
    )
    where.records["r1._domainkey.list.test"] = {"TEMP": []}
    found = run(message, where, ip="203.0.113.1", arc_trusted=["list.test"])
    assert (found.dmarc.result, found.disposition) == ("temperror", "accept")


def test_a_client_does_not_make_the_header_one_of_rfc_6532() -> None:
    results = method_results(run(b"x", zone()), mail_from="", helo="müller.test", client_ip="203.0.113.1")
    assert next(one.get("smtp.helo") for one in results if one.method == "spf") == "m?ller.test"
    assert results_field("mx.test", results).isascii()


def test_a_name_server_that_is_away_refuses_nobody() -> None:
    where = zone()
    where.records["_dmarc.example.com"] = {"TEMP": []}
    assert run(MESSAGE, where, ip="203.0.113.1").disposition == "accept"


@pytest.mark.parametrize("arc_trusted", [[], ["list.test"]])
def test_packed_and_unpacked(arc_trusted: list[str]) -> None:
    for message in (MESSAGE, sign(MESSAGE, signers(), NOW) + MESSAGE, listed()):
        found = run(message, zone(), arc_trusted=arc_trusted)
        packed = pack_authentication(found)
        assert unpack_authentication(packed) == found
        assert len(packed) < 700
        assert run(b"x", zone()) == run(b"x", zone())


def test_what_was_examined_elsewhere_is_taken() -> None:
    message = sign(MESSAGE, signers(), NOW) + MESSAGE
    found = at_once(
        authenticate(
            examine(message),
            client_ip="192.0.2.1",
            helo="h.test",
            mail_from="ana@example.com",
            hostname="mx",
            lookups=zone(),
            now=NOW,
        )
    )
    assert found.dmarc.result == "pass"


@settings(deadline=None)
@given(
    st.one_of(
        st.binary(max_size=300), st.binary(max_size=100).map(lambda octets: MESSAGE[:40] + octets + MESSAGE[40:])
    ),
    st.text(max_size=30),
    st.text(max_size=30),
    st.text(max_size=20),
)
def test_no_message_raises(message: bytes, helo: str, mail_from: str, ip: str) -> None:
    found = at_once(
        authenticate(message, client_ip=ip, helo=helo, mail_from=mail_from, hostname="mx", lookups=zone(), now=NOW)
    )
    results = method_results(found, mail_from=mail_from, helo=helo, client_ip=ip)
    assert parse_results(results_field("mx", results).partition(b":")[2]) is not None
    assert unpack_authentication(pack_authentication(found)) == found
