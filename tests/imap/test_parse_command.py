"""Commands to their arguments, and bad ones to a sentence. Every command of the table is here."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correio.mail.flags import flag_set
from protocols.imap.core.command_table import BY_NAME, COMMANDS, State
from protocols.imap.core.commands import append, connection, mailboxes, messages, metadata, notify, quota, sorting
from protocols.imap.core.commands.arguments import Arguments
from protocols.imap.core.commands.notify import EventGroup, Events, Scope, SelectedEvents
from protocols.imap.core.fetch_items import BinarySection, BinarySize, BodySection, Datum, Partial, Preview, Text
from protocols.imap.core.framer import Command, CommandFramer, LiteralLimit, Refused
from protocols.imap.core.parse_command import Request, parse_command
from protocols.imap.core.partial_range import PartialRange
from protocols.imap.core.search_keys import (
    All,
    And,
    Body,
    HasFlag,
    Header,
    ModSeq,
    Not,
    Numbers,
    ObjectId,
    Or,
    Received,
    Recent,
    Saved,
    Sent,
    Size,
    Within,
)
from protocols.imap.core.sequence_set import SequenceSet
from protocols.imap.core.sorting import Criterion, SortKey


def whole(octets: bytes) -> Command:
    framer = CommandFramer(65_536, 1 << 20, lambda name, first: LiteralLimit(1 << 20, 1 << 21))
    framer.receive(octets.replace(b"}\r\n", b"+}\r\n") + b"\r\n")
    event = framer.next_event()
    assert isinstance(event, Command), event
    return event


def parse(
    octets: bytes, state: State | None = None, *, utf8: bool = False, utf8_accept: bool = False
) -> Request | Refused:
    found = BY_NAME.get(b" ".join(octets.split(b" ")[: 2 if octets.upper().startswith(b"UID") else 1]).upper())
    state = state or (sorted(found.states, key=lambda one: one.value)[-1] if found else State.SELECTED)
    return parse_command(whole(b"a " + octets), state, utf8=utf8, utf8_accept=utf8_accept)


def S(*ranges: tuple[int, int]) -> SequenceSet:  # noqa: N802 - a short name for a long table
    return SequenceSet(ranges)


GOOD: list[tuple[bytes, Arguments]] = [
    (b"CAPABILITY", connection.Capability()),
    (b"noop", connection.Noop()),
    (b"NOOP  ", connection.Noop()),
    (b"LOGOUT", connection.Logout()),
    (b"STARTTLS", connection.StartTls()),
    (b"IDLE", connection.Idle()),
    (b"COMPRESS deflate", connection.Compress("DEFLATE")),
    (b"NOTIFY none", notify.Notify()),
    (b"NOTIFY SET (personal NONE)", notify.Notify(True, groups=(EventGroup(Scope.PERSONAL, frozenset(), Events()),))),
    (
        (
            b"notify set status (selected-delayed (MessageNew (UID FLAGS) MessageExpunge FlagChange)) "
            b"(subtree (a {1}\r\nb) (MailboxName subscriptionchange)) (Mailboxes inbox (messagenew MESSAGEEXPUNGE))"
        ),
        notify.Notify(
            True,
            True,
            (
                EventGroup(Scope.SUBTREE, frozenset({"a", "b"}), Events(names=True, subscriptions=True)),
                EventGroup(Scope.MAILBOXES, frozenset({"INBOX"}), Events(messages=True)),
            ),
            SelectedEvents(True, True, (Datum.UID, Datum.FLAGS)),
        ),
    ),
    (
        b"NOTIFY SET (selected MessageNew (uid) MessageExpunge) (subscribed MessageNew MessageExpunge)",
        notify.Notify(
            True,
            groups=(EventGroup(Scope.SUBSCRIBED, frozenset(), Events(messages=True)),),
            selected=SelectedEvents(False, False, (Datum.UID,)),
        ),
    ),
    (b"ID NIL", connection.Id(())),
    (b'ID ("name" "x" "os" NIL)', connection.Id((("name", "x"), ("os", "")))),
    (b"ENABLE condstore X-Y", connection.Enable((b"CONDSTORE", b"X-Y"))),
    (b'LOGIN "a\\"b" {3}\r\nc d', connection.Login(b'a"b', b"c d")),
    (b"LOGIN a@b.c p]ss", connection.Login(b"a@b.c", b"p]ss")),
    (b"AUTHENTICATE plain", connection.Authenticate("PLAIN", None)),
    (b"AUTHENTICATE PLAIN =", connection.Authenticate("PLAIN", b"=")),
    (b"NAMESPACE", mailboxes.Namespace()),
    (b"SELECT inbox", mailboxes.Select("INBOX")),
    (b"SELECT Inbox/x (CONDSTORE)", mailboxes.Select("INBOX/x", condstore=True)),
    (
        b"SELECT a (QRESYNC (7 8 1:3,5 (1:2 3:4)))",
        mailboxes.Select("a", False, mailboxes.Resynchronise(7, 8, S((1, 3), (5, 5)))),
    ),
    (b"SELECT a (QRESYNC (7 8))", mailboxes.Select("a", False, mailboxes.Resynchronise(7, 8))),
    (b"EXAMINE &ANw-ber", mailboxes.Examine("\u00dcber")),
    (b"CREATE a/b/", mailboxes.Create("a/b")),
    (b"CREATE a (USE (\\Sent))", mailboxes.Create("a", ("\\sent",))),
    (b"DELETE a", mailboxes.Delete("a")),
    (b"RENAME a {1}\r\nb", mailboxes.Rename("a", "b")),
    (b"SUBSCRIBE a", mailboxes.Subscribe("a")),
    (b'GETMETADATA "" (/private/a /Shared/b)', metadata.GetMetadata("", ("/private/a", "/Shared/b"))),
    (
        b"GETMETADATA (MAXSIZE 9 DEPTH infinity) inbox /private/a",
        metadata.GetMetadata("INBOX", ("/private/a",), 9, None),
    ),
    (
        b'SETMETADATA a (/Private/a NIL "/private/b" "x")',
        metadata.SetMetadata("a", (("/private/a", None), ("/private/b", b"x"))),
    ),
    (b'GETQUOTA ""', quota.GetQuota(b"")),
    (b"GETQUOTAROOT inbox", quota.GetQuotaRoot("INBOX")),
    (b"UNSUBSCRIBE a", mailboxes.Unsubscribe("a")),
    (b"STATUS a (MESSAGES UNSEEN messages)", mailboxes.Status("a", ("MESSAGES", "UNSEEN"))),
    (b'LIST "" %', mailboxes.List("", ("%",))),
    (
        b'LIST (SUBSCRIBED) "" ("a*" b%) RETURN (CHILDREN STATUS (SIZE))',
        mailboxes.List(
            "", ("a*", "b%"), True, frozenset({b"SUBSCRIBED"}), frozenset({b"CHILDREN"}), ("SIZE",)
        ),
    ),
    (b'LIST () "" ()'.replace(b"()", b"(a)", 2).replace(b"(a) ", b"() ", 1), mailboxes.List("", ("a",), True)),
    (b'LSUB "" *', mailboxes.Lsub("", "*")),
    (b"APPEND a {1}\r\nx", append.Append("a", (append.AppendMessage(b"x", False, flag_set(), None),))),
    (
        b'APPEND a (\\seen K \\Recent) " 1-Feb-2026 01:00:00 +0100" ~{1}\r\n\0 {1}\r\ny',
        append.Append(
            "a",
            (
                append.AppendMessage(b"\0", True, flag_set({"\\Seen", "K"}), 1769904000),
                append.AppendMessage(b"y", False, flag_set(), None),
            ),
        ),
    ),
    (
        b"REPLACE 4 {6}\r\nDrafts (\\Draft) {1}\r\nx",
        append.Replace(False, 4, "Drafts", append.AppendMessage(b"x", False, flag_set({"\\Draft"}), None)),
    ),
    (b"UID REPLACE 4 a {1}\r\nx", append.Replace(True, 4, "a", append.AppendMessage(b"x", False, flag_set(), None))),
    (b"FETCH 1 PREVIEW", messages.Fetch(False, S((1, 1)), (Preview(),))),
    (b"FETCH 1 (PREVIEW (LAZY) UID)", messages.Fetch(False, S((1, 1)), (Preview(True), Datum.UID))),
    (b"FETCH 1 PREVIEW (LAZY)", messages.Fetch(False, S((1, 1)), (Preview(True),))),
    (
        b"FETCH 1 PREVIEW (CHANGEDSINCE 7)",
        messages.Fetch(False, S((1, 1)), (Preview(), Datum.MODSEQ), 7),
    ),
    (b"CHECK", messages.Check()),
    (b"CLOSE", messages.Close()),
    (b"UNSELECT", messages.Unselect()),
    (b"EXPUNGE", messages.Expunge()),
    (b"UID EXPUNGE 3:*", messages.Expunge(S((3, 0)))),
    (b"SEARCH ALL", messages.Search(False, All())),
    (b"SEARCH CHARSET x-none TEXT a", messages.Search(False, Body("a", True), charset=True, knows_charset=False)),
    (b"SEARCH CHARSET koi8-r BODY {2}\r\n\xc4\xc1", messages.Search(False, Body("\u0434\u0430", False), charset=True)),
    (
        b"UID SEARCH RETURN (SAVE PARTIAL -1:-100) $",
        messages.Search(
            True, Numbers(SequenceSet((), True), False), (b"SAVE", b"PARTIAL"), partial=PartialRange(-1, -100), uses_saved=True
        ),
    ),
    (
        b"sort (subject reverse date) utf-8 uid $",
        sorting.Sort(
            False,
            (Criterion(SortKey.SUBJECT), Criterion(SortKey.DATE, True)),
            Numbers(SequenceSet((), True), True),
            uses_saved=True,
        ),
    ),
    (
        b"UID SORT RETURN (ALL COUNT) (REVERSE DISPLAYFROM) US-ASCII MODSEQ 3",
        sorting.Sort(True, (Criterion(SortKey.DISPLAYFROM, True),), ModSeq(3), (b"ALL", b"COUNT"), True),
    ),
    (b"thread references utf-8 all", sorting.Thread(False, b"REFERENCES", All())),
    (
        b"UID THREAD ORDEREDSUBJECT x-none 1",
        sorting.Thread(True, b"ORDEREDSUBJECT", Numbers(S((1, 1)), False), knows_charset=False),
    ),
    (
        b"UID FETCH $,7 (UID) (PARTIAL 1:9)",
        messages.Fetch(True, SequenceSet(((7, 7),), True), (Datum.UID,), partial=PartialRange(1, 9)),
    ),
    (b"UID SEARCH RETURN () 1", messages.Search(True, Numbers(S((1, 1)), False), (b"ALL",))),
    (b"SEARCH RETURN (MIN COUNT) CHARSET utf-8 SEEN", messages.Search(False, HasFlag("\\Seen"), (b"MIN", b"COUNT"), False, True)),
    (b"FETCH 1 FAST", messages.Fetch(False, S((1, 1)), (Datum.FLAGS, Datum.INTERNALDATE, Datum.SIZE))),
    (b"UID FETCH 1 FLAGS", messages.Fetch(True, S((1, 1)), (Datum.UID, Datum.FLAGS))),
    (
        b"UID FETCH 1:* (UID FLAGS) (CHANGEDSINCE 0 VANISHED)",
        messages.Fetch(True, S((1, 0)), (Datum.UID, Datum.FLAGS, Datum.MODSEQ), 0, True),
    ),
    (b"STORE 1 +FLAGS.SILENT (\\Deleted k)", messages.Store(False, S((1, 1)), "add", True, flag_set({"\\Deleted", "k"}))),
    (b"STORE 1 FLAGS ()", messages.Store(False, S((1, 1)), "replace", False, flag_set())),
    (b"UID STORE 1 (UNCHANGEDSINCE 5) -flags k j", messages.Store(True, S((1, 1)), "remove", False, flag_set({"k", "j"}), 5)),
    (b"COPY 1,2 a", messages.Copy(False, S((1, 1), (2, 2)), "a")),
    (b"UID COPY 1 a", messages.Copy(True, S((1, 1)), "a")),
    (b"MOVE 1 a", messages.Move(False, S((1, 1)), "a")),
    (b"UID MOVE 1 a", messages.Move(True, S((1, 1)), "a")),
]  # fmt: skip


@pytest.mark.parametrize(("octets", "expected"), GOOD, ids=lambda value: repr(value)[:50])
def test_good_commands(octets: bytes, expected: Arguments) -> None:
    request = parse(octets)
    assert isinstance(request, Request), request
    assert request.tag == b"a"
    assert request.arguments == expected


def test_every_command_of_the_table_is_tried() -> None:
    tried = {type(expected) for _, expected in GOOD}
    assert tried == {one.arguments for one in COMMANDS}


@pytest.mark.parametrize("specification", COMMANDS, ids=lambda one: one.name)
def test_a_command_in_the_wrong_state_is_bad(specification: Any) -> None:
    for state in set(State) - specification.states:
        answer = parse_command(whole(b"a " + specification.name.encode()), state)
        assert isinstance(answer, Refused)
        assert answer.bad


SECTIONS: list[tuple[bytes, object]] = [
    (b"BODY[]", BodySection("", Text.CONTENT, label=b"BODY[]")),
    (b"BODY.PEEK[HEADER]<3.5>", BodySection("", Text.HEADER, (), Partial(3, 5), True, b"BODY[HEADER]")),
    (b"body.peek[1.2.mime]", BodySection("1.2", Text.MIME, (), None, True, b"BODY[1.2.MIME]")),
    (b"BODY[1.TEXT]", BodySection("1", Text.TEXT, label=b"BODY[1.TEXT]")),
    (
        b'BODY[2.HEADER.FIELDS.NOT (Subject "X-Y")]',
        BodySection("2", Text.FIELDS_NOT, (b"subject", b"x-y"), label=b"BODY[2.HEADER.FIELDS.NOT (Subject X-Y)]"),
    ),
    (b"BINARY.PEEK[1]<0.9>", BinarySection("1", Partial(0, 9), True)),
    (b"BINARY.SIZE[1.1]", BinarySize("1.1")),
    (b"RFC822.HEADER", BodySection("", Text.HEADER, peek=True, label=b"RFC822.HEADER")),
    (b"RFC822.TEXT", BodySection("", Text.TEXT, label=b"RFC822.TEXT")),
]


@pytest.mark.parametrize(("octets", "expected"), SECTIONS, ids=lambda value: repr(value)[:40])
def test_sections(octets: bytes, expected: object) -> None:
    for form in (octets, b"(" + octets + b")"):
        request = parse(b"FETCH 1 " + form)
        assert isinstance(request, Request), request
        assert isinstance(request.arguments, messages.Fetch)
        assert request.arguments.items == (expected,)


KEYS: list[tuple[bytes, object]] = [
    (b"UNSEEN", Not(HasFlag("\\Seen"))),
    (b"NEW", And((Recent(), Not(HasFlag("\\Seen"))))),
    (b"OLD", Not(Recent())),
    (b"KEYWORD $Work", HasFlag("$Work")),
    (b"UNKEYWORD x", Not(HasFlag("x"))),
    (b"OR SEEN (DELETED 1:2)", Or(HasFlag("\\Seen"), And((HasFlag("\\Deleted"), Numbers(S((1, 2)), False))))),
    (b"NOT NOT ALL", Not(Not(All()))),
    (b"SINCE 1-Feb-2026", Received(20485, None)),
    (b'ON "01-feb-2026"', Received(20485, 20486)),
    (b"SENTBEFORE 2-Jan-1970", Sent(None, 1)),
    (b"SAVEDON 2-Jan-1970", Saved(1, 2)),
    (b"LARGER 5", Size(5, True)),
    (b"SMALLER 99999999999", Size(99999999999, False)),
    (b"OLDER 60", Within(60, False)),
    (b"YOUNGER 60", Within(60, True)),
    (b"FROM {2}\r\n\xc3\xa9", Header("from", "\u00e9")),
    (b'HEADER X-A ""', Header("x-a", "")),
    (b"BODY x", Body("x", False)),
    (b"TEXT x", Body("x", True)),
    (b"UID 5:*", Numbers(S((5, 0)), True)),
    (b"MODSEQ 9", ModSeq(9)),
    (b'MODSEQ "/flags/\\\\draft" all 9', ModSeq(9)),
    (b"EMAILID E1", ObjectId("E1", False)),
    (b"THREADID T1", ObjectId("T1", True)),
    (b"SAVEDATESUPPORTED", All()),
]


@pytest.mark.parametrize(("octets", "expected"), KEYS, ids=lambda value: repr(value)[:40])
def test_search_keys(octets: bytes, expected: object) -> None:
    request = parse(b"SEARCH " + octets)
    assert isinstance(request, Request), request
    assert isinstance(request.arguments, messages.Search)
    assert request.arguments.key == expected
    assert request.arguments.modseq is octets.startswith(b"MODSEQ")


BAD = [
    b"",
    b"NOSUCH",
    b"UID",
    b"UID NOOP",
    b"NOOP x",
    b"LOGIN a",
    b"LOGIN a b c",
    b'LOGIN "a',
    b"SELECT",
    b"SELECT a b",
    b"SELECT a ()",
    b"SELECT a (QRESYNC (0 1))",
    b"SELECT a (QRESYNC (1 1 *))",
    b"SELECT \xc3\xbc",
    b"SELECT &AGE-",
    b"SELECT &x",
    b"STATUS a ()",
    b"STATUS a (NOSUCH)",
    b"LIST (RECURSIVEMATCH) a b",
    b"LIST a",
    b"APPEND a",
    b"APPEND a b",
    b"APPEND a (\\Nosuch) {1}\r\nx",
    b'APPEND a "31-Feb-2026 00:00:00 +0000" {1}\r\nx',
    b"APPEND a UTF8 (~{1}\r\nx)",
    b"APPEND a {2}\r\n\0x",
    b"FETCH 0 FLAGS",
    b"FETCH 1:0 FLAGS",
    b"FETCH 4294967296 FLAGS",
    b"FETCH 1,,2 FLAGS",
    b"FETCH $:3 FLAGS",
    b"FETCH $$ FLAGS",
    b"SELECT a (QRESYNC (1 1 $))",
    b"FETCH 1:3 FLAGS (PARTIAL 1:2)",
    b"UID FETCH 1:3 FLAGS (PARTIAL 0:2)",
    b"UID FETCH 1:3 FLAGS (PARTIAL 1:2 PARTIAL 3:4)",
    b"SEARCH RETURN (PARTIAL 1:-2) ALL",
    b"SEARCH RETURN (PARTIAL 1:*) ALL",
    b"SEARCH RETURN (PARTIAL 1) ALL",
    b"SEARCH RETURN (PARTIAL 1:4294967296) ALL",
    b"SEARCH RETURN (PARTIAL 1:2 ALL) ALL",
    b"SEARCH RETURN (PARTIAL 1:2 PARTIAL 3:4) ALL",
    b"SEARCH RETURN (RELEVANCY) ALL",
    b"SEARCH CHARSET koi8-r",
    b"SORT (SUBJECT) ALL",
    b"SORT () UTF-8 ALL",
    b"SORT (REVERSE) UTF-8 ALL",
    b"SORT (REVERSE REVERSE DATE) UTF-8 ALL",
    b"SORT (UID) UTF-8 ALL",
    b"SORT (" + b"DATE " * 33 + b") UTF-8 ALL",
    b"THREAD REFS UTF-8 ALL",
    b"THREAD REFERENCES UTF-8",
    b"SEARCH " + b"TEXT a " * 201,
    b"FETCH 1 ()",
    b"FETCH 1 BODY[",
    b"FETCH 1 BODY[0]",
    b"FETCH 1 BODY[MIME]",
    b"FETCH 1 BODY[]<1.0>",
    b"FETCH 1 BODY[HEADER.FIELDS (a:b)]",
    b"FETCH 1 (FLAGS) (CHANGEDSINCE 1 VANISHED)",
    b"FETCH 1 " + b"(" * 1000,
    b"SEARCH " + b"(" * 1000,
    b"SEARCH " + b"NOT " * 1000 + b"ALL",
    b"SEARCH",
    b"SEARCH OLDER 0",
    b"SEARCH KEYWORD (",
    b"SEARCH BODY {1}\r\n\xff",
    b"SEARCH " + b"ALL " * 3000,
    b"STORE 1 FLAGS \\Recent",
    b"STORE 1 FLAGS.LOUD x",
    b"STORE 1 +FLAGS " + b"x" * 200,
    b"FETCH " + b",".join(b"%d" % n for n in range(1, 20_002 * 2, 2))[:60_000] + b", FLAGS",
    b"ID (a)",
    b"ID (" + b"a b " * 40 + b")",
    b"ENABLE",
    b"AUTHENTICATE PLAIN a b",
    b"AUTHENTICATE PLAIN " + b"x" * 20_000,
]


@pytest.mark.parametrize("octets", BAD, ids=lambda value: repr(value)[:40])
def test_bad_commands_get_a_sentence(octets: bytes) -> None:
    refused = parse(octets)
    assert isinstance(refused, Refused), refused
    assert refused.bad
    assert refused.tag == (b"a" if octets else b"*") or octets == b""
    assert refused.message.endswith(".")
    assert refused.message.isascii()
    assert refused.message.isprintable()
    assert len(refused.message) < 200


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        (b'SELECT ""', "CANNOT"),
        (b"CREATE a//b", "CANNOT"),
        (b"CREATE &AAo-", "CANNOT"),
        (b"CREATE " + b"x" * 9000, "CANNOT"),
        (b"APPEND a {0}\r\n", "CANNOT"),
        (b'LIST "" (' + b"a " * 200 + b"a)", "LIMIT"),
        (b"APPEND a" + b" {1}\r\nx" * 1001, "LIMIT"),
    ],
)
def test_what_cannot_be_done_is_no(octets: bytes, code: str) -> None:
    refused = parse(octets)
    assert isinstance(refused, Refused), refused
    assert not refused.bad
    assert refused.code == code


def test_utf8_names_after_enable() -> None:
    request = parse('SELECT "\u00dcber"'.encode(), utf8=True)
    assert isinstance(request, Request)
    assert request.arguments == mailboxes.Select("\u00dcber")
    adding = "APPEND \u00fc (\\Seen) UTF8 (~{2}\r\nhi)".encode().replace(b"\xc3\xbc", b'"\xc3\xbc"')
    appended = parse(adding, utf8=True, utf8_accept=True)
    assert isinstance(appended, Request)
    assert isinstance(appended.arguments, append.Append)
    assert appended.arguments.messages[0].octets == b"hi"
    assert isinstance(parse(b"SEARCH CHARSET UTF-8 ALL", utf8=True, utf8_accept=True), Refused)
    # IMAP4rev2 alone has neither the form of APPEND nor the ban on CHARSET.
    assert isinstance(parse(adding, utf8=True), Refused)
    assert isinstance(parse(b"SEARCH CHARSET UTF-8 ALL", utf8=True), Request)


def test_a_name_that_is_not_normalised_is_remembered() -> None:
    written = "A\u0308rger"
    for command, expected in (
        ("SELECT", mailboxes.Select("\u00c4rger", supplied=written)),
        ("CREATE", mailboxes.Create("\u00c4rger", supplied=written)),
        ("DELETE", mailboxes.Delete("\u00c4rger", written)),
        ("RENAME a", mailboxes.Rename("a", "\u00c4rger", "a")),
    ):
        request = parse(f'{command} "{written}"'.encode(), utf8=True)
        assert isinstance(request, Request)
        assert request.arguments == expected


@pytest.mark.parametrize("pattern", [b"&", b"&&", b'"a\x01"', b"%a" * 200], ids=["shift", "shifts", "control", "wild"])
def test_a_pattern_that_no_name_can_match_is_passed_over(pattern: bytes) -> None:
    # RFC 9051 section 6.3.9: silently.
    for octets in (
        b'LIST "" ' + pattern,
        b'LIST "" (INBOX ' + pattern + b")",
        b"LIST {%d}\r\n%b %%" % (len(pattern), pattern),
    ):
        request = parse(octets)
        assert isinstance(request, Request), request
        assert isinstance(request.arguments, mailboxes.List)
        assert [one.text for one in request.arguments.compiled()] in ([], ["INBOX"])


def test_credentials_are_not_shown() -> None:
    assert "secret" not in repr(connection.Login(b"a", b"secret"))
    assert "secret" not in repr(connection.Authenticate("PLAIN", b"secret"))


WORDS = st.sampled_from(
    [
        *(one.name.encode() for one in COMMANDS), b" ", b" ", b" ", b"(", b")", b"[", b"]", b"<0.1>", b"1:*", b"1,2", b"0",
        b'"x"', b'"', b"\\", b"\\Seen", b"BODY", b"HEADER.FIELDS", b"NOT", b"OR", b"RETURN", b"CHARSET", b"{2}\r\nxy",
        b"INBOX", b"&", b"*", b"%", b"\xff", b"\0", b"NIL", b"UTF8", b"QRESYNC", b"99999999999999999999999",
    ]
)  # fmt: skip


@given(st.lists(WORDS, max_size=25), st.sampled_from(list(State)), st.booleans())
def test_no_command_makes_the_parser_raise(words: list[bytes], state: State, utf8: bool) -> None:
    answer = parse_command(whole(b"a NOOP " + b"".join(words)), state, utf8=utf8)
    assert isinstance(answer, Request | Refused)
    command = whole(b"a SEARCH " + b"".join(words))
    for name in BY_NAME:
        first = command.pieces[0]
        assert isinstance(first, bytes)
        pieces = [first.replace(b"SEARCH", name, 1), *command.pieces[1:]]
        assert isinstance(parse_command(Command(pieces), state, utf8=utf8), Request | Refused)


@given(st.binary(max_size=200).filter(lambda octets: b"\n" not in octets and not octets.endswith(b"}")))
def test_no_octets_make_the_parser_raise(octets: bytes) -> None:
    for state in State:
        assert isinstance(parse_command(Command([octets]), state), Request | Refused)
