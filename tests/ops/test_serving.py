"""`correio serve`: start, signals, and what is left behind."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from correio.config import Endpoint, Settings
from correio.demo.people import PASSWORD, PEOPLE
from correio.node import Node, StartError
from correio.store.keeper_files import KeeperFiles, is_held
from correio.tls import self_signed
from tests.peers.served import LISTENERS, Person, Served, free_port, trusting

ANYWHERE = Endpoint("127.0.0.1", 0)


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    """A server of this test alone."""
    served = Served(tmp_path / "data")
    yield served
    served.kill()
    for _ in range(400):
        if not KeeperFiles(served.data).keeper.exists() or not is_held(KeeperFiles(served.data).keeper):
            return
        await asyncio.sleep(0.05)
    pytest.fail("the database outlived its last user")


async def run_to_end(served: Served, *arguments: str) -> tuple[int, str]:
    return await served.command("serve", *arguments)


async def test_ready_stop_and_nothing_left_running(served: Served) -> None:
    await served.start()
    line = next(line for line in served.log.read_text().splitlines() if " ready " in line)
    ready = json.loads((served.data / "run" / "ready.json").read_text())
    assert served.process is not None
    assert ready["pid"] == served.process.pid
    for name in LISTENERS:
        assert f"{name}=127.0.0.1:{served.ports[name]}" in line
        assert ready["endpoints"][name] == f"127.0.0.1:{served.ports[name]}"
        socket.create_connection(served.address(name)).close()
    idle = [socket.create_connection(served.address(name)) for name in ("imap", "pop3", "smtp", "http")]
    assert await served.stop() == 0
    for each in idle:
        each.close()
    assert not is_held(KeeperFiles(served.data).keeper), "the database still runs"
    assert not (served.data / "run" / "ready.json").exists()
    assert not served.tracebacks()
    await asyncio.to_thread(shutil.rmtree, served.data)


async def test_sigterm_before_it_is_ready(served: Served) -> None:
    served.data.mkdir()
    process = served._spawn()
    await asyncio.sleep(0.9)
    process.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(process.wait, 10) in (0, -signal.SIGTERM)
    assert not served.tracebacks()


async def test_a_port_that_is_taken_ends_with_one_sentence(served: Served) -> None:
    with socket.create_server(("127.0.0.1", served.ports["pop3"])):
        code, said = await run_to_end(served)
    assert code == 1
    assert said == (
        f"correio: pop3 cannot listen on 127.0.0.1:{served.ports['pop3']}: another program does; stop it, or set"
        " CORREIO_POP3 to another address (port 0 takes a free one, an empty value turns the listener off).\n"
    )
    assert not is_held(KeeperFiles(served.data).keeper)
    with socket.create_server(("127.0.0.1", served.ports["imap"])):
        pass


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (
            {"CORREIO_IMAP": "192.0.2.1:143"},
            "imap cannot listen on 192.0.2.1:143: this machine does not have that address",
        ),
        ({"CORREIO_TLS_CERTIFICATE": "/nowhere.pem", "CORREIO_TLS_KEY": "/nowhere.pem"}, "/nowhere.pem does not exist"),
        ({"CORREIO_MONGODB_URI": "mongodb://127.0.0.1:1/"}, "Cannot use CORREIO_MONGODB_URI"),
    ],
)
async def test_what_cannot_start_says_why(served: Served, settings: dict[str, str], says: str) -> None:
    served.settings = settings
    code, said = await run_to_end(served)
    assert code == 1
    assert says in said
    assert "Traceback" not in said


async def test_flags_win_and_port_0_is_shown(served: Served) -> None:
    served.settings = {"CORREIO_LOG_LEVEL": "error", "CORREIO_IMAPP": "x"}
    served.data.mkdir()
    with served.log.open("ab") as log:
        served.process = await asyncio.to_thread(
            subprocess.Popen,
            [sys.executable, "-m", "correio", "serve", "--imap", "127.0.0.1:0", "--pop3", ""],
            env=served.environment,
            stdout=log,
            stderr=log,
        )
    while " ready " not in served.log.read_text():
        assert served.process.poll() is None, served.log.read_text()
        await asyncio.sleep(0.05)
    ready = json.loads((served.data / "run" / "ready.json").read_text())["endpoints"]
    assert "pop3" not in ready
    port = int(ready["imap"].rpartition(":")[2])
    assert port not in (0, served.ports["imap"])
    socket.create_connection(("127.0.0.1", port)).close()
    assert await served.stop() == 0


async def test_the_demo_has_its_mail_once_and_its_commands_work(served: Served) -> None:
    for round_ in range(2):
        await start_demo(served)
        text = served.log.read_text()
        for address, _ in PEOPLE:
            assert f"{address}  password {PASSWORD}" in text
        code, listed = await served.command("user", "list", "--json")
        assert code == 0
        counts = {each["address"]: each["messages"] for each in json.loads(listed)}
        assert counts[PEOPLE[1][0]] == 10 + round_
        commands = [line.strip() for line in text.splitlines() if line.startswith(("    printf", "    curl"))][-3:]
        assert len(commands) == 3
        if shutil.which("curl") is None:
            pytest.skip("the commands need curl")
        sent, read, rest = [await shell(command) for command in commands]
        assert sent == (0, "")
        assert read[0] == 0
        assert "Bom dia!" in read[1]
        assert rest[0] == 0
        assert json.loads(rest[1])["mailboxes"][0]["path"] == "INBOX"
        assert await served.stop() == 0


async def start_demo(served: Served) -> None:
    served.data.mkdir(exist_ok=True)
    before = served.log.stat().st_size if served.log.exists() else 0
    with served.log.open("ab") as log:
        served.process = await asyncio.to_thread(
            subprocess.Popen,
            [sys.executable, "-m", "correio", "serve", "--demo"],
            env=served.environment,
            stdout=log,
            stderr=log,
        )
    while (
        b"Three commands" not in served.log.read_bytes()[before:]
        or b"/v1/mailboxes" not in served.log.read_bytes()[before:]
    ):
        assert served.process.poll() is None, served.log.read_text()
        await asyncio.sleep(0.05)


async def shell(command: str) -> tuple[int, str]:
    child = await asyncio.create_subprocess_shell(
        command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    out, _ = await child.communicate()
    return child.returncode or 0, out.decode()


async def test_the_demo_s_mail_is_whole_on_every_door(served: Served) -> None:
    await start_demo(served)
    maria = Person("", PEOPLE[1][0], PASSWORD)
    async with await served.rest(maria) as http:
        boxes = {box["path"]: box for box in (await http.get("/v1/mailboxes")).json()["mailboxes"]}
        assert boxes["INBOX"]["total_messages"] == 9
        assert boxes["Sent"]["total_messages"] == 1
        page = (await http.get(f"/v1/mailboxes/{boxes['INBOX']['id']}/messages")).json()
        subjects = [message["subject"] for message in page["messages"]]
    assert any("Петербурга" in subject for subject in subjects)
    assert any("שלום" in subject for subject in subjects)
    assert any("会议" in subject for subject in subjects)
    assert await served.stop() == 0
    assert not served.tracebacks()


async def test_the_demo_refuses_to_listen_to_other_machines(served: Served) -> None:
    served.settings = {"CORREIO_SMTP": f"0.0.0.0:{free_port()}"}
    code, said = await run_to_end(served, "--demo")
    assert code == 1
    assert "smtp may listen on loopback only" in said


async def test_a_node_in_this_process(data: Path, database_uri: str) -> None:
    settings = Settings(data=data, database="in_process", **dict.fromkeys(LISTENERS, ANYWHERE))
    async with Node(settings) as node:
        assert set(node.endpoints) == set(LISTENERS)
        imap = node.endpoints["imap"]
        reader, writer = await asyncio.open_connection(imap.host, imap.port)
        assert (await reader.readline()).startswith(b"* OK")
        with pytest.raises(StartError, match="imap cannot listen"):
            await Node(Settings(data=data, database="in_process", **{**dict.fromkeys(LISTENERS), "imap": imap})).start()
        writer.close()
    assert node.endpoints == {}
    with pytest.raises(OSError):
        await asyncio.open_connection(imap.host, imap.port)


async def test_a_renewed_certificate_is_read_on_sighup(data: Path, database_uri: str, tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path, "one.test")
    settings = Settings(
        data=data,
        database="in_process",
        tls_certificate=certificate,
        tls_key=key,
        **{**dict.fromkeys(LISTENERS), "imaps": ANYWHERE},
    )

    def served_certificate(node: Node) -> bytes:
        where = node.endpoints["imaps"]
        with socket.create_connection((where.host, where.port)) as plain, trusting().wrap_socket(plain) as tls:
            return tls.getpeercert(binary_form=True) or b""

    async with Node(settings) as node:
        first = await asyncio.to_thread(served_certificate, node)
        self_signed(tmp_path, "two.test")
        node.reload_certificate()
        second = await asyncio.to_thread(served_certificate, node)
        assert second != first
        assert second == ssl.PEM_cert_to_DER_cert(certificate.read_text())
        certificate.write_text("damaged")
        node.reload_certificate()
        assert await asyncio.to_thread(served_certificate, node) == second
