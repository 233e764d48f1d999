"""Thunderbird without a screen: it signs in, copies every mailbox for reading offline, and hears of new mail by IDLE."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from subprocess import DEVNULL

import pytest

from tests.clients.letters import LETTERS, short
from tests.clients.program import Home, required
from tests.clients.store import Store

pytestmark = [pytest.mark.clients, pytest.mark.timeout(240)]

PATIENCE = 120.0
"""Seconds for what Thunderbird does in its own time: it starts slowly on a busy machine."""


def preferences(store: Store) -> dict[str, object]:
    """An account as the account manager writes it, and no questions at the start."""
    server, identity = "mail.server.server1.", "mail.identity.id1."
    return {
        "mail.accountmanager.accounts": "account1",
        "mail.accountmanager.defaultaccount": "account1",
        "mail.account.account1.server": "server1",
        "mail.account.account1.identities": "id1",
        f"{identity}useremail": store.person.address,
        f"{identity}fullName": "Maria",
        f"{identity}valid": True,
        f"{server}type": "imap",
        f"{server}hostname": "localhost",
        f"{server}port": store.server.ports["imap"],
        f"{server}userName": store.person.address,
        f"{server}name": "Correio",
        f"{server}socketType": 0,
        f"{server}authMethod": 3,
        f"{server}login_at_startup": True,
        f"{server}check_new_mail": True,
        f"{server}use_idle": True,
        f"{server}offline_download": True,
        f"{server}autosync_offline_stores": True,
        f"{server}directory-rel": "[ProfD]ImapMail/localhost",
        "mail.server.default.check_all_folders_for_new": True,
        "mail.server.default.autosync_offline_stores": True,
        "mail.provider.suppress_dialog_on_startup": True,
        "mail.rights.version": 1,
        "mail.shell.checkDefaultClient": False,
        "mail.spotlight.firstRunDone": True,
        "mail.winsearch.firstRunDone": True,
        "mailnews.start_page.enabled": False,
        "app.donation.eoy.version.viewed": 999,
        "app.update.enabled": False,
        "datareporting.policy.dataSubmissionEnabled": False,
        "datareporting.policy.dataSubmissionPolicyBypassNotification": True,
        "extensions.update.enabled": False,
        "network.connectivity-service.enabled": False,
        "network.proxy.type": 0,
        "offline.autoDetect": False,
        "toolkit.startup.max_resumed_crashes": -1,
        "toolkit.telemetry.enabled": False,
    }


@asynccontextmanager
async def thunderbird(home: Home, store: Store) -> AsyncIterator[Path]:
    """The program running with an account of the person; gives the directory of its copies."""
    program = required("thunderbird")
    profile = home / "profile"
    profile.mkdir()
    origin = "imap://localhost"
    await home.run(
        sys.executable,
        Path(__file__).with_name("nss_login.py"),
        *(profile, origin, store.person.address, store.person.password),
    )
    lines = (f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in preferences(store).items())
    home.write("profile/user.js", "\n".join(lines) + "\n")
    child = await asyncio.create_subprocess_exec(
        *(program, "--headless", "--no-remote", "--profile", str(profile)),
        env={
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(home.path),
            "LANG": "C.UTF-8",
            "MOZ_HEADLESS": "1",
        },
        stdin=DEVNULL,
        stdout=DEVNULL,
        stderr=DEVNULL,
        start_new_session=True,
    )
    try:
        yield profile / "ImapMail" / "localhost"
        assert child.returncode is None, f"Thunderbird ended with {child.returncode}"
    finally:
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, number)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(child.wait(), 10)


def read_mbox(path: Path) -> bytes:
    """The octets with LF line ends; none where there is no such file yet."""
    return path.read_bytes().replace(b"\r\n", b"\n") if path.exists() else b""


async def until_copied(path: Path, *letters: bytes) -> None:
    """Wait until an mbox of Thunderbird's holds these letters: whole, but for its own fields and the From quoting."""
    missing: list[bytes] = []
    for _ in range(int(PATIENCE * 5)):
        octets = read_mbox(path)
        missing = [raw for raw in letters if raw.replace(b"\r\n", b"\n") not in octets]
        if not missing:
            return
        await asyncio.sleep(0.2)
    there = sorted(str(found.relative_to(path.parent)) for found in path.parent.rglob("*"))
    raise AssertionError(f"not copied to {path.name}: {[raw[:300] for raw in missing]}; there is {there}")


async def test_offline_copies_and_new_mail(filled: Store, home: Home) -> None:
    async with thunderbird(home, filled) as copies:
        # "dots" has lines that begin with "From ", which an mbox must quote.
        await until_copied(copies / "INBOX", *(raw for name, raw in LETTERS.items() if name != "dots"))
        await filled.deliver(short("delivered"))
        arrived = await filled.one("delivered")
        await until_copied(copies / "INBOX", arrived.raw)
