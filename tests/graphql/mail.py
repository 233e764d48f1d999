"""Mail for the tests: put into a mailbox as an append does."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence

from correio.mail.append import Appended, NewMessage, append_messages
from correio.mail.flags import flag_set
from tests.graphql.conftest import User

EPOCH = 1_700_000_000
"""When the mail of the tests begins to arrive."""


def plain(number: int, subject: str | None = None) -> bytes:
    """A small message."""
    return (
        f"From: Sender {number} <sender{number}@example.test>\r\nTo: someone@example.test\r\n"
        f"Subject: {subject or f'Message {number}'}\r\nMessage-ID: <{number}.{id(subject)}@example.test>\r\n\r\n"
        f"Text of message {number}.\r\n"
    ).encode()


async def append(
    user: User,
    raws: Iterable[bytes],
    *,
    mailbox: str | None = None,
    flags: Sequence[str] = (),
    dates: Sequence[int] | None = None,
) -> list[Appended]:
    """Append messages that arrive a second apart, or at the times given."""
    new = [NewMessage(raw, flag_set(flags), EPOCH + at if dates is None else dates[at]) for at, raw in enumerate(raws)]
    return await append_messages(user.account, mailbox or user.inbox, new)


PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(64))
EVERYTHING = (
    b"Received: from a by b; Mon, 5 Jan 2026 10:00:01 +0000\r\n"
    b"From: =?utf-8?q?Jos=C3=A9_Silva?= <jose@example.test>\r\n"
    b"Sender: Secretary <secretary@example.test>\r\n"
    b"Reply-To: reply@example.test\r\n"
    b"To: Maria <maria@example.test>, friends: ana@example.test, bo@example.test;, undisclosed-recipients:;\r\n"
    b"Cc: cc@example.test\r\n"
    b"Bcc: bcc@example.test\r\n"
    b"Subject: =?utf-8?b?T2zDoSwgbXVuZG8h?=\r\n"
    b"Date: Mon, 5 Jan 2026 10:00:00 -0300\r\n"
    b"Message-ID: <everything@example.test>\r\n"
    b"In-Reply-To: <before@example.test>\r\n"
    b"References: <first@example.test> <before@example.test>\r\n"
    b"X-Twice: one\r\nX-Twice: =?utf-8?q?tw=C3=B6?=\r\n"
    b"MIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=mixed\r\n\r\n"
    b"--mixed\r\nContent-Type: multipart/related; boundary=related\r\n\r\n"
    b"--related\r\nContent-Type: multipart/alternative; boundary=alternative\r\n\r\n"
    b"--alternative\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    b"Ol=E1, mundo!\r\n"
    b"--alternative\r\nContent-Type: text/html; charset=utf-8\r\nContent-Language: pt, en\r\n\r\n"
    b"<p onclick='x()'>Ol\xc3\xa1, <b>mundo</b>!<img src='cid:picture@x'><img src='http://spy.test/p.gif'>"
    b"<script>alert(1)</script></p>\r\n"
    b"--alternative--\r\n"
    b"--related\r\nContent-Type: image/png; name=picture.png\r\nContent-ID: <picture@x>\r\n"
    b"Content-Disposition: inline\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    + base64.encodebytes(PNG).replace(b"\n", b"\r\n")
    + b"--related--\r\n"
    b"--mixed\r\nContent-Type: text/csv\r\nContent-Description: Figures\r\n"
    b"Content-Disposition: attachment; filename*=utf-8''n%C3%BAmeros.csv\r\n\r\n"
    b"a,b\r\n1,2\r\n"
    b"--mixed\r\nContent-Type: message/rfc822\r\n\r\n"
    b"From: inner@example.test\r\nTo: outer@example.test\r\nSubject: Inside\r\nMessage-ID: <inner@example.test>\r\n"
    b"Content-Type: multipart/mixed; boundary=inner\r\n\r\n"
    b"--inner\r\nContent-Type: text/plain\r\n\r\nText inside.\r\n"
    b"--inner\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=inside.pdf\r\n\r\n%PDF\r\n"
    b"--inner--\r\n"
    b"--mixed--\r\n"
)
"""A message with one of everything: an alternative, a picture it refers to, an attachment, a message within it."""
