"""Every message of the corpus, and of the one named by CORREIO_CORPUS, is shown as the contract says."""

from __future__ import annotations

import asyncio

import pytest

from correio.mail.append import NewMessage, append_messages
from tests.api.conftest import LIMITS, Service
from tests.api.contract_client import ContractClient
from tests.corpus.catalogue import messages, outside_messages
from tests.corpus.sample import Sample


async def _show(samples: list[Sample], client: ContractClient, service: Service) -> None:
    account = await service.store.account((await client.get("/v1/account")).json()["id"])
    inbox = await client.mailbox_id()
    stored: dict[str, Sample] = {}
    for at in range(0, len(samples), 20):
        batch = samples[at : at + 20]
        appended = await append_messages(account, inbox, [NewMessage(one.raw, verbatim=True) for one in batch])
        stored.update({one.id: sample for one, sample in zip(appended, batch, strict=True)})
    cursor = ""
    listed: list[str] = []
    while True:
        page = (await client.get(f"/v1/mailboxes/{inbox}/messages?limit=100&order=asc{cursor}")).json()
        listed += [message["id"] for message in page["messages"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert listed == list(stored)
    waiting = iter(stored.items())

    async def show() -> None:
        for message_id, sample in waiting:
            message = (await client.get(f"/v1/messages/{message_id}")).json()
            # tests/roundtrip reads everything; here it is enough that what is told of a part is so.
            for part in message["parts"][:3]:
                if part["url"] is not None:
                    content = (await client.get(part["url"])).content
                    assert part["decoded_size"] in (None, len(content)), (sample.name, part)

    await asyncio.gather(*(show() for _ in range(8)))


@pytest.mark.corpus
@pytest.mark.timeout(300)
async def test_our_own_corpus(client: ContractClient, service: Service) -> None:
    await _show([one for one in messages() if 0 < len(one.raw) <= LIMITS.message_size], client, service)


@pytest.mark.corpus
@pytest.mark.timeout(300)
async def test_the_corpus_outside(client: ContractClient, service: Service) -> None:
    samples = [one for one in outside_messages() if 0 < len(one.raw) <= LIMITS.message_size]
    if not samples:
        pytest.skip("CORREIO_CORPUS is not set")
    await _show(samples, client, service)
