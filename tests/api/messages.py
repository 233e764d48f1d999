"""Messages the tests send."""

from __future__ import annotations

import base64

PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def plain(subject: str = "Olá", text: str = "Um texto curto.") -> bytes:
    """A small message."""
    return (
        "From: =?utf-8?Q?Jos=C3=A9?= <jose@origem.test>\r\n"
        "To: Maria <maria@destino.test>, =?utf-8?B?0JjQstCw0L0=?= <ivan@destino.test>\r\n"
        f"Subject: {subject}\r\n"
        "Date: Mon, 23 Nov 2026 12:34:56 -0300\r\n"
        "Message-ID: <1@origem.test>\r\n"
        "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
        f"\r\n{text}\r\n"
    ).encode()


EMBEDDED = (
    b"From: inner@origem.test\r\nSubject: inner\r\nContent-Type: multipart/mixed; boundary=in\r\n\r\n"
    b"--in\r\n\r\ninner text\r\n--in\r\nContent-Type: application/octet-stream; name=in.bin\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\nAAEC\r\n--in--\r\n"
)
PDF = bytes(range(256)) * 300

RICH = (
    b"From: a@origem.test\r\nTo: b@destino.test\r\nCc: Group: c@destino.test, d@destino.test;\r\nSubject: rich\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=out\r\n\r\npreamble\r\n"
    b"--out\r\nContent-Type: multipart/related; boundary=rel\r\n\r\n"
    b"--rel\r\nContent-Type: multipart/alternative; boundary=alt\r\n\r\n"
    b"--alt\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    b"Ol=E1, texto.\r\n"
    b"--alt\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    b"<p onclick='x()'>Hello <b>bold</b><script>alert(1)</script><img src=cid:pic@x><img src='http://t.example/p.gif'></p>\r\n"
    b"--alt--\r\n"
    b"--rel\r\nContent-Type: image/png\r\nContent-ID: <pic@x>\r\nContent-Disposition: inline; filename=dot.png\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(PICTURE).replace(b"\n", b"\r\n") + b"--rel--\r\n"
    b"--out\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment;\r\n filename*=utf-8''relat%C3%B3rio.pdf\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(PDF).replace(b"\n", b"\r\n") + b"\r\n"
    b"--out\r\nContent-Type: message/rfc822\r\n\r\n" + EMBEDDED + b"\r\n"
    b"--out\r\nContent-Type: text/html; charset=utf-8\r\nContent-Disposition: attachment; filename=page.html\r\n\r\n"
    b"<script>alert(1)</script>\r\n--out\r\nContent-Type: application/x-odd\r\nContent-Transfer-Encoding: x-unknown\r\n\r\n"
    b"opaque\r\n--out--\r\nepilogue\r\n"
)
