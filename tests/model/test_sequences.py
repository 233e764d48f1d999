"""Random sequences of commands from several sessions, compared with a plain model after each.

The server is real, with the real embedded database, and a second server process runs on the same data. Every sequence has an
account of its own. CORREIO_MODEL_SEED chooses other sequences; a failure prints the seed and the shortest sequence that fails.
"""

from __future__ import annotations

import asyncio
import os

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.conftest import NewPerson
from tests.model.connection_steps import connection_steps
from tests.model.mailbox_steps import mailbox_steps
from tests.model.message_steps import message_steps
from tests.model.play import MODES, SESSIONS, Play, Tally
from tests.model.steps import Step
from tests.peers.served import Served

# The driver's threads use random numbers meanwhile, which change nothing here.
pytestmark = pytest.mark.filterwarnings("ignore:Do not use the `random` module")

SEED = int(os.environ.get("CORREIO_MODEL_SEED", "3"))
SHARDS = 20
SEQUENCES = 100
"""Of one shard: together 2,000."""
LEAST_STEPS = 6
"""A sequence has at least so many on average."""

Played = tuple[Step, tuple[bool, ...]]


def sequences() -> st.SearchStrategy[list[Played]]:
    acts = st.one_of(message_steps(), message_steps(), mailbox_steps())
    step = st.one_of(acts, acts, connection_steps(acts))
    # Session 0 always synchronises; the others may lag behind, and be told of several steps at once.
    now = st.tuples(st.just(True), st.booleans(), st.booleans())
    # Deferred, or Hypothesis writes the whole of it out where it only wants a name.
    return st.lists(st.tuples(st.deferred(lambda: step), now), min_size=6, max_size=30)


async def play(
    new_person: NewPerson, servers: list[Served], modes: tuple[str, ...], begin: int, steps: list[Played], tally: Tally
) -> None:
    """Run one sequence."""
    stage = Play(await new_person(), servers, modes)
    try:
        async with asyncio.timeout(60):
            await stage.begin(begin)
            for step, synchronised in steps:
                await stage.step(step, synchronised)
                tally.steps += 1
            await stage.end()
            tally.sequences += 1
    finally:
        await stage.close()


def run_sequences(
    count: int, shard: int, loop: asyncio.AbstractEventLoop, new_bearer: NewPerson, servers: list[Served]
) -> None:
    """Run so many sequences, and make sure that they were run to their end."""
    tally = Tally()
    print(f"CORREIO_MODEL_SEED={SEED}, shard {shard}")

    @seed(SEED * 1000 + shard)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(st.tuples(*[st.sampled_from(MODES)] * SESSIONS), st.integers(0, 5), sequences())
    def sequence(modes: tuple[str, ...], begin: int, steps: list[Played]) -> None:
        loop.run_until_complete(play(new_bearer, servers, modes, begin, steps, tally))

    sequence()
    print(f"{tally.sequences} sequences, {tally.steps} steps")
    assert tally.sequences >= count
    assert tally.steps >= LEAST_STEPS * count


@pytest.mark.parametrize("shard", range(2))
@pytest.mark.timeout(300)
def test_a_few(
    shard: int, loop: asyncio.AbstractEventLoop, new_bearer: NewPerson, server: Served, second_server: Served
) -> None:
    run_sequences(30, SHARDS + shard, loop, new_bearer, [server, second_server])


@pytest.mark.model
@pytest.mark.parametrize("shard", range(SHARDS))
@pytest.mark.timeout(900)
def test_many(
    shard: int, loop: asyncio.AbstractEventLoop, new_bearer: NewPerson, server: Served, second_server: Served
) -> None:
    run_sequences(SEQUENCES, shard, loop, new_bearer, [server, second_server])
