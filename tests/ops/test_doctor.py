"""What the doctor finds."""

from __future__ import annotations

import asyncio
import datetime
import json
import os
import socket
from collections.abc import Iterable
from pathlib import Path

import pytest
from click.testing import CliRunner

from correio.cli import correio
from correio.config import Endpoint, Settings
from correio.doctor import machine_health
from correio.doctor.database_health import examine_database
from correio.doctor.finding import Finding
from correio.doctor.listener_health import examine_listeners
from correio.doctor.machine_health import examine_machine
from correio.doctor.settings_health import examine_settings
from correio.tls import self_signed

OFF = dict.fromkeys(("smtp", "submission", "lmtp", "imap", "pop3", "submissions", "imaps", "pop3s"))


def by_subject(findings: Iterable[Finding], subject: str) -> list[Finding]:
    return [finding for finding in findings if finding.subject == subject]


async def test_a_healthy_installation(data: Path, database_uri: str) -> None:
    ports = {f"CORREIO_{name.upper()}": "127.0.0.1:0" for name in ("http", *OFF)}
    result = await asyncio.to_thread(
        CliRunner().invoke, correio, ["doctor", "--json"], env={**ports, "CORREIO_DATA": str(data)}
    )
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report["healthy"]
    assert sum(each["subject"] == "contract" for each in report["findings"]) > 15
    assert {each["state"] for each in report["findings"]} <= {"ok", "note"}


async def test_a_port_that_is_taken_is_a_problem_with_advice(data: Path, database_uri: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        arguments = [
            "doctor",
            "--quick",
            "--imap",
            f"127.0.0.1:{port}",
            *(f"--{name}=" for name in OFF if name != "imap"),
        ]
        environment = {"CORREIO_DATA": str(data), "CORREIO_HTTP": ""}
        result = await asyncio.to_thread(CliRunner().invoke, correio, arguments, env=environment)
    assert result.exit_code == 1
    assert f"✗ imap: imap cannot listen on 127.0.0.1:{port}: another program does" in result.stdout
    assert "set CORREIO_IMAP to another address" in result.stdout
    assert "1 problem(s) found." in result.stdout


def test_a_listener_of_our_own_server_is_no_problem(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as ours:
        where = Endpoint("127.0.0.1", ours.getsockname()[1])
        (tmp_path / "run").mkdir()
        (tmp_path / "run" / "ready.json").write_text(
            json.dumps({"pid": os.getpid(), "endpoints": {"http": str(where)}})
        )
        findings = list(examine_listeners(Settings(data=tmp_path, http=where, **OFF)))
    assert {finding.state for finding in findings} == {"ok"}
    (tmp_path / "run" / "ready.json").write_text("{")
    assert not by_subject(examine_listeners(Settings(data=tmp_path, http=None, **OFF)), "server")


def test_open_doors_are_warned_of(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, **{**OFF, "http": Endpoint("0.0.0.0", 0), "lmtp": Endpoint("", 0)})
    warned = [finding.subject for finding in examine_listeners(settings) if finding.state == "warning"]
    assert warned == ["lmtp", "http"]


def test_settings_that_mean_nothing() -> None:
    findings = list(examine_settings(Settings(http=None, **OFF), {"CORREIO_IMAPP": "x"}))
    assert [finding.state for finding in by_subject(findings, "settings")] == ["warning", "problem"]
    assert "CORREIO_IMAP?" in findings[0].text


def test_the_data_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = tmp_path / "data"
    good.mkdir(mode=0o700)
    assert by_subject(examine_machine(Settings(data=good)), "data")[0].state == "ok"
    assert by_subject(examine_machine(Settings(data=good / "new")), "data")[0].state == "ok"
    good.chmod(0o777)
    assert by_subject(examine_machine(Settings(data=good)), "data")[0].advice == f"chmod 700 {good}"
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert by_subject(examine_machine(Settings(data=good)), "data")[0].state == "problem"


@pytest.mark.parametrize(("free", "state"), [(100, "problem"), (2 * 1024**3, "warning"), (50 * 1024**3, "ok")])
def test_room_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, state: str) -> None:
    usage = type("Usage", (), {"free": free})
    monkeypatch.setattr(machine_health.shutil, "disk_usage", lambda path: usage)
    assert by_subject(examine_machine(Settings(data=tmp_path)), "disk")[0].state == state


def test_the_certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate, key = self_signed(tmp_path, "a.test")
    settings = Settings(data=tmp_path, tls_certificate=certificate, tls_key=key)
    assert by_subject(examine_machine(settings), "tls")[0].state == "ok"
    key.chmod(0o644)
    assert by_subject(examine_machine(settings), "tls")[0].advice == f"chmod 640 {key}"
    for days, state in ((5, "warning"), (-3, "problem")):
        ends = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days)
        monkeypatch.setattr(machine_health, "expiry", lambda path, ends=ends: ends)
        assert by_subject(examine_machine(settings), "tls")[-1].state == state
    key.write_text("damaged")
    assert by_subject(examine_machine(settings), "tls")[0].state == "problem"


def test_a_host_name_nobody_can_look_up(tmp_path: Path) -> None:
    for name in ("mail", "mail.invalid"):
        [finding] = by_subject(examine_machine(Settings(data=tmp_path, hostname=name)), "hostname")
        assert finding.state == "warning"
        assert finding.advice
    assert by_subject(examine_machine(Settings(data=tmp_path, hostname="localhost.")), "hostname")


def test_a_database_that_does_not_answer() -> None:
    uri = "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=100"
    [finding] = examine_database(Settings(mongodb_uri=uri), uri)
    assert finding.state == "problem"
    assert "CORREIO_MONGODB_URI" in finding.advice
