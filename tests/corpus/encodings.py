"""Transfer encodings, well and badly done."""

from __future__ import annotations

from collections.abc import Iterator

from tests.corpus.build import b64, entity, lines, message, multipart, noise, qp
from tests.corpus.sample import Sample

DATA = noise(1000)


def _one(name: str, encoding: str | bytes, sent: bytes, data: bytes | None) -> Sample:
    field = b"Content-Transfer-Encoding: " + (encoding.encode() if isinstance(encoding, str) else encoding)
    return Sample(
        f"encoding {name}",
        message(
            f"Subject: encoding {name}",
            "Content-Type: multipart/mixed; boundary=b",
            body=multipart(
                "b",
                entity("Content-Type: text/plain", body=b"beside it"),
                entity(
                    "Content-Type: application/octet-stream",
                    "Content-Disposition: attachment; filename=d",
                    field,
                    body=sent,
                ),
            ),
        ),
        text="beside it",
        attachments=(("d", data),) if data is not None else None,
    )


def samples() -> Iterator[Sample]:
    """Where ``data`` is None, a decoder may think what it likes, but every surface the same."""
    plain = b64(DATA)
    yield _one("base64 76", "base64", plain, DATA)
    yield _one("base64 no final line end", "base64", b64(DATA, final=False), DATA)
    for width in (4, 60, 64, 72, 75, 77, 998, 5000):
        yield _one(f"base64 width {width}", "base64", b64(DATA, width), DATA)
    yield _one("base64 upper case name", "BASE64", plain, DATA)
    yield _one("base64 with comment", "base64 (MIME)", plain, None)
    yield _one("base64 empty", "base64", b"", b"")
    yield _one("base64 only line ends", "base64", b"\r\n\r\n", b"")
    yield _one("base64 empty line within", "base64", plain[:78] + b"\r\n" + plain[78:], DATA)
    yield _one("base64 spaces at line ends", "base64", plain.replace(b"\r\n", b" \t\r\n"), DATA)
    yield _one("base64 trailing garbage", "base64", plain + b"-- \r\nThis list is free, join today!\r\n", None)
    yield _one("base64 no padding", "base64", b64(b"abcd").rstrip(b"=\r\n"), None)
    yield _one("base64 padding within", "base64", b64(b"abcd") + b64(b"efgh"), None)
    yield _one("base64 junk within", "base64", plain[:10] + b"!*#\x80" + plain[10:], None)
    yield _one("base64 one character", "base64", b"A", None)
    yield _one("base64 not at all", "base64", b"Dies ist ein ganz normaler Text.\r\n", None)
    yield _one("base64 odd bits", "base64", b"QUJ=\r\n", None)
    yield _one("qp", "quoted-printable", qp(b"ol\xc3\xa1 = sinal\r\n" * 20), b"ol\xc3\xa1 = sinal\r\n" * 20)
    yield _one("qp soft breaks", "quoted-printable", b"one =\r\ntwo=\r\n three", b"one two three")
    yield _one("qp lower case", "quoted-printable", b"=c3=a1", b"\xc3\xa1")
    yield _one("qp trailing spaces", "quoted-printable", b"one  \t\r\ntwo", b"one\r\ntwo")
    yield _one("qp broken", "quoted-printable", b"50% = half =ZZ =4 =\r\n", None)
    yield _one("qp ends in equals", "quoted-printable", b"end=", None)
    yield _one("qp soft break and spaces", "quoted-printable", b"one=  \r\ntwo", b"onetwo")
    yield _one("qp raw 8bit", "quoted-printable", b"ol\xe1 =E1", b"ol\xe1 \xe1")
    yield _one("qp long line", "quoted-printable", b"x" * 20_000, b"x" * 20_000)
    yield _one("7bit", "7bit", b"plain octets", b"plain octets")
    yield _one("8bit", "8bit", b"\xc3\xa1\xff\xfe", b"\xc3\xa1\xff\xfe")
    yield _one("binary", "binary", b"\x80\x81\xff" + b"z" * 3000, b"\x80\x81\xff" + b"z" * 3000)
    yield _one("empty name", "", b"plain", b"plain")
    yield _one("unknown", "x-own", b"whatever =41", None)
    yield _one("8bit without declaration", "7bit", b"\xe1\xe2", b"\xe1\xe2")
    yield _one("quoted name", '"base64"', plain, None)
    yield _one("twice", b"base64\r\nContent-Transfer-Encoding: 7bit", plain, None)
    uu = lines(
        "begin 644 cat.txt",
        "#0V%T",
        "`",
        "end",
    )
    yield _one("uuencode declared", "x-uuencode", uu, None)
    yield Sample(
        "encoding uuencode in text",
        message("Subject: uu", body=lines("Here it comes:", "") + uu + lines("", "That was it.")),
        subject="uu",
    )
    yield Sample(
        "encoding yenc",
        message("Subject: yenc", body=b"=ybegin line=128 size=3 name=a.bin\r\n\x8b\x8c\x8d\r\n=yend size=3\r\n"),
    )
    yield Sample(
        "encoding base64 on multipart",
        message(
            "Subject: forbidden",
            "Content-Type: multipart/mixed; boundary=b",
            "Content-Transfer-Encoding: base64",
            body=multipart("b", entity(body=b"a"), entity(body=b"c")),
        ),
    )
    inner = message("Subject: inner", body=lines("inside"))
    yield Sample(
        "encoding base64 on message",
        message(
            "Subject: outer",
            "Content-Type: message/rfc822",
            "Content-Transfer-Encoding: base64",
            body=b64(inner),
        ),
    )
    yield Sample(
        "encoding single base64 text",
        message(
            "Subject: single",
            "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: base64",
            body=b64("uma linha só\r\n".encode()),
        ),
        subject="single",
        text="uma linha só",
    )
    flowed = lines("This line flows ", "into this one.", " From space-stuffed", ">> quoted ", ">> text", "-- ", "name")
    yield Sample(
        "encoding format=flowed",
        message("Subject: flowed", "Content-Type: text/plain; format=flowed", body=flowed),
        subject="flowed",
    )
    yield Sample(
        "encoding format=flowed delsp",
        message("Subject: delsp", "Content-Type: text/plain; format=flowed; delsp=yes", body=flowed),
        subject="delsp",
    )
