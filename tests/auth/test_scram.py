"""What is stored for SCRAM, and SASLprep."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correio.auth.saslprep import saslprep
from correio.auth.scram import ScramCredentials, decoy, derive

SALT = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
MESSAGE = (
    b"n=user,r=rOprNGfwEbeRWgbNEkqO,"
    b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,"
    b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
)
"""RFC 7677 section 3."""
PROOF = base64.b64decode("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")
SIGNATURE = base64.b64decode("6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")


def test_the_example_of_rfc_7677() -> None:
    credentials = derive("pencil", 4096, SALT)
    assert credentials.accepts(MESSAGE, PROOF)
    assert credentials.sign(MESSAGE) == SIGNATURE
    assert not credentials.accepts(MESSAGE + b"x", PROOF)
    assert not credentials.accepts(MESSAGE, PROOF[:-1])
    assert not credentials.accepts(MESSAGE, PROOF[:-1] + b"\0")
    assert not derive("pencil ", 4096, SALT).accepts(MESSAGE, PROOF)


def test_what_is_stored_comes_back() -> None:
    credentials = derive("segredo", 4096)
    assert ScramCredentials.parse(credentials.render()) == credentials
    assert credentials.render().startswith("SCRAM-SHA-256$4096:")
    assert derive("segredo", 4096).salt != credentials.salt
    assert "key" not in repr(credentials)


@given(st.text(max_size=80) | st.from_regex(r"SCRAM-SHA-256\$\d+:[A-Za-z0-9+/=]*\$[A-Za-z0-9+/=]*:[A-Za-z0-9+/=]*"))
def test_anything_else_is_nothing(text: str) -> None:
    parsed = ScramCredentials.parse(text)
    assert parsed is None or (len(parsed.stored_key), len(parsed.server_key)) == (32, 32)


def test_a_decoy_is_the_same_for_a_name_and_for_no_other() -> None:
    one = decoy(b"secret", "a@b.test", 4096)
    assert one == decoy(b"secret", "a@b.test", 4096)
    assert len({one.salt, decoy(b"secret", "b@b.test", 4096).salt, decoy(b"other", "a@b.test", 4096).salt}) == 3
    assert len(one.salt) == len(derive("x", 4096).salt)


@pytest.mark.parametrize(
    ("text", "prepared"),
    [
        # RFC 4013 section 3.
        ("I\u00adX", "IX"), ("user", "user"), ("USER", "USER"), ("\u00aa", "a"), ("\u2168", "IX"), ("\u0007", None),
        ("\u0627\u0031", None),
        ("", ""), ("a\u00a0b", "a b"), ("\u0627b\u0627", None), ("\u06271\u0627", "\u06271\u0627"), ("\ue000", None),
        ("\ud800", None), ("\u00ad", ""), ("\U0001f600", None),
    ],
    ids=ascii,
)  # fmt: skip
def test_saslprep(text: str, prepared: str | None) -> None:
    assert saslprep(text) == prepared


def test_a_query_may_have_what_unicode_did_not_have_then() -> None:
    assert saslprep("\U0001f600", unassigned=True) == "\U0001f600"


def test_one_password_typed_in_two_ways_has_the_same_keys() -> None:
    assert derive("corac\u0327a\u0303o", 4096, SALT) == derive("coração", 4096, SALT)
    assert derive("a\u0007", 4096, SALT) != derive("a", 4096, SALT)
