"""PREVIEW (RFC 8970)."""

from __future__ import annotations

from tests.imap.conftest import Imap
from tests.peers.served import Person

PLAIN = b"Subject: p\r\n\r\nHello  there,\r\n\r\nthis is it.\r\n> quoted\r\n"
HTML = (
    b"Subject: h\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n"
    b'Content-Transfer-Encoding: quoted-printable\r\n\r\n<style>p {}</style><p>Ol=C3=A1 "mundo"</p>\r\n'
)
IMAGE = (
    b"Subject: i\r\nMIME-Version: 1.0\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\nAAEC\r\n"
)
LONG = b"Subject: l\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + "ñandú ".encode() * 200


async def test_previews(imap: Imap, person: Person) -> None:
    client = await imap.client(person)
    for raw in (PLAIN, HTML, IMAGE, LONG):
        await client.append(b"INBOX", raw)
    await client.ok(b"SELECT INBOX")
    eager = (await client.ok(b"FETCH 1:4 (UID PREVIEW)")).fetched()
    assert eager[1]["PREVIEW"] == b"Hello there, this is it."
    assert eager[2]["PREVIEW"] == 'Olá "mundo"'.encode()
    # A message without text has an empty preview, never NIL.
    assert eager[3]["PREVIEW"] == b""
    text = eager[4]["PREVIEW"].decode()
    assert len(text) <= 200
    assert text.startswith("ñandú ñandú")
    lazy = (await client.ok(b"FETCH 1:4 (UID PREVIEW (LAZY))")).fetched()
    assert lazy == eager
    # It reads nothing in the sense of \Seen, and nothing but ASCII stands in a quoted string.
    assert not any(b"\\Seen" in line for line in (await client.ok(b"FETCH 1:4 FLAGS")).untagged)
    assert (await client.ok(b"FETCH 2 PREVIEW")).untagged == ['2 FETCH (PREVIEW {12}\r\nOlá "mundo")'.encode()]
    assert (await client.command(b"FETCH 1 (PREVIEW (EAGER))")).status == "BAD"
    assert (await client.command(b"FETCH 1 PREVIEW ()")).status == "BAD"
    await client.close()
