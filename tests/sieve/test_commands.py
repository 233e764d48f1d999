"""Every command of the language: what a script comes to."""

from __future__ import annotations

import pytest

from correio.mime.parse import parse_message
from correio.sieve.actions import Action, FileInto, Keep, Redirect, Reject, Vacation
from correio.sieve.compile_script import compile_script
from correio.sieve.interpreter import run
from correio.sieve.message_view import MessageView
from tests.sieve.interpreted import EXTENSIONS, environment, interpret, value

CASES: dict[str, tuple[Action, ...]] = {
    "": (Keep(),),
    "stop; discard;": (Keep(),),
    "keep;": (Keep(),),
    "keep; keep;": (Keep(), Keep()),
    "discard;": (),
    "discard; keep;": (Keep(),),
    'fileinto "a";': (FileInto("a"),),
    'fileinto :copy "a";': (FileInto("a"), Keep()),
    'fileinto :create "a"; stop; fileinto "b";': (FileInto("a", create=True),),
    'fileinto :specialuse "\\\\Junk" :create "a";': (FileInto("a", create=True, special_use="\\Junk"),),
    'redirect "a@b.test";': (Redirect("a@b.test"),),
    'redirect :copy "Name <a@b.test>";': (Redirect("a@b.test"), Keep()),
    'redirect "a@b.test"; redirect "a@b.test"; discard;': (Redirect("a@b.test"),),
    'discard; fileinto "a"; redirect "a@b.test";': (FileInto("a"), Redirect("a@b.test")),
    'reject "no";': (Reject("no", early=False),),
    'discard; reject "no";': (Reject("no", early=False),),
    # Control
    "if true { discard; }": (),
    "if false { discard; } elsif true { keep; } else { discard; }": (Keep(),),
    'if false { discard; } elsif false { discard; } else { fileinto "a"; }': (FileInto("a"),),
    "if true { if true { stop; } } discard;": (Keep(),),
    "if true {} else { discard; }": (Keep(),),
    # Flags
    'setflag "\\\\Seen";': (Keep(("\\Seen",)),),
    'setflag "\\\\seen $A  b"; addflag ["B", "\\\\FLAGGED"]; removeflag "$a"; keep;': (
        Keep(("\\Seen", "b", "\\Flagged")),
    ),
    'setflag "a"; fileinto "x"; setflag "b"; keep;': (
        FileInto("x", ("a",)),
        Keep(("b",)),
    ),
    'setflag "a"; keep :flags ""; fileinto :flags ["c d", "e"] "x";': (Keep(), FileInto("x", ("c", "d", "e"))),
    'setflag "\\\\Recent \\\\Odd a(b \\\\*"; keep;': (Keep(),),
    'setflag "v" "a"; addflag "v" "b"; removeflag "V" "A"; keep :flags "${v}";': (Keep(("b",)),),
    'set "v" "x  Y"; addflag "v" "y z"; if hasflag "v" "Y" { keep :flags "${v}"; }': (Keep(("x", "Y", "z")),),
    'setflag "A b"; if allof (hasflag ["x", "B a"], not hasflag "c", not hasflag "") { discard; }': (),
    'setflag "v" "one two"; if hasflag :count "ge" :comparator "i;ascii-numeric" "v" "2" { discard; }': (),
    'setflag "v" "NonJunk"; if hasflag :contains "v" ["label", "junk"] { discard; }': (),
    'setflag "v" "NonJunk"; if hasflag :matches "v" "n*k" { discard; }': (),
    'vacation "x"; setflag "a";': (Vacation(604800, None, "", False, "answer 00:0:1:x", "x"), Keep(("a",))),
}


@pytest.mark.parametrize("script", CASES)
def test_actions(script: str) -> None:
    decision = interpret(script, b"To: roadrunner@acme.example.com\r\n\r\nx")
    assert not decision.problem
    assert decision.actions == CASES[script]


STRINGS = {
    # RFC 5229 section 3
    ("&%${}!", ""): "&%${}!",
    ("${doh!}", ""): "${doh!}",
    ("x${full}y", ""): "xy",
    ("${company}", 'set "company" "ACME";'): "ACME",
    ("${BAD${Company}", 'set "company" "ACME";'): "${BADACME",
    ("${President, ${Company} Inc.}", 'set "company" "ACME";'): "${President, ACME Inc.}",
    ("${fo\\o}x", 'set "foo" "F";'): "Fx",
    ("${fo\\\\o}", 'set "foo" "F";'): "${fo\\o}",
    ("\\${foo}", 'set "foo" "F";'): "F",
    ("\\\\${foo}", 'set "foo" "F";'): "\\F",
    ("${text}", 'set "dollar" "$"; set "text" "regarding ${dollar}{beep}";'): "regarding ${beep}",
    ("dear${hex:20 24 7b 4e}ame}", 'set "name" "Ethelbert";'): "dear Ethelbert",
    # RFC 5229 section 4.1
    ("${b}", 'set "a" "juMBlEd lETteRS"; set :length "b" "${a}";'): "15",
    ("${b}", 'set "a" "juMBlEd lETteRS"; set :lower "b" "${a}";'): "jumbled letters",
    ("${b}", 'set "a" "juMBlEd lETteRS"; set :upperfirst "b" "${a}";'): "JuMBlEd lETteRS",
    ("${b}", 'set "a" "juMBlEd lETteRS"; set :upperfirst :lower "b" "${a}";'): "Jumbled letters",
    ("${b}", 'set :quotewildcard "b" "Rock*?\\\\";'): "Rock\\*\\?\\\\",
    ("${b}", 'set :LOWERFIRST :UPPER "b" "éab";'): "éAB",
    ("${b}", 'set :length :quotewildcard "b" "*";'): "2",
    ("${b}", 'set :length "b" "é";'): "1",
    # RFC 5229 section 3.2
    ("${1}/${2}/${0}", 'if address :matches "to" ["coyote@**.com", "road**@*"] {}'): (
        "/runner+fast/roadrunner+fast@acme.example.com"
    ),
    ("${1}|${2}|${03}", 'if header :matches "X-Caffeine" "?8*N?O2" {}'): "C|H10|4",
    ("x${1}", 'if header :matches "X-Caffeine" "*" {} if header :matches "X-Caffeine" "Z*" {}'): "xC8H10N4O2",
    ("x${9}", 'if header :matches "X-Caffeine" "*" {}'): "x",
    ("x${1}", 'if body :matches "*" {}'): "x",
    ("${1}", 'if header :matches :comparator "i;unicode-casemap" "Subject" "OL?*" {}'): "á",
    ("${2}", 'if header :matches "Subject" "* M??*" {}'): "\udcc3",
    # RFC 5228 section 2.4.2.4
    ("$${hex:40}", ""): "$@",
    ("${hex: 40 }", ""): "@",
    ("${HEX: 40}", ""): "@",
    ("${hex:40", ""): "${hex:40",
    ("${hex:400}", ""): "${hex:400}",
    ("${hex:4${hex:30}}", ""): "${hex:40}",
    ("${unicode:40}", ""): "@",
    ("${ unicode:40}", ""): "${ unicode:40}",
    ("${UnICoDE:0000040}", ""): "@",
    ("${Unicode:Cool}", ""): "${Unicode:Cool}",
    ("${hex:c3 a9}${unicode:1F600 e9}", ""): "é😀é",
}


@pytest.mark.parametrize(("text", "before"), STRINGS)
def test_strings(text: str, before: str) -> None:
    wanted = STRINGS[(text, before)]
    if "\udcc3" in wanted:
        # A piece of a character: no name of a mailbox, and an error of the script.
        assert "UTF-8" in interpret(f'{before} fileinto "{text}";').problem
        return
    assert value(text, before) == wanted


def test_octets_of_a_character_come_together_again() -> None:
    assert value("${1}${2}", 'if header :matches "Subject" "Ol??*" {}') == "á"


def test_text_blocks() -> None:
    script = "reject text: # a comment\n..one\n.two\n\nthree\n.\n;"
    (action,) = interpret(script).actions
    assert action == Reject(".one\r\n.two\r\n\r\nthree\r\n", early=False)


def test_variables_are_bounded() -> None:
    assert len(value("${a}", f'set "a" "{"x" * 8000}"; set "a" "${{a}}${{a}}";')) == 8192
    names = "".join(f'set "v{at}" "x";' for at in range(257))
    assert "256 variables" in interpret(names).problem
    long = "".join('set "a" "${a}${a}x"; ' for _ in range(20))
    assert len(value("${a}" * 100, long)) == 64 * 1024


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        ('fileinto "a"; reject "no";', "reject goes with no action"),
        ('reject "no"; keep;', "reject goes with no action"),
        ('reject "no"; fileinto "a";', "reject goes with no action"),
        ('reject "no"; redirect "a@b.test";', "reject goes with no action"),
        ('reject "no"; reject "no";', "reject goes with no action"),
        ('reject "no"; vacation "x";', "reject goes with no action"),
        ('vacation "x"; reject "no";', "reject goes with no action"),
        ('vacation "x"; vacation "x";', "once"),
        ('set "a" "not an address"; redirect "${a}";', "no address"),
        ('redirect "${a}";', "no address"),
        ('set "h" "subject"; if address "${h}" "x" { discard; }', "holds addresses"),
        ('set "h" "cc"; if envelope "${h}" "x" { discard; }', "no part"),
        ('set "p" "era"; if date "date" "${p}" "x" { discard; }', "no part"),
        ('set "z" "Europe/Lisbon"; if currentdate :zone "${z}" "year" "2" { discard; }', "no zone"),
        ('set "u" "Junk"; fileinto :specialuse "${u}" "a";', "no special use"),
        ("keep;" * 33, "32 actions"),
        ("".join(f'redirect "a{at}@b.test";' for at in range(6)), "5 addresses"),
        ("".join(f'if duplicate :uniqueid "{at}" {{}}' for at in range(33)), "32 ids"),
        ('set "c" "é"; vacation :mime "X: ${c}\r\n\r\nx";', "US-ASCII"),
    ],
)
def test_what_fails_keeps_the_message_and_nothing_else(script: str, problem: str) -> None:
    decision = interpret('setflag "\\\\Seen";' + script + "discard;")
    assert problem in decision.problem
    assert decision.actions == (Keep(),)
    assert decision.sightings == ()


def test_a_message_that_was_here_before_is_not_redirected() -> None:
    seen = b"Delivered-To: Roadrunner+Fast@acme.example.com\r\n\r\nx"
    decision = interpret('redirect "a@b.test"; discard;', seen)
    assert decision.actions == (Keep(),)
    assert "loop" in decision.problem
    assert not interpret('redirect "a@b.test";', b"Delivered-To: other@acme.example.com\r\n\r\nx").problem
    # By another detail, or by the account's own address, it is the same account.
    for before in (b"ROADRUNNER@acme.example.com", b"roadrunner+other@Acme.example.com"):
        assert "loop" in interpret('redirect "a@b.test";', b"Delivered-To: " + before + b"\r\n\r\nx").problem
    mine = b"Delivered-To: roadrunner@acme.example.com\r\n\r\nx"
    assert "loop" in interpret('redirect "a@b.test";', mine, recipient="anybody@acme.example.com").problem


def test_a_vacation_from_elsewhere() -> None:
    message = b"To: roadrunner@acme.example.com\r\n\r\nx"
    script = 'vacation :days 0 :from "not an address ${x}" :handle "${subject}" :subject "s" "r";'
    (action, keep) = interpret(script, message).actions
    assert action == Vacation(86400, "s", "", False, "handle ${subject}", "r")
    assert keep == Keep()
    (long, _) = interpret('vacation :seconds 2147483648 "r";', message).actions
    assert isinstance(long, Vacation)
    assert long.seconds == 90 * 86400


def test_steps_are_bounded() -> None:
    many = ", ".join(f'"key number {at}"' for at in range(800))
    script = f"if body :raw :contains [{many}] {{ discard; }}" * 2
    decision = interpret(script, b"\r\n" + b"x" * 4 * 1024 * 1024)
    assert decision.problem == "The script took too many steps."
    assert decision.actions == (Keep(),)
    counts = ",".join(['address :count "gt" "To" "999999"'] * 200)
    many_fields = (b"To: " + b"a@b," * 9_000 + b"\r\n") * 25 + b"\r\n"
    assert interpret(f"if anyof({counts}) {{ discard; }}", many_fields).problem == "The script took too many steps."


def test_what_is_written_in_other_charsets() -> None:
    script = EXTENSIONS.encode() + b'if header :comparator "i;octet" "X" "\xe9" { discard; }'
    message = b"X: a\r\n\r\n\xe9"
    view = MessageView(message, parse_message(message))
    assert run(compile_script(script), view, environment()).actions == (Keep(),)
    raw = b'require "body"; if body :raw :comparator "i;octet" :is "\xe9" { discard; }'
    assert run(compile_script(raw), view, environment()).actions == ()
