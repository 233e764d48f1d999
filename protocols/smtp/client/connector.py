"""One try at one address: connect, greet, agree on TLS, sign in. What comes of it is a link, or the reason why not."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
from typing import Final

from correio.config import Settings
from correio.nexthop.failed_hosts import FailedHosts
from correio.nexthop.mail_hosts import Target
from correio.nexthop.site import ascii_domain, literal_address
from correio.queue.courier import Reply
from correio.tlspolicy.result import TlsError
from protocols.smtp.client.core.tls_demand import Demand
from protocols.smtp.client.link import SmtpLink, say_goodbye
from protocols.smtp.client.opening import Opening, RefusedError, open_session
from protocols.smtp.client.sign_in import Credentials, SignInError
from protocols.smtp.client.stream import ClientStream, StreamLostError
from protocols.smtp.client.timeouts import Timeouts
from protocols.smtp.client.tls_contexts import checking_context, describe, trusting_context
from protocols.wire.listener import server_name


class HostError(Exception):
    """The address is of no use now. ``reply`` says why."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(str(reply))
        self.reply: Final = reply


class Connector:
    """One per process. Raises ConfigError for an ``outbound_ca`` that cannot be read."""

    def __init__(self, settings: Settings, timeouts: Timeouts) -> None:
        self.hostname: Final = ascii_domain(server_name(settings))
        """Our name in EHLO."""
        self.failed: Final = FailedHosts()
        self.checking: Final = checking_context(settings.outbound_ca)
        self._trusting: Final = trusting_context()
        self._timeouts: Final = timeouts
        self._sources: Final = {ip_address(source).version: source for source in settings.outbound_source}

    async def attempt(
        self,
        target: Target,
        port: int,
        demand: Demand,
        notes: list[str],
        *,
        names: Sequence[str] = (),
        credentials: Credentials | None = None,
    ) -> SmtpLink:
        """Return a link that is ready for a message. Raises HostError, and TlsError where TLS alone is wanting.

        ``notes`` is given the dialogue where there is no link; ``names`` is for DANE, the first one for SNI too.
        """
        stream = await self._connect(target, port, notes)
        opening = Opening(
            hostname=self.hostname,
            demand=demand,
            context=self.checking if demand.level == "verify" else self._trusting,
            server_name=_server_name(target, demand, names),
            names=tuple(names),
            credentials=credentials,
            address=target.address,
            timeouts=self._timeouts,
        )
        try:
            offer = await open_session(stream, opening)
        except (TlsError, RefusedError, SignInError, StreamLostError) as error:
            raise await self._give_up(stream, target, error, notes) from error
        except BaseException:
            stream.abort()
            raise
        self.failed.answered(target.address)
        tls = describe(stream.ssl_object, demand.check)
        return SmtpLink(stream, offer, self._timeouts, host=target.host, address=target.address, tls=tls)

    async def _connect(self, target: Target, port: int, notes: list[str]) -> ClientStream:
        source = self._sources.get(ip_address(target.address).version)
        timeout = self._timeouts.connect
        try:
            return await ClientStream.connect(
                target.address, port, source=source, timeout=timeout, note=f"(connected to {_where(target, port)})"
            )
        except OSError as error:
            self.failed.failed(target.address)
            timed_out = isinstance(error, TimeoutError) and not error.errno
            reason = f"no answer within {timeout:g} s" if timed_out else error.strerror or str(error)
            text = f"{_where(target, port)} cannot be reached: {reason}"
            notes.append(f"({text})")
            raise HostError(Reply(0, "4.4.1", text)) from error

    async def _give_up(
        self, stream: ClientStream, target: Target, error: Exception, notes: list[str]
    ) -> HostError | TlsError:
        """Close the connection; return what to raise."""
        if isinstance(error, RefusedError | SignInError):
            await say_goodbye(stream, self._timeouts.quit)
            reply = error.reply
        else:
            stream.abort()
            reply = stream.parting.reply if stream.parting else Reply(0, "4.4.2", f"{target.host}: {error}")
        notes += stream.dialogue.transcript()
        if isinstance(error, TlsError):
            return error
        if not reply.permanent:
            self.failed.failed(target.address)
        return HostError(reply)


def _server_name(target: Target, demand: Demand, names: Sequence[str]) -> str | None:
    """RFC 7672 section 8.1: SNI has the name that the TLSA records are of; an address stands in no SNI (RFC 6066 section 3)."""
    if names:
        return names[0]
    if literal_address(target.host) is not None or target.host == target.address:
        return target.address if demand.level == "verify" else None
    return target.host or None


def _where(target: Target, port: int) -> str:
    address = f"[{target.address}]:{port}"
    return address if target.host.strip("[]") == target.address else f"{target.host} {address}"
