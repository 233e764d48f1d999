"""One text in each charset of real mail, in 8bit, base64 and quoted-printable, and charsets nobody knows."""

from __future__ import annotations

from collections.abc import Iterator

from tests.corpus.build import b64, b_words, message, q_word, qp
from tests.corpus.sample import Sample

TEXTS = [
    ("utf-8", "utf-8", "Ação, чай, 茶"),
    ("UTF8", "utf-8", "Ação sem hífen no nome"),
    ("us-ascii", "ascii", "Plain words only"),
    ("iso-8859-1", "iso-8859-1", "Ação e coração às três"),
    ("latin1", "iso-8859-1", "Ação com outro nome"),
    ("iso-8859-2", "iso-8859-2", "Příliš žluťoučký kůň"),
    ("iso-8859-5", "iso-8859-5", "Доброе утро"),
    ("iso-8859-7", "iso-8859-7", "Καλημέρα κόσμε"),
    ("iso-8859-8", "iso-8859-8", "בוקר טוב"),
    ("iso-8859-8-i", "iso-8859-8", "בוקר טוב גם כאן"),
    ("iso-8859-9", "iso-8859-9", "İyi günler, çocuğum"),
    ("iso-8859-15", "iso-8859-15", "Preço: 15 € no œuvre"),
    ("windows-1250", "cp1250", "Zażółć gęślą jaźń"),
    ("windows-1251", "cp1251", "Съешь ещё булок"),
    ("windows-1252", "cp1252", "“Aspas” — e 15 €"),
    ("cp1252", "cp1252", "‘Aspas’ – outra vez"),
    ("windows-1253", "cp1253", "Καλημέρα"),
    ("windows-1254", "cp1254", "Günaydın şehir"),
    ("windows-1255", "cp1255", "שלום עולם"),
    ("windows-1256", "cp1256", "صباح الخير"),
    ("windows-1257", "cp1257", "Labas rytas, ąžuole"),
    ("windows-1258", "cp1258", "Chào đêm"),
    ("koi8-r", "koi8-r", "Доброе утро, страна"),
    ("koi8-u", "koi8-u", "Доброго ранку, їжаче"),
    ("ibm866", "cp866", "Привет из прошлого"),
    ("macintosh", "mac-roman", "Ação na maçã"),
    ("gb2312", "gb2312", "今天天气很好"),
    ("gbk", "gbk", "今天天气很好，朱镕基"),
    ("gb18030", "gb18030", "今天天气很好𠮷"),
    ("big5", "big5", "今天天氣很好"),
    ("iso-2022-jp", "iso-2022-jp", "今日は良い天気です"),
    ("shift_jis", "shift_jis", "今日は良い天気です。ｶﾅ"),
    ("euc-jp", "euc-jp", "今日は良い天気です"),
    ("euc-kr", "euc-kr", "오늘 날씨가 좋습니다"),
    ("ks_c_5601-1987", "cp949", "오늘 날씨가 좋습니다 똠"),
    ("iso-2022-kr", "iso-2022-kr", "오늘 날씨가 좋습니다"),
    ("tis-620", "tis-620", "วันนี้อากาศดี"),
    ("utf-7", "utf-7", "Ação & чай"),
    ("utf-16", "utf-16", "Ação em dezasseis"),
    ("utf-16be", "utf-16-be", "Ação ao contrário"),
    ("utf-16le", "utf-16-le", "Ação em pares"),
]


def samples() -> Iterator[Sample]:
    """The three transports take turns; those with NUL or escape octets go in base64."""
    for number, (charset, codec, text) in enumerate(TEXTS):
        wide = "16" in charset
        body = f"{text}\r\n{text}\r\n".encode(codec)
        encoding, sent = (("8bit", body), ("base64", b64(body)), ("quoted-printable", qp(body)))[
            1 if wide else number % 3
        ]
        subject = q_word(text, charset, codec) if number % 2 and not wide else b_words(text, charset, codec)
        if charset == "iso-2022-kr" or wide:
            # Each word would need its own designator or byte order mark: one word then.
            subject = q_word(text, charset, codec)
        yield Sample(
            f"charset {charset}",
            message(
                f"Subject: {subject}",
                f"Content-Type: text/plain; charset={charset}",
                f"Content-Transfer-Encoding: {encoding}",
                body=sent,
            ),
            subject=text,
            text=f"{text}\n{text}",
        )
    odd = "caf\xe9 1:2".encode("latin-1")
    for name, parameter in [
        ("unknown", "charset=x-klingon"),
        ("empty", 'charset=""'),
        ("default_charset", "charset=_iso-2022-jp$ESC"),
        ("quoted", 'charset="iso-8859-1"'),
        ("commented", "charset=iso-8859-1 (Latin 1)"),
        ("trailing semicolon", "charset=iso-8859-1;"),
        ("nul in name", "charset=iso\x008859"),
        ("very long name", "charset=" + "x" * 2000),
        ("codec of Python", "charset=rot13"),
        ("codec of octets", "charset=zlib"),
        ("idna", "charset=idna"),
        ("unicode_escape", "charset=unicode_escape"),
    ]:
        yield Sample(
            f"charset {name}",
            message(
                f"Subject: charset {name}",
                f"Content-Type: text/plain; {parameter}",
                "Content-Transfer-Encoding: 8bit",
                body=odd + b"\r\n",
            ),
        )
    yield Sample(
        "charset invalid utf-8",
        message(
            "Subject: invalid",
            "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: 8bit",
            body=b"good \xc3\xa9, bad \xc3( \xf0\x9f\x98 \xed\xa0\x80 \xff\xfe end\r\n",
        ),
    )
    yield Sample(
        "charset undeclared 8bit",
        message("Subject: undeclared", body="ol\xe1, \xe0s tr\xeas\r\n".encode("latin-1")),
    )
