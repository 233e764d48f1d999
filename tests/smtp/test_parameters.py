"""Parameters of MAIL and RCPT."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correio.mime.xtext import decode_xtext, encode_xtext
from protocols.smtp.core.parameters import MailParameters, RecipientParameters, mail_parameters, recipient_parameters
from protocols.smtp.core.reply import Refusal


def test_mail_parameters_keep_the_case_of_values() -> None:
    text = " SIZE=1234 body=8BITMIME SMTPUTF8 RET=hdrs ENVID=QQ314159+2BaBc AUTH=e+3Dmc2@example.com"
    assert mail_parameters(text) == MailParameters(
        size=1234, body="8BITMIME", smtputf8=True, ret="HDRS", envid="QQ314159+aBc", auth="e=mc2@example.com"
    )


def test_recipient_parameters() -> None:
    text = " NOTIFY=success,FAILURE ORCPT=rfc822;Bob+2BSales@Example.COM"
    assert recipient_parameters(text) == RecipientParameters(
        notify=frozenset({"SUCCESS", "FAILURE"}), original_type="rfc822", original="Bob+Sales@Example.COM"
    )
    assert recipient_parameters(" ORCPT=utf-8;\\x{E9}@x").original == "é@x"
    assert recipient_parameters(" NOTIFY=NEVER").notify == {"NEVER"}
    assert recipient_parameters("") == RecipientParameters()


def test_unknown_sender_of_auth() -> None:
    assert mail_parameters(" AUTH=<>").auth == "<>"
    assert mail_parameters(" ENVID=YWJj=").envid


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (" SIZE", 501), (" SIZE=x", 501), (" SIZE=-1", 501), (" SIZE=" + "9" * 21, 501), (" SIZE=1 SIZE=2", 501),
        (" BODY=9BIT", 501), (" SMTPUTF8=1", 501), (" RET=SOME", 501),
        (" ENVID=" + "a" * 101, 501), (" ENVID=a+2", 501), (" ENVID=+0D+0A", 501), (" AUTH=", 501), (" =x", 501),
        (" X=\x01", 501), (" XYZZY=1", 555), (" XYZZY", 555), (" NOTIFY=NEVER", 555),
    ],
)  # fmt: skip
def test_refused_mail_parameters(text: str, code: int) -> None:
    with pytest.raises(Refusal) as caught:
        mail_parameters(text)
    assert (caught.value.reply.code, caught.value.reply.enhanced) == (code, "5.5.4")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (" NOTIFY=NEVER,DELAY", 501), (" NOTIFY=", 501), (" NOTIFY", 501), (" NOTIFY=OFTEN", 501), (" ORCPT=a@b", 501),
        (" ORCPT=rfc822;" + "a" * 500, 501), (" ORCPT=utf-8;\\x{D800}", 501), (" ORCPT=utf-8;\\x{A}", 501), (" RET=FULL", 555),
    ],
)  # fmt: skip
def test_refused_recipient_parameters(text: str, code: int) -> None:
    with pytest.raises(Refusal) as caught:
        recipient_parameters(text)
    assert caught.value.reply.code == code


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_xtext_round_trip(text: str) -> None:
    assert decode_xtext(encode_xtext(text)) == text


@given(st.text(max_size=100))
def test_nothing_but_refusals(text: str) -> None:
    for parse in (mail_parameters, recipient_parameters):
        with suppress(Refusal):
            parse(text)
