"""Octets that break whoever frames by lines or dots, and messages that are hardly messages."""

from __future__ import annotations

from collections.abc import Iterator

from tests.corpus.build import fields, lines, message
from tests.corpus.sample import Sample


def samples() -> Iterator[Sample]:
    """What transport must not change."""
    head = fields("Subject: framing")
    yield Sample("framing empty", b"")
    yield Sample("framing one line end", b"\r\n")
    yield Sample("framing two line ends", b"\r\n\r\n")
    yield Sample("framing header only", head, subject="framing")
    yield Sample("framing header without line end", head[:-2], subject="framing")
    yield Sample("framing header and empty line", head + b"\r\n", subject="framing")
    yield Sample("framing body only", b"\r\nno header here\r\n", text="no header here")
    yield Sample("framing no header at all", b"just some words without a colon\r\nand more\r\n")
    yield Sample("framing one octet", b"x")
    yield Sample("framing one colon", b":\r\n")
    yield Sample("framing no final line end", head + b"\r\nlast words", text="last words")
    yield Sample("framing spaces at end", head + b"\r\ntext   \r\n\t\r\n \r\n")
    yield Sample("framing many empty lines", head + b"\r\n" * 500)
    yield Sample("framing leading empty line", b"\r\n" + head + b"\r\nbody\r\n")
    yield Sample("framing leading space", b" " + head + b"\r\nbody\r\n")
    yield Sample("framing leading dots", message("Subject: dots", body=lines(".", "..", "...", ".x", "..x", "x.", ".")))
    yield Sample("framing lone dots", message("Subject: dots", body=lines(".") * 50))
    yield Sample("framing dot at end", head + b"\r\ntext\r\n.")
    yield Sample("framing dot first", b".Subject: dotted\r\n\r\n.\r\n")
    yield Sample("framing only dots", b".\r\n.\r\n")
    yield Sample("framing dot after bare LF", head + b"\r\none\n.\ntwo\n..\nthree\r\n")
    yield Sample("framing dot after bare CR", head + b"\r\none\r.\rtwo\r\n")
    yield Sample("framing smuggling", head + b"\r\none\n.\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\n")
    yield Sample("framing bare LF", (head + b"\r\none\r\ntwo\r\n").replace(b"\r\n", b"\n"))
    yield Sample("framing bare CR", (head + b"\r\none\r\ntwo\r\n").replace(b"\r\n", b"\r"))
    yield Sample("framing mixed line ends", head + b"\r\none\rtwo\nthree\r\nfour\r\r\nfive\n\rsix\r\n")
    yield Sample("framing CR CR LF", head + b"\r\r\n\r\r\none\r\r\n")
    yield Sample("framing CR at end", head + b"\r\none\r")
    yield Sample("framing nul", head + b"X-Nul: a\x00b\r\n\r\none\x00two\x00\r\n\x00")
    yield Sample("framing nul only", b"\x00")
    yield Sample("framing all octets", head + b"\r\n" + bytes(o for o in range(256) if o not in (10, 13)) * 4 + b"\r\n")
    yield Sample("framing controls", head + b"\r\n" + bytes(range(1, 10)) + b"\x0b\x0c\x1a\x1b[2J\x7f\r\n")
    yield Sample("framing ctrl-z", head + b"\r\none\x1atwo\r\n")
    yield Sample("framing 8bit junk", bytes(range(128, 256)) * 20)
    yield Sample("framing byte order mark", b"\xef\xbb\xbf" + head + b"\r\nbody\r\n")
    yield Sample("framing unicode line ends", head + b"\r\n" + "a\u0085b\u2028c\u2029d\r\n".encode())
    yield Sample("framing form feed", head + b"\r\none\x0ctwo\x0bthree\r\n")
    yield Sample(
        "framing From_ line", b"From orlando@origem.test Tue Mar  3 14:05:09 2026\r\n" + head + b"\r\nbody\r\n"
    )
    yield Sample("framing >From_ line", b">From orlando Tue Mar  3 14:05:09 2026\r\n" + head + b"\r\nbody\r\n")
    yield Sample("framing From in body", message("Subject: from", body=lines("From here", ">From there", "", "From x")))
    yield Sample("framing line of 998", message("Subject: long", body=b"x" * 998 + b"\r\n"))
    yield Sample("framing line of 1001", message("Subject: long", body=b"x" * 1001 + b"\r\n"))
    yield Sample("framing line of 100 kB", message("Subject: long", body=b"y" * 100_000 + b"\r\nz\r\n"))
    yield Sample("framing line of 1 MB", message("Subject: long", body=b"y" * 1_000_000))
    yield Sample("framing header of 100 kB", message("X-Long: " + "x" * 100_000, "Subject: long", body=b"b\r\n"))
    yield Sample(
        "framing folded header of 100 kB",
        message("X-Long: " + "\r\n ".join(["y" * 70] * 1400), "Subject: long", body=b"b\r\n"),
        subject="long",
    )
    yield Sample("framing subject of 100 kB", message("Subject: " + "word " * 20_000, body=b"b\r\n"))
    yield Sample("framing space before colon", b"Subject : spaced\r\nFrom\t: a@b.test\r\n\r\nbody\r\n")
    yield Sample("framing no space after colon", b"Subject:tight\r\nFrom:a@b.test\r\n\r\nbody\r\n", subject="tight")
    yield Sample(
        "framing odd header names", b"X y: 1\r\n: none\r\nA\xc3\xa9: 2\r\n=?utf-8?Q?a?=: 3\r\nSubject: ok\r\n\r\nb\r\n"
    )
    yield Sample("framing line without colon in header", b"Subject: one\r\nnonsense\r\nX-After: two\r\n\r\nbody\r\n")
    yield Sample(
        "framing empty fields", b"Subject:\r\nFrom:\r\nTo: \r\nDate:\r\nMessage-ID:\r\nContent-Type:\r\n\r\nbody\r\n"
    )
    yield Sample(
        "framing repeated fields",
        b"Subject: one\r\nSubject: two\r\nTo: a@b.test\r\nTo: c@d.test\r\n"
        b"Content-Type: text/plain\r\nContent-Type: text/html\r\n\r\nbody\r\n",
    )
    yield Sample("framing folded with nothing", b"Subject: one\r\n \r\n\t\r\n two\r\n\r\nbody\r\n")
    yield Sample("framing fold at start", b"Subject:\r\n one\r\n\r\nbody\r\n", subject="one")
    yield Sample("framing tabs", b"Subject:\tone\r\n\ttwo\r\n\r\nbody\r\n")
    yield Sample("framing boundary-like text", message("Subject: dashes", body=lines("--", "--x", "-- ", "----")))
    yield Sample(
        "framing trace on top",
        b"Return-Path: <x@y.test>\r\nDelivered-To: z@y.test\r\n"
        b"Received: from a by b; Tue, 03 Mar 2026 14:05:09 +0100\r\n" + message("Subject: again", body=b"b\r\n"),
    )
