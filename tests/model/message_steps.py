"""Steps that read and change messages: APPEND, STORE, EXPUNGE, COPY, MOVE, FETCH, SEARCH."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from tests.model.account_model import applied
from tests.model.session import PLAIN, ModelSession, numbers_in
from tests.model.steps import FLAGS, Pick, Step, flag_names, lowered, paths, picks, sessions
from tests.peers.imap import Literal, Reply

if TYPE_CHECKING:
    from tests.model.play import Play

GONE = b"EXPUNGEISSUED"


def completed(reply: Reply, status: str, code: bytes = b"") -> None:
    """The tagged response must be this; a code of HIGHESTMODSEQ may always be there."""
    given = b"" if reply.code.startswith(b"HIGHESTMODSEQ") else reply.code
    assert (reply.status, given) == (status, code), (reply.status, reply.text, code)


@dataclass(frozen=True)
class Append(Step):
    """APPEND, and MULTIAPPEND where there are several flag lists."""

    path: str
    flags: tuple[tuple[str, ...], ...]

    async def run(self, play: Play) -> None:
        session = await play.acting(self.session)
        assert session is not None
        account, box = play.account, play.account.find(self.path)
        pieces: list[bytes] = [b"APPEND " + self.path.encode()]
        uids: list[int] = []
        for names in self.flags:
            raw = play.new_message()
            pieces += [b" (%b) " % " ".join(names).encode(), Literal(raw)]
            if box is not None and box.selectable:
                uids.append(account.append(box, raw, lowered(names)))
        reply = await session.command(*pieces)
        if not uids:
            completed(reply, "NO", b"TRYCREATE")
            return
        found = re.fullmatch(rb"APPENDUID (\d+) (\S+)", reply.code)
        assert found, reply
        assert box is not None
        assert numbers_in(found[2]) == uids
        assert int(found[1]) == box.uidvalidity


@dataclass(frozen=True)
class Store(Step):
    """STORE and UID STORE, with and without .SILENT and UNCHANGEDSINCE."""

    uid: bool
    pick: Pick
    mode: str
    silent: bool
    flags: tuple[str, ...]
    since: int | None
    """Which of the mailbox's earlier states UNCHANGEDSINCE names."""

    async def run(self, play: Play) -> None:
        session = await play.acting(self.session, selected=True)
        if session is None:
            return
        box = session.box
        assert box is not None
        text, uids = self.pick.resolve(session, uid=self.uid)
        since: int | None = None
        modifier = b""
        if self.since is not None:
            since, modseq = sorted(box.highest.items())[self.since % len(box.highest)]
            modifier = b" (UNCHANGEDSINCE %d)" % modseq
            if session.mode == PLAIN:
                session.mode = "condstore"
        present = [uid for uid in uids if uid in box.messages]
        modified: list[int] = []
        if not session.read_only:
            modified = play.account.store(box, present, self.mode, lowered(self.flags), since)
        # What others changed is told before; the command's own part of it is told only where it is not silent.
        command = b"%bSTORE %b%b %bFLAGS%b (%b)" % (
            b"UID " if self.uid else b"", text, modifier, self.mode.encode(), b".SILENT" if self.silent else b"",
            " ".join(self.flags).encode(),
        )  # fmt: skip
        reply = await session.command(command, holds=not self.uid)
        if session.read_only:
            completed(reply, "NO")
            return
        self._check(session, reply, uids, modified)

    def _check(self, session: ModelSession, reply: Reply, uids: list[int], modified: list[int]) -> None:
        box = session.box
        assert box is not None
        done = [uid for uid in uids if uid in box.messages and uid not in modified]
        if modified:
            found = re.fullmatch(rb"MODIFIED (\S+)", reply.code)
            assert found, reply
            # UID STORE announces expunges, which move the numbers; but then it names UIDs.
            numbers = numbers_in(found[1])
            assert (numbers if self.uid else [session.view[number - 1] for number in numbers]) == modified
            assert reply.status == "OK"
        elif not self.uid and any(uid not in box.messages for uid in uids):
            completed(reply, "NO", GONE)
        else:
            completed(reply, "OK")
        for uid in done:
            if self.silent and uid in session.flags:
                session.flags[uid] = applied(session.flags[uid], self.mode, lowered(self.flags))
            elif not self.silent:
                assert session.flags.get(uid) == box.messages[uid].flags, (uid, reply.untagged)


@dataclass(frozen=True)
class Expunge(Step):
    """EXPUNGE and UID EXPUNGE."""

    pick: Pick | None

    async def run(self, play: Play) -> None:
        session = await play.acting(self.session, selected=True)
        if session is None:
            return
        box = session.box
        assert box is not None
        command, chosen = b"EXPUNGE", box.uids
        if self.pick is not None:
            text, chosen = self.pick.resolve(session, uid=True)
            command = b"UID EXPUNGE " + text
        doomed = [uid for uid in chosen if uid in box.messages and "\\deleted" in box.messages[uid].flags]
        if not session.read_only:
            play.account.expunge(box, doomed)
        reply = await session.command(command)
        completed(reply, "NO" if session.read_only else "OK")
        if not session.read_only:
            assert not set(doomed) & set(session.view), "an expunge of one's own is told at once"


@dataclass(frozen=True)
class Transfer(Step):
    """COPY, MOVE and their UID forms."""

    uid: bool
    pick: Pick
    move: bool
    path: str

    async def run(self, play: Play) -> None:
        session = await play.acting(self.session, selected=True)
        if session is None:
            return
        box = session.box
        assert box is not None
        account, target = play.account, play.account.find(self.path)
        text, uids = self.pick.resolve(session, uid=self.uid)
        present = [uid for uid in uids if uid in box.messages]
        found_all = len(present) == len(uids)
        command = b"%b%b %b %b" % (
            b"UID " if self.uid else b"", b"MOVE" if self.move else b"COPY", text, self.path.encode()
        )  # fmt: skip
        refusal = self._refusal(session, found_all, target_there=target is not None and target.selectable)
        if refusal is not None:
            completed(await session.command(command), "NO", refusal)
            return
        assert target is not None
        act = account.move if self.move else account.copy
        pairs = act(box, present, target)
        reply = await session.command(command)
        assert reply.status == "OK", reply
        said = [line for line in (*reply.untagged, b"OK " + reply.text) if b"[COPYUID " in line]
        if not pairs:
            assert not said
            return
        (line,) = said
        found = re.match(rb"OK \[COPYUID (\d+) (\S+) (\S+)\]", line)
        assert found, line
        assert int(found[1]) == target.uidvalidity
        assert list(zip(numbers_in(found[2]), numbers_in(found[3]), strict=True)) == pairs
        if self.move:
            assert not set(present) & set(session.view), "a message moved away is told at once"

    def _refusal(self, session: ModelSession, found_all: bool, *, target_there: bool) -> bytes | None:
        if self.move and session.read_only:
            return b""
        if not target_there:
            return b"TRYCREATE"
        return GONE if not self.move and not self.uid and not found_all else None


@dataclass(frozen=True)
class Fetch(Step):
    """FETCH of flags from memory, or of the text, which sets \\Seen."""

    uid: bool
    pick: Pick
    text: bool

    async def run(self, play: Play) -> None:
        session = await play.acting(self.session, selected=True)
        if session is None:
            return
        box = session.box
        assert box is not None
        chosen, uids = self.pick.resolve(session, uid=self.uid)
        present = [uid for uid in uids if uid in box.messages]
        if self.text and not session.read_only:
            play.account.store(box, present, "+", frozenset({"\\seen"}))
        items = b"(UID BODY[TEXT])" if self.text else b"(FLAGS UID)"
        reply = await session.command(
            b"%bFETCH %b %b" % (b"UID " if self.uid else b"", chosen, items), holds=not self.uid
        )
        found_all = self.uid or len(present) == len(uids)
        completed(reply, "OK" if found_all else "NO", b"" if found_all else GONE)
        texts: dict[int, bytes] = {}
        for line in reply.untagged:
            if b" FETCH (" in line and b"UID " in line and (b"BODY[TEXT]" in line or not self.text):
                items_by_uid = Reply("", b"", [line]).fetched()
                for uid, given in items_by_uid.items():
                    texts[uid] = given.get("BODY[TEXT]", b"")
        assert set(present) <= set(texts) <= set(box.messages), (present, reply.untagged)
        if self.text:
            assert sorted(texts) == present
            for uid in present:
                assert box.messages[uid].raw.partition(b"\r\n\r\n")[2] == texts[uid]


@dataclass(frozen=True)
class Search(Step):
    """SEARCH by flags, numbers, UIDs and modification sequence, nested, by every form of the answer."""

    uid: bool
    keys: tuple[tuple[str, int], ...]
    returning: bytes | None

    async def run(self, play: Play) -> None:
        session = await play.acting(self.session, selected=True)
        if session is None or not session.view:
            return
        box = session.box
        assert box is not None
        words: list[bytes] = []
        wanted = {uid for uid in session.view if uid in box.messages}
        for kind, value in self.keys:
            word, matching = self._key(session, kind, value)
            words.append(word)
            wanted &= matching
        returning = b"" if self.returning is None else b"RETURN (%b) " % self.returning
        command = b"%bSEARCH %b%b" % (b"UID " if self.uid else b"", returning, b" ".join(words))
        number_of = {uid: at for at, uid in enumerate(session.view, 1)}
        reply = await session.command(command, holds=not self.uid)
        if reply.code == GONE:
            # RFC 5530: a hint that NOOP has something to tell.
            assert any(uid not in box.messages for uid in number_of), reply
        else:
            completed(reply, "OK")
        expected = sorted(wanted) if self.uid else sorted(number_of[uid] for uid in wanted)
        if self.returning is None:
            (line,) = reply.of("SEARCH")
            assert [int(word) for word in line.partition(b"(")[0].split()] == expected, (command, session.view)
            return
        (line,) = reply.of("ESEARCH")
        self._compare(line, expected)

    def _compare(self, line: bytes, expected: list[int]) -> None:
        given = dict(re.findall(rb"(MIN|MAX|COUNT|ALL) (\S+)", line))
        asked = (self.returning or b"ALL").split()
        assert set(given) == {name for name in asked if expected or name == b"COUNT"}, line
        values = {b"COUNT": len(expected), b"MIN": min(expected, default=0), b"MAX": max(expected, default=0)}
        for name, value in given.items():
            if name == b"ALL":
                assert numbers_in(value) == expected
            else:
                assert int(value) == values[name]

    def _key(self, session: ModelSession, kind: str, value: int) -> tuple[bytes, set[int]]:
        box = session.box
        assert box is not None
        present = {uid for uid in session.view if uid in box.messages}

        def having(flag: str) -> set[int]:
            return {uid for uid in present if flag.lower() in box.messages[uid].flags}

        flag = FLAGS[value % len(FLAGS)]
        name = flag[1:].upper().encode() if flag.startswith("\\") else b"KEYWORD " + flag.encode()
        low = session.view[value % len(session.view)]
        match kind:
            case "flag":
                return name, having(flag)
            case "not":
                return b"NOT " + name, present - having(flag)
            case "or":
                return b"OR (NOT %b) (%b SEEN)" % (name, name), (present - having(flag)) | (
                    having(flag) & having("\\seen")
                )
            case "uid":
                return b"UID %d:*" % low, {uid for uid in present if uid >= low}
            case "number":
                return b"%d:*" % (session.view.index(low) + 1), {uid for uid in present if uid >= low}
            case "modseq":
                version, modseq = sorted(box.highest.items())[value % len(box.highest)]
                if session.mode == PLAIN:
                    session.mode = "condstore"
                return b"MODSEQ %d" % (modseq + 1), {uid for uid in present if box.messages[uid].version > version}
            case _:
                return b"ALL", present


def flag_lists() -> st.SearchStrategy[tuple[tuple[str, ...], ...]]:
    return st.lists(flag_names(), min_size=1, max_size=3).map(tuple)


def message_steps() -> st.SearchStrategy[Step]:
    keys = st.tuples(st.sampled_from(("flag", "not", "or", "uid", "number", "modseq", "all")), st.integers(0, 7))
    deleting = st.builds(
        Store, sessions(), st.booleans(), picks(), st.just("+"), st.booleans(), st.just(("\\Deleted",)), st.none()
    )
    storing = st.builds(
        Store, sessions(), st.booleans(), picks(), st.sampled_from(("+", "-", "")), st.booleans(), flag_names(),
        st.none() | st.integers(0, 9),
    )  # fmt: skip
    transfer = st.builds(Transfer, sessions(), st.booleans(), picks(), st.booleans(), paths())
    expunge = st.builds(Expunge, sessions(), st.none() | picks())
    return st.one_of(
        st.builds(Append, sessions(), paths(), flag_lists()),
        storing,
        storing,
        deleting,
        expunge,
        expunge,
        transfer,
        transfer,
        st.builds(Fetch, sessions(), st.booleans(), picks(), st.booleans()),
        st.builds(
            Search,
            sessions(),
            st.booleans(),
            st.lists(keys, min_size=1, max_size=3).map(tuple),
            st.none() | st.sampled_from((b"", b"ALL", b"MIN MAX COUNT", b"COUNT ALL")),
        ),
    )
