"""DKIM: verification and signing."""

from __future__ import annotations

import base64
import contextlib
import hashlib

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat, PublicFormat
from hypothesis import example, given, settings
from hypothesis import strategies as st

from correio.mailauth.canonical import canonical_body, canonical_field
from correio.mailauth.dkim import MAX_SIGNATURES, Dkim, prepare_dkim, verify_dkim
from correio.mailauth.dns_records import DnsRecord, records_to_publish
from correio.mailauth.mail_octets import MailOctets, header_digest
from correio.mailauth.private_key import read_key
from correio.mailauth.public_key import parse_key_record
from correio.mailauth.signature import without_signature
from correio.mailauth.signing import Signer, sign
from correio.mailauth.tag_list import TagListError, parse_tags
from tests.mailauth.keys import ed25519_key, publish, rsa_key, signers
from tests.mailauth.zone import Zone, at_once

NOW = 1_700_000_000
MESSAGE = (
    b"From: Ana <ana@example.com>\r\n"
    b"To: Bia <bia@example.org>\r\n"
    b"Subject: Hello\r\n\tthere\r\n"
    b"Date: Fri, 11 Jul 2003 21:00:37 -0700\r\n"
    b"Message-ID: <1@example.com>\r\n"
    b"\r\n"
    b"Hi.\r\n\r\nHow  are you?  \r\n\r\n\r\n"
)
# RFC 8463 appendix A.
RFC_8463 = b"""DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=brisbane; t=1528637909; h=from : to :
 subject : date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus
 Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=test; t=1528637909; h=from : to : subject :
 date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3
 DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz
 dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=
From: Joe SixPack <joe@football.example.com>
To: Suzie Q <suzie@shopping.example.net>
Subject: Is dinner ready?
Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)
Message-ID: <20030712040037.46341.5F8J@football.example.com>

Hi.

We lost the game.  Are you hungry yet?

Joe.
""".replace(b"\n", b"\r\n")
RFC_8463_KEYS = """
brisbane._domainkey.football.example.com TXT v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=
"""
RFC_8463_RSA_KEY = (
    "v=DKIM1; k=rsa; p="
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3Fut"
    "ACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB"
)


def verify(message: bytes, zone: Zone, now: int = NOW) -> list[Dkim]:
    async def all_of_them() -> list[Dkim]:
        return [await verify_dkim(one, zone, now) for one in prepare_dkim(MailOctets(message))]

    return at_once(all_of_them())


def results(message: bytes, zone: Zone, now: int = NOW) -> list[str]:
    return [one.result for one in verify(message, zone, now)]


def signed(message: bytes = MESSAGE) -> tuple[bytes, Zone]:
    return sign(message, signers(), NOW) + message, publish(Zone(), *signers())


def edited(message: bytes, *edits: tuple[str, str]) -> bytes:
    """A message whose one signature is made again, with other tags: by our key, for whatever they say."""
    head, _, rest = message.partition(b"From: ")
    for before, after in edits:
        assert before.encode() in head, (before, head)
        head = head.replace(before.encode(), after.encode())
    octets = MailOctets(head + b"From: " + rest)
    (place,) = octets.places(b"dkim-signature")
    field = octets.fields[place].octets
    try:
        tags = parse_tags(field.partition(b":")[2].decode())
    except TagListError:
        return head + b"From: " + rest
    header, _, body = tags.get("c", "simple/simple").partition("/")
    if not tags["bh"].startswith("!"):
        length = int(tags["l"]) if tags.get("l", "").isdigit() else None
        how = "relaxed" if body == "relaxed" else "simple"
        bh = base64.b64encode(octets.body_hash(how, length))
        field = field.replace(tags["bh"].encode(), bh)
    names = [one.strip().lower().encode() for one in tags.get("h", "").split(":")]
    digest = header_digest(
        octets.selected(names, place), "relaxed" if header == "relaxed" else "simple", without_signature(field)
    )
    key = read_key(ed25519_key() if tags.get("a") == "ed25519-sha256" else rsa_key())
    field = without_signature(field)[:-2] + base64.b64encode(key.sign(digest)) + b"\r\n"
    return field + head.replace(octets.fields[place].octets, b"") + b"From: " + rest


def one_signature(message: bytes = MESSAGE) -> bytes:
    return sign(message, signers()[:1], NOW) + message


def test_the_example_of_rfc_8463() -> None:
    zone = Zone(RFC_8463_KEYS)
    zone.add("test._domainkey.football.example.com", "TXT", RFC_8463_RSA_KEY)
    found = verify(RFC_8463, zone)
    assert [(one.result, one.algorithm, one.bits) for one in found] == [
        ("pass", "ed25519-sha256", 256),
        ("pass", "rsa-sha256", 1024),
    ]
    assert found[0].beginning == "/gCrinpc"
    assert found[0].identity == "@football.example.com"


@pytest.mark.parametrize(
    ("body", "simple", "relaxed"),
    [
        # RFC 6376 section 3.4.5.
        (b" C \r\nD \t E\r\n\r\n\r\n", b" C \r\nD \t E\r\n", b" C\r\nD E\r\n"),
        (b"", b"\r\n", b""),
        (b"\r\n\r\n", b"\r\n", b""),
        (b" \t \r\n\r\n", b" \t \r\n", b""),
        (b"x", b"x\r\n", b"x\r\n"),
        (b"x \t", b"x \t\r\n", b"x\r\n"),
        (b"x\r\n ", b"x\r\n \r\n", b"x\r\n"),
        (b"x\r\n\n\r\n", b"x\r\n\n\r\n", b"x\r\n\n\r\n"),
        (b"a\r\nb\r\n", b"a\r\nb\r\n", b"a\r\nb\r\n"),
    ],
)
def test_bodies_as_they_are_signed(body: bytes, simple: bytes, relaxed: bytes) -> None:
    assert canonical_body(body, "simple") == simple
    assert canonical_body(body, "relaxed") == relaxed


def test_fields_as_they_are_signed() -> None:
    assert canonical_field(b"A: X\r\n", "simple") == b"A: X\r\n"
    assert canonical_field(b"A: X\r\n", "relaxed") == b"a:X\r\n"
    assert canonical_field(b"B : Y\t\r\n\tZ  \r\n", "relaxed") == b"b:Y Z\r\n"
    assert canonical_field(b"B : Y\t\r\n\tZ  \r\n", "simple") == b"B : Y\t\r\n\tZ  \r\n"


def slow_body(body: bytes, relaxed: bool) -> bytes:
    """Line by line, as the RFC words it."""
    lines = body.split(b"\r\n")
    if lines[-1] == b"":
        lines.pop()
    if relaxed:
        squeezed = []
        for line in lines:
            out = bytearray()
            for octet in line:
                if octet in b" \t":
                    if out[-1:] != b" ":
                        out += b" "
                else:
                    out.append(octet)
            squeezed.append(bytes(out).rstrip(b" "))
        lines = squeezed
    while lines and not lines[-1]:
        lines.pop()
    if not lines:
        return b"" if relaxed else b"\r\n"
    return b"\r\n".join(lines) + b"\r\n"


@settings(deadline=None)
@given(st.lists(st.sampled_from([b"a", b" ", b"\t", b"\r\n", b"\r", b"\n", b"  \r\n"]), max_size=40).map(b"".join))
def test_a_body_is_what_the_rfc_makes_of_it_line_by_line(body: bytes) -> None:
    assert canonical_body(body, "simple") == slow_body(body, False)
    assert canonical_body(body, "relaxed") == slow_body(body, True)


def test_hostile_bodies_are_linear() -> None:
    size = 1024 * 1024
    for piece in (b" ", b"\t ", b"\r\n", b" \r\n", b"\n", b"\r", b"\r\n\t"):
        body = piece * (size // len(piece))
        for how in ("simple", "relaxed"):
            assert len(canonical_body(body + b"x", how)) <= len(body) + 3  # type: ignore[arg-type]
            assert len(canonical_body(body, how)) <= len(body) + 2  # type: ignore[arg-type]


def test_what_we_sign_verifies() -> None:
    message, zone = signed()
    found = verify(message, zone)
    assert [(one.result, one.domain, one.selector, one.bits) for one in found] == [
        ("pass", "example.com", "r1", 2048),
        ("pass", "example.com", "e1", 256),
    ]
    assert all(len(line) <= 78 for line in message.partition(b"From: ")[0].split(b"\r\n"))


@pytest.mark.parametrize(
    ("before", "after", "result"),
    [
        # What relaxed allows.
        (b"Subject: Hello\r\n\tthere", b"SUBJECT:  Hello there ", "pass"),
        (b"How  are you?  \r\n", b"How \t are you?\r\n", "pass"),
        (b"\r\n\r\n\r\n", b"\r\n", "pass"),
        (b"To: Bia", b"Received: x\r\nTo: Bia", "pass"),
        # And what nothing does.
        (b"Hello", b"Hallo", "fail"),
        (b"Hi.", b"Hi!", "fail"),
        (b"From: Ana <ana@", b"From: Ana <eve@", "fail"),
        # Fields that are signed once more than they are there cannot be added.
        (b"To: Bia", b"From: Eve <eve@example.com>\r\nTo: Bia", "fail"),
        (b"To: Bia", b"Subject: x\r\nTo: Bia", "fail"),
        (b"To: Bia", b"Cc: x@example.com\r\nTo: Bia", "fail"),
        (b"To: Bia", b"Reply-To: x@example.com\r\nTo: Bia", "fail"),
        (b"To: Bia", b"Content-Type: text/html\r\nTo: Bia", "fail"),
        # A mailing list adds its own.
        (b"To: Bia", b"Sender: l@list.test\r\nList-Id: <l.list.test>\r\nTo: Bia", "pass"),
    ],
)
def test_changes_on_the_way(before: bytes, after: bytes, result: str) -> None:
    message, zone = signed()
    assert before in message
    assert results(message.replace(before, after), zone) == [result, result]


def test_fields_of_one_name_are_signed_from_the_last_one() -> None:
    message = MESSAGE.replace(b"To: ", b"List-Id: <a.test>\r\nList-Id: <b.test>\r\nTo: ")
    octets, zone = signed(message)
    assert set(results(octets, zone)) == {"pass"}
    # A third one on top is another's, and one below takes the place of a signed one.
    assert set(results(b"List-Id: <c.test>\r\n" + octets, zone)) == {"pass"}
    assert set(results(octets.replace(b"To: ", b"List-Id: <c.test>\r\nTo: "), zone)) == {"fail"}


@pytest.mark.parametrize(
    ("edits", "result", "reason"),
    [
        ((("c=relaxed/relaxed", "c=simple/simple"),), "pass", ""),
        ((("c=relaxed/relaxed", "c=relaxed"),), "pass", ""),
        ((("c=relaxed/relaxed; ", ""),), "pass", ""),
        ((("c=relaxed/relaxed", "c=simple/relaxed"),), "pass", ""),
        ((("c=relaxed/relaxed", "c=loose/relaxed"),), "permerror", "c= is unknown"),
        ((("v=1", "v=2"),), "permerror", "v= is not 1"),
        ((("v=1; ", ""),), "permerror", "v="),
        ((("a=rsa-sha256", "a=rsa-sha1"),), "permerror", "rsa-sha1"),
        ((("a=rsa-sha256", "a=rsa-md5"),), "permerror", "unknown algorithm"),
        ((("a=rsa-sha256", "a=ed25519-sha256"),), "permerror", "the key is for rsa"),
        ((("d=example.com", "d="),), "permerror", "d= is missing"),
        ((("d=example.com", "d=a..b"),), "permerror", "d= is no domain"),
        ((("d=example.com", "d=example.com; d=example.com"),), "permerror", "twice"),
        ((("d=example.com", "d=other.test"),), "permerror", "no key"),
        ((("d=example.com", "d=EXAMPLE.com"),), "pass", ""),
        ((("s=r1", "s=r9"),), "permerror", "no key"),
        ((("s=r1", "s=down"),), "temperror", ""),
        ((("h=From:From:", "h=Sender:"),), "permerror", "From is not signed"),
        ((("h=From:From:", "h= From : fRoM :\r\n\t"),), "pass", ""),
        ((("h=From:", "h=From::"),), "permerror", "h= is no list"),
        ((("s=r1;", "s=r1; q=dns/txt;"),), "pass", ""),
        ((("s=r1;", "s=r1; q=http:dns/txt;"),), "pass", ""),
        ((("s=r1;", "s=r1; q=http;"),), "permerror", "not in the DNS"),
        ((("s=r1;", "s=r1; z=From:x|To:y; zz=1;"),), "pass", ""),
        ((("s=r1;", "s=r1; i=@example.com;"),), "pass", ""),
        ((("s=r1;", "s=r1; i=ana@mail.example.com;"),), "pass", ""),
        ((("s=r1;", "s=r1; i=@other.test;"),), "permerror", "i= is not in"),
        ((("s=r1;", "s=r1; i=@notexample.com;"),), "permerror", "i= is not in"),
        ((("s=r1;", "s=strict; i=@mail.example.com;"),), "permerror", "i= is not in the domain itself"),
        ((("s=r1;", "s=strict; i=@example.com;"),), "pass", ""),
        ((("s=r1;", f"s=r1; x={NOW + 1};"),), "pass", ""),
        ((("s=r1;", f"s=r1; x={NOW - 1};"), (f" t={NOW};", "")), "permerror", "expired"),
        ((("s=r1;", "s=r1; x=1;"),), "permerror", "x= is before t="),
        ((("s=r1;", "s=r1; x=soon;"),), "permerror", "x= is no number"),
        (((f"t={NOW}", f"t={NOW + 10**6}"),), "permerror", "future"),
        ((("s=r1;", "s=r1; l=3;"),), "pass", ""),
        ((("s=r1;", "s=r1; l=0;"),), "pass", ""),
        ((("s=r1;", "s=r1; l=9999;"),), "fail", "l= is more"),
        ((("s=r1;", "s=r1; l=-1;"),), "permerror", "l= is no number"),
        ((("bh=", "bh=!"),), "permerror", "bh= is not base64"),
        ((("s=r1;", "s=revoked;"),), "permerror", "revoked"),
        ((("s=r1;", "s=nothing;"),), "permerror", "no p="),
        ((("s=r1;", "s=sha1;"),), "permerror", "not for sha256"),
        ((("s=r1;", "s=web;"),), "permerror", "not for mail"),
        ((("s=r1;", "s=later;"),), "permerror", "v= is not DKIM1"),
        ((("s=r1;", "s=odd;"),), "permerror", "unknown type"),
        ((("s=r1;", "s=short;"),), "permerror", "512 bits"),
        ((("s=r1;", "s=curve;"),), "permerror", "no rsa key"),
        ((("s=r1;", "s=junk;"),), "permerror", "no rsa key"),
        ((("s=r1;", "s=heavy;"),), "permerror", "exponent of 1024 bits"),
        ((("s=r1;", f"s=r1; i={'a' * 400}@example.com;"),), "permerror", "i= is too long"),
        ((("s=r1;", "s=all-tags;"),), "pass", ""),
        ((("s=r1;", "s=bare;"),), "pass", ""),
        ((("s=r1;", "s=another;"),), "fail", "not of this message"),
        ((("s=r1;", "s=testing;"),), "neutral", "not of this message"),
        ((("s=r1;", "s=several;"),), "pass", ""),
    ],
)
def test_tags_and_keys(edits: tuple[tuple[str, str], ...], result: str, reason: str) -> None:
    zone = publish(Zone(), *signers())
    p = zone.records["r1._domainkey.example.com"]["TXT"][0].partition("p=")[2]
    other = generate_pkcs1()
    for selector, text in {
        "strict": f"v=DKIM1; t=s; p={p}",
        "revoked": "v=DKIM1; p=",
        "nothing": "v=DKIM1; k=rsa",
        "sha1": f"v=DKIM1; h=sha1; p={p}",
        "web": f"v=DKIM1; s=web; p={p}",
        "later": f"v=DKIM2; p={p}",
        "odd": f"v=DKIM1; k=dsa; p={p}",
        "short": "p=MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAL0cOKmd0bXQwDPKkt9XgqKTcKd1CVTNQp2Hn2hyJ5l0LD0UGK5lTGLgPQ1pbGk0"
        "mQMb0IuQd5kHzsQTCIwt2nUCAwEAAQ==",
        "curve": "p=MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54W"
        "K84zV2sxXs7LtkBoN79R9Q==",
        "junk": "p=AAAA",
        "heavy": f"v=DKIM1; p={generate_heavy()}",
        "all-tags": f"v=DKIM1; h=sha1:sha256; k=rsa; n=a note; s=email:web; t=y; x=unknown; p={p[:50]} {p[50:]};",
        "bare": f"p={p}",
        "another": f"p={other}",
        "testing": f"t=y; p={other}",
        "several": f"v=DKIM1; p={other}",
    }.items():
        zone.add(f"{selector}._domainkey.example.com", "TXT", text)
    zone.add("several._domainkey.example.com", "TXT", "v=spf1 -all")
    zone.add("several._domainkey.example.com", "TXT", f"v=DKIM1; p={p}")
    zone.add("down._domainkey.example.com", "TEMP", "")
    (found,) = verify(edited(one_signature(), *edits), zone)
    assert found.result == result, found
    assert reason in found.reason
    if "l=3" in edits[0][1]:
        assert found.partial


def generate_pkcs1() -> str:
    """A key of 1024 bits in the older form that some publish (RFC 6376 section 3.6.1 allows both)."""
    public = rsa.generate_private_key(65537, 1024).public_key()
    return base64.b64encode(public.public_bytes(Encoding.DER, PublicFormat.PKCS1)).decode()


def generate_heavy() -> str:
    """A key whose exponent is as long as its modulus: each verification with it costs as much as a hundred others."""
    modulus = rsa.generate_private_key(65537, 1024).public_key().public_numbers().n
    public = rsa.RSAPublicNumbers(modulus - 2, modulus).public_key()
    return base64.b64encode(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def test_a_signature_that_covers_another_signature() -> None:
    """Another one: its own field is never among those that it names."""
    zone = publish(Zone(), *signers())
    field = (
        b"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.com; s=r1;"
        b"\r\n\th=From:DKIM-Signature; bh=AAAA; b=\r\n"
    )
    assert results(edited(field + MESSAGE), zone) == ["pass"]


def test_only_so_many_signatures_are_looked_at() -> None:
    message, zone = signed()
    field = message.partition(b"From: ")[0]
    found = verify(field * 20 + MESSAGE, zone)
    assert len(found) == MAX_SIGNATURES
    assert zone.questions.total() <= MAX_SIGNATURES


def test_the_signature_of_a_name_in_its_own_script() -> None:
    (rsa_signer, _) = signers("xn--mnchen-3ya.test")
    zone = publish(Zone(), rsa_signer)
    message = sign(MESSAGE, [rsa_signer], NOW) + MESSAGE
    changed = edited(message, ("d=xn--mnchen-3ya.test", "d=münchen.test"))
    (found,) = verify(changed, zone)
    assert (found.result, found.domain) == ("pass", "xn--mnchen-3ya.test")


def test_a_message_without_body_or_header() -> None:
    zone = publish(Zone(), *signers())
    for message in (
        b"From: a@example.com\r\n\r\n",
        b"From: a@example.com\r\n",
        b"From: a@example.com",
        b"\r\nbody\r\n",
        b"",
    ):
        assert results(sign(message, signers(), NOW) + message, zone) == ["pass", "pass"]
    assert verify(b"\r\n", zone) == []


def test_what_to_publish() -> None:
    keys = {"r1": rsa_key(), "e1": ed25519_key()}
    records = records_to_publish("example.com", "mx.example.com", keys)
    by_name = {(one.name, one.type): one for one in records}
    assert by_name["example.com", "MX"].zone_line() == "example.com. MX 10 mx.example.com."
    assert by_name["example.com", "TXT"].value == "v=spf1 mx a:mx.example.com ~all"
    assert by_name["_dmarc.example.com", "TXT"].value.startswith("v=DMARC1; p=none; rua=mailto:")
    long = by_name["r1._domainkey.example.com", "TXT"]
    assert len(long.strings) == 2
    assert max(map(len, long.strings)) == 255
    assert "".join(long.strings) == long.value
    assert long.zone_line().count('"') == 4
    assert parse_key_record(long.value).bits == 2048
    assert DnsRecord("x.test", "TXT", 'a"\\').zone_line() == 'x.test. TXT "a\\"\\\\"'


def test_private_keys_are_read_once_and_named_when_they_are_none() -> None:
    assert read_key(rsa_key()) is read_key(rsa_key())
    with pytest.raises(ValueError):
        read_key(b"nonsense")
    encrypted = rsa.generate_private_key(65537, 1024).private_bytes(
        Encoding.PEM,
        PrivateFormat.PKCS8,
        BestAvailableEncryption(b"x"),
    )
    with pytest.raises(ValueError):
        read_key(encrypted)


fields = st.sampled_from(
    [
        b"v=1",
        b"a=rsa-sha256",
        b"b=AAAA",
        b"bh=AAAA",
        b"d=example.com",
        b"s=r1",
        b"h=from:to",
        b"l=1",
        b"i=@x",
        b"t=1",
        b"c=a/b",
    ]
)


@settings(deadline=None)
@given(
    st.one_of(st.binary(max_size=120), st.lists(fields, max_size=11).map(b"; ".join)),
    st.binary(max_size=60),
)
@example(b"v=1;" * 20_000, b"")
@example(b"=" * 5000 + b";" * 60_000, b"")
@example(b"b" + b" " * 100_000 + b";" * 1000, b"")
def test_no_message_raises(signature: bytes, rest: bytes) -> None:
    zone = publish(Zone(), *signers())
    for message in (b"DKIM-Signature: " + signature + b"\r\n" + rest, rest + signature):
        for found in verify(message, zone):
            assert found.result in ("permerror", "fail")


@settings(deadline=None)
@given(st.text(max_size=100))
def test_no_key_record_raises(text: str) -> None:
    with contextlib.suppress(TagListError):
        parse_key_record(text)


@settings(deadline=None)
@given(st.binary(max_size=200).map(lambda octets: octets.replace(b"\n", b"\r\n")))
def test_whatever_is_signed_verifies(octets: bytes) -> None:
    message = b"From: a@example.com\r\n" + octets
    signer = signers()[1]
    zone = publish(Zone(), signer)
    found = results(sign(message, [signer], NOW) + message, zone)
    assert found[0] == "pass"


def test_signatures_say_what_they_are_made_of() -> None:
    (signer,) = [msgspec.structs.replace(signers()[0], domain="a" * 60 + ".example.com")]
    field = sign(MESSAGE, [Signer(signer.domain, "s" * 40, signer.key)], NOW)
    tags = parse_tags(field.partition(b":")[2].decode())
    assert tags["t"] == str(NOW)
    body = base64.b64encode(hashlib.sha256(b"Hi.\r\n\r\nHow are you?\r\n").digest()).decode()
    assert tags["bh"] == body
    names = [name.strip() for name in tags["h"].split(":")]
    assert names.count("From") == 2
    assert names.count("Cc") == 1
    assert "Sender" not in names
