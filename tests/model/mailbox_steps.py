"""Steps on mailboxes: CREATE, DELETE, RENAME, SUBSCRIBE, SELECT, EXAMINE, CLOSE, UNSELECT."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from tests.model.message_steps import completed
from tests.model.steps import Step, paths, sessions

if TYPE_CHECKING:
    from tests.model.play import Play


@dataclass(frozen=True)
class Create(Step):
    """CREATE, which makes the parents as well."""

    path: str

    async def run(self, play: Play) -> None:
        session = await play.acting(self.session)
        assert session is not None
        refusal = play.account.create(self.path)
        reply = await session.command(b"CREATE " + self.path.encode())
        if refusal is None:
            assert reply.status == "OK", reply
            assert reply.code.startswith(b"MAILBOXID ("), reply
        else:
            completed(reply, "NO", refusal.encode())


@dataclass(frozen=True)
class Delete(Step):
    """DELETE; a mailbox with children leaves its name."""

    path: str

    async def run(self, play: Play) -> None:
        session = await play.acting(self.session)
        assert session is not None
        refusal = play.account.delete(self.path)
        reply = await session.live.command(b"DELETE " + self.path.encode())
        completed(reply, "NO" if refusal else "OK", (refusal or "").encode())
        if session.box is not None and session.box.deleted:
            assert any(b"[CLOSED]" in line for line in reply.of("OK")), reply
            session.forget()
        session.absorb(reply, holds=False)


@dataclass(frozen=True)
class Rename(Step):
    """RENAME, with all that is below."""

    path: str
    target: str

    async def run(self, play: Play) -> None:
        session = await play.acting(self.session)
        assert session is not None
        refusal = play.account.rename(self.path, self.target)
        reply = await session.command(b"RENAME %b %b" % (self.path.encode(), self.target.encode()))
        completed(reply, "NO" if refusal else "OK", (refusal or "").encode())


@dataclass(frozen=True)
class Subscribe(Step):
    """SUBSCRIBE and UNSUBSCRIBE, also of names without a mailbox."""

    path: str
    subscribed: bool

    async def run(self, play: Play) -> None:
        session = await play.acting(self.session)
        assert session is not None
        refusal = play.account.subscribe(self.path, subscribed=self.subscribed)
        command = b"SUBSCRIBE " if self.subscribed else b"UNSUBSCRIBE "
        reply = await session.command(command + self.path.encode())
        completed(reply, "NO" if refusal else "OK", (refusal or "").encode())


@dataclass(frozen=True)
class Select(Step):
    """SELECT and EXAMINE. A refusal leaves nothing selected (RFC 9051 section 6.3.2)."""

    path: str
    read_only: bool

    async def run(self, play: Play) -> None:
        session = await play.acting(self.session)
        assert session is not None
        closes = session.box is not None
        box = play.account.find(self.path)
        reply = await session.live.command((b"EXAMINE " if self.read_only else b"SELECT ") + self.path.encode())
        assert any(b"[CLOSED]" in line for line in reply.of("OK")) is closes, reply
        session.forget()
        if box is None or not box.selectable:
            completed(reply, "NO", b"NONEXISTENT")
            return
        assert reply.status == "OK", reply
        session.select(box, read_only=self.read_only, reply=reply)


@dataclass(frozen=True)
class Leave(Step):
    """CLOSE, which expunges without a word, and UNSELECT, which does not."""

    close: bool

    async def run(self, play: Play) -> None:
        session = await play.acting(self.session, selected=True)
        if session is None:
            return
        box = session.box
        assert box is not None
        if self.close and not session.read_only:
            doomed = [uid for uid, message in box.messages.items() if "\\deleted" in message.flags]
            play.account.expunge(box, doomed)
        reply = await session.live.command(b"CLOSE" if self.close else b"UNSELECT")
        completed(reply, "OK")
        assert not reply.of("EXPUNGE")
        assert not reply.of("VANISHED")
        session.forget()


def mailbox_steps() -> st.SearchStrategy[Step]:
    select = st.builds(Select, sessions(), paths(), st.booleans())
    return st.one_of(
        st.builds(Create, sessions(), paths()),
        st.builds(Create, sessions(), paths()),
        st.builds(Delete, sessions(), paths()),
        st.builds(Rename, sessions(), paths(), paths()),
        st.builds(Subscribe, sessions(), paths(), st.booleans()),
        select,
        select,
        st.builds(Leave, sessions(), st.booleans()),
    )
