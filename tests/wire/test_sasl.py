"""The mechanisms, octets in and octets out."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correio.auth.scram import derive
from protocols.wire.sasl.bearer import OAuthBearer, XOAuth2
from protocols.wire.sasl.encoding import decode_response
from protocols.wire.sasl.login import Login
from protocols.wire.sasl.mechanism import Ended, Mechanism, PasswordClaim, SaslError, ScramClaim, ScramProof, TokenClaim
from protocols.wire.sasl.offer import Channel, make_mechanism, mechanisms, needs_privacy
from protocols.wire.sasl.plain import Plain
from protocols.wire.sasl.scram import Scram
from tests.peers.sasl import ScramClient

SALT = b"0123456789abcdef"


def binding(name: str) -> bytes | None:
    return b"\x00bound\xff" if name == "tls-exporter" else None


def scram(*, plus: bool = False, offers_plus: bool = False) -> Scram:
    return Scram(plus=plus, offers_plus=offers_plus, binding=binding)


def test_plain() -> None:
    assert Plain().step(None) == b""
    assert Plain().step(b"\0a@b\0 x ") == PasswordClaim("", "a@b", " x ")
    assert Plain().step("c@d\0a@b\0é".encode()) == PasswordClaim("c@d", "a@b", "é")
    for wrong in (b"", b"\0", b"\0a", b"\0a\0", b"\0\0b", b"\0a\0b\0", b"\0a\0\xff", b"\0" + b"a" * 1025 + b"\0b"):
        with pytest.raises(SaslError):
            Plain().step(wrong)
    assert "x" not in repr(PasswordClaim("", "a", "xxxx")).replace("...", "")


def test_login() -> None:
    login = Login()
    assert login.step(None) == b"Username:"
    assert login.step(b"a@b") == b"Password:"
    assert login.step(b"x") == PasswordClaim("", "a@b", "x")
    login = Login()
    assert login.step(b"a@b") == b"Password:"
    with pytest.raises(SaslError):
        login.step(b"")
    with pytest.raises(SaslError):
        Login().step(b"")


def run_scram(server: Scram, client: ScramClient, password: str = "pencil") -> tuple[ScramClaim, bool]:
    """Play a whole exchange; returns what was claimed, and whether the proof was right."""
    credentials = derive(password, 4096, SALT)
    assert server.step(None) == b""
    claim = server.step(base64.b64decode(client.first()))
    assert isinstance(claim, ScramClaim)
    challenge = claim.offer(credentials.salt, credentials.iterations)
    proof = server.step(base64.b64decode(client.final(base64.b64encode(challenge))))
    assert isinstance(proof, ScramProof)
    right = credentials.accepts(proof.message, proof.proof)
    last = proof.confirm(credentials.sign(proof.message))
    assert client.knows(base64.b64encode(last)) == right
    assert server.step(b"") == Ended()
    return claim, right


def test_the_example_of_rfc_7677() -> None:
    server = Scram(plus=False, offers_plus=False, binding=binding, nonce="%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0")
    claim = server.step(b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO")
    assert isinstance(claim, ScramClaim)
    assert (claim.authorization, claim.name) == ("", "user")
    credentials = derive("pencil", 4096, base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ=="))
    assert claim.offer(credentials.salt, 4096) == (
        b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
    )
    proof = server.step(
        b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
    )
    assert isinstance(proof, ScramProof)
    assert credentials.accepts(proof.message, proof.proof)
    confirmed = proof.confirm(credentials.sign(proof.message))
    assert confirmed == b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
    assert server.step(b"") == Ended()


def test_scram() -> None:
    claim, right = run_scram(scram(), ScramClient("a@b.test", "pencil", authorization="x=2Cy"))
    assert (claim.name, claim.authorization, right) == ("a@b.test", "x,y", True)
    assert not run_scram(scram(), ScramClient("a@b.test", "pencils"))[1]
    # The name as SASLprep has it, commas and equals signs as RFC 5802 section 5.1 writes them.
    assert run_scram(scram(), ScramClient("\u2168,=\u00ad", "pencil"))[0].name == "IX,="


def test_scram_plus() -> None:
    bound = ScramClient("a", "pencil", flag="p=tls-exporter", binding=b"\x00bound\xff")
    assert run_scram(scram(plus=True, offers_plus=True), bound)[1]
    elsewhere = ScramClient("a", "pencil", flag="p=tls-exporter", binding=b"\x00other\xff")
    with pytest.raises(SaslError, match="channel"):
        run_scram(scram(plus=True, offers_plus=True), elsewhere)
    # A client that says it is bound, and binds to nothing.
    with pytest.raises(SaslError, match="channel"):
        run_scram(scram(plus=True, offers_plus=True), ScramClient("a", "pencil", flag="p=tls-exporter"))


@pytest.mark.parametrize(
    ("plus", "offers_plus", "flag"),
    [
        (False, True, "y"), (True, True, "y"), (True, True, "n"), (False, True, "p=tls-exporter"), (False, False, "p=tls-exporter"),
        (True, True, "p=tls-unique"), (True, True, "p=x"),
    ],
)  # fmt: skip
def test_a_downgrade_or_an_unknown_binding_is_refused(plus: bool, offers_plus: bool, flag: str) -> None:
    with pytest.raises(SaslError):
        scram(plus=plus, offers_plus=offers_plus).step(flag.encode() + b",,n=a,r=b")


def test_a_client_that_could_bind_and_saw_no_offer_is_welcome() -> None:
    assert run_scram(scram(offers_plus=False), ScramClient("a", "pencil", flag="y"))[1]


@pytest.mark.parametrize(
    "message",
    [
        b"", b"n", b"n,,", b"n,,n=a", b"n,,r=b", b"n,,n=,r=b", b"n,,n=a,r=", b"n,,n=a=,r=b", b"n,,n=a=2c,r=b", b"n,,n=a=3d,r=b",
        b"x,,n=a,r=b", b"n,b=c,n=a,r=b", b"n,a==,n=a,r=b", b"n,,m=x,n=a,r=b", b"n,,n=\xff,r=b", b"n,,n=a,r=b\x7f", b"n,,n=a,r=b,",
        b"n,,n=\xc2\xad,r=b",
        b"n,,n=" + b"a" * 1025 + b",r=b", b"n,,n=a,r=" + b"b" * 513, b"n,,n=a\0,r=b", b"n,,n=\x07,r=b", b"p=,,n=a,r=b",
    ],
    ids=repr,
)  # fmt: skip
def test_what_is_no_first_message(message: bytes) -> None:
    with pytest.raises(SaslError):
        scram().step(message)


@pytest.mark.parametrize(
    "message",
    [
        b"", b"c=biws,r=NONCE", b"c=biws,r=bad,p=AAAA", b"c=biws,p=AAAA,r=NONCE", b"c=eSws,r=NONCE,p=AAAA",
        b"c=biws,r=NONCE,p=A",
        b"c=b,r=NONCE,p=AAAA", b"c=biws,r=NONCE,p=", b"c=biws,r=NONCE,p=AAAA,x=y", b"r=NONCE,c=biws,p=AAAA",
        b"c=biws,r=NONCEx,p=AAAA",
    ],
    ids=repr,
)  # fmt: skip
def test_what_is_no_last_message(message: bytes) -> None:
    server = scram()
    claim = server.step(b"n,,n=a,r=b")
    assert isinstance(claim, ScramClaim)
    nonce = claim.offer(SALT, 4096).split(b",")[0][2:]
    with pytest.raises(SaslError):
        server.step(message.replace(b"NONCE", nonce))


def test_a_last_message_may_have_extensions_and_is_covered_by_the_proof() -> None:
    server = scram()
    claim = server.step(b"n,,n=a,r=b,q=z")
    assert isinstance(claim, ScramClaim)
    nonce = claim.offer(SALT, 4096).split(b",")[0][2:]
    proof = server.step(b"c=biws,r=" + nonce + b",x=y,p=AAAA")
    assert isinstance(proof, ScramProof)
    assert proof.message.startswith(b"n=a,r=b,q=z,r=")
    assert proof.message.endswith(b",x=y")
    with pytest.raises(SaslError):
        server.step(b"again")
    proof.confirm(b"signature")
    with pytest.raises(SaslError):
        server.step(b"more")


def test_oauthbearer() -> None:
    assert OAuthBearer().step(None) == b""
    claim = OAuthBearer().step(b"n,a=a=2Cb@c.test,\1host=mx\1port=143\1auth=Bearer co_x-_~+/=\1\1")
    assert isinstance(claim, TokenClaim)
    assert (claim.address, claim.token) == ("a,b@c.test", "co_x-_~+/=")
    assert claim.reject() == b'{"status":"invalid_token","schemes":"bearer"}'
    claim = OAuthBearer().step(b"y,,\1auth=bearer  x\1\1")
    assert isinstance(claim, TokenClaim)
    assert (claim.address, claim.token) == ("", "x")
    # RFC 7628 section 4.3: a client that has no token asks how it could get one.
    claim = OAuthBearer().step(b"n,,\1\1")
    assert isinstance(claim, TokenClaim)
    assert claim.token == ""
    for wrong in (
        b"", b"\1", b"n,,", b"n,,\1", b"n,,\1auth=Bearer x\1", b"n,,auth=Bearer x\1\1", b"n,,\1auth=Basic x\1\1",
        b"n,,\1auth=Bearer \1\1",
        b"n,,\1auth=Bearer x y\1\1", b"n,,\1auth=Bearer x\1auth=Bearer x\1\1", b"n,,\1auth\1\1", b"n,,\1=x\1\1",
        b"p=tls-exporter,,\1auth=Bearer x\1\1", b"n,,\1auth=Bearer \xc3\xa9\1\1",
    ):  # fmt: skip
        with pytest.raises(SaslError):
            OAuthBearer().step(wrong)


def test_xoauth2() -> None:
    assert XOAuth2().step(None) == b""
    claim = XOAuth2().step(b"user=a@b.test\1auth=Bearer co_x\1\1")
    assert isinstance(claim, TokenClaim)
    assert (claim.address, claim.token) == ("a@b.test", "co_x")
    assert b'"status":"401"' in claim.reject()
    for wrong in (
        b"",
        b"\1\1",
        b"user=a\1\1",
        b"auth=Bearer x\1\1",
        b"user=\1auth=Bearer x\1\1",
        b"user=a\1auth=Bearer x\1",
    ):
        with pytest.raises(SaslError):
            XOAuth2().step(wrong)


def test_responses_on_the_line() -> None:
    assert decode_response(b"=", initial=True) == b""
    assert decode_response(b"") == b""
    assert decode_response(b"YQ==") == b"a"
    for wrong in (b"=", b"YQ", b"Y Q==", b"YQ==\0", b"*", "é".encode()):
        with pytest.raises(SaslError):
            decode_response(wrong)


def test_what_is_offered() -> None:
    clear, private, tls = Channel(False, None), Channel(True, None), Channel(True, binding)
    assert mechanisms(clear) == ("SCRAM-SHA-256",)
    assert mechanisms(private) == ("SCRAM-SHA-256", "OAUTHBEARER", "XOAUTH2", "PLAIN", "LOGIN")
    assert mechanisms(tls) == ("SCRAM-SHA-256-PLUS", *mechanisms(private))
    for channel in (clear, private, tls):
        for name in ("SCRAM-SHA-256-PLUS", "PLAIN", "LOGIN", "OAUTHBEARER", "XOAUTH2", "SCRAM-SHA-256", "GSSAPI", ""):
            assert (make_mechanism(name, channel) is not None) == (name in mechanisms(channel))
    assert needs_privacy("PLAIN")
    assert not needs_privacy("SCRAM-SHA-256")
    assert not needs_privacy("GSSAPI")


PIECES = [b"n,", b",", b"n=a", b"r=b", b"\0", b"\1", b"auth=Bearer x", b"c=biws", b"p=AA==", b"="]


@given(
    st.sampled_from(["SCRAM-SHA-256-PLUS", "PLAIN", "LOGIN", "OAUTHBEARER", "XOAUTH2", "SCRAM-SHA-256"]),
    st.lists(
        st.binary(max_size=60)
        | st.lists(st.sampled_from(PIECES), max_size=9).map(b"".join),
        max_size=4,
    ),
)  # fmt: skip
def test_nothing_but_sasl_errors(name: str, responses: list[bytes]) -> None:
    mechanism: Mechanism | None = make_mechanism(name, Channel(True, binding))
    assert mechanism is not None
    for response in responses:
        try:
            step = mechanism.step(response)
        except SaslError:
            return
        if isinstance(step, ScramClaim):
            step.offer(SALT, 4096)
        elif isinstance(step, ScramProof):
            step.confirm(b"")
