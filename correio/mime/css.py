"""CSS of mail, reduced to what can only change how text looks: nothing loaded, nothing run, nothing laid over the page.

Everything is rebuilt from tokens by lists of what is allowed. Text that the lists do not know is left out, so that a trick
of spelling (escapes, comments, unclosed strings) can at most lose a declaration.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

import tinycss2

MAX_DEPTH: Final = 8
MAX_RULES: Final = 2_000

_PROPERTIES: Final = re.compile(
    r"(?:background(?:-(?:color|image|position|position-[xy]|repeat|size|clip|origin))?"
    r"|border(?:-(?:top|right|bottom|left))?(?:-(?:color|style|width|radius|left-radius|right-radius))?"
    r"|border-(?:collapse|spacing)|outline(?:-(?:color|style|width))?|box-shadow|box-sizing|caption-side"
    r"|clear|color|color-scheme|direction|display|empty-cells|float|font(?:-(?:family|size|stretch|style|variant|weight))?"
    r"|(?:max-|min-)?(?:width|height)|letter-spacing|line-height|line-break|list-style(?:-(?:position|type))?"
    r"|margin(?:-(?:top|right|bottom|left))?|padding(?:-(?:top|right|bottom|left))?|object-fit|opacity|orphans|widows"
    r"|overflow(?:-[xy]|-wrap)?|page-break-(?:after|before|inside)|quotes|table-layout"
    r"|text-(?:align|decoration|decoration-(?:color|line|style)|indent|overflow|shadow|transform|underline-offset)"
    r"|unicode-bidi|vertical-align|visibility|white-space|word-(?:break|spacing|wrap)|hyphens|tab-size"
    r"|(?:align|justify)-(?:content|items|self)|flex(?:-(?:basis|direction|flow|grow|shrink|wrap))?|gap|order"
    r"|-webkit-text-size-adjust|-ms-text-size-adjust|text-size-adjust|mso-[a-z\-]{1,40})"
)
_FUNCTIONS: Final = frozenset(
    (
        "rgb",
        "rgba",
        "hsl",
        "hsla",
        "hwb",
        "lab",
        "lch",
        "calc",
        "min",
        "max",
        "clamp",
        "linear-gradient",
        "radial-gradient",
        "conic-gradient",
        "repeating-linear-gradient",
        "repeating-radial-gradient",
    )
)
_SELECTOR_FUNCTIONS: Final = frozenset(
    ("not", "is", "where", "nth-child", "nth-of-type", "nth-last-child", "lang", "dir")
)
_LEAVES: Final = frozenset(("ident", "number", "percentage", "dimension", "hash", "string", "whitespace", "literal"))

ImageURL = Callable[[str], str | None]
"""From a URL in the style sheet to one that may be loaded, None: the declaration is left out."""


class _UnsafeError(Exception):
    """A value holds something that is not allowed."""


def sanitise_declarations(css: str, image_url: ImageURL) -> str:
    """Return the allowed declarations of a ``style`` attribute."""
    return _declarations(tinycss2.parse_blocks_contents(css, skip_comments=True, skip_whitespace=True), image_url)


def sanitise_stylesheet(css: str, image_url: ImageURL) -> str:
    """Return the allowed rules of a ``style`` element: qualified rules, and those within ``@media``. It holds no ``<``."""
    rules = tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True)
    return _rules(rules, image_url, within_media=False)


def _rules(rules: Sequence[Any], image_url: ImageURL, *, within_media: bool) -> str:
    out: list[str] = []
    for rule in rules[:MAX_RULES]:
        try:
            if rule.type == "qualified-rule":
                selector = _serialise(rule.prelude, _SELECTOR_FUNCTIONS, None).strip()
                contents = tinycss2.parse_blocks_contents(rule.content, skip_comments=True, skip_whitespace=True)
                body = _declarations(contents, image_url)
                if selector and body:
                    out.append(f"{selector} {{{body}}}")
            elif rule.type == "at-rule" and rule.lower_at_keyword == "media" and rule.content and not within_media:
                condition = _serialise(rule.prelude, frozenset(), None).strip()
                inner = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
                body = _rules(inner, image_url, within_media=True)
                if body:
                    out.append(f"@media {condition} {{{body}}}")
        except _UnsafeError:
            continue
    return "\n".join(out)


def _declarations(contents: Sequence[Any], image_url: ImageURL) -> str:
    out: list[str] = []
    for declaration in contents:
        if declaration.type != "declaration" or not _PROPERTIES.fullmatch(declaration.lower_name):
            continue
        try:
            value = _serialise(declaration.value, _FUNCTIONS, image_url).strip()
        except _UnsafeError:
            continue
        if value:
            out.append(f"{declaration.lower_name}: {value}" + (" !important" if declaration.important else ""))
    return "; ".join(out)


def _serialise(tokens: Sequence[Any], functions: frozenset[str], image_url: ImageURL | None, depth: int = 0) -> str:
    """Write tokens out again. Raises _UnsafeError for anything not allowed."""
    if depth > MAX_DEPTH:
        raise _UnsafeError
    out: list[str] = []
    for token in tokens:
        kind = token.type
        if kind == "comment":
            continue
        if kind == "url" or (kind == "function" and token.lower_name == "url"):
            out.append(_url(token, image_url))
        elif kind == "function":
            if token.lower_name not in functions:
                raise _UnsafeError
            out.append(f"{token.lower_name}({_serialise(token.arguments, functions, image_url, depth + 1)})")
        elif kind in ("() block", "[] block"):
            inner = _serialise(token.content, functions, image_url, depth + 1)
            out.append(f"({inner})" if kind == "() block" else f"[{inner}]")
        elif kind in _LEAVES:
            out.append(token.serialize())
        else:
            raise _UnsafeError
    text = "".join(out)
    if "<" in text or "\\" in text or "@" in text:
        # tinycss2 writes escapes only where a name needs them, which no honest style does.
        raise _UnsafeError
    return text


def _url(token: Any, image_url: ImageURL | None) -> str:
    if token.type == "url":
        target = token.value
    else:
        strings = [argument.value for argument in token.arguments if argument.type == "string"]
        target = strings[0] if len(strings) == 1 else ""
    replaced = image_url(target) if image_url is not None else None
    if replaced is None or re.search(r"[\s\"'()<>\\]", replaced):
        raise _UnsafeError
    return f'url("{replaced}")'
