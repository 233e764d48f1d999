"""RFC 5322 address lists (section 3.4, obsolete forms of 4.4 included, RFC 6532) and what real mail writes instead.

One pass over tokens, linear in the length of the text, and it never raises: text that is no address becomes an address
without a domain, so that a person still sees it.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from correio.mime.encoded_words import decode_encoded_words
from correio.mime.model import Address

MAX_ADDRESSES: Final = 10_000

# The two forms nearly all mail has, without anything that needs a second look.
_SIMPLE: Final = re.compile(
    r'\s*+(?:"([^"\\]*+)"|([^\s"(),:;<>@\[\]\\][^"(),:;<>@\[\]\\]*+)|)\s*+<([^\s"(),:;<>@\[\]\\]++)@([^\s"(),:;<>@\[\]\\]++)>\s*+(,|$)'
    r"|\s*+([^\s\"(),:;<>@\[\]\\]++)@([^\s\"(),:;<>@\[\]\\]++)\s*+(,|$)"
)
_TOKEN: Final = re.compile(
    r"\s++"
    r"|=\?[^?\s=]{1,64}\?[bBqQ]\?[^?\s]*+\?="
    r'|"(?:[^"\\]++|\\.)*+("?)'
    r"|\[[^\[\]]*+\]?"
    r"|[^\s\"(),:;<>@\[\]\\]++"
    r"|.",
    re.DOTALL,
)
_COMMENT_PIECE: Final = re.compile(r"[^()\\]++|\\.?|[()]", re.DOTALL)
_QUOTED_PAIR: Final = re.compile(r"\\(.)", re.DOTALL)


class RawAddress(NamedTuple):
    """One mailbox as it is written, encoded words not decoded. ``group`` is a number for each group, 0 outside."""

    name: str | None
    route: str | None
    local: str
    domain: str
    group: int = 0
    group_name: str = ""
    is_empty_group: bool = False


def parse_raw_addresses(text: str) -> list[RawAddress]:
    """Return the mailboxes of an address list. The text is unfolded already."""
    found: list[RawAddress] = []
    at = 0
    length = len(text)
    while at < length and len(found) < MAX_ADDRESSES:
        match = _SIMPLE.match(text, at)
        if match is None:
            return _Scanner(text, found).scan(at)
        quoted, phrase, local, domain, _, bare_local, bare_domain, _ = match.groups()
        if bare_local is not None:
            found.append(RawAddress(None, None, bare_local, bare_domain))
        else:
            name = quoted if quoted is not None else phrase
            found.append(RawAddress(name.strip() or None if name else None, None, local, domain))
        at = match.end()
    return found


def parse_addresses(text: str) -> list[Address]:
    """Return the mailboxes of an address list with names and groups decoded (RFC 2047)."""
    return [decode_address(raw) for raw in parse_raw_addresses(text)]


def decode_address(raw: RawAddress) -> Address:
    """Return the address with its names decoded."""
    name = raw.name
    if name is not None and "=?" in name:
        name = decode_encoded_words(name).strip() or None
    group = decode_encoded_words(raw.group_name).strip() if raw.group else None
    local = decode_encoded_words(raw.local) if "=?" in raw.local else raw.local
    return Address(name, local, raw.domain, group)


class _Scanner:
    """The slow path: a state machine over tokens."""

    def __init__(self, text: str, found: list[RawAddress]) -> None:
        self.text = text
        self.found = found
        self.words: list[str] = []
        """Words of the phrase or of the bare address, with the white space between them as single spaces."""
        self.parts: list[str] = []
        """Words of what stands between the angle brackets."""
        self.behind: list[str] = []
        """Words after the angle brackets."""
        self.comment: str | None = None
        self.in_angle = False
        self.had_angle = False
        self.groups = 0
        self.group = 0
        self.group_name = ""
        self.group_members = 0

    def scan(self, at: int) -> list[RawAddress]:
        text, length = self.text, len(self.text)
        match = _TOKEN.match
        while at < length and len(self.found) < MAX_ADDRESSES:
            token = match(text, at)
            assert token is not None
            word = token[0]
            first = word[0]
            if first == '"' and not token[1]:
                # A quote without its fellow means nothing, and nor does any after it.
                self.text = text = text[:at] + text[at:].replace('"', " ")
                continue
            if first == "(":
                at = self._comment(at)
                continue
            at = token.end()
            if first == "<":
                # A second "<" before ">" starts again ("<<a@b>>"); after it, someone forgot a comma.
                if self.had_angle and not self.in_angle:
                    next_words = list(self.behind)
                    self.behind.clear()
                    self._finish()
                    self.words = next_words
                self.in_angle, self.had_angle = True, True
                self.parts.clear()
            elif first == ">":
                self.in_angle = False
            elif first == "," and not (self.in_angle and not self._angle_is_complete()):
                self._finish()
            elif first == ";":
                self._finish()
                self._end_group()
            elif first == ":" and not self.in_angle and self._may_start_group():
                self._start_group()
            elif self.in_angle:
                if not word.isspace():
                    self.parts.append(word)
            elif not self.had_angle:
                self._word(word)
            else:
                self._after_angle(word)
        self._finish()
        self._end_group()
        return self.found

    def _word(self, word: str) -> None:
        if word.isspace():
            if self.words and self.words[-1] != " ":
                self.words.append(" ")
        else:
            self.words.append(word)

    def _after_angle(self, word: str) -> None:
        """Words behind the angle brackets are the name of this address, or, if another ``<`` comes, of the next one."""
        self.behind.append(" " if word.isspace() else word)

    def _angle_is_complete(self) -> bool:
        """Tell whether a comma ends the address: not within a source route (``<@a,@b:c@d>``, RFC 5322 section 4.4)."""
        return not self.parts or self.parts[0] != "@" or ":" in self.parts

    def _may_start_group(self) -> bool:
        return not self.group and not self.had_angle and "@" not in self.words and bool(self.words)

    def _comment(self, at: int) -> int:
        """Read a comment, nested ones included, and return the offset after it. Unclosed, it is the rest of the text."""
        depth = 0
        pieces: list[str] = []
        for piece in _COMMENT_PIECE.finditer(self.text, at):
            octet = piece[0]
            at = piece.end()
            if octet == "(":
                depth += 1
                if depth == 1:
                    continue
            elif octet == ")":
                depth -= 1
                if depth == 0:
                    break
            elif octet[0] == "\\":
                octet = octet[1:]
            pieces.append(octet)
        comment = "".join(pieces).strip()
        if comment and not self.in_angle:
            self.comment = comment
        if not self.in_angle:
            self._word(" ")
        return at

    def _start_group(self) -> None:
        self.groups += 1
        self.group = self.groups
        self.group_name = _phrase(self.words)
        self.group_members = 0
        self._clear()

    def _end_group(self) -> None:
        if self.group and not self.group_members:
            self.found.append(RawAddress(None, None, "", "", self.group, self.group_name, is_empty_group=True))
        self.group = 0
        self.group_name = ""

    def _clear(self) -> None:
        self.words.clear()
        self.parts.clear()
        self.behind.clear()
        self.comment = None
        self.in_angle = self.had_angle = False

    def _finish(self) -> None:
        """End one address at a comma, a semicolon or the end of the text."""
        words, comment = self.words, self.comment
        while words and words[-1] == " ":
            words.pop()
        if self.had_angle:
            route, local, domain = _addr_spec(self.parts)
            name = _phrase(words) or _phrase(self.behind) or comment
        elif words.count("@") > 1 and " " in words:
            self._forgotten_commas(words)
            return
        elif words:
            route, local, domain, name = None, *_bare(words), comment
            if not domain and not name and (" " in local or not local.isascii()):
                # A name without any address.
                local, name = "", local
        else:
            self._clear()
            return
        if local or domain or name:
            self.found.append(RawAddress(name or None, route, local, domain, self.group, self.group_name))
            if self.group:
                self.group_members += 1
        self._clear()

    def _forgotten_commas(self, words: list[str]) -> None:
        """Take ``a@x.test b@y.test`` for two addresses; words without an at sign are dropped."""
        piece: list[str] = []
        for word in [*words, " "]:
            if word != " ":
                piece.append(word)
                continue
            if "@" in piece and len(self.found) < MAX_ADDRESSES:
                local, domain = _split_at(piece)
                if local or domain:
                    self.found.append(RawAddress(None, None, local, domain, self.group, self.group_name))
                    self.group_members += bool(self.group)
            piece = []
        self._clear()


def _unquote(word: str) -> str:
    if word[:1] != '"':
        return word
    inner = word[1:-1] if len(word) > 1 and word.endswith('"') else word[1:]
    return _QUOTED_PAIR.sub(r"\1", inner) if "\\" in inner else inner


def _phrase(words: list[str]) -> str:
    return " ".join("".join(map(_unquote, words)).split())


def _addr_spec(parts: list[str]) -> tuple[str | None, str, str]:
    """Split the tokens between angle brackets into route, local part and domain."""
    route = None
    if parts and parts[0] == "@" and ":" in parts:
        colon = parts.index(":")
        route = "".join(parts[:colon])
        parts = parts[colon + 1 :]
    elif len(parts) > 2 and parts[1] == ":" and parts[0].lower() == "mailto":
        parts = parts[2:]
    return (route, *_split_at(parts))


def _split_at(parts: list[str]) -> tuple[str, str]:
    for at in range(len(parts) - 1, -1, -1):
        if parts[at] == "@":
            return "".join(map(_unquote, parts[:at])), "".join(parts[at + 1 :])
    return "".join(map(_unquote, parts)), ""


def _bare(words: list[str]) -> tuple[str, str]:
    """Split an address without angle brackets; of ``Jane jane@x.test`` without them nothing is dropped."""
    if "@" not in words:
        return _phrase(words), ""
    local, domain = _split_at(words)
    # RFC 5322 section 4.4 allows white space around the dots and the at sign.
    if " " in domain:
        domain = "".join(domain.split())
    if " " in local and local[:1] != '"':
        local = re.sub(r"\s*\.\s*", ".", local).strip()
    return local, domain
