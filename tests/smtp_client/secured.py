"""What the tests of TLS share: one mail host of one domain, and what came of sending to it."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from correio.queue.courier import ConnectError
from correio.tlspolicy.tls_report import DaySummary
from protocols.smtp.client.courier import SmtpCourier
from tests.peers.sink import Sink
from tests.smtp_client.world import Letter, World, codes, envelope, go_on

SITE = "destino.test"
HOST = "mx.destino.test"


def today(courier: SmtpCourier) -> DaySummary:
    return courier.report.summary(datetime.datetime.now(datetime.UTC).date())


def counted(courier: SmtpCourier) -> list[tuple[str, int, int, list[str]]]:
    """Kind, successes, failures and what they were, of each policy."""
    return [
        (one.kind, one.successful, one.failed, [failure.result_type for failure in one.failures])
        for one in today(courier).policies
    ]


async def send(world: World, courier: SmtpCourier, site: str = SITE) -> str:
    """Send a message and return how the connection was secured."""
    link = await courier.open(site)
    assert codes(await link.send(envelope(), Letter(), go_on)) == [250]
    await link.close()
    return link.tls


async def refused(courier: SmtpCourier, site: str = SITE) -> ConnectError:
    with pytest.raises(ConnectError) as caught:
        await courier.open(site)
    assert not caught.value.reply.permanent
    return caught.value


async def mail_host(world: World, **script: Any) -> Sink:
    world.mx(SITE, (10, HOST, "127.0.0.1"))
    return await world.sink(**script)


def tlsa(world: World, text: str, host: str = HOST) -> None:
    world.dns.add(f"_{world.port}._tcp.{host}", "TLSA", text)
