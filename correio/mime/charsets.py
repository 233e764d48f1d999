"""Charset names as mail spells them, and octets to text that never fails.

Only the codecs named here are ever used: a charset parameter is the sender's word, and Python's own lookup also knows
codecs that are no charsets at all (``zlib``, ``unicode_escape``) or that take quadratic time (``punycode``).
"""

from __future__ import annotations

import re
from typing import Final

_NAMES: Final[dict[str, str]] = {
    # codec: the names it goes by; every name is compared without case, spaces, hyphens, underscores and colons.
    "utf_8": "utf8 utf8mac utf8mb4 unicode11utf8 unicode20utf8 xunicode20utf8 cesu8 xutf8 65001 cp65001 unicodeutf8 utf",
    "utf_7": "utf7 unicode11utf7 unicode20utf7 xunicode20utf7 utf7imap csunicode11utf7 65000 cp65000",
    "utf_16": "utf16 csutf16 ucs2 iso10646ucs2 unicode csunicode",
    "utf_16_le": "utf16le ucs2le xutf16le",
    "utf_16_be": "utf16be ucs2be unicodefffe",
    "utf_32": "utf32 ucs4 iso10646ucs4",
    "utf_32_le": "utf32le ucs4le",
    "utf_32_be": "utf32be ucs4be",
    # ISO 8859-1 mail with octets 0x80 to 0x9F means windows-1252, as every reader knows (WHATWG Encoding section 4.2).
    "cp1252": "iso88591 latin1 l1 iso885911987 isoir100 csisolatin1 ibm819 cp819 windows1252 cp1252 xcp1252 xansi "
    "ansi windows1252http iso88591windows31latin1 iso885911 xwindows1252 ansix3.1101983 ansix3.110 ansix31101983 "
    "csiso99naplps iso8859",
    "iso8859_2": "iso88592 latin2 l2 iso885921987 isoir101 csisolatin2",
    "iso8859_3": "iso88593 latin3 l3 iso885931988 isoir109 csisolatin3",
    "iso8859_4": "iso88594 latin4 l4 iso885941988 isoir110 csisolatin4",
    "iso8859_5": "iso88595 cyrillic iso885951988 isoir144 csisolatincyrillic",
    "iso8859_6": "iso88596 iso88596i iso88596e arabic asmo708 ecma114 isoir127 csisolatinarabic csiso88596i csiso88596e",
    "iso8859_7": "iso88597 greek greek8 ecma118 elot928 isoir126 csisolatingreek suneugreek",
    "iso8859_8": "iso88598 iso88598i iso88598e hebrew logical visual isoir138 csisolatinhebrew csiso88598i csiso88598e dos862i",
    "cp1254": "iso88599 latin5 l5 iso885991989 isoir148 csisolatin5 windows1254 cp1254 xcp1254",
    "iso8859_10": "iso885910 latin6 l6 isoir157 csisolatin6",
    "cp874": "tis620 tis62025330 iso885911thai windows874 cp874 dos874 xcp874 iso885911tis",
    "iso8859_13": "iso885913 latin7 l7",
    "iso8859_14": "iso885914 latin8 l8 isoceltic isoir199",
    "iso8859_15": "iso885915 latin9 latin0 l9 csisolatin9",
    "iso8859_16": "iso885916 latin10 l10 isoir226",
    "cp1250": "windows1250 cp1250 xcp1250 xwindows1250",
    "cp1251": "windows1251 cp1251 xcp1251 win1251 xwindows1251 win cyrillicwindows",
    "cp1253": "windows1253 cp1253 xcp1253",
    "cp1255": "windows1255 cp1255 xcp1255",
    "cp1256": "windows1256 cp1256 xcp1256",
    "cp1257": "windows1257 cp1257 xcp1257",
    "cp1258": "windows1258 cp1258 xcp1258",
    "koi8_r": "koi8r koi8 cskoi8r koi xkoi8r koi8ru",
    "koi8_u": "koi8u",
    "koi8_t": "koi8t",
    "kz1048": "kz1048 strk10482002 rk1048",
    "ptcp154": "ptcp154 csptcp154 pt154 cp154 cyrillicasian",
    "mac_roman": "macintosh mac macroman xmacroman csmacintosh xmac",
    "mac_cyrillic": "maccyrillic xmaccyrillic xmacukrainian macukrainian",
    "mac_greek": "macgreek xmacgreek",
    "mac_turkish": "macturkish xmacturkish",
    "mac_iceland": "maciceland xmaciceland xmacicelandic",
    "mac_latin2": "maclatin2 xmacce xmaccentraleurroman maccentraleurope maccentraleurroman",
    "mac_croatian": "maccroatian xmaccroatian",
    "mac_romanian": "macromanian xmacromanian",
    "gb18030": "gb18030 gb2312 gb23121980 csgb2312 gbk cp936 ms936 windows936 csgbk gb231280 isoir58 csiso58gb231280 chinese "
    "euccn xgbk xeuccn gb xgb gb180302000 csgb18030 gb1988 cngb",
    "hz": "hzgb2312 hz hzgb",
    "big5hkscs": "big5 big5hkscs cnbig5 csbig5 xxbig5 xbig5 big5tw big5eten cp950 ms950 windows950",
    "cp932": "shiftjis sjis xsjis csshiftjis mskanji cp932 ms932 windows31j cswindows31j windows932 xmscp932 xsjiscp932 sjiswin "
    "cp943c",
    "euc_jp": "eucjp xeucjp ujis cseucpkdfmtjapanese eucjpms cp51932 eucjpwin xeuc xeucjpwin",
    "iso2022_jp_ext": "iso2022jp csiso2022jp iso2022jpms cp50220 cp50221 cp50222 jis xjis iso2022jpext jis7",
    "iso2022_jp_1": "iso2022jp1",
    "iso2022_jp_2": "iso2022jp2 csiso2022jp2",
    "iso2022_jp_3": "iso2022jp3",
    "iso2022_jp_2004": "iso2022jp2004",
    "cp949": "ksc56011987 ksc5601 ksc56011989 ksc560187 euckr cseuckr xeuckr korean isoir149 cp949 ms949 windows949 uhc "
    "xwindows949 csksc56011987 xksc5601 5601 ksc 949 ksx1001",
    "johab": "johab cp1361 ms1361",
    "iso2022_kr": "iso2022kr csiso2022kr",
    "cp437": "ibm437 cp437 437 cspc8codepage437",
    "cp720": "cp720 ibm720 dos720",
    "cp737": "cp737 ibm737",
    "cp775": "cp775 ibm775",
    "cp850": "cp850 ibm850 850",
    "cp852": "cp852 ibm852 852",
    "cp855": "cp855 ibm855 855",
    "cp857": "cp857 ibm857",
    "cp858": "cp858 ibm00858 ibm858",
    "cp860": "cp860 ibm860",
    "cp861": "cp861 ibm861 cpis",
    "cp862": "cp862 ibm862 dos862",
    "cp863": "cp863 ibm863",
    "cp864": "cp864 ibm864",
    "cp865": "cp865 ibm865",
    "cp866": "cp866 ibm866 866 dos866",
    "cp869": "cp869 ibm869 cpgr",
    "cp037": "cp037 ibm037 ebcdiccpus",
    "cp500": "cp500 ibm500",
    "cp1026": "cp1026 ibm1026",
    "cp1140": "cp1140 ibm1140 ibm01140",
    "hp_roman8": "hproman8 roman8 r8",
}
_CODECS: Final[dict[str, str]] = {name: codec for codec, names in _NAMES.items() for name in names.split()}
_GUESSED: Final = frozenset(
    (
        "usascii",
        "ascii",
        "ansix341968",
        "ansix3.41968",
        "ansix3.41986",
        "iso646us",
        "iso646",
        "isoir6",
        "us",
        "cp367",
        "ibm367",
        "csascii",
        "iso646irv1991",
        "unknown8bit",
        "unknown",
        "xunknown",
        "default",
        "defaultcharset",
        "xuserdefined",
        "userdefined",
        "binary",
        "none",
        "null",
        "8bit",
        "7bit",
        "utf8?",
        "646",
        "iso646irv",
        "iso88590",
        "x8bit",
        "xcharset",
        "charset",
    )
)
_PUNCTUATION: Final = re.compile(r"[\s\-_:\"'()]+")
_MAX_NAME: Final = 64


def charset_codec(charset: str | None) -> str | None:
    """Return the Python codec for a charset name, or None where the octets are better guessed at.

    None also stands for US-ASCII: where its text is 8-bit, the label is known to be wrong.
    """
    if not charset or len(charset) > _MAX_NAME:
        return None
    name = _PUNCTUATION.sub("", charset.lower())
    # RFC 2231 section 5: a language may follow an asterisk.
    name = name.partition("*")[0]
    if name in _GUESSED:
        return None
    return _CODECS.get(name)


def is_known_charset(charset: str) -> bool:
    """Tell whether the name is one of a charset we can decode, US-ASCII included."""
    name = _PUNCTUATION.sub("", charset.lower()[:_MAX_NAME]).partition("*")[0]
    return name in _CODECS or name in _GUESSED


def guess_text(octets: bytes) -> str:
    """Decode octets of an unknown charset: UTF-8 where they are that, damaged or not, else windows-1252, else Latin-1."""
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return octets.decode("utf-8", "replace") if _mostly_utf_8(octets) else _decode_windows_1252(octets)


def _decode_windows_1252(octets: bytes) -> str:
    try:
        return octets.decode("cp1252")
    except UnicodeDecodeError:
        # Five octets have no meaning in windows-1252.
        return octets.decode("latin-1")


def decode_charset(octets: bytes, charset: str | None) -> str:
    """Decode octets by a charset's name; what it cannot read becomes U+FFFD. Never raises.

    Text labelled with an unknown charset is guessed at, and so is text that its label cannot be right for.
    """
    codec = charset_codec(charset)
    if codec is None:
        return guess_text(octets)
    if codec == "cp1252":
        return _decode_windows_1252(octets)
    try:
        return octets.decode(codec)
    except UnicodeDecodeError:
        pass
    if codec == "utf_8":
        return guess_text(octets)
    if codec.startswith("iso2022_jp") and any(octet > 127 for octet in octets[:4096]):
        # Shift_JIS under an ISO-2022-JP label.
        try:
            return octets.decode("cp932")
        except UnicodeDecodeError:
            pass
    try:
        return octets.decode(codec, "replace")
    except (UnicodeError, IndexError, ValueError):
        return guess_text(octets)


def _mostly_utf_8(octets: bytes) -> bool:
    """Tell damaged UTF-8 (cut in the middle, a stray octet) from text in another charset under its label."""
    text = octets[:65536].decode("utf-8", "ignore")
    wide = sum(len(character.encode()) for character in text if character > "\x7f")
    eight_bit = sum(octet > 127 for octet in octets[:65536])
    return 2 * wide >= eight_bit
