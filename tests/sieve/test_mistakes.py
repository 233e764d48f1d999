"""What is wrong with a script, in words and with its place."""

from __future__ import annotations

import pytest

from correio.sieve.compile_script import compile_script
from correio.sieve.limits import SieveLimits
from tests.sieve.interpreted import mistakes

ALL = (
    'require ["body", "copy", "date", "duplicate", "envelope", "fileinto", "imap4flags", "index", "mailbox", "reject", '
    '"relational", "special-use", "vacation", "vacation-seconds", "variables", "encoded-character"];\n'
)

WITHOUT_REQUIRE = {
    'fileinto "a";': (1, 1, 'The command fileinto needs require "fileinto";'),
    'if envelope "from" "a" {}': (1, 4, 'The test envelope needs require "envelope";'),
    'redirect :copy "a@b.test";': (1, 10, "The tag :copy of redirect needs"),
    'if header :value "gt" "a" "b" {}': (1, 11, "The tag :value of header needs"),
    'if header :comparator "i;ascii-numeric" "a" "b" {}': (1, 23, "comparator-i;ascii-numeric"),
    'if address :detail "to" "b" {}': (1, 12, "subaddress"),
    'keep :flags "a";': (1, 6, "imap4flags"),
    'set "a" "b";': (1, 1, "variables"),
    'reject "a";': (1, 1, "reject"),
    'ereject "a";': (1, 1, "ereject"),
    'vacation "a";': (1, 1, "vacation"),
    'if header :index 1 "a" "b" {}': (1, 11, "index"),
    'if currentdate "year" "1" {}': (1, 4, "date"),
    "if duplicate {}": (1, 4, "duplicate"),
    'if mailboxexists "a" {}': (1, 4, "mailbox"),
    'if body "a" {}': (1, 4, "body"),
    'require "imap4flags"; setflag "v" "a";': (1, 31, 'A variable of setflag needs require "variables"'),
    'require "imap4flags"; if hasflag "v" "a" {}': (1, 34, "variables"),
    'require "vacation"; vacation :seconds 1 "a";': (1, 30, "vacation-seconds"),
    'require "foo";': (1, 9, 'There is no extension "foo" here'),
    'require ["fileinto", "include"];': (1, 22, 'There is no extension "include" here'),
    'require "FILEINTO";': (1, 9, "There is no extension"),
    'keep; require "fileinto";': (1, 7, "require stands at the beginning"),
    'if true { require "fileinto"; }': (1, 11, "require stands at the beginning"),
    # Grammar
    "keep": (1, 5, 'After keep a ";" or a block is expected, not the end of the script.'),
    "keep\ndiscard;": (2, 1, 'keep takes no test; is a ";" missing before discard?'),
    "keep;;": (1, 6, 'A command is expected here, not ";".'),
    "if true { keep;": (1, 16, 'A command or "}" is expected here'),
    "keep; }": (1, 7, 'A command is expected here, not "}".'),
    "if true keep;": (1, 1, "if is to be followed by a block in braces."),
    "if { keep; }": (1, 1, "if is to be followed by a test."),
    "else { keep; }": (1, 1, "else stands after the block of an if or elsif only."),
    "if true { } keep; elsif true { }": (1, 19, "elsif stands after"),
    "if true { } else { } else { }": (1, 22, "else stands after"),
    "if true { } else true { }": (1, 18, "else takes no test"),
    "if allof true { }": (1, 10, "stand in parentheses"),
    "if allof () { }": (1, 11, "A test is expected here"),
    "if not (true) { }": (1, 9, "not takes one test"),
    "if anyof (true, false { }": (1, 23, 'Between tests a "," is expected'),
    "if true;": (1, 1, "if is to be followed by a block"),
    "keep { }": (1, 1, "keep takes no block"),
    "foo;": (1, 1, 'There is no command "foo".'),
    "header;": (1, 1, 'There is no command "header".'),
    "if foo { }": (1, 4, 'There is no test "foo".'),
    "if keep { }": (1, 4, 'There is no test "keep".'),
    'if header "a" { }': (1, 4, "header lacks its argument <key-list>, a string or a list of strings."),
    'if header "a" "b" "c" { }': (1, 19, "header takes no argument here."),
    'if header "a" 3 { }': (1, 15, "<key-list> of header is to be a string or a list of strings."),
    'redirect ["a@b.test"];': (1, 10, "<address> of redirect is to be a string."),
    'if header :is :contains "a" "b" { }': (1, 15, ":is and :contains exclude each other."),
    'if header :is :is "a" "b" { }': (1, 15, "The tag :is stands there twice."),
    'if header "a" :is "b" { }': (1, 15, "Tags stand before the other arguments"),
    "if header :comparator { }": (1, 11, ":comparator is to be followed by a string."),
    'if header :over "a" "b" { }': (1, 11, "header has no tag :over"),
    "if size 3 { }": (1, 4, "size takes :over or :under."),
    "if size :over :under 3 { }": (1, 15, ":over and :under exclude each other."),
    'if size :over "3" { }': (1, 15, "<limit> of size is to be a number."),
    'if header :comparator "i;foo" "a" "b" { }': (1, 23, 'There is no comparator "i;foo"'),
    'if address "subject" "b" { }': (1, 12, '"subject" is no field that holds addresses'),
    'redirect "nobody";': (1, 10, '"nobody" is no address.'),
    'redirect "a@b.test, c@d.test";': (1, 10, "is no address."),
    'redirect "group: a@b.test;";': (1, 10, "is no address."),
    'redirect "<@x.test:a@b.test> b@c.test>";': (1, 10, "is no address."),
    # Tokens
    'redirect "a@b.test;': (1, 10, 'This string is not closed with a quote (").'),
    "keep; /* a": (1, 7, "This comment is not closed with */."),
    "keep; text:\nfoo\n": (1, 7, "This text: is not closed by a line with a single dot."),
    "keep; text: foo\n.\n": (1, 12, "After text: the line must end"),
    'if header ["a" "b"] "c" { }': (1, 16, 'Between strings a "," is expected'),
    'if header [] "c" { }': (1, 12, "A list holds strings in quotes"),
    'if header ["a",] "c" { }': (1, 16, "A list holds strings in quotes"),
    "if size :over 100kb { }": (1, 15, "100kb is no number"),
    "if size :over 99999999999999999999 { }": (1, 15, "is too large"),
    "if size :over -1 { }": (1, 15, "is nothing that a script can hold here"),
    "keep; \u00e9;": (1, 7, "is nothing that a script can hold here"),
    "keep;\n\n  !;": (3, 3, "is nothing that a script can hold here"),
    "keep;\0": (1, 6, "NUL"),
    "keep;\rkeep;": (1, 6, "CR without LF"),
}

WITH_REQUIRE = {
    'if header :value "foo" "a" "b" {}': (2, 18, ":value is to be followed by one of gt, ge, lt, le, eq, ne."),
    'if envelope "cc" "a" {}': (2, 13, 'The envelope has no part "cc"'),
    'if date "date" "era" "x" {}': (2, 16, 'A date has no part "era"'),
    'if date :zone "UTC" "date" "year" "x" {}': (2, 15, '"UTC" is no zone'),
    'if date :zone "+0100" :originalzone "date" "year" "x" {}': (2, 23, "exclude each other"),
    'if currentdate :originalzone "year" "x" {}': (2, 16, "has no tag :originalzone"),
    'if header :last "a" "b" {}': (2, 11, ":last says from where :index counts"),
    'if header :index 0 "a" "b" {}': (2, 11, ":index counts from 1."),
    'if duplicate :header "a" :uniqueid "b" {}': (2, 26, "exclude each other"),
    'set "1a" "b";': (2, 5, '"1a" is no name of a variable'),
    'set "a.b" "b";': (2, 5, "namespace"),
    'set "${a}" "b";': (2, 5, "is no name of a variable"),
    'set :lower :upper "a" "b";': (2, 12, "exclude each other"),
    'set :lowerfirst :upperfirst "a" "b";': (2, 17, "exclude each other"),
    'set :foo "a" "b";': (2, 5, "set has no tag :foo"),
    f'set "{"a" * 65}" "b";': (2, 5, "at most 64"),
    f'set "a" "{"b" * 9000}";': (2, 9, "at most 8192"),
    'fileinto "${a.b}";': (2, 10, "namespace"),
    'fileinto "${100}";': (2, 10, "out of range"),
    'fileinto "";': (2, 10, "A mailbox has a name."),
    'fileinto :specialuse "Junk" "a";': (2, 22, "no special use"),
    'if specialuse_exists "Junk" {}': (2, 22, "no special use"),
    'fileinto "${unicode:200000}";': (2, 10, "200000 is no Unicode character."),
    'fileinto "${unicode:DF01}";': (2, 10, "DF01 is no Unicode character."),
    'vacation :days 1 :seconds 1 "a";': (2, 18, ":days and :seconds exclude each other."),
    'vacation :from "nobody" "a";': (2, 16, '"nobody" is no address.'),
    'vacation :mime "X: \u00e9\r\n\r\nx";': (2, 16, "US-ASCII"),
    "vacation;": (2, 1, "vacation lacks its argument <reason>"),
    'if body :raw :text "a" {}': (2, 14, "exclude each other"),
    'if string "a" {}': (2, 4, "lacks its argument"),
}


@pytest.mark.parametrize("script", WITHOUT_REQUIRE)
def test_without_require(script: str) -> None:
    line, column, words = WITHOUT_REQUIRE[script]
    found = mistakes(script)
    assert found
    assert found[0][:2] == (line, column), found
    assert words in found[0][2]


@pytest.mark.parametrize("script", WITH_REQUIRE)
def test_with_require(script: str) -> None:
    line, column, words = WITH_REQUIRE[script]
    (found,) = mistakes(ALL + script)
    assert found[:2] == (line, column), found
    assert words in found[2]


def test_numeric_comparators_compare_whole_values() -> None:
    script = 'require "comparator-i;ascii-numeric"; if header :contains :comparator "i;ascii-numeric" "a" "b" {}'
    assert "cannot be used with :contains" in mistakes(script)[0][2]


def test_every_mistake_is_told_and_not_too_many() -> None:
    assert [line for line, _, _ in mistakes("foo;\nkeep;\nif bar { baz; }\n")] == [1, 3, 3]
    assert len(mistakes("foo;\n" * 100)) == 20


def test_lines_and_columns_count_characters_and_any_line_end() -> None:
    assert mistakes('# é\r\n"é" /* é\n */ foo;')[0][:2] == (2, 1)
    assert mistakes("/* é\n é */ foo;")[0][:2] == (2, 7)
    assert mistakes(b"\xef\xbb\xbffoo;")[0][:2] == (1, 1)


def test_nesting_is_bounded() -> None:
    for deep, good in ((32, True), (33, False), (5000, False)):
        blocks = "if true {" * deep + "}" * deep
        tests = "if " + "not " * (deep - 1) + "true {}"
        lists = "if " + "allof (" * (deep - 1) + "true" + ")" * (deep - 1) + "{}"
        for script in (blocks, tests, lists):
            assert bool(mistakes(script)) is not good, (deep, script[:20])
    assert "32 levels deep" in mistakes("if true {" * 33 + "}" * 33)[0][2]


def test_the_size_is_bounded() -> None:
    limits = SieveLimits(size=10)
    compile_script(b"keep;#1234", limits)
    assert mistakes(b"#" * (64 * 1024 + 1))[0][:2] == (1, 1)


GOOD = [
    "",
    "\n",
    "#",
    "keep;",
    "KEEP ;",
    "if True{Keep;}",
    "\tkeep;\r\n# end",
    "/**/keep/***/;/* * / */",
    "if size :OVER 1g {}",
    'require "fileinto";require ["copy"]; fileinto :COPY "a";',
    "redirect text:\na@b.test\n.\n;",
    "redirect text: # x\na@b.test\n.\n;",
    'require ["comparator-i;octet", "comparator-i;ascii-casemap", "vacation-seconds"]; vacation :seconds 3 "a";',
    'redirect "\\"A, B\\" <a@b.test>";',
]


@pytest.mark.parametrize("script", GOOD)
def test_good_scripts(script: str) -> None:
    assert mistakes(script) == []
