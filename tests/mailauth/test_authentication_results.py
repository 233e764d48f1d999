"""The Authentication-Results field (RFC 8601): written, read, and taken out where forged."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from correio.mailauth.authentication_results import (
    MAX_FIELDS,
    MAX_ID,
    MethodResult,
    Results,
    parse_results,
    results_field,
    without_forged,
)
from correio.mime.header_fields import header_fields

BODY = b"From: a@x.test\r\n\r\nAuthentication-Results: mx.correio.test; dkim=pass\r\n"


def test_a_field() -> None:
    results = [
        MethodResult(
            "dkim", "pass", properties=(("header.d", "example.com"), ("header.i", "@example.com")), comment="ok"
        ),
        MethodResult("spf", "fail", 'not "him"', (("smtp.mailfrom", "a b@example.com"), ("smtp.helo", ""))),
    ]
    assert results_field("mx.test", results) == (
        b"Authentication-Results: mx.test;\r\n"
        b"\tdkim=pass (ok) header.d=example.com header.i=@example.com;\r\n"
        b'\tspf=fail reason="not \\"him\\"" smtp.mailfrom="a b@example.com"\r\n'
    )
    assert results_field("mx.test", []) == b"Authentication-Results: mx.test;\r\n\tnone\r\n"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        # RFC 8601 appendix B.
        (b"example.org 1; none", Results("example.org", ())),
        (
            b"example.com;\r\n          spf=pass smtp.mailfrom=example.net",
            Results("example.com", (MethodResult("spf", "pass", properties=(("smtp.mailfrom", "example.net"),)),)),
        ),
        (
            (
                b"foo.example.net (foobar) 1 (baz);\r\n dkim (Because I like it) / 1 (One yay) = (wait for it) fail\r\n"
                b" policy (A dot can go here) . (like that) expired\r\n (this surprised me) = (as I wasn't expecting it) 1362471462"
            ),
            Results("foo.example.net", (MethodResult("dkim", "fail", properties=(("policy.expired", "1362471462"),)),)),
        ),
        (
            b'x.test; dkim=fail reason="a \\"bad\\" (one); dkim=pass" header.d=y.test; bogus; =; dmarc=PASS (p=none)',
            Results(
                "x.test",
                (
                    MethodResult("dkim", "fail", 'a "bad" (one); dkim=pass', (("header.d", "y.test"),)),
                    MethodResult("dmarc", "pass"),
                ),
            ),
        ),
        (b'"mx.test"; spf=none', Results("mx.test", (MethodResult("spf", "none"),))),
        (b"(mx.other) mx.test; spf=none", Results("mx.test", (MethodResult("spf", "none"),))),
        (b"; spf=pass", None),
        (b"", None),
        (b"(never ends", None),
    ],
)
def test_reading(value: bytes, expected: Results | None) -> None:
    assert parse_results(value) == expected


@pytest.mark.parametrize(
    ("header", "left"),
    [
        (b"Authentication-Results: mx.correio.test; dkim=pass\r\nTo: x\r\n", b"To: x\r\n"),
        (b"To: x\r\nAUTHENTICATION-RESULTS : (c) MX.Correio.test.\r\n\t1; dkim=pass\r\n", b"To: x\r\n"),
        (b'Authentication-Results: "mx.correio.\\test"; spf=pass\r\nTo: x\r\n', b"To: x\r\n"),
        (b"Authentication-Results:\r\n mx.correio.test;\r\n none\r\nTo: x\r\n", b"To: x\r\n"),
        (b"Authentication-Results: ; dkim=pass\r\nTo: x\r\n", b"To: x\r\n"),
        (b"Authentication-Results: mx.correio.test\r\nAuthentication-Results: mx.correio.test; a=b\r\n", b""),
        (b"Authentication-Results: mx.other.test; dkim=pass\r\n", None),
        # Whose it is has to be said within a bound; what is not read to there is nobody's.
        (b"Authentication-Results: mx.other.test" + b"; a=b c=d" * 9000 + b"\r\n", None),
        (b"Authentication-Results: (" + b"c" * 5000 + b") mx.other.test; a=b\r\n", b""),
        *(
            (b"Authentication-Results: (" + b"c" * length + b") mx.correio.test; a=b\r\n", b"")
            for length in range(MAX_ID - 24, MAX_ID + 2)
        ),
        (b"Authentication-Results: mx.other.test; a=b\r\n" * MAX_FIELDS, None),
        (
            b"Authentication-Results: mx.other.test; a=b\r\n" * (MAX_FIELDS + 1) + b"To: x\r\n",
            b"Authentication-Results: mx.other.test; a=b\r\n" * MAX_FIELDS + b"To: x\r\n",
        ),
        (b"ARC-Authentication-Results: i=1; mx.correio.test; dkim=pass\r\n", None),
        (b"X: Authentication-Results: mx.correio.test\r\n", None),
        (b"", None),
    ],
)
def test_forged_fields_go_and_nothing_else(header: bytes, left: bytes | None) -> None:
    message = header + BODY
    assert without_forged(message, "mx.correio.test") == (message if left is None else left + BODY)


@settings(deadline=None)
@given(
    st.text(max_size=60),
    st.text(max_size=400),
    st.lists(st.tuples(st.sampled_from(["smtp.mailfrom", "header.d"]), st.text(max_size=60))),
)
@example("x", "\r\nFrom: eve@evil.test", [("header.d", "x;\r\n\r\nbody"), ("header.d", '"'), ("header.d", "\\")])
def test_nothing_leaves_its_place(authserv_id: str, reason: str, properties: list[tuple[str, str]]) -> None:
    field = results_field(authserv_id, [MethodResult("dkim", "fail", reason, tuple(properties), comment=reason)])
    found = list(header_fields(field + b"X: y\r\n"))
    assert [one.name for one in found] == ["Authentication-Results", "X"]
    assert found[0].end == len(field)
    assert max(map(len, field.split(b"\r\n"))) < 998
    read = parse_results(found[0].value)
    if authserv_id.strip() and read is not None:
        (only,) = read.results
        assert (only.method, only.result, bool(only.reason)) == ("dkim", "fail", bool(reason))


@settings(deadline=None)
@given(st.one_of(st.binary(max_size=200), st.text('();="\\ \tamx.', max_size=200).map(str.encode)))
@example(b"(" * 10_000)
@example(b'"' * 10_000)
@example(b"=" * 10_000)
@example(b"a;" * 5_000)
def test_no_field_raises(value: bytes) -> None:
    parse_results(value)
    message = b"Authentication-Results: " + value + b"\r\n" + BODY
    assert without_forged(without_forged(message, "m"), "m") == without_forged(message, "m")
