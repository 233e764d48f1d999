"""The kinds of mail people get: signed, encrypted, invitations, reports, voice mail, mailing lists."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from tests.corpus.build import b64, entity, lines, message, multipart, noise, qp
from tests.corpus.sample import Sample

CALENDAR = lines(
    "BEGIN:VCALENDAR",
    "VERSION:2.0",
    "PRODID:-//origem.test//agenda//PT",
    "METHOD:REQUEST",
    "BEGIN:VEVENT",
    "UID:reuniao-1@origem.test",
    "DTSTAMP:20260303T130000Z",
    "DTSTART:20260310T090000Z",
    "DTEND:20260310T100000Z",
    "SUMMARY:Reunião de março",
    "ORGANIZER:mailto:orlando@origem.test",
    "ATTENDEE;RSVP=TRUE:mailto:maria@destino.test",
    "END:VEVENT",
    "END:VCALENDAR",
)
SIGNATURE = lines("-----BEGIN PGP SIGNATURE-----", "", "iQEzBAEBCAAdFiEE", "=abcd", "-----END PGP SIGNATURE-----")


def wav() -> bytes:
    """A twentieth of a second of a saw tooth, 8 kHz, 8 bits, mono."""
    tone = bytes(n * 8 % 256 for n in range(400))
    head = struct.pack(
        "<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(tone), b"WAVE", b"fmt ", 16, 1, 1, 8000, 8000, 1, 8, b"data", len(tone)
    )
    return head + tone


def samples() -> Iterator[Sample]:
    """One or two of each kind."""
    signed = entity(
        "Content-Type: text/plain; charset=us-ascii", body=lines("Signed words,  ", "with spaces at the end. ")
    )
    yield Sample(
        "kind PGP/MIME signed",
        message(
            "Subject: signed",
            'Content-Type: multipart/signed; boundary=s; micalg=pgp-sha256; protocol="application/pgp-signature"',
            body=multipart(
                "s", signed, entity("Content-Type: application/pgp-signature; name=signature.asc", body=SIGNATURE)
            ),
        ),
    )
    yield Sample(
        "kind S/MIME signed",
        message(
            "Subject: signed",
            'Content-Type: multipart/signed; boundary=s; micalg=sha-256; protocol="application/pkcs7-signature"',
            body=multipart(
                "s",
                signed,
                entity(
                    "Content-Type: application/pkcs7-signature; name=smime.p7s",
                    "Content-Transfer-Encoding: base64",
                    body=b64(noise(1500, 3), 64),
                ),
            ),
        ),
    )
    yield Sample(
        "kind S/MIME opaque",
        message(
            "Subject: sealed",
            "Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m",
            "Content-Disposition: attachment; filename=smime.p7m",
            "Content-Transfer-Encoding: base64",
            body=b64(noise(2000, 4), 64),
        ),
        attachments=(("smime.p7m", noise(2000, 4)),),
    )
    yield Sample(
        "kind PGP/MIME encrypted",
        message(
            "Subject: sealed",
            'Content-Type: multipart/encrypted; boundary=e; protocol="application/pgp-encrypted"',
            body=multipart(
                "e",
                entity("Content-Type: application/pgp-encrypted", body=lines("Version: 1")),
                entity(
                    "Content-Type: application/octet-stream; name=encrypted.asc",
                    body=lines("-----BEGIN PGP MESSAGE-----", "", "hQEMA", "-----END PGP MESSAGE-----"),
                ),
            ),
        ),
    )
    yield Sample(
        "kind PGP inline",
        message(
            "Subject: clear",
            body=lines("-----BEGIN PGP SIGNED MESSAGE-----", "Hash: SHA256", "", "- --dash-escaped", "words")
            + SIGNATURE,
        ),
    )
    yield Sample(
        "kind DKIM signed",
        b"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/simple; d=origem.test; s=m;"
        b"\r\n\th=from:to:subject; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=;"
        b"\r\n\tb=AAAA\r\n\t BBBB\r\n" + message("Subject: dkim", body=lines("  kept  ", "", "")),
    )
    yield Sample(
        "kind calendar part",
        message(
            "Subject: invitation",
            "Content-Type: multipart/alternative; boundary=a",
            body=multipart(
                "a",
                entity("Content-Type: text/plain; charset=utf-8", body="Reunião".encode()),
                entity(
                    "Content-Type: text/calendar; method=REQUEST; charset=utf-8",
                    "Content-Transfer-Encoding: quoted-printable",
                    body=qp(CALENDAR),
                ),
            ),
        ),
        text="Reunião",
    )
    yield Sample(
        "kind calendar alone",
        message(
            "Subject: invitation",
            "Content-Type: text/calendar; charset=utf-8; method=REQUEST",
            "Content-Transfer-Encoding: 8bit",
            body=CALENDAR,
        ),
    )
    yield Sample(
        "kind voice mail",
        message(
            "Subject: voice",
            "Content-Type: multipart/voice-message; boundary=v",
            body=multipart(
                "v",
                entity(body=b"one call"),
                entity(
                    "Content-Type: audio/wav",
                    "Content-Disposition: inline; voice=Voice-Message; filename=call.wav",
                    "Content-Transfer-Encoding: base64",
                    body=b64(wav()),
                ),
            ),
        ),
        attachments=(("call.wav", wav()),),
    )
    yield Sample(
        "kind delivery report",
        message(
            "Subject: Undelivered",
            "Auto-Submitted: auto-replied",
            "Content-Type: multipart/report; report-type=delivery-status; boundary=r",
            body=multipart(
                "r",
                entity("Content-Type: text/plain", body=lines("It could not be delivered.")),
                entity(
                    "Content-Type: message/delivery-status",
                    body=lines(
                        "Reporting-MTA: dns; mx.destino.test",
                        "",
                        "Final-Recipient: rfc822; nobody@destino.test",
                        "Action: failed",
                        "Status: 5.1.1",
                        "Diagnostic-Code: smtp; 550 5.1.1 no such user",
                    ),
                ),
                entity("Content-Type: message/rfc822", body=message("Subject: the original", body=lines("words"))),
            ),
        ),
    )
    yield Sample(
        "kind delivery report headers only",
        message(
            "Subject: Undelivered",
            "Content-Type: multipart/report; report-type=delivery-status; boundary=r",
            body=multipart(
                "r",
                entity(body=b"no"),
                entity("Content-Type: message/delivery-status", body=lines("Reporting-MTA: dns; x", "")),
                entity("Content-Type: text/rfc822-headers", body=lines("Subject: the original", "From: a@b.test")),
            ),
        ),
    )
    yield Sample(
        "kind read receipt",
        message(
            "Subject: Read",
            "Content-Type: multipart/report; report-type=disposition-notification; boundary=r",
            body=multipart(
                "r",
                entity(body=b"read"),
                entity(
                    "Content-Type: message/disposition-notification",
                    body=lines(
                        "Final-Recipient: rfc822; maria@destino.test",
                        "Disposition: manual-action/MDN-sent-manually; displayed",
                    ),
                ),
            ),
        ),
    )
    yield Sample(
        "kind abuse report",
        message(
            "Subject: Abuse",
            "Content-Type: multipart/report; report-type=feedback-report; boundary=r",
            body=multipart(
                "r",
                entity(body=b"spam"),
                entity("Content-Type: message/feedback-report", body=lines("Feedback-Type: abuse", "Version: 1")),
                entity("Content-Type: message/rfc822", body=b"Subject: buy\r\n\r\nnow\r\n"),
            ),
        ),
    )
    yield Sample("kind null sender report", b"From: Mail System <>\r\nTo: <>\r\nSubject: hm\r\n\r\nx\r\n", subject="hm")
    yield Sample(
        "kind mailing list",
        message(
            "Subject: [list] words",
            "List-Id: The list <list.origem.test>",
            "List-Unsubscribe: <https://origem.test/u>, <mailto:u@origem.test>",
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
            "Precedence: list",
            body=lines("words", "_" * 40, "list@origem.test"),
        ),
        subject="[list] words",
    )
    yield Sample(
        "kind resent",
        b"Resent-From: c@d.test\r\nResent-To: e@f.test\r\nResent-Date: Tue, 03 Mar 2026 15:05:09 +0100"
        b"\r\nResent-Message-ID: <r@d.test>\r\n" + message("Subject: again", body=b"x\r\n"),
        subject="again",
    )
    yield Sample("kind bcc", message("Bcc: secret@origem.test", "Subject: draft", body=b"x\r\n"), subject="draft")
    yield Sample(
        "kind SMTPUTF8",
        message(
            "From: José <josé@exemplo.test>",
            "To: 茶 <茶@例え.test>",
            "Subject: Olá às três, 茶",
            "X-Própria: ção",
            "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: 8bit",
            plain=True,
            body="ação\r\n".encode(),
        ),
        subject="Olá às três, 茶",
        text="ação",
    )
    yield Sample(
        "kind vcard",
        message(
            "Subject: card",
            "Content-Type: text/vcard; charset=utf-8; profile=vcard",
            body=lines("BEGIN:VCARD", "VERSION:4.0", "FN:Maria", "END:VCARD"),
        ),
    )
    yield Sample(
        "kind enriched", message("Subject: rich", "Content-Type: text/enriched", body=lines("<bold>Now</bold> <<"))
    )
    yield Sample(
        "kind winmail.dat",
        message(
            "Subject: tnef",
            "Content-Type: multipart/mixed; boundary=b",
            body=multipart(
                "b",
                entity(body=b"see"),
                entity(
                    "Content-Type: application/ms-tnef; name=winmail.dat",
                    "Content-Transfer-Encoding: base64",
                    body=b64(bytes.fromhex("789f3e22") + noise(300, 5)),
                ),
            ),
        ),
    )
    yield Sample(
        "kind appledouble",
        message(
            "Subject: mac",
            "Content-Type: multipart/mixed; boundary=b",
            body=multipart(
                "b",
                entity(
                    "Content-Type: multipart/appledouble; boundary=m",
                    body=multipart(
                        "m",
                        entity(
                            "Content-Type: application/applefile",
                            "Content-Transfer-Encoding: base64",
                            body=b64(noise(80, 6)),
                        ),
                        entity("Content-Type: image/jpeg; name=a.jpg", body=b"JFIF"),
                    ),
                ),
            ),
        ),
    )
    hostile = (
        b'<html><body onload="x()"><script>alert(1)</script><img src=x onerror=alert(1)>'
        b'<a href="javascript:alert(1)">a</a><style>p{background:url(http://t.test/p)}</style>'
        b"<svg><animate onbegin=alert(1) attributeName=x dur=1s></svg>"
        b'<p style="background:url(http://t.test/q)">words</p><form action=http://t.test><input></form>'
        b'<iframe src=http://t.test></iframe><meta http-equiv=refresh content="0;url=http://t.test">'
        b"<base href=http://t.test></body></html>"
    )
    yield Sample(
        "kind hostile html",
        message("Subject: html", "Content-Type: text/html; charset=utf-8", body=hostile + b"\r\n"),
        subject="html",
    )
    yield Sample(
        "kind html deep",
        message("Subject: html", "Content-Type: text/html", body=b"<div>" * 20_000 + b"x\r\n"),
        subject="html",
    )
    yield Sample(
        "kind html unclosed",
        message("Subject: html", "Content-Type: text/html", body=b"<p>one<b>two<!-- <i>three"),
        subject="html",
    )
    yield Sample(
        "kind html charset in meta",
        message(
            "Subject: html",
            "Content-Type: text/html",
            body=b'<html><head><meta charset="iso-8859-1"></head><body>ol\xe1</body></html>',
        ),
        subject="html",
    )
    yield Sample(
        "kind html attachment",
        message(
            "Subject: att",
            "Content-Type: multipart/mixed; boundary=b",
            body=multipart(
                "b",
                entity(body=b"see"),
                entity(
                    "Content-Type: application/octet-stream",
                    "Content-Disposition: attachment; filename=x.html",
                    body=b"<script>alert(1)</script>",
                ),
            ),
        ),
        attachments=(("x.html", b"<script>alert(1)</script>"),),
    )
