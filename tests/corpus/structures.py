"""Trees of parts: nested, embedded, broken, cut off."""

from __future__ import annotations

from collections.abc import Iterator

from tests.corpus.build import b64, entity, lines, message, multipart, noise
from tests.corpus.sample import Sample

TEXT = entity("Content-Type: text/plain; charset=utf-8", body="olá".encode())
HTML = entity("Content-Type: text/html; charset=utf-8", body="<p>olá</p>".encode())
MIXED = "Content-Type: multipart/mixed; boundary=b"


def nested(depth: int) -> bytes:
    """A multipart in a multipart, ``depth`` of them."""
    body = entity("Content-Type: text/plain", body=b"the bottom")
    for level in range(depth):
        body = entity(f"Content-Type: multipart/mixed; boundary=l{level}", body=multipart(f"l{level}", body))
    return body


def embedded(depth: int) -> bytes:
    """A message in a message, ``depth`` of them."""
    whole = message("Subject: innermost", body=lines("the bottom"))
    for level in range(depth):
        whole = message(f"Subject: level {level}", "Content-Type: message/rfc822", body=whole)
    return whole


def samples() -> Iterator[Sample]:
    """Well-formed ones first."""
    yield Sample(
        "structure alternative",
        message(
            "Subject: alternative",
            'Content-Type: multipart/alternative; boundary="a=_b:c?(d)"',
            body=multipart("a=_b:c?(d)", TEXT, HTML, preamble=lines("ignore this")),
        ),
        text="olá",
    )
    image = noise(3000, 7)
    yield Sample(
        "structure related with cid",
        message(
            "Subject: image",
            "Content-Type: multipart/related; boundary=r; type=text/html",
            body=multipart(
                "r",
                entity("Content-Type: text/html", body=b'<p>Look <img src="cid:pic@origem.test" alt="p"></p>'),
                entity(
                    "Content-Type: image/png",
                    "Content-ID: <pic@origem.test>",
                    "Content-Disposition: inline; filename=pic.png",
                    "Content-Transfer-Encoding: base64",
                    body=b64(image),
                ),
            ),
        ),
        attachments=(("pic.png", image),),
    )
    yield Sample(
        "structure the usual tree",
        message(
            "Subject: tree",
            MIXED,
            body=multipart(
                "b",
                entity(
                    "Content-Type: multipart/related; boundary=r",
                    body=multipart(
                        "r",
                        entity("Content-Type: multipart/alternative; boundary=a", body=multipart("a", TEXT, HTML)),
                        entity("Content-Type: image/gif", "Content-ID: <1>", body=b"GIF89a"),
                    ),
                ),
                entity(
                    "Content-Type: application/pdf; name=a.pdf",
                    "Content-Disposition: attachment; filename=a.pdf; size=4",
                    "Content-Description: a paper",
                    "Content-Location: https://origem.test/a.pdf",
                    "Content-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==",
                    "Content-Language: pt, en",
                    body=b"%PDF",
                ),
            ),
        ),
        text="olá",
        attachments=(("a.pdf", b"%PDF"),),
    )
    inner = message(
        "Subject: inner", "Content-Type: multipart/alternative; boundary=a", body=multipart("a", TEXT, HTML)
    )
    yield Sample(
        "structure forwarded",
        message("Subject: fwd", MIXED, body=multipart("b", TEXT, entity("Content-Type: message/rfc822", body=inner))),
        text="olá",
    )
    yield Sample("structure message as root", message("Subject: root", "Content-Type: message/rfc822", body=inner))
    yield Sample("structure three messages deep", embedded(3))
    yield Sample(
        "structure digest",
        message(
            "Subject: digest",
            "Content-Type: multipart/digest; boundary=d",
            body=multipart(
                "d",
                entity(body=message("Subject: one", body=lines("1"))),
                entity(body=message("Subject: two", body=lines("2"))),
                entity("Content-Type: text/plain", body=lines("a note")),
            ),
        ),
    )
    yield Sample(
        "structure message/global",
        message(
            "Subject: g",
            MIXED,
            body=multipart(
                "b",
                entity(
                    "Content-Type: message/global",
                    "Content-Transfer-Encoding: 8bit",
                    body=message("Subject: olá ça vá", body=b"x\r\n"),
                ),
            ),
        ),
    )
    yield Sample(
        "structure message/partial",
        message("Subject: p", "Content-Type: message/partial; id=a; number=1; total=2", body=inner[:50]),
    )
    yield Sample(
        "structure message/external-body",
        message(
            "Subject: e",
            MIXED,
            body=multipart(
                "b",
                entity(
                    'Content-Type: message/external-body; access-type=URL; URL="http://x.test/"',
                    body=entity("Content-Type: image/gif", "Content-ID: <x@y.test>"),
                ),
            ),
        ),
    )
    yield Sample(
        "structure empty embedded message",
        message("Subject: e", MIXED, body=multipart("b", entity("Content-Type: message/rfc822", body=b""))),
    )
    yield Sample(
        "structure embedded header only",
        message(
            "Subject: e", MIXED, body=multipart("b", entity("Content-Type: message/rfc822", body=b"Subject: only"))
        ),
    )
    for depth in (2, 30, 99, 101, 150):
        yield Sample(f"structure depth {depth}", message("Subject: deep", MIXED, body=multipart("b", nested(depth))))
    for depth in (20, 150):
        yield Sample(f"structure embedded {depth}", embedded(depth))
    yield Sample(
        "structure 1000 parts",
        message(
            "Subject: many",
            MIXED,
            body=multipart("b", *(entity(f"X-Number: {n}", body=b"part %d" % n) for n in range(1000))),
        ),
    )
    yield Sample(
        "structure 12000 parts", message("Subject: too many", MIXED, body=multipart("b", *[entity(body=b"x")] * 12_000))
    )
    yield Sample("structure single part", message("Subject: one", MIXED, body=multipart("b", TEXT)), text="olá")
    yield Sample("structure no parts", message("Subject: none", MIXED, body=b"--b--\r\n"))
    yield Sample("structure no boundary lines", message("Subject: none", MIXED, body=lines("nothing of the kind")))
    yield Sample("structure empty body", message("Subject: none", MIXED))
    yield Sample(
        "structure no boundary parameter",
        message("Subject: none", "Content-Type: multipart/mixed", body=multipart("b", TEXT)),
    )
    yield Sample(
        "structure empty boundary",
        message("Subject: none", 'Content-Type: multipart/mixed; boundary=""', body=multipart("", TEXT, HTML)),
    )
    yield Sample("structure missing end", message("Subject: cut", MIXED, body=multipart("b", TEXT, HTML, end=False)))
    yield Sample(
        "structure cut in part header", message("Subject: cut", MIXED, body=b"--b\r\nContent-Type: text/plain")
    )
    yield Sample("structure cut in boundary", message("Subject: cut", MIXED, body=b"--b\r\n\r\nx\r\n--"))
    yield Sample("structure cut after delimiter", message("Subject: cut", MIXED, body=b"--b\r\n\r\nx\r\n--b\r\n"))
    yield Sample("structure end first", message("Subject: end", MIXED, body=b"--b--\r\n" + multipart("b", TEXT)))
    yield Sample(
        "structure preamble and epilogue",
        message(
            "Subject: pe",
            MIXED,
            body=multipart(
                "b", TEXT, preamble=lines("before", "--B", "--bb"), epilogue=lines("after", "--b", "", "not a part")
            ),
        ),
    )
    yield Sample(
        "structure spaces after boundary",
        message("Subject: sp", MIXED, body=b"--b \t \r\n" + TEXT + b"\r\n--b  \r\n" + HTML + b"\r\n--b-- \t\r\n"),
    )
    yield Sample(
        "structure boundary with prefix",
        message(
            "Subject: px",
            MIXED,
            body=multipart("b", entity("Content-Type: multipart/mixed; boundary=bb", body=multipart("bb", TEXT))),
        ),
    )
    yield Sample(
        "structure same boundary twice",
        message(
            "Subject: same",
            MIXED,
            body=multipart(
                "b", entity("Content-Type: multipart/mixed; boundary=b", body=multipart("b", TEXT, HTML)), TEXT
            ),
        ),
    )
    yield Sample(
        "structure boundary in part",
        message("Subject: in", MIXED, body=multipart("b", entity(body=b"x --b y\r\n --b\r\n--bx"))),
    )
    yield Sample(
        "structure outer ends inner",
        message(
            "Subject: in",
            "Content-Type: multipart/mixed; boundary=o",
            body=multipart(
                "o", entity("Content-Type: multipart/mixed; boundary=i", body=multipart("i", TEXT, end=False)), HTML
            ),
        ),
    )
    yield Sample(
        "structure boundary ends in dash",
        message("Subject: dash", "Content-Type: multipart/mixed; boundary=b--", body=multipart("b--", TEXT)),
    )
    yield Sample(
        "structure quoted boundary",
        message("Subject: q", 'Content-Type: multipart/mixed; boundary=" b c "', body=multipart(" b c ", TEXT)),
    )
    yield Sample(
        "structure long boundary",
        message("Subject: l", "Content-Type: multipart/mixed; boundary=" + "b" * 500, body=multipart("b" * 500, TEXT)),
    )
    yield Sample(
        "structure boundary twice in type",
        message("Subject: t", "Content-Type: multipart/mixed; boundary=a; boundary=b", body=multipart("b", TEXT)),
    )
    yield Sample(
        "structure RFC 2231 boundary",
        message("Subject: x", "Content-Type: multipart/mixed; boundary*0=a; boundary*1=b", body=multipart("ab", TEXT)),
    )
    yield Sample(
        "structure bare LF boundaries",
        message("Subject: lf", MIXED, body=multipart("b", TEXT, HTML)).replace(b"\r\n", b"\n"),
    )
    yield Sample(
        "structure part without empty line",
        message("Subject: n", MIXED, body=b"--b\r\nContent-Type: text/plain\r\n--b\r\n\r\n--b--\r\n"),
    )
    yield Sample(
        "structure part without header",
        message("Subject: n", MIXED, body=b"--b\r\n\r\nno header\r\n--b\r\nwords: then\r\nwords\r\n--b--\r\n"),
    )
    for name, value in [
        ("no subtype", "text"),
        ("empty subtype", "text/"),
        ("no type", "/plain"),
        ("odd characters", "text/pl@in; a=b"),
        ("three levels", "text/plain/x"),
        ("garbage", ";;;=;"),
        ("quoted", '"text/plain"'),
        ("upper case", "TEXT/HTML; CHARSET=UTF-8"),
        ("comments", "text(a)/(b)plain(c); (d) charset = (e) utf-8"),
        ("8bit", "text/plain; name=olá"),
        ("1000 parameters", "text/plain; " + "; ".join(f"p{n}=v{n}" for n in range(1000))),
        ("long token", "text/" + "x" * 10_000),
        ("unknown multipart", "multipart/x-own; boundary=b"),
        ("application/octet-stream", "application/octet-stream"),
        ("quotes and backslashes", 'text/plain; name="a\\\\b\\"c"; x="\\'),
    ]:
        yield Sample(
            f"structure type {name}", message("Subject: type", f"Content-Type: {value}", body=multipart("b", TEXT))
        )
    yield Sample(
        "structure multipart in message part of text",
        message(
            "Subject: x", MIXED, body=multipart("b", entity("Content-Type: text/plain", body=multipart("c", TEXT)))
        ),
    )
