"""A script run on a message, without any I/O."""

from __future__ import annotations

from typing import Any

from correio.mime.parse import parse_message
from correio.sieve.actions import Decision
from correio.sieve.compile_script import compile_script
from correio.sieve.environment import Environment
from correio.sieve.errors import SieveSyntaxError
from correio.sieve.interpreter import run
from correio.sieve.message_view import MessageView

MESSAGE = (
    b"Received: from a by b; Mon, 1 Jan 2024 01:30:00 +0200\r\n"
    b"Received: from c by a; Sun, 31 Dec 2023 20:00:00 -0330 (NST)\r\n"
    b'From: "Coyote, Wile" <Coyote@Desert.Example.ORG>\r\n'
    b"To: Roadrunner <roadrunner+fast@acme.example.com>, group: one@a.example, Two <two@b.example>;\r\n"
    b"Cc: nobody\r\n"
    b"Subject:   =?utf-8?q?Ol=C3=A1?= =?iso-8859-1?q?_M=FAndo?=  \r\n"
    b"Date: Sun, 06 Nov 1994 08:49:37 -0500\r\n"
    b"Message-ID: <1@desert.example.org>\r\n"
    b"X-Caffeine: C8H10N4O2\r\n"
    b"X-Empty:\r\n"
    b"X-Folded: one\r\n  two\r\n\tthree\r\n"
    b"X-Number: 0042 apples\r\n"
    b"MIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=outer\r\n"
    b"\r\n"
    b"The prologue\r\n"
    b"--outer\r\n"
    b"Content-Type: text/plain; charset=iso-8859-1\r\n"
    b"Content-Transfer-Encoding: quoted-printable\r\n"
    b"\r\n"
    b"Ol=E1, a plain tex=\r\nt\r\n"
    b"--outer\r\n"
    b"Content-Type: text/html; charset=utf-8\r\n"
    b"\r\n"
    b"<p>Some <b>bold</b> words</p>\r\n"
    b"--outer\r\n"
    b"Content-Type: message/rfc822\r\n"
    b"\r\n"
    b"Subject: inner subject\r\n"
    b"\r\n"
    b"inner words\r\n"
    b"--outer\r\n"
    b"Content-Type: application/octet-stream\r\n"
    b"Content-Transfer-Encoding: base64\r\n"
    b"\r\n"
    b"aGlkZGVuIG9jdGV0cw==\r\n"
    b"--outer--\r\n"
    b"The epilogue\r\n"
)

EXTENSIONS = (
    'require ["body","copy","date","duplicate","encoded-character","envelope","fileinto","imap4flags","index","mailbox",'
    '"reject","relational","special-use","subaddress","vacation","vacation-seconds","variables",'
    '"comparator-i;ascii-numeric","comparator-i;unicode-casemap"];\n'
)
MAILBOXES = {"INBOX": "inbox", "Spam": "junk", "Lists/Sieve": ""}


def environment(**changes: Any) -> Environment:
    """The envelope and the account."""
    values: dict[str, Any] = {
        "sender": "Bounce@Desert.Example.ORG",
        "recipient": "roadrunner+fast@acme.example.com",
        "addresses": ("roadrunner@acme.example.com",),
        # 2024-02-29 12:34:56 UTC, a Thursday.
        "now": 1709210096,
        "mailbox_exists": lambda path: path in MAILBOXES,
        "special_use_exists": lambda use, path: any(
            role == use[1:].lower() and path in (None, name) for name, role in MAILBOXES.items()
        ),
    }
    return Environment(**{**values, **changes})


def interpret(script: str, message: bytes = MESSAGE, **changes: Any) -> Decision:
    """Run a script that may use every extension."""
    compiled = compile_script((EXTENSIONS + script).encode("utf-8", "surrogateescape"))
    return run(compiled, MessageView(message, parse_message(message)), environment(**changes))


def holds(test: str, message: bytes = MESSAGE, **changes: Any) -> bool:
    """Tell whether a test is true."""
    decision = interpret(f"if {test} {{ discard; }}", message, **changes)
    assert not decision.problem, decision.problem
    return decision.actions == ()


def value(text: str, before: str = "", message: bytes = MESSAGE) -> str:
    """What a string of a script becomes."""
    (action,) = interpret(f'{before} fileinto "{text}";', message).actions
    name: str = action.mailbox  # type: ignore[union-attr]
    return name


def mistakes(script: str | bytes) -> list[tuple[int, int, str]]:
    """Line, column and words of each mistake."""
    text = script if isinstance(script, bytes) else script.encode()
    try:
        compile_script(text)
    except SieveSyntaxError as error:
        return [(one.line, one.column, one.message) for one in error.problems]
    return []
