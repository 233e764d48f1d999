"""RFC 2047 in all its quirks, in subjects and in addresses."""

from __future__ import annotations

from collections.abc import Iterator

from tests.corpus.build import message
from tests.corpus.sample import Sample

SUBJECTS: list[tuple[str, str | bytes, str | None]] = [
    ("plain", "Just words", "Just words"),
    ("one", "=?utf-8?Q?ol=C3=A1?=", "olá"),
    ("lower b", "=?utf-8?b?b2zDoQ==?=", "olá"),
    ("adjacent", "=?utf-8?Q?ol?= =?utf-8?Q?=C3=A1?=", "olá"),
    ("adjacent folded", "=?utf-8?Q?ol?=\r\n\t =?utf-8?Q?=C3=A1?=", "olá"),
    ("between words", "say =?utf-8?Q?ol=C3=A1?= again", "say olá again"),
    ("underscore", "=?iso-8859-1?Q?a_b_=E1?=", "a b á"),
    ("language", "=?utf-8*pt?Q?ol=C3=A1?=", "olá"),
    ("two charsets", "=?iso-8859-1?Q?=E1?= =?koi8-r?B?/sHK?=", "áЧай"),
    ("tab fold", "one\r\n\ttwo", None),
    ("split character", "=?utf-8?B?ww==?= =?utf-8?B?oQ==?=", None),
    ("no padding", "=?utf-8?B?b2zDoQ?=", None),
    ("space inside", "=?utf-8?Q?ol =C3=A1?=", None),
    ("in quotes", '"=?utf-8?Q?ol=C3=A1?="', None),
    ("glued", "x=?utf-8?Q?ol=C3=A1?=y", None),
    ("unknown charset", "=?x-nobody?Q?abc=E1?=", None),
    ("unknown encoding", "=?utf-8?X?abc?=", "=?utf-8?X?abc?="),
    ("empty text", "=?utf-8?Q??= end", None),
    ("broken hex", "=?utf-8?Q?=ZZ=C3=A?=", None),
    ("unterminated", "=?utf-8?Q?abc", "=?utf-8?Q?abc"),
    ("question mark", "=?utf-8?Q?what??=", None),
    ("newline in word", "=?utf-8?B?YQ0KQmNjOiB4QHkueg==?=", None),
    ("nul in word", "=?utf-8?Q?a=00b?=", None),
    ("paragraph separator", "=?utf-8?B?YeKAqGLChWM=?=", None),
    ("very long word", "=?utf-8?Q?" + "a" * 5000 + "?=", None),
    ("raw utf-8", "olá, чай, 茶", "olá, чай, 茶"),
    ("raw latin-1", b"ol\xe1", None),
    ("raw and encoded", "olá =?utf-8?Q?=C3=A9?=", "olá é"),
    ("nested", "=?utf-8?Q?=3D=3Futf-8=3FQ=3Fa=3F=3D?=", "=?utf-8?Q?a?="),
    ("empty", "", ""),
    ("spaces only", "   ", ""),
    ("controls", b"a\x01b\x7fc\x1b[31m", None),
    ("iso-2022-jp q", "=?iso-2022-jp?B?GyRCOiNGfBsoQg==?=", "今日"),
    ("4000 words", " ".join("=?utf-8?Q?=C3=A1?=" for _ in range(4000)), None),
]

ADDRESSES: list[tuple[str, str | bytes]] = [
    ("bare", "maria@destino.test"),
    ("angle only", "<maria@destino.test>"),
    ("quoted name", '"Maria, de Souza" <maria@destino.test>'),
    ("escaped quote", '"Maria \\"Mia\\" \\\\ S" <maria@destino.test>'),
    ("encoded name", "=?utf-8?Q?Jos=C3=A9?= <jose@destino.test>"),
    ("encoded with comma", "=?utf-8?Q?Souza=2C_Jos=C3=A9?= <jose@destino.test>"),
    ("encoded name and address inside", "=?utf-8?Q?evil=40x.test=3E?= <jose@destino.test>"),
    ("comment name", "maria@destino.test (Maria S)"),
    ("comments everywhere", "(a) Maria (b (c)) <(d)maria(e)@(f)destino.test(g)> (h)"),
    ("dotted name", "Maria S. Souza <maria@destino.test>"),
    ("quoted local part", '"maria souza"@destino.test, "a@b"@destino.test'),
    ("domain literal", "maria@[192.0.2.1], x@[IPv6:2001:db8::1]"),
    ("route", "<@a.test,@b.test:maria@destino.test>"),
    ("group", "Team: a@destino.test, B <b@destino.test>; , c@destino.test"),
    ("empty group", "undisclosed-recipients:;"),
    ("nested looking group", "A: B: c@d.test;;"),
    ("no domain", "maria"),
    ("no local part", "<@destino.test>"),
    ("null", "<>"),
    ("two addresses glued", "a@b.test <c@d.test>"),
    ("missing comma", "a@b.test c@d.test"),
    ("semicolons", "a@b.test; c@d.test"),
    ("trailing commas", ",,a@b.test,,,"),
    ("unbalanced angle", "Maria <maria@destino.test"),
    ("unbalanced quote", '"Maria <maria@destino.test>'),
    ("unbalanced comment", "maria@destino.test (Maria"),
    ("raw utf-8", "José <josé@exãmple.test>"),
    ("raw latin-1", b"Jos\xe9 <jose@destino.test>"),
    ("a-label", "x@xn--exmple-jua.test"),
    ("deep comment", "(" * 5000 + "a@b.test"),
    ("many angles", "<" * 5000 + "a@b.test"),
    ("obs local part", "maria . souza @ destino . test"),
    ("folded", "Maria\r\n <maria@destino.test>,\r\n\tJose\r\n <jose@destino.test>"),
    ("nul", b"Ma\x00ria <maria@destino.test>"),
    ("backslash at end", '"Maria\\'),
    ("long name", '"' + "x" * 3000 + '" <x@y.test>'),
    ("empty", ""),
]


def samples() -> Iterator[Sample]:
    """Subjects first."""
    for name, value, decoded in SUBJECTS:
        raw = value.encode() if isinstance(value, str) else value
        yield Sample(f"encoded-word {name}", message(b"Subject: " + raw, body=b"see the subject\r\n"), subject=decoded)
    for name, value in ADDRESSES:
        raw = value.encode() if isinstance(value, str) else value
        yield Sample(
            f"address {name}",
            message(
                b"From: " + raw,
                b"To: " + raw,
                b"Cc: " + raw,
                b"Reply-To: " + raw,
                f"Subject: address {name}",
                plain=True,
                body=b"see the addresses\r\n",
            ),
            subject=f"address {name}",
        )
