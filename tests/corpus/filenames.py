"""File names: RFC 2231 continuations and charsets, RFC 2047 where it does not belong, and names meant to hurt."""

from __future__ import annotations

from collections.abc import Iterator

from tests.corpus.build import b64, b_words, entity, lines, message, multipart
from tests.corpus.sample import Sample

NAMES: list[tuple[str, str | bytes, str | None]] = [
    ("plain", "attachment; filename=a.bin", "a.bin"),
    ("quoted", 'attachment; filename="a b.bin"', "a b.bin"),
    ("escaped", 'attachment; filename="a\\"b.bin"', 'a"b.bin'),
    ("extended", "attachment; filename*=utf-8''a%C3%A7%C3%A3o.bin", "ação.bin"),
    ("extended language", "attachment; filename*=iso-8859-1'pt'a%E7%E3o.bin", "ação.bin"),
    ("continued", 'attachment; filename*0="one "; filename*1="two.bin"', "one two.bin"),
    (
        "continued extended",
        "attachment;\r\n filename*0*=utf-8''a%C3%A7;\r\n filename*1*=%C3%A3o;\r\n filename*2=\".bin\"",
        "ação.bin",
    ),
    ("continued out of order", 'attachment; filename*1="two.bin"; filename*0="one "', "one two.bin"),
    ("continued with a gap", 'attachment; filename*0="one"; filename*2="three"', None),
    ("both forms", "attachment; filename=plain.bin; filename*=utf-8''better.bin", "better.bin"),
    ("encoded-word", 'attachment; filename="=?utf-8?Q?a=C3=A7=C3=A3o.bin?="', "ação.bin"),
    ("encoded-word bare", "attachment; filename==?utf-8?B?YcOnw6NvLmJpbg==?=", None),
    ("raw utf-8", 'attachment; filename="ação.bin"', "ação.bin"),
    ("raw latin-1", b'attachment; filename="a\xe7\xe3o.bin"', None),
    ("path", 'attachment; filename="../../etc/passwd"', None),
    ("drive", 'attachment; filename="C:\\\\mail\\\\a.bin"', None),
    ("nul", b'attachment; filename="a\x00.exe.bin"', None),
    ("new lines", "attachment; filename*=utf-8''a%0D%0AX-Evil%3A%201.bin", None),
    ("override", "attachment; filename*=utf-8''a%E2%80%AEnib.exe", None),
    ("unterminated", 'attachment; filename="a.bin', None),
    ("no value", "attachment; filename=", None),
    ("twice", "attachment; filename=a.bin; filename=b.bin", None),
    ("comment", "attachment (really); filename=a.bin (this one)", None),
    ("spaces round equals", "attachment; filename = a.bin", None),
    ("unquoted spaces", "attachment; filename=a b c.bin", None),
    ("unknown charset", "attachment; filename*=x-nobody''a%E7.bin", None),
    ("broken percent", "attachment; filename*=utf-8''a%ZZ%C.bin", None),
    ("1000 continuations", "attachment; " + "; ".join(f"filename*{n}=x" for n in range(1000)), None),
    ("100000 characters", 'attachment; filename="' + "x" * 100_000 + '"', None),
    ("inline", "inline; filename=a.bin", "a.bin"),
    ("unknown disposition", "x-strange; filename=a.bin", "a.bin"),
    ("empty disposition", "; filename=a.bin", None),
    ("upper case", "ATTACHMENT; FILENAME=a.bin", "a.bin"),
]


def samples() -> Iterator[Sample]:
    """Each name on one small attachment beside a text."""
    content = bytes(range(256))
    for name, disposition, known in NAMES:
        value = disposition.encode() if isinstance(disposition, str) else disposition
        yield Sample(
            f"filename {name}",
            message(
                f"Subject: filename {name}",
                "Content-Type: multipart/mixed; boundary=b",
                body=multipart(
                    "b",
                    entity("Content-Type: text/plain", body=b"see the attachment"),
                    entity(
                        "Content-Type: application/octet-stream",
                        b"Content-Disposition: " + value,
                        "Content-Transfer-Encoding: base64",
                        body=b64(content, final=False),
                    ),
                ),
            ),
            subject=f"filename {name}",
            text="see the attachment",
            attachments=((known, content),) if known is not None else None,
        )
    for name, parameter, known in [
        ("type name", 'name="a.bin"', "a.bin"),
        ("type name encoded-word", f'name="{b_words("ação.bin", "utf-8")}"', "ação.bin"),
        ("type name extended", "name*=utf-8''a%C3%A7%C3%A3o.bin", "ação.bin"),
    ]:
        yield Sample(
            f"filename {name}",
            message(
                f"Subject: filename {name}",
                "Content-Type: multipart/mixed; boundary=b",
                body=multipart(
                    "b",
                    entity(body=b"text without a type"),
                    entity(
                        f"Content-Type: application/octet-stream; {parameter}",
                        "Content-Transfer-Encoding: base64",
                        body=b64(content),
                    ),
                ),
            ),
            text="text without a type",
            attachments=((known, content),),
        )
    yield Sample(
        "filename many",
        message(
            "Subject: many names",
            "Content-Type: multipart/mixed; boundary=b",
            body=multipart(
                "b",
                entity(body=lines("fifty files")),
                *(
                    entity(
                        f"Content-Type: application/octet-stream; name=f{n}",
                        f"Content-Disposition: attachment; filename=f{n}",
                        body=b"octets %d" % n,
                    )
                    for n in range(50)
                ),
            ),
        ),
        attachments=tuple((f"f{n}", b"octets %d" % n) for n in range(50)),
    )
