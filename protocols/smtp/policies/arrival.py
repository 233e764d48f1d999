"""The policies of a listener that takes mail from other servers, as its settings have them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from correio.auth.throttle import Bound, Levels, remote_key
from correio.config import Settings
from correio.dns.resolver import Resolver
from correio.mail.greylist import Greylist
from protocols.smtp.core.blocklist import decide_listed
from protocols.smtp.core.policy import decide_greylisted, decide_rate
from protocols.smtp.core.reply import Reply
from protocols.smtp.core.spam_verdict import ACCEPTED, Checked, Verdict
from protocols.smtp.policies.client_facts import ClientFacts
from protocols.smtp.policies.rspamd import Rspamd

if TYPE_CHECKING:
    from correio.mail.message_store import MessageStore

_MINUTE: Final = 60.0


class ArrivalPolicies:
    """One per listener. Where a setting is off, nothing is asked."""

    def __init__(self, store: MessageStore, settings: Settings, resolver: Resolver) -> None:
        rate = settings.limits.smtp_rate
        self._rate: Final = Levels(Bound(rate, _MINUTE / rate))
        self._zones: Final = settings.dnsbl
        self._named: Final = settings.reverse_dns
        self._resolver: Final = resolver
        self._greylist: Final = Greylist(store, settings.greylist) if settings.greylist else None
        self._rspamd: Final = Rspamd(settings.rspamd_url) if settings.rspamd_url else None

    def client(self, remote: str) -> ClientFacts:
        """Return what will be known of a client."""
        return ClientFacts(remote, self._resolver, self._zones, named=self._named)

    def begin_message(self, remote: str) -> Reply | None:
        """Count one more message of a client, or return the refusal."""
        key = remote_key(remote)
        if not key:
            # This machine: a proxy or a web server speaks for everybody.
            return None
        now = asyncio.get_running_loop().time()
        refusal = decide_rate(self._rate.wait(key, now))
        if refusal is None:
            self._rate.add(key, now)
        return refusal

    async def recipient(
        self, client: ClientFacts, remote: str, sender: str, recipient: str, local: str
    ) -> Reply | None:
        """Decide about one recipient. Raises UnavailableError."""
        if self._zones:
            listing = await client.listing()
            refusal = decide_listed(remote, listing.zone or None, listing.reason, local)
            if refusal is not None:
                return refusal
        if self._greylist is None:
            return None
        decision = await self._greylist.ask(remote, sender, recipient)
        return decide_greylisted(decision.wait if not decision.accepted else None)

    async def message(self, checked: Checked, received: bytes, content: bytes) -> Verdict:
        """Decide about a whole message, ``content`` with the field ``received`` above it."""
        return ACCEPTED if self._rspamd is None else await self._rspamd.judge(checked, received, content)
