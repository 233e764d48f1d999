"""IMAPClient: parsed answers, and nearly every extension it knows."""

from __future__ import annotations

import asyncio
import datetime
import ssl
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.clients.letters import LETTERS, NON_ASCII, short
from tests.clients.program import required_module
from tests.clients.store import DRAFT, FLAGGED, Store
from tests.corpus.catalogue import messages
from tests.peers.served import Person, Served
from tests.roundtrip import deposit

pytestmark = pytest.mark.clients


def connect(store: Store, certificate: Path, *, tls: bool = True) -> Any:
    """Signed in."""
    imapclient = required_module("imapclient")
    context = ssl.create_default_context(cafile=str(certificate))
    port = store.server.ports["imaps" if tls else "imap"]
    client = imapclient.IMAPClient("localhost", port, ssl=tls, ssl_context=context if tls else None, timeout=30)
    client.login(store.person.address, store.person.password)
    return client


async def test_session(filled: Store, certificate: Path) -> None:
    def work() -> None:
        client = connect(filled, certificate)
        assert b"name" in client.id_({"name": "IMAPClient"})[0]
        assert client.namespace().personal == (("", "/"),)
        folders = {name: flags for flags, _, name in client.list_folders()}
        assert NON_ASCII in folders
        assert b"\\Trash" in folders["Trash"]
        assert client.find_special_folder(b"\\Sent") == "Sent"
        assert client.select_folder("INBOX")[b"EXISTS"] == len(LETTERS)

        # Reading.
        uids = client.search(["NOT", "DELETED"])
        fetched = client.fetch(uids, ["ENVELOPE", "BODYSTRUCTURE", "RFC822.SIZE", "BODY.PEEK[]", "FLAGS", "MODSEQ"])
        by_name = {name: fetched[uid] for name, uid in zip(LETTERS, uids, strict=True)}
        for name, raw in LETTERS.items():
            assert by_name[name][b"BODY[]"] == raw
            assert by_name[name][b"RFC822.SIZE"] == len(raw)
            assert by_name[name][b"ENVELOPE"].message_id == f"<{name}@letters.test>".encode()
            assert by_name[name][b"ENVELOPE"].from_[0].mailbox == b"orlando"
        structure = by_name["attachments"][b"BODYSTRUCTURE"]
        assert structure.is_multipart
        kinds = [(part[0].lower(), part[1].lower()) for part in structure[0]]
        assert kinds == [(b"text", b"plain"), (b"application", b"octet-stream"), (b"message", b"rfc822")]

        # Searching by text in any charset, and by what only extensions have.
        found = client.search(["TEXT", "ёлка"], charset="UTF-8")
        assert found == [uids[list(LETTERS).index("utf8")]]
        assert client.search(["SUBJECT", "ANEXOS"]) == [uids[list(LETTERS).index("attachments")]]
        assert client.search(["MODSEQ", "1"]).modseq

        # Changing.
        first, second, third = uids[:3]
        client.add_flags([first, second], [b"\\Flagged", b"$Work"])
        assert set(client.get_flags([second])[second]) - {b"\\Recent"} == {b"\\Flagged", b"$Work"}
        assert client.search(["KEYWORD", "$Work"]) == [first, second]
        client.remove_flags([first], [b"\\Flagged", b"$Work"])
        client.create_folder("Résumé & co/日本")
        client.subscribe_folder("Résumé & co/日本")
        assert "Résumé & co/日本" in [name for _, _, name in client.list_sub_folders()]
        client.copy([second, third], "Résumé & co/日本")
        client.move([third], "Résumé & co/日本")
        assert client.folder_status("Résumé & co/日本", ["MESSAGES", "UNSEEN"]) == {b"MESSAGES": 3, b"UNSEEN": 3}
        client.rename_folder("Résumé & co", "Ablage")
        moment = datetime.datetime(2020, 2, 3, 4, 5, 6, tzinfo=datetime.UTC)
        assert b"APPENDUID" in client.append("INBOX", short("appended"), [b"\\Draft"], moment)
        if client.has_capability("MULTIAPPEND"):
            client.multiappend("INBOX", [short("many-1"), {"msg": short("many-2"), "flags": [b"\\Seen"]}])
        client.delete_messages([first])
        client.uid_expunge([first])
        client.unselect_folder()
        client.logout()

    await asyncio.to_thread(work)
    assert await filled.names() == sorted({*LETTERS, "appended", "many-1", "many-2"} - {"plain", "utf8"})
    assert await filled.names("Ablage/日本") == ["dots", "utf8", "utf8"]
    assert await filled.flags("dots", "Ablage/日本") == {FLAGGED, "$Work"}
    appended = await filled.one("appended")
    assert (appended.raw, appended.keywords) == (short("appended"), {DRAFT})
    assert appended.received_at == "2020-02-03T04:05:06Z"


@pytest.mark.parametrize("way", ["plain_login", "oauthbearer_login", "oauth2_login"])
async def test_signing_in(filled: Store, certificate: Path, way: str) -> None:
    imapclient = required_module("imapclient")
    context = ssl.create_default_context(cafile=str(certificate))

    def work(secret: str) -> int:
        client = imapclient.IMAPClient("localhost", filled.server.ports["imaps"], ssl_context=context, timeout=30)
        getattr(client, way)(filled.person.address, secret)
        count: int = client.select_folder("INBOX")[b"EXISTS"]
        client.logout()
        return count

    secret = filled.person.password if way == "plain_login" else filled.token
    assert await asyncio.to_thread(work, secret) == len(LETTERS)
    with pytest.raises(required_module("imapclient.exceptions").LoginError):
        await asyncio.to_thread(work, "wrong")


async def test_idle(filled: Store, certificate: Path) -> None:
    """New mail, a flag and a deletion by others are pushed."""
    idling = threading.Event()

    def watch() -> list[Any]:
        client = connect(filled, certificate)
        client.select_folder("INBOX")
        client.idle()
        idling.set()
        got: list[Any] = []
        for _ in range(30):
            got += client.idle_check(timeout=1)
            if {b"EXISTS", b"FETCH", b"EXPUNGE"} <= {item[1] for item in got}:
                break
        client.idle_done()
        client.logout()
        return got

    running = asyncio.create_task(asyncio.to_thread(watch))
    await asyncio.to_thread(idling.wait, 30)
    await filled.deliver(short("delivered"))
    await filled.mark("dots", flagged=True)
    await filled.destroy("plain")
    got = await running
    assert (len(LETTERS) + 1, b"EXISTS") in got
    assert any(item[:2] == (2, b"FETCH") and b"\\Flagged" in item[2][1] for item in got)
    assert (1, b"EXPUNGE") in got


async def test_parsed_views_of_every_kind_of_mail(
    server: Served, person: Person, store: Store, certificate: Path, tmp_path: Path
) -> None:
    """IMAPClient's strict reader takes the ENVELOPE and BODYSTRUCTURE of hundreds of odd messages."""
    # IMAPClient makes a datetime of every Date, and raises OverflowError for the year 99999999999999999999.
    small = tuple(one for one in messages() if 0 < len(one.raw) < 100_000 and not one.name.startswith("date "))
    await deposit.append(server, person, small, tmp_path)

    def read() -> None:
        client = connect(store, certificate, tls=False)
        client.select_folder("INBOX", readonly=True)
        fetched = client.fetch(client.search(), ["ENVELOPE", "BODYSTRUCTURE", "RFC822.SIZE"])
        assert len(fetched) == len(small)
        assert sorted(row[b"RFC822.SIZE"] for row in fetched.values()) == sorted(len(one.canonical) for one in small)
        client.logout()

    await asyncio.to_thread(read)
