"""HTML made well formed and small before a real HTML parser sees it.

An HTML parser repairs bad nesting at a price that grows with the square of the input: 60,000 unclosed elements in one
message take it minutes and gigabytes. This pass is linear. It keeps only known elements, closes what is open, bounds the
nesting, and writes everything else as text; what may stay in an attribute is decided later.
"""

from __future__ import annotations

import re
from typing import Final

MAX_DEPTH: Final = 150
MAX_FORMATTING: Final = 12
"""Open formatting elements; a parser repeats all of them in every block that follows."""
MAX_TAGS: Final = 40_000

# Quotes delimit only after an equals sign (HTML, "before attribute value state").
_ATTRIBUTES: Final = r"(?:[^>=]++|=\s*+(?:\"[^\"]*+\"|'[^']*+'|[^\s>\"'][^\s>]*+|))*+"
_TAG: Final = re.compile(rf"<(/?)([A-Za-z][A-Za-z0-9]*+)(?=[\s/>])({_ATTRIBUTES})>")
_ODD_TAG: Final = re.compile(rf"</?[A-Za-z]{_ATTRIBUTES}>")
_ATTRIBUTE: Final = re.compile(
    r"([^\s=>\"'/<]++)(?:\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s>\"'][^\s>]*+)))?", re.DOTALL
)
_STRAY: Final = re.compile(r"(?:<(?![A-Za-z!?/]))++")
_NAME: Final = re.compile(r"[a-z][a-z\-]{0,20}")

VOID: Final = frozenset(("br", "hr", "img", "wbr", "col"))
_FORMATTING: Final = frozenset(
    ("a", "b", "big", "code", "em", "font", "i", "s", "small", "strike", "strong", "tt", "u")
)
_CLOSES_P: Final = frozenset(
    (
        "address",
        "article",
        "aside",
        "blockquote",
        "center",
        "details",
        "dd",
        "div",
        "dl",
        "dt",
        "figcaption",
        "figure",
        "footer",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "ul",
    )
)
_CELL: Final = frozenset(("td", "th", "caption"))
_BARRIER: Final = _CELL | {"table"}
_IN_TABLE: Final = {
    "td": frozenset(("tr", "table")),
    "th": frozenset(("tr", "table")),
    "tr": frozenset(("tbody", "thead", "tfoot", "table")),
    "tbody": frozenset(("table",)),
    "thead": frozenset(("table",)),
    "tfoot": frozenset(("table",)),
    "caption": frozenset(("table",)),
    "colgroup": frozenset(("table",)),
    "col": frozenset(("colgroup", "table")),
}
_ITEM: Final = {
    "li": (frozenset(("li",)), _BARRIER | {"ul", "ol"}),
    "dd": (frozenset(("dd", "dt")), _BARRIER | {"dl"}),
    "dt": (frozenset(("dd", "dt")), _BARRIER | {"dl"}),
    "a": (frozenset(("a",)), _BARRIER),
}


def well_formed(html: str, tags: frozenset[str], attributes: frozenset[str], dropped: frozenset[str]) -> str:
    """Return HTML of these elements and attributes only, every one closed.

    Elements in ``dropped`` go with all they contain, other unknown ones leave their contents. Never raises.
    """
    return _Writer(tags, attributes, dropped).write(html)


class _Writer:
    def __init__(self, tags: frozenset[str], attributes: frozenset[str], dropped: frozenset[str]) -> None:
        self.tags = tags
        self.attributes = attributes
        self.closing = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in dropped}
        self.unclosed: set[str] = set()
        self.out: list[str] = []
        self.stack: list[str] = []
        self.formatting = 0
        self.count = 0

    def write(self, html: str) -> str:
        at = 0
        while at >= 0:
            start = html.find("<", at)
            if start < 0:
                self.out.append(html[at:])
                break
            if start > at:
                self.out.append(html[at:start])
            at = self._markup(html, start)
            if self.count > MAX_TAGS:
                break
        self._close(0)
        return "".join(self.out)

    def _markup(self, html: str, at: int) -> int:
        """Handle what begins with ``<``, and return where it ends, -1: the rest is of no use."""
        tag = _TAG.match(html, at)
        if tag:
            self.count += 1
            name = tag[2].lower()
            if name in self.closing:
                return tag.end() if tag[1] else self._skip(html, name, tag.end())
            if name in self.tags:
                if tag[1]:
                    self._end_tag(name)
                else:
                    self._start_tag(name, tag[3])
            return tag.end()
        following = html[at + 1 : at + 2]
        if html.startswith("<!--", at):
            if html.startswith(("<!-->", "<!--->"), at):
                return html.index(">", at) + 1
            end = html.find("-->", at + 4)
            return end + 3 if end >= 0 else -1
        if following in ("!", "?") or html.startswith("</", at):
            end = html.find(">", at)
            return end + 1 if end >= 0 else -1
        if following.isascii() and following.isalpha():
            odd = _ODD_TAG.match(html, at)
            # Without an end it reaches to the end of the text, as HTML has it.
            return odd.end() if odd else -1
        stray = _STRAY.match(html, at)
        end = stray.end() if stray else at + 1
        self.out.append("&lt;" * (end - at))
        return end

    def _skip(self, html: str, name: str, at: int) -> int:
        if name in self.unclosed:
            return at
        closing = self.closing[name].search(html, at)
        if closing is None:
            self.unclosed.add(name)
            return -1 if name in ("script", "style", "textarea", "title", "xmp", "plaintext", "iframe") else at
        end = html.find(">", closing.end())
        return end + 1 if end >= 0 else -1

    def _start_tag(self, name: str, attributes: str) -> None:
        within = _IN_TABLE.get(name)
        if within is not None:
            if not self._pop_to(within):
                return
        else:
            item = _ITEM.get(name)
            if item is not None:
                self._pop_through(*item)
            if name in _CLOSES_P:
                self._pop_through(frozenset(("p",)), _BARRIER)
        if name not in VOID:
            if len(self.stack) >= MAX_DEPTH or (name in _FORMATTING and self.formatting >= MAX_FORMATTING):
                return
            self.stack.append(name)
            self.formatting += name in _FORMATTING
        self.out.append(f"<{name}{self._attributes(attributes)}>")

    def _attributes(self, text: str) -> str:
        if not text or text == "/":
            return ""
        found: dict[str, str] = {}
        for match in _ATTRIBUTE.finditer(text):
            name = match[1].lower()
            if name in self.attributes and name not in found and _NAME.fullmatch(name):
                value = match[2] if match[2] is not None else match[3] if match[3] is not None else match[4] or ""
                found[name] = value.replace('"', "&quot;").replace("<", "&lt;")
        return "".join([f' {name}="{value}"' for name, value in found.items()])

    def _end_tag(self, name: str) -> None:
        if name in VOID:
            return
        barrier = frozenset(("table",)) if name in _IN_TABLE else frozenset() if name == "table" else _BARRIER
        self._pop_through(frozenset((name,)), barrier - {name})

    def _pop_through(self, names: frozenset[str], barrier: frozenset[str]) -> None:
        """Close the innermost of these elements and all within it, unless it lies outside a barrier."""
        stack = self.stack
        for position in range(len(stack) - 1, -1, -1):
            name = stack[position]
            if name in names:
                self._close(position)
                return
            if name in barrier:
                return

    def _pop_to(self, names: frozenset[str]) -> bool:
        """Close everything within the innermost of these elements. False: there is none."""
        stack = self.stack
        for position in range(len(stack) - 1, -1, -1):
            if stack[position] in names:
                self._close(position + 1)
                return True
        return False

    def _close(self, position: int) -> None:
        for name in reversed(self.stack[position:]):
            self.out.append(f"</{name}>")
            self.formatting -= name in _FORMATTING
        del self.stack[position:]
