"""Valid octets, damaged: what a client with defects sends, and one that wants to find ours."""

from __future__ import annotations

from hypothesis import strategies as st

NASTY = (
    b"\0", b"\r", b"\n", b"\r\n", b"(", b")", b'"', b"\\", b"{", b"}", b"[", b"]", b"<", b">", b"*", b"%", b"~", b"+", b" ",
    b"\xff", b"\xc3\xa9", b"&", b"&AGE-", b"NIL", b"{0}\r\n", b"{3+}\r\nabc", b"~{2+}\r\n\0x", b"{4294967296}", b"{4294967296+}",
    b"{99999999999999999999+}", b"4294967295", b"4294967296", b"1:4294967295", b"18446744073709551616", b"0", b"1:*,*:1",
    b"(" * 200, b"NOT " * 120, b"x" * 300, b"INBOX", b"\\Recent", b"BODY[", b"<0.0>", b"RETURN (", b"\r\nDONE\r\n",
)  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn, lines: tuple[bytes, ...], ending: bytes = b"\r\n") -> bytes:
    """Some of the lines in any order, with some octets put in, taken out, doubled or changed."""
    octets = bytearray()
    for line in draw(st.lists(st.sampled_from(lines), min_size=1, max_size=6)):
        octets += line + ending
    for _ in range(draw(st.integers(0, 5))):
        at = draw(st.integers(0, len(octets)))
        width = draw(st.integers(1, 12))
        match draw(st.sampled_from(("insert", "replace", "drop", "double", "flip"))):
            case "insert":
                octets[at:at] = draw(st.sampled_from(NASTY))
            case "replace":
                octets[at : at + width] = draw(st.sampled_from(NASTY))
            case "drop":
                del octets[at : at + width]
            case "double":
                octets[at:at] = octets[at : at + width]
            case _:
                if at < len(octets):
                    octets[at] ^= draw(st.sampled_from((1, 32, 128)))
    return bytes(octets)
