"""HTML of mail made harmless: an allow-list of elements and attributes, its CSS rebuilt, nothing remote unless asked for.

This is one of three layers; whoever shows the result still does so in a sandboxed document with its own CSP.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, Literal
from urllib.parse import quote, unquote

import msgspec
import nh3

from correio.mime.css import sanitise_declarations, sanitise_stylesheet
from correio.mime.html_structure import well_formed

MAX_HTML: Final = 1024 * 1024
"""Characters; the rest is cut off."""
MAX_CSS: Final = 128 * 1024
"""Characters of CSS, of all elements and attributes together, that are looked at; the rest is left out."""
Remote = Literal["block", "allow", "proxy"]


class SanitisedHtml(msgspec.Struct, frozen=True):
    """HTML without anything active."""

    html: str
    """A fragment for the body of a document; it may begin with one ``style`` element."""
    blocked_remote: int
    """How many remote pictures were left out."""
    truncated: bool = False


_TAGS: Final = frozenset(
    "a abbr address article aside b bdi bdo big blockquote br caption center cite code col colgroup dd del details dfn div dl "  # noqa: SIM905
    "dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main mark nav ol p pre q rp rt ruby s "
    "samp section small span strike strong sub summary sup table tbody td tfoot th thead time tr tt u ul var wbr".split()
)
_CONTENT_TOO: Final = frozenset(
    "script style title noscript template textarea select option svg math iframe frame frameset object embed applet xmp "  # noqa: SIM905
    "noembed noframes plaintext audio video canvas datalist".split()
)
_ATTRIBUTES: Final[dict[str, set[str]]] = {
    "*": {"align", "bgcolor", "class", "dir", "height", "lang", "style", "title", "valign", "width"},
    "a": {"href"},
    "blockquote": {"type"},
    "br": {"clear"},
    "col": {"span"},
    "colgroup": {"span"},
    "font": {"color", "face", "size"},
    "hr": {"color", "noshade", "size"},
    "img": {"src", "alt", "border", "hspace", "vspace"},
    "li": {"type", "value"},
    "ol": {"start", "type", "reversed"},
    "table": {"background", "border", "bordercolor", "cellpadding", "cellspacing", "frame", "rules", "summary"},
    "td": {"abbr", "background", "colspan", "headers", "nowrap", "rowspan", "scope"},
    "th": {"abbr", "background", "colspan", "headers", "nowrap", "rowspan", "scope"},
    "time": {"datetime"},
    "tr": {"background"},
    "ul": {"type"},
}
_NAMES: Final = frozenset(name for names in _ATTRIBUTES.values() for name in names)
_IGNORED_IN_URL: Final = re.compile(r"[\x00-\x20\x7f-\xa0\u200b-\u200f\u2028-\u202e\ufeff]+")
_WEB: Final = re.compile(r"https?:/{0,2}[^/]", re.IGNORECASE)
_LINK: Final = re.compile(r"(?:https?://[^/]|mailto:|tel:|#)", re.IGNORECASE)
_DATA_IMAGE: Final = re.compile(r"data:image/(?:png|gif|jpe?g|webp|bmp|avif);base64,[A-Za-z0-9+/=%]*", re.IGNORECASE)
_STYLE_START: Final = re.compile(r"<style\b[^>]{0,1000}>", re.IGNORECASE)
_STYLE_END: Final = re.compile(r"</style\b", re.IGNORECASE)
_COMMENT_FRAME: Final = re.compile(r"<!--|-->")


def sanitise_html(
    html: str, *, part_urls: Mapping[str, str], remote: Remote = "block", proxy_prefix: str = ""
) -> SanitisedHtml:
    """Return HTML that shows what the sender wrote and does nothing.

    ``part_urls`` gives the URL of a part for its Content-ID (without angle brackets), for ``cid:`` pictures. Remote pictures
    are left out and counted (``block``), kept (``allow``), or fetched through a proxy: ``proxy_prefix`` followed by their
    percent-encoded URL. Links open in a new window without a referrer.
    """
    html, truncated = _bounded(html)
    cleaner = _Cleaner(part_urls, remote, proxy_prefix)
    style = cleaner.stylesheet(html)
    body = nh3.clean(
        well_formed(html, _TAGS, _NAMES, _CONTENT_TOO),
        tags=set(_TAGS),
        clean_content_tags=set(_CONTENT_TOO),
        attributes=_ATTRIBUTES,
        attribute_filter=cleaner.attribute,
        link_rel="noopener noreferrer",
        set_tag_attribute_values={"a": {"target": "_blank"}},
        url_schemes={"http", "https", "mailto", "tel", "data", "cid"},
    )
    return SanitisedHtml(f"<style>{style}</style>{body}" if style else body, cleaner.blocked, truncated)


def _bounded(html: str) -> tuple[str, bool]:
    if len(html) <= MAX_HTML:
        return html, False
    end = html.rfind(">", MAX_HTML - 4096, MAX_HTML)
    return html[: end + 1 if end >= 0 else MAX_HTML], True


class _Cleaner:
    """The decisions about single attributes, and what they cost."""

    def __init__(self, part_urls: Mapping[str, str], remote: Remote, proxy_prefix: str) -> None:
        self.part_urls = part_urls
        self.remote = remote
        self.proxy_prefix = proxy_prefix
        self.blocked = 0
        self.css_left = MAX_CSS
        self.styles: dict[str, str] = {}
        self.filters: dict[str, Callable[[str], str | None]] = {
            "src": self.image_url,
            "background": self.image_url,
            "href": _link,
            "style": self.style,
            "class": _plain,
        }

    def attribute(self, _tag: str, name: str, value: str) -> str | None:
        """Return an attribute's value as it may stay, None where it goes."""
        decide = self.filters.get(name)
        return value if decide is None else decide(value)

    def style(self, css: str) -> str | None:
        """Return a ``style`` attribute reduced to what is allowed."""
        known = self.styles.get(css)
        if known is None:
            if len(css) > self.css_left:
                return None
            self.css_left -= len(css)
            known = self.styles[css] = sanitise_declarations(css, self.image_url)
        return known or None

    def stylesheet(self, html: str) -> str:
        """Return the rules of all ``style`` elements together."""
        out: list[str] = []
        at = 0
        while start := _STYLE_START.search(html, at):
            end = _STYLE_END.search(html, start.end())
            at = end.end() if end else len(html)
            css = _COMMENT_FRAME.sub(" ", html[start.end() : end.start() if end else len(html)])
            if len(css) > self.css_left:
                break
            self.css_left -= len(css)
            rules = sanitise_stylesheet(css, self.image_url)
            if rules:
                out.append(rules)
        return "\n".join(out)

    def image_url(self, url: str) -> str | None:
        """Return the URL a picture may be loaded from, None: it may not."""
        url = _IGNORED_IN_URL.sub("", url)
        scheme = url[:5].lower()
        if scheme.startswith("cid:"):
            content_id = url[4:]
            found = self.part_urls.get(content_id)
            return found if found is not None else self.part_urls.get(unquote(content_id).strip("<>"))
        if scheme == "data:":
            return url if _DATA_IMAGE.fullmatch(url) else None
        if url.startswith(("//", "\\\\", "/\\", "\\/")):
            url = "https://" + url[2:]
        if not _WEB.match(url):
            # Relative to what? To this server, if it were let pass.
            return None
        if self.remote == "allow":
            return url
        if self.remote == "proxy" and self.proxy_prefix:
            return self.proxy_prefix + quote(url, safe="")
        self.blocked += 1
        return None


def _link(url: str) -> str | None:
    url = _IGNORED_IN_URL.sub("", url) if not url.lower().lstrip().startswith("mailto:") else url.strip()
    return url if _LINK.match(url) else None


def _plain(value: str) -> str | None:
    return value if value.isascii() else None
