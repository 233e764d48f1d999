"""Many and large: headers, recipients, attachments, and the same attachment twice."""

from __future__ import annotations

from collections.abc import Iterator

from tests.corpus.build import b64, entity, message, multipart, noise
from tests.corpus.sample import Sample


def _attached(name: str, subject: str, data: bytes, width: int = 76, text: bytes = b"see the attachment") -> Sample:
    return Sample(
        name,
        message(
            f"Subject: {subject}",
            "Content-Type: multipart/mixed; boundary=b",
            body=multipart(
                "b",
                entity("Content-Type: text/plain", body=text),
                entity(
                    "Content-Type: application/octet-stream; name=data.bin",
                    "Content-Disposition: attachment; filename=data.bin",
                    "Content-Transfer-Encoding: base64",
                    body=b64(data, width),
                ),
            ),
        ),
        subject=subject,
        text=text.decode(),
        attachments=(("data.bin", data),),
    )


def samples() -> Iterator[Sample]:
    """From small to 4 MiB."""
    yield Sample(
        "size 1000 header fields",
        message(*(f"X-Field-{n}: value {n}" for n in range(1000)), "Subject: many fields", body=b"b\r\n"),
        subject="many fields",
    )
    yield Sample(
        "size 20000 header lines", message(*(f"X: {n}" for n in range(20_000)), "Subject: more fields", body=b"b\r\n")
    )
    everyone = ",\r\n ".join(f"Person {n} <person{n}@destino.test>" for n in range(10_000))
    yield Sample(
        "size 10000 recipients", message(f"Cc: {everyone}", "Subject: everyone", body=b"b\r\n"), subject="everyone"
    )
    yield Sample(
        "size 500 references",
        message(
            "References: " + "\r\n ".join(f"<m{n}@origem.test>" for n in range(500)), "Subject: thread", body=b"b\r\n"
        ),
        subject="thread",
    )
    shared = noise(200_000, 11)
    yield _attached("size same attachment one", "first with it", shared)
    yield _attached("size same attachment two", "second with it", shared, text=b"the same again")
    yield _attached("size same attachment in other lines", "third with it", shared, width=64)
    for size in (4095, 4096, 65_535, 65_536, 65_537, 262_144):
        yield _attached(f"size {size}", f"attachment of {size}", noise(size, size))
    yield _attached("size 3 MiB", "a large one", noise(3 * 1024 * 1024, 13))
    yield _attached("size 3 MiB again", "the same large one", noise(3 * 1024 * 1024, 13), text=b"once more")
    yield Sample(
        "size 1 MiB text",
        message("Subject: long text", body=b"A line of text that is repeated often.\r\n" * 26_000),
        subject="long text",
    )
    yield Sample(
        "size 1 MiB 8bit",
        message(
            "Subject: raw",
            "Content-Type: application/octet-stream",
            "Content-Transfer-Encoding: 8bit",
            body=noise(1024 * 1024, 17).replace(b"\r", b"r").replace(b"\n", b"n").replace(b"\0", b"0") + b"\r\n",
        ),
        subject="raw",
    )
    yield Sample(
        "size 2 MiB embedded",
        message(
            "Subject: carrier",
            "Content-Type: multipart/mixed; boundary=o",
            body=multipart(
                "o",
                entity(body=b"inside"),
                entity("Content-Type: message/rfc822", body=_attached("", "carried", noise(1_500_000, 19)).raw),
            ),
        ),
        subject="carrier",
        text="inside",
    )
