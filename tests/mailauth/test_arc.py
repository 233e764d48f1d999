"""ARC (RFC 8617): sealing and validating chains."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from correio.mailauth.arc import MAX_SETS, Arc, prepare_arc, trusted_sealer, verify_arc
from correio.mailauth.authentication_results import MethodResult
from correio.mailauth.mail_octets import MailOctets
from correio.mailauth.sealing import seal
from correio.mailauth.signing import Signer, sign
from tests.mailauth.keys import ed25519_key, publish, rsa_key, signers
from tests.mailauth.zone import Zone, at_once

NOW = 1_700_000_000
MESSAGE = b"From: a@author.test\r\nTo: l@list.test\r\nSubject: x\r\nDate: y\r\n\r\nHello\r\n"
FIRST = Signer("list.test", "r1", rsa_key())
SECOND = Signer("forward.test", "e1", ed25519_key())
PASSED = [MethodResult("dmarc", "pass", properties=(("header.from", "author.test"),))]
FAILED = [MethodResult("dmarc", "fail", properties=(("header.from", "author.test"),)), MethodResult("arc", "pass")]


def zone() -> Zone:
    return publish(Zone(), FIRST, SECOND)


def verify(message: bytes, where: Zone | None = None) -> Arc:
    return at_once(verify_arc(prepare_arc(MailOctets(message)), where or zone(), NOW))


def sealed(message: bytes, signer: Signer, results: list[MethodResult] = PASSED) -> bytes:
    """A message passed on: what the signer found of the chain goes into his seal."""
    found = verify(message)
    return seal(message, signer, found, results, authserv_id=f"mx.{signer.domain}", now=NOW) + message


def test_a_message_without_a_chain() -> None:
    assert verify(MESSAGE) == Arc("none")


def test_chains_of_some_length() -> None:
    once = sealed(MESSAGE, FIRST)
    assert verify(once) == Arc("pass", ("list.test",))
    # The list changes the message before it seals; the next one passes it on as it is.
    twice = sealed(once, SECOND, FAILED)
    assert verify(twice) == Arc("pass", ("list.test", "forward.test"))
    assert b"cv=none" in once
    assert b"cv=pass" in twice
    thrice = sealed(b"Received: by x\r\n" + twice.replace(b"Subject: x", b"Subject:  x"), FIRST)
    assert verify(thrice).result == "pass"


def test_a_chain_grows_to_its_bound() -> None:
    message = MESSAGE
    for _ in range(MAX_SETS):
        message = sealed(message, SECOND)
    assert verify(message).result == "pass"
    assert seal(message, SECOND, verify(message), PASSED, authserv_id="mx", now=NOW) == b""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"Hello", b"Hallo"),
        (b"Subject: x", b"Subject: y"),
        (b"To: l@list.test", b"To: l@list.test\r\nSubject: z"),
        (b"dmarc=pass", b"dmarc=fail"),
        (b"header.from=author.test", b"header.from=other.test"),
        (b"cv=none", b"cv=pass"),
        (b"cv=pass", b"cv=none"),
        (b"ARC-Seal: i=1", b"ARC-Seal: i=3"),
        (b"ARC-Seal: i=1", b"ARC-Seal: i=2"),
        (b"ARC-Seal: i=1", b"ARC-Seal: i=0"),
        (b"ARC-Seal: i=1", b"ARC-Seal: i=51"),
        (b"ARC-Seal: i=1", b"ARC-Seal: i=one"),
        (b"ARC-Seal: i=1", b"ARC-Seal: h=from; i=1"),
        (b"ARC-Seal: i=1", b"ARC-Seal: i=1; i=1"),
        (b"ARC-Message-Signature: i=1", b"X: i=1"),
        (b"ARC-Authentication-Results: i=1", b"X: i=1"),
        (b"ARC-Authentication-Results: i=1;", b"ARC-Authentication-Results:"),
        (b"ARC-Message-Signature: i=2; a=ed25519-sha256", b"ARC-Message-Signature: i=2; a=rsa-sha256"),
        (b"h=From:", b"h=ARC-Seal:From:"),
        (b"s=e1", b"s=nobody"),
    ],
)
def test_broken_chains(before: bytes, after: bytes) -> None:
    message = sealed(sealed(MESSAGE, FIRST), SECOND)
    assert before in message
    assert verify(message.replace(before, after)).result == "fail"


def test_a_set_taken_out_or_doubled() -> None:
    once = sealed(MESSAGE, FIRST)
    twice = sealed(once, SECOND)
    added = twice.removesuffix(once)
    assert verify(added + MESSAGE).result == "fail"
    assert verify(added + twice).result == "fail"
    assert verify(added * 60 + MESSAGE).result == "fail"


def test_who_finds_a_chain_broken_says_so_once() -> None:
    broken = sealed(MESSAGE, FIRST).replace(b"Hello", b"Hallo")
    after = sealed(broken, SECOND)
    assert b"cv=fail" in after
    assert verify(after).result == "fail"
    assert sealed(after, FIRST) == after
    # One of which the parts do not fit together, too.
    odd = broken.replace(b"ARC-Seal: i=1", b"ARC-Seal: i=x")
    assert b"cv=fail" in sealed(odd, SECOND)


def test_a_key_that_cannot_be_had() -> None:
    message = sealed(sealed(MESSAGE, FIRST), SECOND)
    for name in ("r1._domainkey.list.test", "e1._domainkey.forward.test"):
        where = zone()
        where.records[name] = {"TEMP": []}
        assert verify(message, where).result == "temperror"
        assert seal(message, FIRST, verify(message, where), PASSED, authserv_id="mx", now=NOW) == b""


def test_whose_word_counts() -> None:
    def word(message: bytes, *trusted: str, author: str = "author.test") -> str:
        return trusted_sealer(prepare_arc(MailOctets(message)), author, trusted)

    once = sealed(MESSAGE, FIRST)
    assert word(once, "list.test") == "list.test"
    assert word(once, "other.test") == ""
    assert word(once, "list.test", author="other.test") == ""
    assert word(sealed(MESSAGE, FIRST, FAILED), "list.test") == ""
    # The newest has to be trusted, and then may speak for the older ones that are.
    twice = sealed(once, SECOND, FAILED)
    assert word(twice, "list.test") == ""
    assert word(twice, "forward.test") == ""
    assert word(twice, "forward.test", "list.test") == "list.test"
    assert word(sealed(sealed(MESSAGE, FIRST, FAILED), SECOND), "forward.test") == "forward.test"
    assert word(MESSAGE, "list.test") == ""


def test_a_signature_has_to_cover_who_it_is_from(monkeypatch: pytest.MonkeyPatch) -> None:
    """As with DKIM (RFC 6376 section 5.4), or anybody's name could be put under a trusted seal."""
    with monkeypatch.context() as patched:
        patched.setattr("correio.mailauth.sealing.signed_names", lambda _: [b"To", b"Subject"])
        once = sealed(MESSAGE, FIRST)
    found = verify(once.replace(b"a@author.test", b"b@author.test"))
    assert (found.result, "From" in found.reason) == ("fail", True)


def test_a_signature_over_a_part_of_the_body_is_nobodys_word_for_the_rest() -> None:
    once = sealed(MESSAGE, Signer("list.test; l=7", "r1", rsa_key()))
    for message, expected in ((once, "list.test"), (once + b"Buy this\r\n", "")):
        assert verify(message).result == "pass"
        assert trusted_sealer(prepare_arc(MailOctets(message)), "author.test", ["list.test"]) == expected


def test_signatures_under_a_seal_stay_whole() -> None:
    message = sign(MESSAGE, signers("author.test"), NOW) + MESSAGE
    once = sealed(message, FIRST)
    assert verify(once).result == "pass"
    # The seal covers them.
    assert verify(once.replace(b"s=r1; t=", b"s=r2; t=", 1)).result == "fail"


@settings(deadline=None)
@given(
    st.binary(max_size=80),
    st.binary(max_size=80),
    st.sampled_from([b"i=1; a=rsa-sha256; cv=none; d=list.test; s=r1; b=AA", b""]),
)
def test_no_chain_raises(one: bytes, two: bytes, made: bytes) -> None:
    message = (
        b"ARC-Seal: "
        + made
        + one
        + b"\r\nARC-Message-Signature: "
        + two
        + b"\r\nARC-Authentication-Results: i=1;"
        + one
        + b"\r\n"
    )
    found = verify(message + MESSAGE)
    assert found.result == "fail"
    assert isinstance(seal(message + MESSAGE, SECOND, found, PASSED, authserv_id="mx", now=NOW), bytes)
