"""DKIM: what signing and verifying a message costs beside the operation of the key itself."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable

from bench.figure import Figure, median
from bench.letters import letter
from bench.subject import Bench
from correio.dns.answer import Answer
from correio.mailauth.dkim import prepare_dkim, verify_dkim
from correio.mailauth.mail_octets import MailOctets
from correio.mailauth.private_key import generate_key, read_key
from correio.mailauth.signing import Signer, sign

SIZE = 5 * 1024
TIMES = 200
KINDS = {"RSA-2048": "rsa", "Ed25519": "ed25519"}


class _Zone:
    """The one record that verifying asks for."""

    def __init__(self, record: str) -> None:
        self._record = record

    async def txt(self, name: str) -> Answer[str]:
        return Answer((self._record,), name, secure=False, ttl=60)


def _milliseconds(work: Callable[[], object]) -> float:
    times: list[float] = []
    for _ in range(TIMES):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return 1000 * median(times)


async def run(bench: Bench) -> AsyncIterator[Figure]:  # noqa: ARG001 - every phase is given it
    """Each in this process, without a database; p50 of many."""
    message = letter(SIZE, 1)
    for name, kind in KINDS.items():
        pem = generate_key(kind)  # type: ignore[arg-type]
        key = read_key(pem)
        signer = Signer("bench.test", "s", pem)
        raw = _milliseconds(lambda key=key: key.sign(b"x" * 32))  # type: ignore[misc]
        whole = _milliseconds(lambda signer=signer: sign(message, [signer], 1_800_000_000))  # type: ignore[misc]
        yield Figure(
            f"DKIM signing 5 KiB, {name}, beside the key", whole - raw, "ms", 1, "lower", note=f"the key {raw:.2f} ms"
        )
        signed = sign(message, [signer], 1_800_000_000) + message
        zone = _Zone(key.record())

        def verify(signed: bytes = signed, zone: _Zone = zone) -> None:
            async def all_of_it() -> None:
                for one in prepare_dkim(MailOctets(signed)):
                    found = await verify_dkim(one, zone, 1_800_000_000)  # type: ignore[arg-type]
                    assert found.result == "pass", found

            _now(all_of_it())

        yield Figure(f"DKIM verifying 5 KiB, {name}, all of it", _milliseconds(verify), "ms", 1, "lower")


def _now(work: object) -> None:
    """Run a coroutine that waits for nothing."""
    try:
        work.send(None)  # type: ignore[attr-defined]
    except StopIteration:
        return
    raise RuntimeError("it waited")
