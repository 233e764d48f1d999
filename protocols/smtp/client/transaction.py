"""One mail transaction (RFC 5321 section 3.3): the envelope, in one write where the server takes that, and the message."""

from __future__ import annotations

from typing import Final, NamedTuple

from correio.queue.courier import BeforeDot, CannotDowngradeError, Envelope, Message, Outcome, Reply
from protocols.smtp.client.core.dialogue import EARLY
from protocols.smtp.client.core.envelope_commands import Paths, mail_argument, paths_for, rcpt_argument
from protocols.smtp.client.core.offer import Offer
from protocols.smtp.client.core.reply_reader import ServerReply
from protocols.smtp.client.core.stuffing import stuffed_pieces
from protocols.smtp.client.stream import ClientStream, StreamLostError
from protocols.smtp.client.timeouts import Timeouts

_TOO_MANY: Final = 552


class _Command(NamedTuple):
    verb: str
    argument: str
    recipient: int = -1
    """Index of the recipient of RCPT."""


class Transaction:
    """Sends one message."""

    def __init__(self, stream: ClientStream, offer: Offer, timeouts: Timeouts, *, stale: bool) -> None:
        self.after_dot = False
        """Whether the dot may have reached the server."""
        self.begun = False
        """Whether a command was sent."""
        self.stale = stale
        """Whether RSET must come before the next transaction."""
        self.broken = False
        """Whether the connection is at its end, although the outcomes are known."""
        self._stream = stream
        self._offer = offer
        self._timeouts = timeouts
        self.refused: Final[dict[int, Reply]] = {}
        """By recipient: a refusal."""
        self._count = 0
        """How many recipients there are."""
        self._of_all: ServerReply | None = None
        """The reply to MAIL that refuses all of them."""
        self._accepted: list[int] = []

    async def run(self, envelope: Envelope, message: Message, before_dot: BeforeDot) -> list[Outcome]:
        """Return one outcome a recipient. Raises StreamLostError, MailError, and what ``before_dot`` raises."""
        count = self._count = len(envelope.recipients)
        paths = paths_for(envelope, self._offer)
        if isinstance(paths, Reply):
            return _all(paths, count)
        seven_bit = paths.downgrade or (message.eight_bit and not self._offer.eight_bit and not paths.utf8)
        try:
            content = await message.octets(seven_bit=seven_bit)
        except CannotDowngradeError as error:
            return _all(Reply(0, "5.6.7" if paths.downgrade else "5.6.3", str(error)), count)
        if self._offer.size and len(content) > self._offer.size:
            text = f"The message has {len(content)} octets, and the server takes {self._offer.size}."
            return _all(Reply(0, "5.3.4", text), count)
        commands = self._commands(envelope, paths, len(content), message.eight_bit and not seven_bit)
        if any(command.recipient >= 0 for command in commands):
            final = await self._exchange(commands, content, before_dot)
        else:
            final = _NOBODY
        outcomes = (self.refused.get(at, final) for at in range(count))
        return [Outcome(reply, relayed_dsn=reply.ok and self._offer.dsn) for reply in outcomes]

    def _commands(self, envelope: Envelope, paths: Paths, size: int, eight_bit: bool) -> list[_Command]:
        commands = [_Command("RSET", "")] if self.stale else []
        commands.append(_Command("MAIL", mail_argument(envelope, paths, self._offer, size=size, eight_bit=eight_bit)))
        for at, (recipient, path) in enumerate(zip(envelope.recipients, paths.recipients, strict=True)):
            if isinstance(path, Reply):
                self.refused[at] = path
            else:
                commands.append(_Command("RCPT", rcpt_argument(recipient, path, self._offer), at))
        commands.append(_Command("DATA", ""))
        return commands

    async def _exchange(self, commands: list[_Command], content: bytes, before_dot: BeforeDot) -> Reply:
        """Say the envelope and send the message; return the reply for every recipient that was not refused."""
        self.begun = True
        self.stale = True
        try:
            self._stream.check_open()
            go, refusal = await (self._in_one(commands) if self._offer.pipelining else self._one_by_one(commands))
            if go.code == 354 and not self._accepted:
                # RFC 2920 section 3.1: an empty message, whatever becomes of it.
                await self._finish()
                return _final(refusal or go)
            if go.code != 354 or refusal is not None:
                # 354 after MAIL was refused and RCPT was not is no order: no word more.
                self.broken = go.code < 400
                return _final(refusal or go)
            reply = await self._send(content, before_dot)
        except StreamLostError:
            if self._of_all is not None or len(self.refused) == self._count:
                # What became of everybody is known. Servers that block somebody say so and hang up.
                self.broken = True
                return _final(self._of_all or _NOBODY_ACCEPTED)
            if self._stream.parting is None or self.after_dot:
                raise
            # The server said that it would close.
            self.broken = True
            return self._stream.parting.reply
        self.stale = not reply.ok
        return reply

    async def _in_one(self, commands: list[_Command]) -> tuple[ServerReply, ServerReply | None]:
        """Say all in one write; return the reply to DATA, and the one that refuses all recipients, where there is one."""
        dialogue = self._stream.dialogue
        self._stream.write(b"".join(dialogue.command(command.verb, command.argument) for command in commands))
        refusal: ServerReply | None = None
        for command in commands[:-1]:
            reply = await self._hear(command)
            if refusal is None:
                refusal = self._note(command, reply)
            elif reply.code // 100 == 2:
                self._accepted.append(command.recipient)
            # Else: after MAIL was refused all RCPT are, and what counts is why MAIL was.
        return await self._hear(commands[-1]), refusal

    async def _one_by_one(self, commands: list[_Command]) -> tuple[ServerReply, ServerReply | None]:
        """Say one command after the other, as long as there is a use; return as ``_in_one``."""
        for command in commands[:-1]:
            reply = await self._say(command)
            refusal = self._note(command, reply)
            if refusal is not None:
                return refusal, refusal
        if not self._accepted:
            return _NOBODY_ACCEPTED, None
        return await self._say(commands[-1]), None

    async def _say(self, command: _Command) -> ServerReply:
        self._stream.check_open()
        self._stream.write(self._stream.dialogue.command(command.verb, command.argument))
        return await self._hear(command)

    async def _hear(self, command: _Command) -> ServerReply:
        timeout = self._timeouts.data if command.verb == "DATA" else self._timeouts.command
        reply = (await self._stream.hear(timeout)).reply
        if reply.code == 421:
            # Whatever else was said: nothing more will come of this connection.
            raise StreamLostError(str(reply))
        return reply

    def _note(self, command: _Command, reply: ServerReply) -> ServerReply | None:
        """Take note of a reply; return it where it ends the transaction for all."""
        if command.verb == "RSET" and reply.code // 100 != 2:
            raise StreamLostError(f"RSET was refused: {reply}")
        if command.verb == "RCPT":
            if reply.code // 100 == 2:
                self._accepted.append(command.recipient)
            else:
                self.refused[command.recipient] = self._refusal(reply)
            return None
        if reply.code // 100 == 2:
            return None
        self._of_all = reply if command.verb == "MAIL" else None
        return reply

    def _refusal(self, reply: ServerReply) -> Reply:
        found = _final(reply)
        if reply.code == _TOO_MANY and self._accepted and found.status in ("5.0.0", "5.5.3"):
            # RFC 5321 section 4.5.3.1.10: 552 for too many recipients means 452.
            return Reply(452, "4.5.3", found.text)
        return found

    async def _send(self, content: bytes, before_dot: BeforeDot) -> Reply:
        stream = self._stream
        for piece in stuffed_pieces(content):
            if stream.waiting:
                break
            stream.write(piece)
            await stream.drained(self._timeouts.block)
        if stream.waiting:
            return await self._early()
        if not await before_dot(tuple(self._accepted)):
            raise StreamLostError("the message was not to be ended")
        if stream.waiting:
            return await self._early()
        reply = await self._finish(len(content))
        if reply.code // 100 == 2:
            return reply.reply
        self.broken = self.broken or reply.code < 400
        return _final(reply)

    async def _early(self) -> Reply:
        """Return the refusal that came before the end of the message. Raises StreamLostError where none came."""
        heard = await self._stream.hear(0)
        self.broken = True
        if heard.verb != EARLY:
            raise StreamLostError(f"a reply at the wrong time: {heard.reply}")
        return heard.reply.reply

    async def _finish(self, size: int = 0) -> ServerReply:
        """Send the dot and return the reply."""
        stream = self._stream
        stream.dialogue.end(size)
        self.after_dot = bool(self._accepted) and stream.open
        stream.write(b".\r\n")
        reply = (await stream.hear(self._timeouts.end)).reply
        self.after_dot = False
        self.broken = reply.code == 421
        return reply


_NOBODY: Final = Reply(0, "5.1.3", "No recipient can be said to the server.")
_NOBODY_ACCEPTED: Final = ServerReply(554, ("No recipient was accepted.",))


def _final(reply: ServerReply) -> Reply:
    """Return a refusal as the outcome of recipients. What is no refusal is out of order here, and no success."""
    if reply.code < 400:
        return Reply(0, "4.5.0", f"The server's reply is out of order: {reply}")
    return reply.reply


def _all(reply: Reply, count: int) -> list[Outcome]:
    return [Outcome(reply)] * count
