"""Text parts as text: charset, format=flowed (RFC 3676), and HTML read as plain text. Never raises."""

from __future__ import annotations

import html
import re
from typing import Final

from correio.mime.bodies import Bodies, choose_bodies
from correio.mime.charsets import charset_codec, decode_charset
from correio.mime.model import Part

__all__ = ["Bodies", "choose_bodies", "html_to_text", "is_flowed", "part_text", "unflow", "written_text"]

_META_CHARSET: Final = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:\-]{2,40})", re.IGNORECASE)


def part_text(part: Part, decoded: bytes) -> str:
    """Return the text of a text part for display: lines end with LF, flowed paragraphs are joined (RFC 3676).

    ``decoded`` is the body after its transfer encoding. HTML is returned as HTML.
    """
    text = written_text(part, decoded)
    flowed = is_flowed(part)
    return text if flowed is None else unflow(text, delete_space=flowed)


def is_flowed(part: Part) -> bool | None:
    """Tell whether DelSp of a part in format=flowed is yes; None for a part in another format."""
    if part.media_type != "text/plain":
        return None
    parameters = dict(part.parameters)
    if parameters.get("format", "").lower() != "flowed":
        return None
    return parameters.get("delsp", "").lower() == "yes"


def written_text(part: Part, decoded: bytes) -> str:
    """Return the text of a text part line by line as it was sent, the lines ending with LF."""
    charset = part.charset
    if part.media_type == "text/html" and charset_codec(charset) is None:
        declared = _META_CHARSET.search(decoded, 0, 2048)
        if declared and charset_codec(declared[1].decode("ascii")) not in (
            None,
            "utf_16",
            "utf_16_le",
            "utf_16_be",
            "utf_7",
        ):
            charset = declared[1].decode("ascii")
    text = decode_charset(decoded, charset)
    if text[:1] == "\ufeff":
        text = text[1:]
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text


def unflow(text: str, *, delete_space: bool = False) -> str:
    """Join the lines of format=flowed paragraphs (RFC 3676 section 4). Quoted lines keep one ``>`` a level before them."""
    out: list[str] = []
    paragraph: list[str] = []
    depth = 0

    def end_paragraph() -> None:
        if paragraph:
            prefix = ">" * depth + " " if depth else ""
            out.append(prefix + "".join(paragraph))
            paragraph.clear()

    for line in text.split("\n"):
        content = line.lstrip(">")
        line_depth = len(line) - len(content)
        # Section 4.4: a leading space was stuffed.
        if content[:1] == " ":
            content = content[1:]
        if line_depth != depth:
            end_paragraph()
            depth = line_depth
        if content == "-- ":
            # Section 4.3: the signature separator is neither flowed nor the end of a flowed line.
            end_paragraph()
            paragraph.append(content)
            end_paragraph()
        elif content.endswith(" "):
            paragraph.append(content[:-1] if delete_space else content)
        else:
            paragraph.append(content)
            end_paragraph()
    end_paragraph()
    return "\n".join(out)


_MARKUP: Final = re.compile(r"<(?:(!--)|(/?)([A-Za-z][A-Za-z0-9]{0,15})|[!?/])")
_BLANKS: Final = re.compile(r"[ \t\r\n\f\xa0]+")
_SKIPPED: Final = frozenset(("script", "style", "head", "title", "noscript", "template", "svg", "math", "object"))
_LINE: Final = frozenset(
    ("tr", "div", "li", "dd", "dt", "pre", "section", "article", "header", "footer", "form", "center")
)
_PARAGRAPH: Final = frozenset(("p", "table", "ul", "ol", "dl", "blockquote", "hr", "h1", "h2", "h3", "h4", "h5", "h6"))
_CLOSING: Final = {name: re.compile(rf"</{name}\b", re.IGNORECASE) for name in _SKIPPED}
_REFERENCE: Final = re.compile(r"&#(?:0*([0-9]+)|[xX]0*([0-9a-fA-F]+));?")
_MOST_DIGITS: Final = 7
"""Of a number that stands for a character, without leading zeros."""
_WINDOW: Final = 64 * 1024
"""Characters that one call of a regular expression looks at: it holds the interpreter."""
_LONGEST: Final = 64
"""Characters of the longest thing that one is looked for."""
_MANY_LINES: Final = re.compile(r"\n{3,}")


def html_to_text(markup: str) -> str:
    """Return what HTML says as plain text: no tags, blocks on lines of their own. Linear; it makes nothing safe to embed."""
    out: list[str] = []
    at = 0
    length = len(markup)
    unclosed: set[str] = set()
    while at < length:
        tag = _search(_MARKUP, markup, at)
        if tag is None:
            out.append(_characters(markup[at:]))
            break
        if tag.start() > at:
            out.append(_characters(markup[at : tag.start()]))
        if tag[1]:
            end = markup.find("-->", tag.end())
            at = end + 3 if end >= 0 else length
            continue
        end = markup.find(">", tag.end())
        at = end + 1 if end >= 0 else length
        name = (tag[3] or "").lower()
        if name in _PARAGRAPH:
            out.append("\n\n")
        elif name == "br" or (name in _LINE and out and not out[-1].endswith("\n")):
            out.append("\n")
        elif name in ("td", "th") and not tag[2]:
            out.append(" ")
        elif name in _SKIPPED and not tag[2] and name not in unclosed:
            closing = _search(_CLOSING[name], markup, at)
            if closing is None:
                unclosed.add(name)
                if name in ("script", "style"):
                    break
            else:
                end = markup.find(">", closing.end())
                at = end + 1 if end >= 0 else length
    # Not by a regular expression: one for the blanks around line ends takes the square of a run of blanks.
    text = "\n".join(line.strip(" ") for line in "".join(out).split("\n"))
    return _MANY_LINES.sub("\n\n", text).strip()


def _search(pattern: re.Pattern[str], text: str, at: int) -> re.Match[str] | None:
    """Search from a position on, a window at a time."""
    while at < len(text):
        found = pattern.search(text, at, at + _WINDOW + _LONGEST)
        if found is not None and found.start() < at + _WINDOW:
            return found
        at += _WINDOW
    return None


def _characters(text: str) -> str:
    """Return the characters between two tags, a window at a time."""
    pieces: list[str] = []
    at = 0
    while at < len(text):
        end = at + _WINDOW
        if end < len(text):
            # No reference is cut in two, unless it is longer than any can be.
            begun = text.rfind("&", max(at + 1, end - _LONGEST), end)
            end = begun if begun >= 0 else end
        piece = _BLANKS.sub(" ", text[at:end])
        pieces.append(html.unescape(_REFERENCE.sub(_bearable, piece)) if "&" in piece else piece)
        at = end
    return "".join(pieces)


def _bearable(reference: re.Match[str]) -> str:
    """Return a reference by number without leading zeros, or what stands for one that is too long: Python refuses to read it."""
    number = reference[1] or reference[2]
    if len(number) > _MOST_DIGITS:
        return "\ufffd"
    return reference[0] if len(reference[0]) < _LONGEST else f"&#{'x' if reference[2] else ''}{number};"
