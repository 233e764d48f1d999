"""What people have in their mailboxes: the messages the programs carry. A letter's name is in its Message-ID."""

from __future__ import annotations

import re

from tests.corpus.build import b64, b_words, entity, lines, message, multipart, noise, qp

ATTACHMENT = noise(60_000, seed=7)
"""Every octet occurs in it."""
FILE_NAME = "relatório 会议.bin"
NON_ASCII = "Überblick & Œuvre/日本語"
"""A mailbox whose name needs all that modified UTF-7 has: a shifted letter, an ampersand, a child."""
_NAME = re.compile(rb"^Message-ID: <([^@>]+)@letters\.test>", re.IGNORECASE | re.MULTILINE)


def letter(name: str, *header: str | bytes, body: bytes = b"") -> bytes:
    """A whole message that tells its name; a Subject is made where none is given."""
    if not any(bytes(field, "utf-8").startswith(b"Subject:") for field in header if isinstance(field, str)):
        header = (f"Subject: {name}", *header)
    return message(f"Message-ID: <{name}@letters.test>", *header, body=body)


def short(name: str, text: str = "A few words.") -> bytes:
    """A small ASCII letter."""
    return letter(name, body=lines(text))


def noise_letter(name: str, size: int) -> bytes:
    """A letter with that many octets, in base64."""
    header = ("Content-Type: application/octet-stream", "Content-Transfer-Encoding: base64")
    return letter(name, *header, body=b64(noise(size)))


def name_of(raw: bytes) -> str:
    """The name of a letter, whatever a program put above it; empty for other mail."""
    found = _NAME.search(raw)
    return found.group(1).decode() if found else ""


def _attachments() -> bytes:
    disposition = "attachment;\r\n filename*=utf-8''relat%C3%B3rio%20%E4%BC%9A%E8%AE%AE.bin"
    parts = (
        entity(
            "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: 8bit",
            body=lines("Segue o relatório.", ".uma linha com ponto"),
        ),
        entity(
            "Content-Type: application/octet-stream",
            f"Content-Disposition: {disposition}",
            "Content-Transfer-Encoding: base64",
            body=b64(ATTACHMENT),
        ),
        entity("Content-Type: message/rfc822", body=letter("inside", body=lines("The letter inside."))),
    )
    return letter(
        "attachments",
        "Subject: " + b_words("Relatório com anexos, 附件", "utf-8"),
        'Content-Type: multipart/mixed; boundary="=_outer"',
        body=multipart("=_outer", *parts, preamble=b"A preamble.\r\n", epilogue=b"An epilogue.\r\n"),
    )


def _alternative() -> bytes:
    parts = (
        entity(
            "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: quoted-printable",
            body=qp("Olá = até já\r\n".encode()),
        ),
        entity("Content-Type: text/html; charset=utf-8", body=lines("<p>Olá</p>")),
    )
    return letter("alternative", "Content-Type: multipart/alternative; boundary=alt", body=multipart("alt", *parts))


LETTERS: dict[str, bytes] = {
    name_of(raw): raw
    for raw in (
        short("plain"),
        letter("dots", body=lines(".", "..", ".leading dot", "..two dots", "From the start of a line", ">From", "end")),
        letter(
            "utf8",
            "Subject: " + b_words("Grüße aus Łódź, привет, 会议", "utf-8"),
            "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: 8bit",
            body=lines("Żółć, Übermut, ёлка, 会议, 🎉"),
        ),
        letter(
            "latin1",
            "Content-Type: text/plain; charset=iso-8859-1",
            "Content-Transfer-Encoding: 8bit",
            body="Até à próxima, ÿ.\r\n".encode("latin-1"),
        ),
        _attachments(),
        _alternative(),
        letter("long-line", "X-Folded: one\r\n two\r\n\tthree", body=lines("x" * 996, "end")),
        letter("empty"),
    )
}
"""By name, in the order they are stored."""
