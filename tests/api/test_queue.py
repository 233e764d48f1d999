"""``/v1/queue``: what one has sent and waits."""

from __future__ import annotations

from tests.api.conftest import Service
from tests.api.contract_client import ContractClient
from tests.peers.served import Person


async def test_what_waits_is_held_tried_and_ended(client: ContractClient, person: Person, service: Service) -> None:
    body = {"from": person.address, "to": ["x@else.where", person.address], "subject": "x", "text": "y"}
    sent = (await client.post("/v1/emails", json=body)).json()["id"]
    [waiting] = (await client.get("/v1/queue")).json()["deliveries"]
    assert (waiting["email_id"], waiting["address"], waiting["status"]) == (sent, "x@else.where", "queued")
    assert waiting["next_attempt_at"] is not None
    held = (await client.post(f"/v1/queue/{waiting['id']}/hold")).json()
    assert (held["status"], held["next_attempt_at"]) == ("held", None)
    shown = (await client.get(f"/v1/emails/{sent}")).json()
    assert shown["recipients"][0]["status"] == "held"
    assert (await client.post(f"/v1/queue/{waiting['id']}/retry")).json()["status"] == "queued"
    assert (await client.post(f"/v1/queue/{waiting['id']}/cancel")).json()["status"] == "canceled"
    assert (await client.get("/v1/queue")).json()["deliveries"] == []
    assert (await client.post(f"/v1/queue/{waiting['id']}/retry")).status_code == 409
    before = service.store.database.round_trips.count
    await client.get("/v1/queue")
    assert service.store.database.round_trips.count - before <= 2
