"""Ask both servers the same and collect what differs."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any

from tests.corpus.sample import Sample
from tests.dovecot import questions
from tests.dovecot.answers import facts, items, sections, values
from tests.peers.imap import ImapClient, Literal, Literal8, Reply

FLAGS = ("\\Seen", "\\Flagged", "\\Answered", "\\Deleted", "\\Draft", "$Label")
_DATE = re.compile(
    rb"(?:[A-Z][a-z]{2}, )?\d{1,2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
    rb" (?:19[7-9]|20[0-2])\d \d\d:\d\d(?::\d\d)? [+-]\d{4}"
)
_IDENTIFIERS = frozenset({b"message-id", b"in-reply-to", b"references"})
_READ = re.compile(rb"(?im)^(date|subject|from|to|cc|message-id|in-reply-to|references)[ \t]*:(.*(?:\r\n[ \t].*)*)\r\n")
ANSWER = 60
"""Seconds to wait for an answer."""
Say = Callable[[str], None]


@dataclass(frozen=True)
class Difference:
    """``kind`` is what was asked, without numbers; ``where`` the message, search or name."""

    kind: str
    where: str
    correio: Any
    dovecot: Any
    raw: bytes = field(default=b"", repr=False)


@dataclass
class Pair:
    """A connection to each."""

    correio: ImapClient
    dovecot: ImapClient
    again: Callable[[], Awaitable[ImapClient]]
    """A new connection to Dovecot, which closes the old one where it cannot decode a part."""

    async def both(self, *pieces: bytes) -> tuple[Reply, Reply]:
        """The same command to both at once."""
        commands = (self.correio.command(*pieces), self.dovecot.command(*pieces))
        ours, theirs = await asyncio.gather(
            *(asyncio.wait_for(command, ANSWER) for command in commands), return_exceptions=True
        )
        for name, reply in (("Correio", ours), ("Dovecot", theirs)):
            if isinstance(reply, TimeoutError):
                raise RuntimeError(  # noqa: TRY004 - no type is wrong
                    f"{name} did not answer {b''.join(pieces)[:200]!r} within {ANSWER} s"
                )
        if isinstance(ours, BaseException):
            raise ours
        if isinstance(theirs, ConnectionError):
            self.dovecot = await self.again()
            await self.dovecot.ok(b"EXAMINE Corpus")
            return ours, Reply("closed", b"")
        if isinstance(theirs, BaseException):
            raise theirs
        return ours, theirs

    async def has(self, capability: str) -> bool:
        """Whether both say so."""
        told = await self.both(b"CAPABILITY")
        return all(capability.encode() in reply.of("CAPABILITY")[0].split() for reply in told)


class Comparison:
    """One run over one list of messages."""

    def __init__(self, pair: Pair, say: Say) -> None:
        self.pair = pair
        self.say = say
        self.asked: dict[str, int] = {}
        self.found: list[Difference] = []
        self._refused: set[str] = set()
        """Mailbox names that only one of them takes."""
        self._alike: list[int] = []
        """Messages whose ENVELOPE both give alike, with a plain date and a subject without encoded words, with each field once
        and identifiers in angle brackets: what SORT and THREAD must agree on."""

    def compare(self, kind: str, where: str, ours: Any, theirs: Any, raw: bytes = b"") -> None:
        """Count a question and keep the answers where they differ."""
        self.asked[kind] = self.asked.get(kind, 0) + 1
        if ours != theirs:
            self.found.append(Difference(kind, where, ours, theirs, raw))

    async def run(self, samples: Sequence[Sample]) -> None:
        """Everything, in one mailbox of all messages."""
        kept = await self._append(samples)
        for client in (self.pair.correio, self.pair.dovecot):
            await client.ok(b"EXAMINE Corpus")
        self.say(f"{len(kept)} messages stored by both; reading them")
        for number, sample in enumerate(kept, 1):
            await self._message(number, sample)
            if number % 200 == 0:
                self.say(f"{number} messages read")
        await self._searches(kept)
        await self._orders()
        await self._mailboxes()

    async def _append(self, samples: Sequence[Sample]) -> list[Sample]:
        """The CRLF rule is applied here: Dovecot keeps a bare CR, and that is known."""
        await self.pair.both(b"CREATE Corpus")
        kept: list[Sample] = []
        chosen = random.Random(4)
        for sample in samples:
            raw = sample.canonical
            literal = Literal8 if b"\0" in raw else Literal
            flags = [flag for flag in FLAGS if chosen.random() < 0.3]
            day = chosen.randrange(1, 29)
            head = f'APPEND Corpus ({" ".join(flags)}) "{day:2}-Jan-2026 {chosen.randrange(24):02}:30:00 +0000" '
            ours, theirs = await self.pair.both(head.encode(), literal(raw))
            self.compare("APPEND", sample.name, ours.status, theirs.status, raw)
            if (ours.status, theirs.status) == ("OK", "OK"):
                kept.append(sample)
            elif "OK" in (ours.status, theirs.status):
                other = self.pair.correio if ours.status == "OK" else self.pair.dovecot
                await other.ok(b"SELECT Corpus")
                await other.ok(b"STORE * +FLAGS.SILENT (\\Deleted)")
                await other.ok(b"UID EXPUNGE " + (ours if ours.status == "OK" else theirs).code.split()[2])
                await other.ok(b"UNSELECT")
        return kept

    async def _fetch(self, number: int, asked: bytes) -> tuple[dict[str, Any], dict[str, Any], tuple[str, str]]:
        told = await self.pair.both(b"FETCH %d (%b)" % (number, asked))
        read: list[dict[str, Any]] = []
        for reply in told:
            lines = [line for line in reply.untagged if re.match(rb"\d+ FETCH ", line)]
            read.append({name: value for line in lines for name, value in items(line).items()})
        return read[0], read[1], (told[0].status, told[1].status)

    async def _message(self, number: int, sample: Sample) -> None:
        raw = sample.canonical
        ours, theirs, statuses = await self._fetch(number, questions.WHOLE)
        self.compare("FETCH completion", sample.name, *statuses, raw)
        for read in (ours, theirs):
            read.pop("UID", None)
            read["FLAGS"] = sorted(one for one in read.get("FLAGS") or [] if one != b"\\Recent")
        parts = sections(ours["BODYSTRUCTURE"])
        same = parts == sections(theirs["BODYSTRUCTURE"])
        self._facts(sample, facts(ours), facts(theirs))
        date, subject = (one or b"" for one in ours["ENVELOPE"][:2])
        plain = _is_plain(date) and b"=?" not in subject and _is_orderly(raw)
        if plain and ours["ENVELOPE"] == theirs["ENVELOPE"]:
            self._alike.append(number)
        if not same:
            return
        asked = questions.of_parts(parts[:60])
        ours, theirs, statuses = await self._fetch(number, asked)
        self.compare("FETCH of parts completion", sample.name, *statuses, raw)
        self._facts(sample, ours, theirs)
        for question in questions.of_binaries(parts[:40]):
            ours, theirs, statuses = await self._fetch(number, question)
            self.compare("BINARY completion", f"{sample.name} {question.decode()}", *statuses, raw)
            if statuses == ("OK", "OK"):
                # Dovecot's own BINARY.SIZE is not the length of its BINARY where lines end in LF or a part is broken.
                sizes = [(name, ours.pop(name)) for name in list(ours) if name.startswith("BINARY.SIZE")]
                for name, size in sizes:
                    theirs.pop(name, None)
                    given = ours.get(name.replace(".SIZE", ""))
                    self.compare("BINARY.SIZE is the length of BINARY", sample.name, size, len(given or b""))
                self._facts(sample, ours, theirs)

    def _facts(self, sample: Sample, ours: dict[str, Any], theirs: dict[str, Any]) -> None:
        same_shape = ours.get("BODYSTRUCTURE (shape)") == theirs.get("BODYSTRUCTURE (shape)")
        for name in sorted({*ours, *theirs}):
            if not same_shape and name.startswith("BODY") and "[" not in name and not name.endswith("(shape)"):
                continue
            where = f"{sample.name} {name}"
            self.compare(kind_of(name), where, ours.get(name), theirs.get(name), sample.canonical)

    async def _searches(self, kept: Sequence[Sample]) -> None:
        asked = questions.searches(kept)
        self.say(f"{len(asked)} searches")
        for name, pieces in asked:
            command: list[bytes] = [b"SEARCH CHARSET UTF-8 " + pieces[0]]
            command += [Literal(piece) for piece in pieces[1:]]
            ours, theirs = await self.pair.both(*command)
            found = [_numbers(reply) for reply in (ours, theirs)]
            kind = "SEARCH " + name.split(" ")[0].strip("(")
            self.compare(kind + " completion", name, ours.status, theirs.status)
            self.asked[kind] = self.asked.get(kind, 0) + 1
            for number in sorted(found[0] ^ found[1]):
                said = ["found" if number in those else "not found" for those in found]
                sample = kept[number - 1]
                self.found.append(Difference(kind, f"{name} | {sample.name}", *said, sample.canonical))

    async def _orders(self) -> None:
        alike = ",".join(map(str, self._alike)) or "1"
        if await self.pair.has("SORT"):
            for keys in questions.SORTS:
                ours, theirs = await self.pair.both(f"SORT ({keys}) UTF-8 {alike}".encode())
                self.compare(f"SORT {keys}", "all", ours.of("SORT"), theirs.of("SORT"))
        for algorithm in questions.THREADS:
            if await self.pair.has(f"THREAD={algorithm}"):
                ours, theirs = await self.pair.both(f"THREAD {algorithm} UTF-8 {alike}".encode())
                threads = [sorted(map(str, values(b" ".join(reply.of("THREAD"))))) for reply in (ours, theirs)]
                self.compare(f"THREAD {algorithm}", "all", threads[0], threads[1])

    async def _mailboxes(self) -> None:
        for name in questions.MAILBOXES:
            given = Literal(name.encode())
            for verb in (b"CREATE ", b"SUBSCRIBE ", b"STATUS "):
                rest = (b" (MESSAGES)",) if verb == b"STATUS " else ()
                ours, theirs = await self.pair.both(verb, given, *rest)
                self.compare(f"{verb.decode().strip()} completion", name, ours.status, theirs.status)
                if verb == b"CREATE " and ours.status != theirs.status:
                    self._refused.add(name)
        both = {name for name in questions.MAILBOXES if name not in self._refused}
        for verb in ("LIST", "LSUB"):
            for pattern in questions.LISTS:
                ours, theirs = await self.pair.both(f"{verb} {pattern}".encode())
                listed = [sorted(_listed(reply, verb, both)) for reply in (ours, theirs)]
                self.compare(verb, pattern, *listed)


def _is_plain(date: bytes) -> bool:
    """A date that RFC 5322 allows, that there was, and that is not the epoch, which stands for none."""
    try:
        return _DATE.fullmatch(date) is not None and parsedate_to_datetime(date.decode()).timestamp() > 0
    except ValueError:
        return False


def _is_orderly(raw: bytes) -> bool:
    """No field that SORT and THREAD read is there twice, and each identifier is one (RFC 5322 sections 3.6 and 3.6.4)."""
    fields = _READ.findall(raw.partition(b"\r\n\r\n")[0] + b"\r\n")
    names = [name.lower() for name, _ in fields]
    identifiers = [value for name, value in fields if name.lower() in _IDENTIFIERS]
    return len(names) == len(set(names)) and all(b"<" in value for value in identifiers if value.strip())


def kind_of(name: str) -> str:
    """The name of a fact without part numbers and counts."""
    name = re.sub(r"(?<=[\[ ])\d+(\.\d+)*\.?(?=[\] A-Za-z])", "p ", name).replace("[p ]", "[p]")
    return re.sub(r"<\d+(\.\d+)?>", "<>", name).replace("p  ", "p ")


def _numbers(reply: Reply) -> set[int]:
    return {int(one) for line in reply.of("SEARCH") for one in line.split(b" (MODSEQ")[0].split()}


def _listed(reply: Reply, verb: str, names: set[str]) -> list[str]:
    """Those of the names both made, with the attributes both know."""
    told: list[str] = []
    for line in reply.of(verb):
        attributes, delimiter, name = values(line)[:3]
        if (name or b"").decode("utf-8", "replace") not in names:
            continue
        kept = sorted(
            one.decode() for one in attributes if one.lower() in (b"\\noselect", b"\\haschildren", b"\\hasnochildren")
        )
        told.append(f"{name!r} {delimiter!r} {' '.join(kept)}")
    return told
