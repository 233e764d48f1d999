"""Whatever a script is: it is refused with its mistakes, or it runs and the message is not lost by an error."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from correio.mime.parse import parse_message
from correio.sieve.actions import Keep
from correio.sieve.compile_script import compile_script
from correio.sieve.errors import SieveSyntaxError
from correio.sieve.glob import compile_glob
from correio.sieve.interpreter import run
from correio.sieve.message_view import MessageView
from tests.sieve.interpreted import EXTENSIONS, MESSAGE, environment

VIEW = MessageView(MESSAGE, parse_message(MESSAGE))
WORDS = [
    "if", "elsif", "else", "true", "false", "not", "allof", "anyof", "header", "address", "exists", "size", "envelope", "body",
    "string", "hasflag", "date", "currentdate", "mailboxexists", "duplicate", "keep", "discard", "stop", "fileinto",
    "redirect", "reject", "vacation", "set", "setflag", "addflag", "require", ":is", ":contains", ":matches", ":value", ":count",
    ":comparator", ":over", ":flags", ":copy", ":index", ":last", ":raw", ":content", ":days", ":mime", ":handle", '"gt"',
    '"i;ascii-numeric"', '"i;unicode-casemap"', '"subject"', '"from"', '"*"', '"?*?"', '"${1}${x}"', '"x"', '"a@b.test"',
    '"year"', '["a", "b"]', "3", "1K", "{", "}", "(", ")", ",", ";", ";", "text:\nx\n.\n", "# c\n", "/* c */", '"', "\\", "é",
]  # fmt: skip
TESTS = st.recursive(
    st.sampled_from(
        [
            "true", "false", 'header :matches "subject" "*m*"', 'address :localpart "from" "coyote"', 'exists "x-none"',
            "size :over 3K", 'body :contains "bold"', 'string "${1}" ["", "x"]', 'hasflag "a"', "duplicate",
            'date "date" "year" "${y}"', 'address "${h}" "x"', 'envelope "${e}" "a"', 'currentdate :zone "${z}" "hour" "1"',
        ]
    ),
    lambda inner: st.one_of(
        inner.map(lambda one: f"not {one}"),
        st.lists(inner, min_size=1, max_size=3).map(lambda some: f"allof ({', '.join(some)})"),
        st.lists(inner, min_size=1, max_size=3).map(lambda some: f"anyof ({', '.join(some)})"),
    ),
    max_leaves=6,
)  # fmt: skip
ACTIONS = st.sampled_from(
    [
        "keep;", "discard;", "stop;", 'fileinto "a";', 'fileinto :copy "${1}";', 'redirect "a@b.test";', 'redirect "${1}";',
        'reject "no";', 'vacation "x";', 'set "h" "subject";', 'set "e" "to";', 'setflag "a b";', 'addflag "v" "c";',
        'keep :flags "${v}";', 'set :length "y" "${0}";', "keep;" * 20,
    ]
)  # fmt: skip
STATEMENTS = st.recursive(
    ACTIONS,
    lambda inner: st.tuples(TESTS, st.lists(inner, max_size=3), st.lists(inner, max_size=2)).map(
        lambda parts: f"if {parts[0]} {{ {' '.join(parts[1])} }} else {{ {' '.join(parts[2])} }}"
    ),
    max_leaves=8,
)


def holds_together(script: bytes) -> None:
    """Compile and run; the only error is a SieveSyntaxError with places within the script."""
    try:
        compiled = compile_script(script)
    except SieveSyntaxError as error:
        lines = script.decode("utf-8", "surrogateescape").replace("\r\n", "\n").split("\n")
        for one in error.problems:
            assert 1 <= one.line <= len(lines)
            assert 1 <= one.column <= len(lines[one.line - 1]) + 1
            assert one.message
        return
    decision = run(compiled, VIEW, environment())
    if decision.problem:
        assert decision.actions == (Keep(),)
        assert decision.sightings == ()


@given(st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_octets(script: bytes) -> None:
    holds_together(script)


@given(st.lists(st.sampled_from(WORDS), max_size=30))
@settings(max_examples=200, deadline=None)
def test_any_words(words: list[str]) -> None:
    holds_together((EXTENSIONS + " ".join(words)).encode())


@given(st.lists(STATEMENTS, max_size=5))
@settings(max_examples=60, deadline=None)
def test_scripts_that_are_well_formed(statements: list[str]) -> None:
    script = (EXTENSIONS + "\n".join(statements)).encode()
    compile_script(script)
    holds_together(script)


@given(st.binary(max_size=400), st.lists(STATEMENTS, max_size=4))
@settings(max_examples=40, deadline=None)
def test_any_message(message: bytes, statements: list[str]) -> None:
    compiled = compile_script((EXTENSIONS + "\n".join(statements)).encode())
    decision = run(compiled, MessageView(message, parse_message(message)), environment())
    assert not decision.problem or decision.actions == (Keep(),)


@given(st.text("ab*?\\", max_size=12), st.text("ab", max_size=20))
@settings(max_examples=300, deadline=None)
def test_globs_are_what_a_regular_expression_says(pattern: str, text: str) -> None:
    pieces = re.findall(r"\\.|[*?]|[^*?]", pattern, re.DOTALL)
    meaning = {"*": "(.*?)", "?": "(.)"}
    expression = "".join(
        meaning.get(piece) or re.escape(piece[1] if piece[0] == "\\" and len(piece) > 1 else piece) for piece in pieces
    )
    wanted = re.fullmatch(expression, text, re.DOTALL)
    found = compile_glob(pattern).match(text)
    assert (found is None) == (wanted is None)
    if found is not None and wanted is not None:
        assert [text[start:end] for start, end in found] == list(wanted.groups())


def test_globs_that_other_implementations_never_end_with() -> None:
    text = "a" * 200_000
    assert compile_glob("*a" * 1000 + "*b").match(text) is None
    assert compile_glob("*a" * 1000 + "*").match(text) is not None
    assert compile_glob("*?a?*" * 20 + "b").match(text) is None


def test_a_header_is_read_once_and_up_to_a_bound() -> None:
    """Whoever sends a header of millions of fields does not take the memory for them."""
    header = b"To: a@b.test, c@d.test\r\n" * 100_000 + b"Late: x\r\n\r\n"
    view = MessageView(header, parse_message(header), b"Return-Path: <s@b.test>\r\n")
    assert view.has("Return-Path")
    assert not view.has("Late")
    assert 40_000 < len(view.raw("to")) < 45_000
    assert view.addresses("To")[-1] == view.addresses("tO")[0]
    for read in (view.unfolded, view.decoded, view.addresses):
        assert read("To") is read("tO")
