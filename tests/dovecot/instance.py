"""A Dovecot of our own: one temporary directory, one free loopback port, a passwd-file, and no rights it does not need."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

USER = "reader"
PASSWORD = "a dovecot password"
INSTALL = "Dovecot is not installed here; on Debian and Ubuntu: apt install dovecot-imapd"
_CONFIG = """\
base_dir = {root}/run
state_dir = {root}/state
instance_name = compare
log_path = {root}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
mail_location = sdbox:{root}/mail/%u
mail_home = {root}/home/%u
mail_max_keyword_length = 100
imap_literal_minus = no
namespace inbox {{
  inbox = yes
  separator = /
}}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {root}/passwd
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
service imap {{
  vsz_limit = 1G
}}
protocol imap {{
  mail_max_userip_connections = 100
}}
first_valid_uid = {uid}
"""


def binary() -> Path | None:
    """Where the Dovecot of this machine is, if it has one that speaks IMAP."""
    found = shutil.which("dovecot", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    return Path(found) if found and Path("/usr/lib/dovecot/imap").exists() else None


class Dovecot:
    """Start, stop. Run by root it becomes ``nobody``; by anybody else it stays what it is."""

    def __init__(self, program: Path) -> None:
        who = pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
        self.root = Path(tempfile.mkdtemp(prefix="compare-dovecot-"))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        (self.root / "passwd").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n")
        (self.root / "dovecot.conf").write_text(
            _CONFIG.format(
                root=self.root,
                user=who.pw_name,
                group=_group(who.pw_gid),
                uid=who.pw_uid,
                gid=who.pw_gid,
                port=self.port,
            )
        )
        if os.getuid() == 0:
            for path in (self.root, *self.root.iterdir()):
                os.chown(path, who.pw_uid, who.pw_gid)
        self._who = who
        self._program = program
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> tuple[str, int]:
        return "127.0.0.1", self.port

    @property
    def version(self) -> str:
        return subprocess.run([self._program, "--version"], capture_output=True, text=True, check=True).stdout.split()[
            0
        ]

    def start(self) -> None:
        """Start and wait until it listens."""
        rights = {"user": self._who.pw_uid, "group": self._who.pw_gid, "extra_groups": []} if os.getuid() == 0 else {}
        self._process = subprocess.Popen(
            [self._program, "-F", "-c", self.root / "dovecot.conf"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            **rights,  # type: ignore[call-overload]
        )
        for _ in range(200):
            if self._process.poll() is not None:
                break
            with socket.socket() as probe:
                if probe.connect_ex(self.address) == 0:
                    return
            time.sleep(0.05)
        said = self._process.stdout.read() if self._process.poll() is not None and self._process.stdout else b""
        log = self.root / "dovecot.log"
        raise RuntimeError(f"Dovecot did not start:\n{said.decode()}\n{log.read_text() if log.exists() else ''}")

    def remove(self) -> None:
        """Stop it and take its files away."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(20)
            self._process = None
        shutil.rmtree(self.root, ignore_errors=True)


def _group(number: int) -> str:
    return grp.getgrgid(number).gr_name
