"""A strict check of whole IMAP responses: what a line from the server may be, and nothing else.

From the formal syntax of RFC 3501 and RFC 9051 section 9 (``response``, ``resp-text-code``) and of the extensions' own;
written from the RFCs, apart from the code under test.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.peers.imap_grammar import Atom, GrammarError, Reader, fetch_data

_TEXT = re.compile(rb"[\x01-\x09\x0b\x0c\x0e-\x7f]*")
_TAG = re.compile(rb"[^\x00-\x20\x7f-\xff(){%*\"\\+]+")
_ATOM = re.compile(rb"[^\x00-\x20\x7f-\xff(){%*\"\\\]]+")
_ASTRING = re.compile(rb"[^\x00-\x20\x7f-\xff(){%*\"\\]+")
_FLAG = re.compile(rb"\\?[^\x00-\x20\x7f-\xff(){%*\"\\\]]+")
_SET = re.compile(rb"[1-9]\d*(?::[1-9]\d*)?(?:,[1-9]\d*(?::[1-9]\d*)?)*")
_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_OBJECT_ID = re.compile(rb"[A-Za-z0-9_-]{1,255}")
_DATE = re.compile(rb"[ 0-3]\d-(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)-\d{4} \d\d:\d\d:\d\d [+-]\d{4}")
_NEVER = b"01-Jan-1970 00:00:00 +0000"
MOST_MODSEQ = 2**63 - 1


def _match(reader: Reader, pattern: re.Pattern[bytes], what: str) -> bytes:
    found = pattern.match(reader.data, reader.at)
    if found is None or not found[0]:
        raise reader.fault(f"expected {what}")
    reader.at = found.end()
    return found[0]


def _astring(reader: Reader) -> bytes:
    if reader.peek() in (b'"', b"{"):
        return reader.string()
    return _match(reader, _ASTRING, "an astring")


def _mailbox(reader: Reader) -> bytes:
    """mailbox; after ENABLE UTF8=ACCEPT a quoted one may hold UTF-8 (RFC 6855 section 3)."""
    if reader.peek() != b'"':
        return _astring(reader)
    quoted = re.compile(rb'"(?:[^"\\\x00\r\n]|\\["\\])*"').match(reader.data, reader.at)
    if quoted is None:
        raise reader.fault("expected a quoted mailbox name")
    quoted[0].decode("utf-8")
    reader.at = quoted.end()
    return quoted[0][1:-1]


def _list(reader: Reader, item: Callable[[Reader], object], *, empty: bool = True) -> list[object]:
    reader.take(b"(")
    found: list[object] = []
    if empty and reader.accept(b")"):
        return found
    while True:
        found.append(item(reader))
        if reader.accept(b")"):
            return found
        reader.space()


def _flag(reader: Reader) -> bytes:
    return _match(reader, _FLAG, "a flag")


def _permanent_flag(reader: Reader) -> bytes:
    return b"\\*" if reader.accept(b"\\*") else _flag(reader)


def _positive(reader: Reader) -> int:
    value = reader.number()
    if not 1 <= value <= 2**32 - 1:
        raise reader.fault("expected an nz-number of 32 bits")
    return value


def _number(reader: Reader) -> int:
    value = reader.number()
    if value > MOST_MODSEQ:
        raise reader.fault("expected a number of 63 bits")
    return value


def _modseq(reader: Reader) -> int:
    value = _number(reader)
    if value == 0:
        raise reader.fault("a modification sequence of a message is above 0")
    return value


def _set(reader: Reader) -> bytes:
    return _match(reader, _SET, "a set of numbers")


def _object_id(reader: Reader) -> bytes:
    reader.take(b"(")
    found = _match(reader, _OBJECT_ID, "an object id")
    reader.take(b")")
    return found


def _capabilities(reader: Reader) -> None:
    names: list[bytes] = []
    while True:
        names.append(_match(reader, _ATOM, "a capability"))
        if not reader.accept(b" "):
            break
    if b"IMAP4rev1" not in names and b"IMAP4rev2" not in names:
        raise reader.fault("capabilities without a revision of IMAP")
    if len(set(names)) != len(names):
        raise reader.fault("a capability twice")


def _uid_pair(reader: Reader) -> None:
    _positive(reader)
    for _ in range(2):
        reader.space()
        _set(reader)


def _append_uid(reader: Reader) -> None:
    _positive(reader)
    reader.space()
    _set(reader)


def _in_progress(reader: Reader) -> None:
    reader.take(b"(")
    if not reader.nil():
        reader.string()
    for _ in range(2):
        reader.space()
        if not reader.nil():
            _number(reader)
    reader.take(b")")


def _charsets(reader: Reader) -> None:
    _list(reader, _astring, empty=False)


_NOTHING = (
    "ALERT", "PARSE", "READ-ONLY", "READ-WRITE", "TRYCREATE", "CLOSED", "UIDNOTSTICKY", "NOMODSEQ", "UNAVAILABLE",
    "AUTHENTICATIONFAILED", "AUTHORIZATIONFAILED", "EXPIRED", "PRIVACYREQUIRED", "CONTACTADMIN", "NOPERM", "INUSE",
    "EXPUNGEISSUED", "CORRUPTION", "SERVERBUG", "CLIENTBUG", "CANNOT", "LIMIT", "OVERQUOTA", "ALREADYEXISTS",
    "NONEXISTENT", "USEATTR", "UNKNOWN-CTE", "TOOBIG", "HASCHILDREN", "NOTSAVED", "COMPRESSIONACTIVE",
    "NOTIFICATIONOVERFLOW", "TEMPFAIL", "MAXCONVERTMESSAGES", "UIDREQUIRED", "NOUPDATE",
)  # fmt: skip
"""Response codes without an argument."""


def _metadata_code(reader: Reader) -> None:
    what = reader.atom()
    if what not in (b"LONGENTRIES", b"MAXSIZE", b"TOOMANY", b"NOPRIVATE"):
        raise reader.fault("no METADATA code")
    if what in (b"LONGENTRIES", b"MAXSIZE"):
        reader.space()
        _number(reader)


_CODES: dict[str, Callable[[Reader], object]] = {
    "CAPABILITY": _capabilities,
    "PERMANENTFLAGS": lambda r: _list(r, _permanent_flag),
    "UIDNEXT": _positive,
    "UIDVALIDITY": _positive,
    "UNSEEN": _positive,
    "HIGHESTMODSEQ": _modseq,
    "MODIFIED": _set,
    "APPENDUID": _append_uid,
    "COPYUID": _uid_pair,
    "MAILBOXID": _object_id,
    "INPROGRESS": _in_progress,
    "METADATA": _metadata_code,
    "BADEVENT": _charsets,
    "UNDEFINED-FILTER": _astring,
    "REFERRAL": _astring,
}


def _code(reader: Reader) -> None:
    name = _match(reader, _ATOM, "a response code").decode("ascii")
    if name == "BADCHARSET":
        if reader.accept(b" "):
            _charsets(reader)
    elif name == "INPROGRESS" and reader.peek() == b"]":
        pass
    elif name in _CODES:
        reader.space()
        _CODES[name](reader)
    elif name not in _NOTHING:
        raise reader.fault(f"no response code {name}")
    reader.take(b"]")


def _response_text(reader: Reader) -> None:
    if reader.accept(b"["):
        _code(reader)
        reader.space()
    text = _match(reader, _TEXT, "a human-readable text")
    if b"]" in text.split(b" ")[0] and text.startswith(b"["):
        raise reader.fault("a text that looks like a response code")
    if not reader.finished:
        raise reader.fault("octet not allowed in a text")


def _status_items(reader: Reader) -> None:
    def item(reader: Reader) -> bytes:
        name = reader.atom()
        reader.space()
        if name == b"MAILBOXID":
            _object_id(reader)
        elif name in (b"UIDNEXT", b"UIDVALIDITY"):
            _positive(reader)
        elif name in (b"MESSAGES", b"UNSEEN", b"RECENT", b"DELETED", b"SIZE", b"HIGHESTMODSEQ", b"DELETED-STORAGE"):
            _number(reader)
        elif name == b"APPENDLIMIT":
            if not reader.nil():
                _number(reader)
        else:
            raise reader.fault(f"no STATUS item {name!r}")
        return name

    names = _list(reader, item)
    if len(set(names)) != len(names):
        raise reader.fault("a STATUS item twice")


def _list_data(reader: Reader) -> None:
    _list(reader, _flag)
    reader.space()
    if not reader.nil() and len(reader.string()) != 1:
        raise reader.fault("the delimiter is one character")
    reader.space()
    _mailbox(reader)
    if reader.accept(b" "):
        _list(reader, _list_extended)


def _list_extended(reader: Reader) -> None:
    _astring(reader)
    reader.space()
    reader.value()


def _search_data(reader: Reader) -> None:
    while reader.accept(b" "):
        if reader.accept(b"(MODSEQ "):
            _modseq(reader)
            reader.take(b")")
            return
        _positive(reader)


def _thread(reader: Reader) -> None:
    """One thread list (RFC 5256 section 5); nested threads only behind a member or beside each other."""
    depth = 0
    while True:
        if reader.accept(b"("):
            depth += 1
            continue
        if reader.peek().isdigit():
            _positive(reader)
        elif reader.accept(b")"):
            depth -= 1
            if depth == 0:
                return
        elif reader.accept(b" "):
            if not reader.peek().isdigit() and reader.peek() != b"(":
                raise reader.fault("expected a member of the thread")
        else:
            raise reader.fault("expected a thread")


def _thread_data(reader: Reader) -> None:
    if reader.accept(b" "):
        while not reader.finished:
            _thread(reader)


def _esearch_data(reader: Reader) -> None:
    if reader.accept(b" (TAG "):
        reader.string()
        reader.take(b")")
    reader.accept(b" UID")
    seen: set[bytes] = set()
    while reader.accept(b" "):
        name = bytes(reader.atom())
        if name in seen:
            raise reader.fault("a search return item twice")
        seen.add(name)
        reader.space()
        if name in (b"MIN", b"MAX"):
            _positive(reader)
        elif name == b"COUNT":
            _number(reader)
        elif name == b"MODSEQ":
            _modseq(reader)
        elif name == b"ALL":
            _set(reader)
        elif name == b"PARTIAL":
            reader.take(b"(")
            _match(reader, re.compile(rb"-?[1-9]\d*:-?[1-9]\d*"), "a partial range")
            reader.space()
            if not reader.nil():
                _set(reader)
            reader.take(b")")
        else:
            raise reader.fault(f"no search return item {name!r}")


def _vanished_data(reader: Reader) -> None:
    reader.space()
    reader.accept(b"(EARLIER) ")
    _set(reader)


def _enabled_data(reader: Reader) -> None:
    while reader.accept(b" "):
        _match(reader, _ATOM, "a capability")


def _id_data(reader: Reader) -> None:
    reader.space()
    if reader.nil():
        return
    reader.take(b"(")
    if reader.accept(b")"):
        return
    while True:
        if len(reader.string()) > 30:
            raise reader.fault("an ID field name has at most 30 octets")
        reader.space()
        value = reader.nstring()
        if value is not None and len(value) > 1024:
            raise reader.fault("an ID value has at most 1,024 octets")
        if reader.accept(b")"):
            return
        reader.space()


def _namespace_data(reader: Reader) -> None:
    for _ in range(3):
        reader.space()
        if reader.nil():
            continue
        reader.take(b"(")
        while not reader.accept(b")"):
            reader.take(b"(")
            _mailbox(reader)
            reader.space()
            if not reader.nil():
                reader.string()
            while reader.accept(b" "):
                reader.string()
                reader.space()
                _list(reader, Reader.string, empty=False)
            reader.take(b")")


def _quota_resource(reader: Reader) -> None:
    reader.atom()
    for _ in range(2):
        reader.space()
        _number(reader)


def _spaced_strings(reader: Reader) -> None:
    while reader.accept(b" "):
        _astring(reader)


def _metadata_data(reader: Reader) -> None:
    reader.space()
    _mailbox(reader)
    reader.space()
    if reader.peek() == b"(":
        reader.take(b"(")
        while True:
            _astring(reader)
            reader.space()
            if not reader.nil():
                reader.string()
            if reader.accept(b")"):
                return
            reader.space()
    while True:
        _astring(reader)
        if not reader.accept(b" "):
            return


def _after_space(inner: Callable[[Reader], object]) -> Callable[[Reader], object]:
    def both(reader: Reader) -> None:
        reader.space()
        inner(reader)

    return both


def _status_data(reader: Reader) -> None:
    reader.space()
    _mailbox(reader)
    reader.space()
    _status_items(reader)


def _quota_data(reader: Reader) -> None:
    reader.space()
    _astring(reader)
    reader.space()
    _list(reader, _quota_resource)


_UNTAGGED: dict[str, Callable[[Reader], object]] = {
    "OK": _after_space(_response_text),
    "NO": _after_space(_response_text),
    "BAD": _after_space(_response_text),
    "BYE": _after_space(_response_text),
    "PREAUTH": _after_space(_response_text),
    "CAPABILITY": _after_space(_capabilities),
    "ENABLED": _enabled_data,
    "ID": _id_data,
    "NAMESPACE": _namespace_data,
    "FLAGS": _after_space(lambda r: _list(r, _flag)),
    "LIST": _after_space(_list_data),
    "LSUB": _after_space(_list_data),
    "STATUS": _status_data,
    "SEARCH": _search_data,
    "SORT": _search_data,
    "ESEARCH": _esearch_data,
    "THREAD": _thread_data,
    "VANISHED": _vanished_data,
    "QUOTA": _quota_data,
    "QUOTAROOT": _spaced_strings,
    "ACL": _spaced_strings,
    "LISTRIGHTS": _spaced_strings,
    "MYRIGHTS": _spaced_strings,
    "METADATA": _metadata_data,
}


def _fetch_values(reader: Reader, line: bytes) -> None:
    _, items = fetch_data(line)
    for name, value in items.items():
        if name == "FLAGS":
            assert isinstance(value, list)
            if not all(isinstance(flag, Atom) and _FLAG.fullmatch(flag) for flag in value):
                raise reader.fault("FLAGS is a list of flags")
        elif name == "MODSEQ":
            if not (isinstance(value, list) and len(value) == 1 and 0 < int(value[0]) <= MOST_MODSEQ):
                raise reader.fault("MODSEQ is one number in parentheses")
        elif name == "UID":
            if not (isinstance(value, int) and 0 < value < 2**32):
                raise reader.fault("UID is an nz-number")
        elif name in ("INTERNALDATE", "SAVEDATE") and not (
            isinstance(value, bytes | None) and _DATE.fullmatch(value or _NEVER)
        ):
            raise reader.fault(f"{name} is a date-time")


def check_response(line: bytes) -> None:
    """Check one response, its literals and last CRLF included. Raises GrammarError."""
    if not line.endswith(b"\r\n"):
        raise GrammarError(f"a response without CRLF: {line[-80:]!r}")
    reader = Reader(line[:-2])
    if reader.accept(b"+ "):
        rest = reader.data[2:]
        if not _BASE64.fullmatch(rest) and not _TEXT.fullmatch(rest):
            raise reader.fault("expected base64 or a text")
        return
    if reader.accept(b"* "):
        _untagged(reader)
    else:
        _match(reader, _TAG, "a tag")
        reader.space()
        if _match(reader, _ATOM, "a status") not in (b"OK", b"NO", b"BAD"):
            raise reader.fault("a tagged response is OK, NO or BAD")
        reader.space()
        _response_text(reader)
    if not reader.finished:
        raise reader.fault("text behind the response")


def _untagged(reader: Reader) -> None:
    if not reader.peek().isdigit():
        name = _match(reader, _ATOM, "the name of a response").decode("ascii")
        if name not in _UNTAGGED:
            raise reader.fault(f"no response {name}")
        _UNTAGGED[name](reader)
        return
    start = reader.at
    number = reader.number()
    reader.space()
    name = _match(reader, _ATOM, "the name of a response").decode("ascii")
    if name == "FETCH":
        _fetch_values(reader, reader.data[start:])
        reader.at = len(reader.data)
    elif name not in ("EXISTS", "RECENT", "EXPUNGE"):
        raise reader.fault(f"no response {name}")
    if number == 0 and name in ("FETCH", "EXPUNGE"):
        raise reader.fault("messages are counted from 1")
