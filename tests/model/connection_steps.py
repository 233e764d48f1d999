"""Steps of connections and of other protocols: coming back by QRESYNC or CHANGEDSINCE, IDLE, LMTP delivery, POP3."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from tests.model.play import MODES, SESSIONS, resynchronised
from tests.model.session import CONDSTORE, PLAIN, QRESYNC, bearer
from tests.model.steps import Step, sessions
from tests.peers.imap import Reply
from tests.peers.pop3 import Pop3Client
from tests.peers.smtp import SmtpClient

if TYPE_CHECKING:
    from tests.model.account_model import Snapshot
    from tests.model.play import Play


def _set(numbers: list[int]) -> bytes:
    return b",".join(b"%d" % number for number in numbers)


@dataclass(frozen=True)
class Reconnect(Step):
    """The connection ends, politely or not, and a new one selects nothing yet."""

    mode: str
    politely: bool

    async def run(self, play: Play) -> None:
        session = play.sessions[self.session]
        if session.box is not None and session.box.deleted:
            await session.meet_deletion()
        await session.leave(politely=self.politely)
        await session.connect(self.mode)


@dataclass(frozen=True)
class Resynchronise(Step):
    """A client comes back with what it kept of a mailbox at some earlier step (RFC 7162 section 3.2.5)."""

    known: int
    uids: bool
    matching: bool
    read_only: bool

    async def run(self, play: Play) -> None:
        session = play.sessions[self.session]
        await session.leave(politely=False)
        await session.connect(QRESYNC)
        known = play.account.history[self.known % len(play.account.history)]
        box = play.account.find(known.box.path)
        if box is None or not box.selectable:
            return
        reply = await session.live.ok(self._command(box.path, known))
        session.select(box, read_only=self.read_only, reply=reply)
        if known.uidvalidity != box.uidvalidity:
            assert not reply.of("VANISHED")
            assert not reply.of("FETCH")
        else:
            if self.uids and known.flags:
                # What came later is not among the UIDs it named: it asks for that itself.
                fetch = await session.live.ok(b"UID FETCH %d:* (FLAGS)" % known.uidnext)
                reply.untagged += fetch.untagged
                session.absorb(fetch, holds=False)
            resynchronised(known.flags, reply, box)

    def _command(self, path: str, known: Snapshot) -> bytes:
        command = b"EXAMINE" if self.read_only else b"SELECT"
        extra = b""
        uids = sorted(known.flags)
        if self.uids and uids:
            extra += b" " + _set(uids)
        if self.matching and uids:
            extra += b" (%b %b)" % (_set(list(range(1, len(uids) + 1))), _set(uids))
        return b"%b %b (QRESYNC (%d %d%b))" % (command, path.encode(), known.uidvalidity, known.modseq, extra)


@dataclass(frozen=True)
class ChangedSince(Step):
    """FETCH … CHANGEDSINCE gives what changed and nothing else; with VANISHED also what went."""

    known: int

    async def run(self, play: Play) -> None:
        session = await play.acting(self.session, selected=True)
        if session is None:
            return
        box = session.box
        assert box is not None
        states = [one for one in play.account.history if one.box is box]
        known = states[self.known % len(states)]
        vanished = b" VANISHED" if session.mode == QRESYNC else b""
        if session.mode == PLAIN:
            session.mode = CONDSTORE
        await session.synchronise()
        reply = await session.command(b"UID FETCH 1:* (FLAGS) (CHANGEDSINCE %d%b)" % (known.modseq, vanished))
        assert reply.status == "OK", reply
        changed = {uid for uid, message in box.messages.items() if message.version > known.version}
        assert set(reply.fetched()) == changed
        if vanished:
            resynchronised(known.flags, reply, box)


@dataclass(frozen=True)
class Idle(Step):
    """One session waits in IDLE while something else happens, and sends its next command right behind DONE."""

    inner: Step

    async def run(self, play: Play) -> None:
        session = await play.acting(self.session)
        assert session is not None
        client = session.live
        tag = client.send(b"IDLE")
        while not (line := await client.response()).startswith(b"+"):
            session.take(line[2:], holds=False)
        inner = self.inner
        if inner.session == self.session:
            inner = replace(inner, session=(self.session + 1) % SESSIONS)
        await inner.run(play)
        if session.box is not None and session.box.deleted:
            await session.meet_deletion(idle=True)
            return
        client.writer.write(b"DONE\r\n")
        noop = client.send(b"NOOP")
        reply = await client.finish(tag, Reply("", b""))
        session.absorb(reply, holds=False)
        assert reply.status == "OK", reply
        near = not session.remote and not play.sessions[inner.session].remote
        if session.box is not None and near:
            session.assert_told()
        reply = await client.finish(noop)
        session.absorb(reply, holds=False)
        if session.box is not None:
            session.assert_told()


@dataclass(frozen=True)
class Deliver(Step):
    """A message comes by LMTP."""

    async def run(self, play: Play) -> None:
        raw = play.new_message()
        client = await SmtpClient.connect(play.near.address("lmtp"), lmtp=True)
        (answer,) = await client.deliver([play.person.address], raw)
        assert answer.code == 250, answer
        await client.close()
        play.account.append(play.account.boxes["INBOX"], raw, frozenset(), -1)


@dataclass(frozen=True)
class Retrieve(Step):
    """A POP3 client marks messages, and ends with QUIT or by vanishing."""

    marks: tuple[int, ...]
    reset: bool
    quits: bool

    async def run(self, play: Play) -> None:
        inbox = play.account.boxes["INBOX"]
        client = await Pop3Client.connect(play.near.address("pop3"))
        await client.ok(b"AUTH XOAUTH2 " + bearer(play.person))
        uids = inbox.uids
        rows = (await client.multiline(b"UIDL")).splitlines()
        assert len(rows) == len(uids)
        for row, uid in zip(rows, uids, strict=True):
            name = row.split(b" ")[1]
            assert play.unique_ids.setdefault(name, (inbox, uid)) == (inbox, uid), "a UIDL was given to another message"
        sizes = await client.sizes()
        assert all(
            sizes[at] == inbox.messages[uid].size for at, uid in enumerate(uids, 1) if inbox.messages[uid].size > 0
        )
        doomed = sorted({mark % len(uids) for mark in self.marks}) if uids else []
        for at in doomed:
            await client.ok(b"DELE %d" % (at + 1))
        if self.reset:
            await client.ok(b"RSET")
        if self.quits:
            await client.ok(b"QUIT")
            if not self.reset:
                play.account.expunge(inbox, [uids[at] for at in doomed])
        await client.close()


@dataclass(frozen=True)
class Unknown(Step):
    """A command that fails changes nothing."""

    command: bytes

    async def run(self, play: Play) -> None:
        session = await play.acting(self.session)
        assert session is not None
        reply = await session.command(self.command)
        assert reply.status in ("NO", "BAD"), reply


def connection_steps(inner: st.SearchStrategy[Step]) -> st.SearchStrategy[Step]:
    resynchronise = st.builds(
        Resynchronise, sessions(), st.integers(0, 40), st.booleans(), st.booleans(), st.booleans()
    )
    failing = (
        b"FETCH 4000 FLAGS", b"UID FETCH 0 FLAGS", b"STORE 1", b"SELECT", b"COPY 1 INBOX extra", b"NOSUCH", b"UID MOVE 1",
    )  # fmt: skip
    return st.one_of(
        st.builds(Reconnect, sessions(), st.sampled_from(MODES), st.booleans()),
        resynchronise,
        resynchronise,
        st.builds(ChangedSince, sessions(), st.integers(0, 40)),
        st.builds(Idle, sessions(), inner),
        st.builds(Idle, sessions(), inner),
        st.builds(Deliver, sessions()),
        st.builds(Deliver, sessions()),
        st.builds(
            Retrieve, sessions(), st.lists(st.integers(0, 5), max_size=3).map(tuple), st.booleans(), st.booleans()
        ),
        st.builds(Unknown, sessions(), st.sampled_from(failing)),
    )
