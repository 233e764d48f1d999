"""Connections that break, servers that fall silent, and what is known of the message then."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec
import pytest

from correio.queue.courier import LostError
from tests.peers.sink import CLOSE, DEAF, FULL, RESET, SILENCE
from tests.peers.waiting import until
from tests.smtp_client.world import QUICK, Letter, World, codes, envelope, go_on

OLD = ("SIZE 1000000",)
"""What a server offers that knows neither PIPELINING nor 8BITMIME."""
THREE = ("a@destino.test", "b@destino.test", "c@destino.test")
EITHER = pytest.mark.parametrize("extensions", [FULL, OLD], ids=["pipelined", "one by one"])


@EITHER
@pytest.mark.parametrize("how", [CLOSE, RESET, "hello?", "250-2.0.0 a\r\n550 5.0.0 b"])
@pytest.mark.parametrize(("stage", "after_dot"), [("MAIL", False), ("RCPT", False), ("DATA", False), ("dot", True)])
async def test_what_is_lost_when(
    world: World, extensions: Sequence[str], how: str, stage: str, after_dot: bool
) -> None:
    _, link = await world.served(extensions=extensions, replies={stage: how})
    with pytest.raises(LostError) as caught:
        await link.send(envelope(), Letter(), go_on)
    assert caught.value.after_dot is after_dot
    assert not link.usable
    assert any(line.startswith("(") for line in link.transcript())


@EITHER
@pytest.mark.parametrize("how", [CLOSE, RESET, SILENCE, "421 4.7.0 bye", "hello?"])
async def test_a_refusal_counts_although_the_connection_is_lost(
    world: World, extensions: Sequence[str], how: str
) -> None:
    """Servers that block somebody say so and hang up."""
    short = msgspec.structs.replace(QUICK, command=0.2)
    _, link = await world.served(timeouts=short, extensions=extensions, replies={"MAIL": "550 5.7.1 no", "RCPT": how})
    assert codes(await link.send(envelope(*THREE), Letter(), go_on)) == [550] * 3
    assert link.usable is (extensions == OLD)


@EITHER
@pytest.mark.parametrize("how", [CLOSE, RESET])
@pytest.mark.parametrize(("stage", "after_dot"), [("DATA", False), ("dot", True)])
async def test_each_recipient_that_was_refused_is_known(
    world: World, extensions: Sequence[str], how: str, stage: str, after_dot: bool
) -> None:
    _, link = await world.served(
        extensions=extensions, recipients={THREE[1]: "550 5.1.1 who"}, replies={stage: how}
    )  # fmt: skip
    with pytest.raises(LostError) as caught:
        await link.send(envelope(*THREE), Letter(), go_on)
    assert caught.value.after_dot is after_dot
    assert {at: reply.code for at, reply in caught.value.refused.items()} == {1: 550}


async def test_nobody_is_left_to_be_lost(world: World) -> None:
    refusals = dict.fromkeys(THREE, "550 5.1.1 who")
    _, link = await world.served(recipients=refusals, replies={"DATA": CLOSE})
    assert codes(await link.send(envelope(*THREE), Letter(), go_on)) == [550] * 3
    assert not link.usable


@pytest.mark.parametrize(("stage", "after_dot"), [("MAIL", False), ("RCPT", False), ("DATA", False), ("dot", True)])
async def test_servers_that_never_answer(world: World, stage: str, after_dot: bool) -> None:
    short = msgspec.structs.replace(QUICK, command=0.1, data=0.1, end=0.1)
    _, link = await world.served(timeouts=short, replies={stage: SILENCE})
    with pytest.raises(LostError, match=r"no reply within 0\.1 s") as caught:
        await link.send(envelope(), Letter(), go_on)
    assert caught.value.after_dot is after_dot


async def test_a_server_that_stops_reading(world: World) -> None:
    short = msgspec.structs.replace(QUICK, block=0.2)
    _, link = await world.served(timeouts=short, replies={"content": DEAF})
    asked: list[Sequence[int]] = []

    async def before_dot(accepted: Sequence[int]) -> bool:
        asked.append(accepted)
        return True

    with pytest.raises(LostError, match="took nothing") as caught:
        await link.send(envelope(), Letter(b"x" * 40_000_000), before_dot)
    assert not caught.value.after_dot
    assert asked == []


@pytest.mark.parametrize("reply", ["552 5.3.4 too much", "451 4.3.1 full", "421 4.3.2 closing"])
async def test_a_refusal_before_the_message_is_sent_whole(world: World, reply: str) -> None:
    sink, link = await world.served(replies={"content": [reply]})

    async def never(accepted: Sequence[int]) -> bool:
        raise AssertionError(accepted)

    outcomes = await link.send(envelope(), Letter(b"line\r\n" * 4_000_000), never)
    assert str(outcomes[0].reply) == reply
    assert not link.usable
    await until(lambda: sink.open == 0)
    assert sink.count == 0


@pytest.mark.parametrize("how", [CLOSE, RESET, "250 2.0.0 taken already"])
async def test_what_is_lost_within_the_message(world: World, how: str) -> None:
    _, link = await world.served(replies={"content": [how]})
    with pytest.raises(LostError) as caught:
        await link.send(envelope(), Letter(b"line\r\n" * 4_000_000), go_on)
    assert not caught.value.after_dot


async def test_a_message_that_is_not_to_be_ended(world: World) -> None:
    sink, link = await world.served()

    async def no(accepted: Sequence[int]) -> bool:
        await until(lambda: sink.open == 1)
        return False

    with pytest.raises(LostError) as caught:
        await link.send(envelope(), Letter(), no)
    assert not caught.value.after_dot
    await until(lambda: sink.aborted == 1)
    assert sink.count == 0
    assert not link.usable


async def test_whoever_gives_up_leaves_no_message_behind(world: World) -> None:
    sink, link = await world.served(delays={"DATA": 5})
    task = asyncio.create_task(link.send(envelope(), Letter(), go_on))
    await until(lambda: "DATA" in sink.verbs())
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not link.usable
    await until(lambda: sink.open == 0)
    assert sink.count == 0
