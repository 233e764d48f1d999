"""One IMAP session as a client sees it: what it has been told, and whether it may be told so now."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable

from tests.model.account_model import AccountModel, Box, Flags
from tests.peers.imap import ImapClient, Reply
from tests.peers.imap_grammar import fetch_data
from tests.peers.imap_responses import check_response
from tests.peers.served import Person

PLAIN, CONDSTORE, QRESYNC = "plain", "condstore", "qresync"


def plain_flags(names: Iterable[object]) -> Flags:
    """Flags to compare by: in lower case, as case has no meaning, and without \\Recent, which is of the session."""
    return frozenset(str(name, "ascii").lower() for name in names if isinstance(name, bytes)) - {"\\recent"}


def numbers_in(text: bytes) -> list[int]:
    """The numbers of a set, in the order written."""
    found: list[int] = []
    for item in text.split(b","):
        low, _, high = item.partition(b":")
        found.extend(range(int(low), int(high or low) + 1))
    return found


def bearer(person: Person) -> bytes:
    """The initial response of XOAUTH2: a token costs no password hash, of which a sequence would need ten."""
    return base64.b64encode(f"user={person.address}\x01auth=Bearer {person.password}\x01\x01".encode())


class CheckedClient(ImapClient):
    """A client that holds every response against the grammar as it comes."""

    async def response(self) -> bytes:
        whole = await super().response()
        check_response(whole + b"\r\n")
        return whole


class ModelSession:
    """A connection, its selected mailbox, and the client's own picture of it."""

    def __init__(self, account: AccountModel, person: Person, address: tuple[str, int], *, remote: bool) -> None:
        self.account = account
        self.person = person
        self.address = address
        self.remote = remote
        """Whether its server is another process than that of the others."""
        self.mode = PLAIN
        self.client: CheckedClient | None = None
        self.forget()

    def forget(self) -> None:
        """Nothing is selected now."""
        self.box: Box | None = None
        self.read_only = False
        self.view: list[int] = []
        self.flags: dict[int, Flags] = {}
        self.keywords: Flags = frozenset()
        self._top = 0

    # The connection.

    async def connect(self, mode: str) -> None:
        """Sign in, with an extension enabled."""
        self.forget()
        self.mode = mode
        self.client = client = await CheckedClient.connect(self.address)
        await client.ok(b"AUTHENTICATE XOAUTH2 " + bearer(self.person))
        if mode != PLAIN:
            await client.ok(b"ENABLE " + mode.upper().encode())

    async def leave(self, *, politely: bool) -> None:
        client, self.client = self.client, None
        if client is None:
            return
        if politely:
            reply = await client.command(b"LOGOUT")
            assert reply.of("BYE"), reply
        await client.close()
        self.forget()

    @property
    def live(self) -> CheckedClient:
        assert self.client is not None
        return self.client

    def select(self, box: Box, *, read_only: bool, reply: Reply) -> None:
        """Begin anew with what SELECT told."""
        self.forget()
        self.box, self.read_only = box, read_only
        self.absorb(reply, holds=False)
        assert len(self.view) == len(box.messages), ("SELECT", self.view, box.uids)
        codes = dict(
            re.findall(rb"OK \[(UIDVALIDITY|UIDNEXT|HIGHESTMODSEQ|UNSEEN) (\d+)\]", b"\n".join(reply.untagged))
        )
        assert int(codes[b"UIDNEXT"]) == box.uidnext, (codes, box.uidnext)
        assert int(codes[b"UIDVALIDITY"]) == box.uidvalidity or not box.uidvalidity, (codes, box.uidvalidity)
        assert int(codes[b"HIGHESTMODSEQ"]) >= box.highest_at(self.account.version), codes
        unseen = [at for at, uid in enumerate(box.uids, 1) if "\\seen" not in box.messages[uid].flags]
        assert int(codes.get(b"UNSEEN", b"0")) == (unseen[0] if unseen else 0), (codes, unseen)
        assert reply.code == (b"READ-ONLY" if read_only else b"READ-WRITE"), reply.code

    # Commands.

    async def command(self, *pieces: bytes, holds: bool = False) -> Reply:
        """Send a command and take in its answer. ``holds``: no EXPUNGE may come (RFC 9051 section 7.5.1)."""
        reply = await self.live.command(*pieces)
        self.absorb(reply, holds=holds)
        return reply

    def absorb(self, reply: Reply, *, holds: bool) -> None:
        for line in reply.untagged:
            self.take(line, holds=holds)

    def take(self, line: bytes, *, holds: bool) -> None:
        """Take in one untagged response."""
        number, _, rest = line.partition(b" ")
        if number.isdigit():
            kind = rest.split(b" ")[0]
            if kind == b"EXPUNGE":
                assert not holds, "EXPUNGE while the client's numbers must hold"
                assert self.mode != QRESYNC, "EXPUNGE after ENABLE QRESYNC"
                self._expunged(int(number))
            elif kind == b"EXISTS":
                self._exists(int(number))
            elif kind == b"FETCH":
                self._fetched(line)
            elif kind == b"RECENT":
                assert int(number) <= len(self.view), line
        elif line.startswith(b"VANISHED (EARLIER) "):
            assert self.mode == QRESYNC
        elif line.startswith(b"VANISHED "):
            assert not holds, "VANISHED while the client's numbers must hold"
            assert self.mode == QRESYNC, "VANISHED without ENABLE QRESYNC"
            for uid in numbers_in(line[9:]):
                assert uid in self.view, (line, self.view)
                self._expunged(self.view.index(uid) + 1)
        elif line.startswith(b"FLAGS ("):
            self.keywords = plain_flags(line[7:-1].split())

    def _expunged(self, number: int) -> None:
        assert 1 <= number <= len(self.view), f"EXPUNGE {number} of {len(self.view)}"
        uid = self.view.pop(number - 1)
        self.flags.pop(uid, None)
        assert self.box is not None
        assert uid not in self.box.messages, f"the message with UID {uid} is still there"

    def _exists(self, count: int) -> None:
        assert self.box is not None, "EXISTS and nothing is selected"
        fresh = [uid for uid in self.box.uids if uid > self._top][: count - len(self.view)]
        self.view.extend(fresh)
        assert len(self.view) == count, f"EXISTS {count}, known are {self.view}"
        self._top = max([self._top, *fresh])

    def _fetched(self, line: bytes) -> None:
        number, items = fetch_data(line)
        assert 1 <= number <= len(self.view), f"FETCH {number} of {len(self.view)}"
        uid = self.view[number - 1]
        assert items.get("UID", uid) == uid, (line, self.view)
        assert self.box is not None
        message = self.box.messages.get(uid)
        if "FLAGS" in items:
            assert isinstance(items["FLAGS"], list)
            self.flags[uid] = plain_flags(items["FLAGS"])
            unknown = self.flags[uid] - self.keywords
            assert not unknown, f"flags that FLAGS never named: {sorted(unknown)}"
        if "MODSEQ" in items and message is not None:
            assert self.mode != PLAIN, "MODSEQ to a client that never asked"
            (modseq,) = items["MODSEQ"]  # type: ignore[misc]
            self._check_modseq(uid, int(modseq))

    def _check_modseq(self, uid: int, modseq: int) -> None:
        """A message's modification sequence lies between those of its mailbox before and after its last change."""
        assert self.box is not None
        version = self.box.messages[uid].version
        # While a step runs, what happened before it may still be told first.
        assert modseq > self.box.highest_at(version - 1) or version not in self.box.highest, (
            uid,
            modseq,
            version,
            self.box.highest,
        )
        if self.account.version > version or version in self.box.highest:
            assert modseq <= self.box.highest_at(version), (uid, modseq, version, self.box.highest)

    # Comparing.

    def assert_told(self) -> None:
        """What was told without being asked for is all there is to know, but for the flags of new messages."""
        assert self.box is not None
        assert self.view == self.box.uids, ("told", self.view, "true", self.box.uids)
        told = {uid: flags for uid, flags in self.flags.items() if uid in self.box.messages}
        true = {uid: self.box.messages[uid].flags for uid in told}
        assert told == true

    async def synchronise(self) -> None:
        """NOOP, and then what was told, and what FETCH gives, must be the model."""
        if self.box is None:
            return
        if self.box.deleted:
            await self.meet_deletion()
            return
        client = self.live
        noop = client.send(b"NOOP")
        items = b"(FLAGS MODSEQ)" if self.mode != PLAIN else b"(FLAGS)"
        fetch = client.send(b"UID FETCH 1:* " + items)
        reply = await client.finish(noop)
        self.absorb(reply, holds=False)
        assert reply.status == "OK", reply
        self.assert_told()
        reply = await client.finish(fetch)
        self.absorb(reply, holds=False)
        assert reply.status == "OK", reply
        fetched = reply.fetched()
        assert sorted(fetched) == self.box.uids
        self.assert_told()
        assert len(self.flags) == len(self.box.messages)

    async def meet_deletion(self, *, idle: bool = False) -> None:
        """A client whose mailbox has been deleted is told by BYE: in IDLE at once, else at its next command or the one after.

        (RFC 9051 section 6.3.5 leaves it to the server; a client that reconnects is right in any case.)
        """
        client, mode = self.live, self.mode
        said: list[bytes] = []
        if not idle:
            client.writer.write(b"x NOOP\r\nx NOOP\r\n")
        try:
            while True:
                said.append(await client.response())
        except ConnectionError:
            assert any(line.startswith(b"* BYE ") for line in said), said
        await client.close()
        await self.connect(mode)
