"""What both servers are asked."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tests.corpus.sample import Sample

WHOLE = (
    b"UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE BODY BODY.PEEK[] BODY.PEEK[HEADER] BODY.PEEK[TEXT]"
    b" BODY.PEEK[HEADER.FIELDS (Subject FROM to X-Not-There)] BODY.PEEK[HEADER.FIELDS.NOT (Received Subject)]"
    b" BODY.PEEK[]<0.20> BODY.PEEK[]<17.40> BODY.PEEK[TEXT]<5.30> BODY.PEEK[]<99999999.5> BODY.PEEK[99] BODY.PEEK[1.99.MIME]"
)
_MESSAGE = ("message/rfc822", "message/global")


def of_parts(sections: Sequence[tuple[str, str]]) -> bytes:
    """FETCH items for every section of every part, decoded ones too."""
    asked: list[str] = []
    for path, kind in sections:
        asked += [f"BODY.PEEK[{path}]", f"BODY.PEEK[{path}.MIME]", f"BODY.PEEK[{path}]<3.25>"]
        if kind in _MESSAGE:
            asked += [f"BODY.PEEK[{path}.HEADER]", f"BODY.PEEK[{path}.TEXT]"]
            asked.append(f"BODY.PEEK[{path}.HEADER.FIELDS (Subject)]")
    return " ".join(asked).encode()


def of_binaries(sections: Sequence[tuple[str, str]]) -> list[bytes]:
    """One FETCH a leaf: a part that cannot be decoded fails the command."""
    leaves = [path for path, kind in sections if not kind.startswith("multipart/") and kind not in _MESSAGE]
    return [f"BINARY.PEEK[{path}] BINARY.SIZE[{path}]".encode() for path in leaves]


_FIXED = (
    "ALL", "ANSWERED", "DELETED", "DRAFT", "FLAGGED", "SEEN", "UNANSWERED", "UNDELETED", "UNDRAFT", "UNFLAGGED", "UNSEEN",
    "KEYWORD $Label", "UNKEYWORD $Label", "KEYWORD $never", "1:10", "5,7,9:12", "*", "UID 1:20", "UID *", "NOT 1:50", "NOT UID 3",
    "LARGER 1000", "SMALLER 1000", "LARGER 0", "LARGER 100000", "SMALLER 300 LARGER 200", "OR SEEN FLAGGED", "NOT OR SEEN FLAGGED",
    "OR (SEEN FLAGGED) (ANSWERED NOT DELETED)", "(OR SEEN (FLAGGED UNANSWERED)) LARGER 500", "NOT (SEEN FLAGGED)",
    "BEFORE 1-Feb-2026", "SINCE 1-Feb-2026", "ON 15-Jan-2026", "NOT BEFORE 20-Jan-2026", "SINCE 10-Jan-2026 BEFORE 12-Jan-2026",
    "SENTBEFORE 1-Jan-2020", "SENTSINCE 1-Jan-2020", "SENTON 3-Mar-2026", "SENTBEFORE 3-Mar-2026", "SENTSINCE 3-Mar-2026",
    'HEADER Subject ""', 'HEADER X-Mailer ""', 'HEADER Message-ID ""', 'HEADER List-Id ""', "HEADER Message-ID @",
    "HEADER Content-Type multipart", "HEADER Content-Type boundary=", "HEADER Received from", "HEADER X-Not-There x",
    "HEADER Date 2026", "HEADER MIME-Version 1.0", "HEADER Content-Transfer-Encoding base64", "HEADER References @",
    "FROM @", "FROM orlando", "FROM origem.test", "TO maria", "CC @", "BCC @", "FROM ORLANDO", 'FROM "Orlando <orlando"',
    "SUBJECT a", "SUBJECT re:", "SUBJECT test", 'SUBJECT "  "', "BODY hello", "BODY HELLO", "TEXT hello", "TEXT orlando",
    "BODY orlando", "TEXT Content-Type", "BODY Content-Type", "TEXT boundary", "BODY html", "TEXT <p>", "BODY zzzznowhere",
    "OLDER 60", "YOUNGER 60", "SAVEDBEFORE 1-Jan-2020", "SAVEDSINCE 1-Jan-2020", "MODSEQ 1",
)  # fmt: skip
_WORD = re.compile(r"\w{3,}")


def searches(samples: Sequence[Sample]) -> list[tuple[str, list[bytes]]]:
    """Search keys, and what they are called. A literal is marked by its own list item."""
    asked: list[tuple[str, list[bytes]]] = [(key, [key.encode()]) for key in _FIXED]
    for kind, texts in (
        ("SUBJECT", [sample.subject for sample in samples]),
        ("BODY", [sample.text for sample in samples]),
    ):
        words = {max(found, key=len) for text in texts if text and (found := _WORD.findall(text))}
        for word in sorted(words):
            asked.append((f"{kind} {word}", [kind.encode() + b" ", word.encode()]))
    return asked


SORTS = (
    "ARRIVAL",
    "CC",
    "DATE",
    "FROM",
    "SIZE",
    "SUBJECT",
    "TO",
    "REVERSE DATE",
    "REVERSE SIZE",
    "SUBJECT DATE",
    "FROM REVERSE ARRIVAL",
    "DISPLAYFROM",
    "DISPLAYTO",
    "REVERSE DISPLAYFROM DATE",
)
THREADS = ("REFERENCES", "ORDEREDSUBJECT", "REFS")

MAILBOXES = (
    "Plain",
    "With space",
    "a/b/c",
    "a",
    "/leading",
    "trailing/",
    "double//slash",
    "&AOk-t&AOk-",
    "&-",
    "R&-D",
    "&",
    "&AOk",
    "&AEEAQg-",
    "caf\u00e9",
    ".",
    "..",
    "a/../b",
    "~",
    "~root",
    "#news",
    "x" * 200,
    "x" * 300,
    "%",
    "*",
    'quote"d',
    "back\\slash",
    "(paren)",
    "INBOX/Child",
    "inbox/child2",
    "Inbox",
    "&2D3eAA-",
    "&bUuL1Q-",
    "tab\tname",
    " lead",
    "end ",
    "A",
    "Drafts",
    "NIL",
    "[brackets]",
    "{brace}",
    "\x7f",
)
LISTS = (
    '"" "*"',
    '"" "%"',
    '"" "a/%"',
    '"a/" "*"',
    '"" "INBOX"',
    '"" "inbox"',
    '"" "inbox/%"',
    '"" ""',
    '"a" ""',
    '"" "%/%"',
    '"" "*b*"',
    '"" "nothing"',
    '"" "%a%"',
)
