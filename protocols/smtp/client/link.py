"""An open connection to a server of a site, as the queue sees it."""

from __future__ import annotations

from correio.queue.courier import BeforeDot, Envelope, LostError, Message, Outcome
from protocols.smtp.client.core.offer import Offer
from protocols.smtp.client.stream import ClientStream, StreamLostError
from protocols.smtp.client.timeouts import Timeouts
from protocols.smtp.client.transaction import Transaction


class SmtpLink:
    """See :class:`correio.queue.courier.Link`."""

    def __init__(
        self, stream: ClientStream, offer: Offer, timeouts: Timeouts, *, host: str, address: str, tls: str
    ) -> None:
        self.host = host
        self.address = address
        self.tls = tls
        self.limit = offer.recipients
        self.offer = offer
        self._stream = stream
        self._timeouts = timeouts
        self._messages = 0
        self._stale = False
        """Whether the server may still know of a transaction that did not end well."""

    @property
    def usable(self) -> bool:
        """See Link."""
        spent = self.offer.messages and self._messages >= self.offer.messages
        return self._stream.open and not self._stream.waiting and not spent

    async def send(self, envelope: Envelope, message: Message, before_dot: BeforeDot) -> list[Outcome]:
        """See Link."""
        transaction = Transaction(self._stream, self.offer, self._timeouts, stale=self._stale)
        self._messages += 1
        try:
            outcomes = await transaction.run(envelope, message, before_dot)
        except StreamLostError as error:
            self._stream.abort()
            refused = transaction.refused
            raise LostError(str(error), after_dot=transaction.after_dot, refused=refused) from error
        except BaseException:
            if transaction.begun:
                self._stream.abort()
            raise
        self._stale = transaction.stale
        if transaction.broken:
            self._stream.abort()
        return outcomes

    def transcript(self) -> list[str]:
        """See Link."""
        return self._stream.dialogue.transcript()

    async def close(self) -> None:
        """See Link."""
        await say_goodbye(self._stream, self._timeouts.quit)


async def say_goodbye(stream: ClientStream, patience: float) -> None:
    """Say QUIT, wait a little for the answer (RFC 5321 section 4.1.1.10), and close. Raises nothing."""
    if stream.open and not stream.waiting and stream.dialogue.quiet:
        try:
            stream.write(stream.dialogue.command("QUIT"))
            await stream.hear(patience)
        except (StreamLostError, RuntimeError):
            # It is closed all the same.
            stream.abort()
        except BaseException:
            stream.abort()
            raise
    await stream.close(patience)
