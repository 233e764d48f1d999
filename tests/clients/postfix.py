"""A Postfix of a test's own: its own queue, its own address of 127.0.0.0/8, one mailbox, and the hosts that it knows."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.clients.program import required

PATIENCE = 40.0

_MAIN = """
compatibility_level = 3.6
queue_directory = {home}/spool
data_directory = {home}/data
maillog_file = {home}/mail.log
maillog_file_prefixes = {home}
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtp_bind_address = {address}
myhostname = mx.{domain}
mydomain = {domain}
myorigin = {domain}
mydestination =
alias_maps =
mynetworks = 127.0.0.1/32
virtual_mailbox_domains = {domain}
virtual_mailbox_base = {home}/mail
virtual_mailbox_maps = inline:{{ {{ {user}@{domain} = {user}/ }} }}
virtual_minimum_uid = 1
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_mailbox_limit = 0
message_size_limit = 52428800
transport_maps = inline:{{ {transports} }}
smtpd_recipient_restrictions = check_recipient_access texthash:{home}/etc/access, permit_mynetworks, reject_unauth_destination
disable_dns_lookups = yes
smtp_dns_support_level = disabled
smtp_host_lookup = native
smtp_tls_security_level = may
smtputf8_enable = yes
minimal_backoff_time = 1s
maximal_backoff_time = 2s
queue_run_delay = 1s
"""


class Postfix:
    """The running server."""

    def __init__(self, home: Path, user: str, domain: str) -> None:
        self.home = home
        self.user = user
        self.person = f"{user}@{domain}"

    async def run(self, *command: str, stdin: bytes = b"") -> tuple[int, str]:
        child = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        out, _ = await child.communicate(stdin)
        return child.returncode or 0, out.decode(errors="replace")

    async def control(self, command: str) -> None:
        await self.run(required("postfix"), "-c", str(self.home / "etc"), command)

    async def send(self, raw: bytes, *recipients: str, utf8: bool = False) -> None:
        """Give a message to Postfix's own sendmail, as the person."""
        code, said = await self.run(
            required("sendmail"),
            *("-C", str(self.home / "etc")),
            *(("-O", "SMTPUTF8") if utf8 else ()),
            *("-f", self.person, "-i"),
            *recipients,
            stdin=raw.replace(b"\r\n", b"\n"),
        )
        assert code == 0, said

    def refuse(self, answer: str) -> None:
        """Answer RCPT of the person so; nothing: accept again. Takes a reload."""
        (self.home / "etc" / "access").write_text(f"{self.person} {answer}\n" if answer else "")

    def mailbox(self) -> list[bytes]:
        """What has arrived, oldest first, with CRLF."""
        files = sorted((self.home / "mail" / self.user / "new").glob("*"), key=lambda one: one.stat().st_mtime_ns)
        return [one.read_bytes().replace(b"\n", b"\r\n") for one in files]

    async def arrived(self, count: int) -> list[bytes]:
        """The mailbox, as soon as there are so many."""
        deadline = time.monotonic() + PATIENCE
        while len(found := self.mailbox()) < count:
            assert time.monotonic() < deadline, self.log()
            await asyncio.sleep(0.1)
        return found

    async def logged(self, text: str) -> None:
        """Return when something stands in the log."""
        deadline = time.monotonic() + PATIENCE
        while text not in self.log():
            assert time.monotonic() < deadline, self.log()
            await asyncio.sleep(0.1)

    def log(self) -> str:
        log = self.home / "mail.log"
        return log.read_text(errors="replace")[-6000:] if log.exists() else ""


def _configure(home: Path, address: str, port: int, user: str, domain: str, transports: Mapping[str, str]) -> None:
    if os.getuid() != 0:
        pytest.fail("Postfix runs as root only: run make test-clients as root", pytrace=False)
    owner = pwd.getpwnam("postfix")
    for name in ("etc", "spool", "data", "mail"):
        (home / name).mkdir()
    home.chmod(0o755)
    shutil.chown(home / "data", owner.pw_uid)
    shutil.chown(home / "mail", owner.pw_uid, owner.pw_gid)
    routes = ", ".join(
        f"{{ {name} = smtp:[{host.partition(':')[0]}]:{host.partition(':')[2]} }}" for name, host in transports.items()
    )
    values = {"home": home, "address": address, "domain": domain, "user": user, "transports": routes}
    (home / "etc" / "main.cf").write_text(_MAIN.format(**values, uid=owner.pw_uid, gid=owner.pw_gid))
    master = Path("/etc/postfix/master.cf").read_text()
    services = [line for line in master.splitlines() if not line.startswith("smtp      inet")]
    (home / "etc" / "master.cf").write_text("\n".join([f"{address}:{port} inet n - n - - smtpd", *services, ""]))
    if Path("/etc/postfix/dynamicmaps.cf").exists():
        shutil.copy("/etc/postfix/dynamicmaps.cf", home / "etc")


@asynccontextmanager
async def postfix(
    home: Path, address: str, port: int, user: str, domain: str, transports: Mapping[str, str]
) -> AsyncIterator[Postfix]:
    """Run one. ``transports``: the ``host:port`` that takes mail for each domain elsewhere."""
    _configure(home, address, port, user, domain, transports)
    server = Postfix(home, user, domain)
    server.refuse("")
    await server.control("start")
    # The first start makes the queue's directories, and may find their owner wrong.
    shutil.chown(home / "spool" / "private", "postfix")
    await server.control("start")
    try:
        yield server
    finally:
        await server.control("stop")
