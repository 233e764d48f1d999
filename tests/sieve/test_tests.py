"""Every test of the language, with its match types and comparators, against one message."""

from __future__ import annotations

import pytest

from tests.sieve.interpreted import MESSAGE, holds, interpret

TRUE = r"""
true
not false
allof (true, not false)
anyof (false, true)
not anyof (false, false)
not allof (true, false)
exists "subject"
exists ["FROM", "to"]
not exists ["from", "x-none"]
not exists "from:"
size :over 100
size :under 1M
not size :over 1M
header "x-caffeine" "c8h10n4o2"
header :is ["x-none", "X-CAFFEINE"] ["a", "C8H10N4O2"]
not header :is "X-Caffeine" ""
header :contains "X-Caffeine" ""
not header :contains "X-None" ""
header :is "X-Empty" ""
not header :matches "Cc" ""
not header :matches "X-None" "*"
header "subject" "olá MúNDO"
not header "subject" "OLÁ MÚNDO"
header :comparator "i;unicode-casemap" "subject" "OLÁ MÚNDO"
header :comparator "i;octet" "subject" "Olá Múndo"
not header :comparator "i;octet" "subject" "olá Múndo"
header :contains :comparator "i;unicode-casemap" "subject" "MÚN"
header :is "X-Folded" "one  two three"
header :matches "X-Folded" "one*three"
header :matches "x-caffeine" "c8h??n4*"
not header :matches "x-caffeine" "c8h???n4"
not header :matches "x-caffeine" "c8h10"
header :matches "x-caffeine" "*"
header :matches :comparator "i;octet" "subject" "Ol?? *"
header :matches :comparator "i;unicode-casemap" "subject" "ol? m?ndo"
header :comparator "i;ascii-numeric" "x-number" "42"
header :comparator "i;ascii-numeric" "subject" "no number"
not header :comparator "i;ascii-numeric" "x-number" "43"
header :value "gt" :comparator "i;ascii-numeric" "x-number" "9"
header :value "lt" "x-number" "9"
header :value "le" :comparator "i;ascii-numeric" "x-number" "42"
header :value "ne" :comparator "i;octet" "x-number" "42"
header :value "gt" :comparator "i;ascii-numeric" "subject" "99999999999999999999999"
header :count "eq" :comparator "i;ascii-numeric" "received" "2"
header :count "ge" :comparator "i;ascii-numeric" ["received", "subject"] "3"
header :count "eq" :comparator "i;ascii-numeric" "x-none" "0"
header :index 1 :contains "received" "from a"
header :index 2 :contains "received" "from c"
header :last :index 1 :contains "received" "from c"
not header :index 3 :contains "received" ""
address "from" "coyote@desert.example.org"
address :all :is "from" "coyote@desert.example.org"
not address :contains "from" "wile"
address :localpart "from" "coyote"
address :domain ["from", "to"] "acme.example.com"
address :domain "to" "b.example"
address :comparator "i;octet" :localpart "from" "Coyote"
not address :comparator "i;octet" :localpart "from" "coyote"
address :user "to" "roadrunner"
address :detail "to" "fast"
not address :detail "from" ""
address :all "cc" "nobody"
not address :localpart "cc" "nobody"
address :count "eq" :comparator "i;ascii-numeric" "to" "3"
address :index 1 :domain ["from", "to"] "desert.example.org"
not address :index 2 :domain ["from", "to"] "desert.example.org"
not address :all "to" "group"
envelope "from" "bounce@desert.example.org"
envelope :domain :contains "FROM" "desert"
envelope :all "to" "roadrunner+fast@acme.example.com"
envelope :detail "to" "fast"
envelope :localpart ["from", "to"] "bounce"
envelope :count "eq" :comparator "i;ascii-numeric" ["from", "to"] "2"
body :raw :contains "Ol=E1, a"
body :raw :contains "The epilogue"
not body :raw :contains "X-Caffeine"
body :raw :contains "content-type: text/html"
body :contains "Olá, a plain text"
body :text :contains "bold words"
not body :text :contains "<b>"
body :text :contains "inner words"
not body :text :contains "hidden octets"
not body :text :contains "inner subject"
body :content "text" :contains "<b>bold"
body :content "text/plain" :contains "Olá, a plain text"
not body :content "text/html" :contains "plain"
body :content "application/octet-stream" :is "hidden octets"
body :content "application" :comparator "i;octet" :contains "hidden"
body :content "multipart" :is "The prologue"
body :content "multipart" :contains "The epilogue"
not body :content "multipart" :contains "plain"
body :content "message/rfc822" :contains "inner subject"
not body :content "message/rfc822" :contains "inner words"
body :content "" :contains "hidden"
not body :content "/html" :contains ""
not body :content "text/" :contains ""
not body :content "text/html/x" :contains ""
not body :content "audio" :contains ""
body :content ["audio", "TEXT/HTML"] :contains "bold"
body :content "text" :count "eq" :comparator "i;ascii-numeric" "3"
string "a" ["b", "A"]
string :comparator "i;octet" "a" "a"
not string :is " a" "a"
string :matches " pending " "* pending *"
string :count "eq" :comparator "i;ascii-numeric" ["a", "", "c"] "2"
not hasflag "a"
date :originalzone "date" "hour" "08"
date :zone "+0000" "date" "hour" "13"
date :zone "+0530" "date" "time" "19:19:37"
date "date" "iso8601" "1994-11-06T13:49:37Z"
date :originalzone "date" "iso8601" "1994-11-06t08:49:37-05:00"
date :originalzone "date" "zone" "-0500"
date "date" "zone" "+0000"
date :originalzone "date" "std11" "Sun, 06 Nov 1994 08:49:37 -0500"
date "date" "date" "1994-11-06"
date "date" "year" "1994"
date "date" "month" "11"
date "date" "day" "06"
date "date" "minute" "49"
date "date" "second" "37"
date "date" "weekday" "0"
date "date" "julian" "49662"
date :originalzone "received" "date" "2024-01-01"
date "received" "date" "2023-12-31"
date :index 2 :originalzone "received" "zone" "-0330"
date :index 1 :last "received" "iso8601" "2023-12-31T23:30:00Z"
date :value "ge" "date" "hour" "09"
not date "subject" "year" "1994"
not date "x-none" "year" "1994"
date :count "eq" :comparator "i;ascii-numeric" "date" "year" "1"
date :count "eq" :comparator "i;ascii-numeric" "subject" "year" "0"
currentdate "iso8601" "2024-02-29T12:34:56Z"
currentdate :zone "-0100" "hour" "11"
currentdate :is "weekday" "4"
currentdate :value "lt" "date" "2024-03-01"
currentdate :count "eq" :comparator "i;ascii-numeric" "year" "1"
mailboxexists "INBOX"
mailboxexists ["Spam", "Lists/Sieve"]
not mailboxexists ["Spam", "None"]
specialuse_exists "\\Junk"
specialuse_exists "Spam" "\\JUNK"
not specialuse_exists "INBOX" "\\Junk"
not specialuse_exists "None" "\\Junk"
not specialuse_exists ["\\Junk", "\\Sent"]
not duplicate
"""


@pytest.mark.parametrize("test", TRUE.strip().splitlines())
def test_is_true(test: str) -> None:
    assert holds(test)
    assert not holds(f"not {test}")


def test_lines_in_a_script_are_lines_of_a_message() -> None:
    assert holds('body :raw :contains "tex=\nt"')
    assert holds("body :raw :contains text:\n--outer--\nThe epilogue\n.\n")


def test_the_size_is_that_of_the_message() -> None:
    size = len(MESSAGE)
    assert not holds(f"size :over {size}")
    assert not holds(f"size :under {size}")
    assert holds(f"size :over {size - 1}")
    assert holds(f"size :under {size + 1}")


@pytest.mark.parametrize("part", ["all", "localpart", "domain", "user"])
def test_the_null_sender_is_the_empty_string(part: str) -> None:
    assert holds(f'envelope :{part} "from" ""', sender="")
    assert holds('envelope :count "eq" :comparator "i;ascii-numeric" "from" "0"', sender="")


def test_source_routes_are_dropped() -> None:
    assert holds('envelope "from" "a@c.test"', sender="@b.test,@d.test:a@c.test")


def test_tests_after_the_first_that_decides_are_not_run() -> None:
    assert not interpret('if anyof (true, header :matches "Subject" "*") { fileinto "x${0}"; }').problem
    (action,) = interpret('if anyof (true, header :matches "Subject" "*") { fileinto "x${0}"; }').actions
    assert action.mailbox == "x"  # type: ignore[union-attr]


def test_a_local_zone_is_that_of_the_server_at_the_time() -> None:
    def zone(seconds: int) -> int:
        return 120 if seconds > 1_700_000_000 else 60

    assert holds('currentdate "zone" "+0200"', local_zone=zone)
    assert holds('date "date" "time" "14:49:37"', local_zone=zone)


@pytest.mark.parametrize("header", ["", "Message-ID: \r\n"])
def test_no_message_is_a_duplicate_of_one_without_an_id(header: str) -> None:
    decision = interpret('if duplicate :header "X-None" { discard; }', header.encode() + b"\r\nx\r\n")
    assert (decision.sightings, decision.unknown) == ((), ())


def test_duplicates() -> None:
    first = interpret('if duplicate :seconds 60 { discard; } if duplicate :header "message-id" { discard; }')
    (sighting,) = first.sightings
    assert first.unknown == (sighting.id,)
    again = interpret("if duplicate :last { discard; }", seen={sighting.id: True})
    assert again.actions == ()
    assert again.sightings[0].last
    other = interpret('if duplicate :handle "h" { discard; }', seen={sighting.id: True})
    assert other.unknown != first.unknown
    assert interpret("if duplicate :seconds 0 { discard; }", seen={sighting.id: True}).actions != ()
    same = interpret('if duplicate :uniqueid "<1@desert.example.org>" { discard; }', seen={sighting.id: True})
    assert same.actions == ()
