"""Every message of our corpus through every field: nothing fails, and what is decoded is what the sample says."""

from __future__ import annotations

import hashlib
from typing import Any

from correio.mail.append import NewMessage, append_messages
from tests.corpus import Sample, messages
from tests.graphql.conftest import User

SAMPLES = list(messages())
EVERYTHING = """
query($ids: [ID!]!) { nodes(ids: $ids) { ... on Message {
  id version keywords subject snippet sentAt receivedAt size messageId inReplyTo references hasAttachments isTruncated emailId
  from { name email group } sender { name email } replyTo { email } to { name email group } cc { email } bcc { email }
  mailbox { id } thread { id subject snippet }
  headers { name value decoded } body { kind html text blockedRemoteCount truncated } text: body(prefer: TEXT) { text }
  raw { url size sha256 }
  attachments { id } inline: attachments(includeInline: true) { id }
  parts {
    id path parentId type charset encoding disposition filename contentId description language size isAttachment
    headers { name value decoded } text blob { id type url size sha256 }
    embeddedMessage {
      subject sentAt from { name email } sender { email } replyTo { email } to { email } cc { email } bcc { email } messageId
      inReplyTo references headers { name decoded } body { kind html text } parts { id } attachments(includeInline: true) { id }
    }
  }
} } }
"""


HUGE = {
    "structure 12000 parts",
    "structure 1000 parts",
    "structure embedded 150",
    "structure depth 150",
    "structure depth 101",
}
"""Messages of so many parts that all fields of all of them are more than one operation may ask for."""
PLAIN = """
query($ids: [ID!]!) { nodes(ids: $ids) { ... on Message {
  subject size text: body(prefer: TEXT) { text } raw { size sha256 } thread { id } attachments { id }
} } }
"""


async def test_every_message_shows_what_it_holds(user: User) -> None:
    samples = [sample for sample in SAMPLES if sample.raw]  # an empty message is not taken
    for start in range(0, len(samples), 50):
        batch = samples[start : start + 50]
        appended = await append_messages(user.account, user.inbox, [NewMessage(sample.raw) for sample in batch])
        for sample, one in zip(batch, appended, strict=True):
            response = await user.client.run(EVERYTHING, ids=[one.id])
            if sample.name in HUGE and response["data"] is None:
                assert [error["extensions"] for error in response["errors"]] == [{"code": "limit"}], sample.name
                response = await user.client.run(PLAIN, ids=[one.id])
            assert "errors" not in response, (sample.name, response["errors"])
            check(sample, response["data"]["nodes"][0])


def check(sample: Sample, shown: dict[str, Any]) -> None:
    """Compare what is shown with the sample."""
    assert shown["size"] == shown["raw"]["size"] == len(sample.canonical), sample.name
    assert shown["raw"]["sha256"] == hashlib.sha256(sample.canonical).hexdigest(), sample.name
    if sample.subject is not None:
        assert shown["subject"] == sample.subject, sample.name
    if sample.text is not None:
        assert shown["text"]["text"].rstrip("\n") == sample.text, sample.name
    parts = shown.get("parts")
    if parts is None:
        return
    ids = [part["id"] for part in parts]
    assert len(set(ids)) == len(ids), sample.name
    assert all(part["parentId"] is None or part["parentId"] in ids[:at] for at, part in enumerate(parts)), sample.name
    if sample.attachments is not None:
        named = [
            (part["filename"], part["blob"]["size"], part["blob"]["sha256"])
            for part in parts
            if part["filename"] is not None and part["blob"] is not None
        ]
        wanted = [(name, len(octets), hashlib.sha256(octets).hexdigest()) for name, octets in sample.attachments]
        assert named == wanted, sample.name


async def test_blobs_are_what_rest_serves(user: User) -> None:
    chosen = [sample for sample in SAMPLES if 0 < len(sample.raw) < 100_000][::7]
    appended = await append_messages(user.account, user.inbox, [NewMessage(sample.raw) for sample in chosen])
    for sample, one in zip(chosen, appended, strict=True):
        query = "query($id: ID!) { node(id: $id) { ... on Message { raw { ...B } parts { blob { ...B } } } } }"
        data = await user.client.data(query + " fragment B on Blob { url size sha256 }", id=one.id)
        blobs = [data["node"]["raw"], *(part["blob"] for part in data["node"]["parts"] if part["blob"] is not None)]
        for blob in blobs:
            response = await user.client.http.get(blob["url"], headers={"accept": "*/*"})
            assert response.status_code == 200, (sample.name, blob)
            found = (len(response.content), hashlib.sha256(response.content).hexdigest())
            assert found == (blob["size"], blob["sha256"]), (sample.name, blob)
