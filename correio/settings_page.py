"""Writes docs/settings.md: ``python -m correio.settings_page > docs/settings.md``. A test holds the page to it."""

from __future__ import annotations

import sys
from typing import Final

from correio.config_sources import SETTINGS, Setting

_INTRODUCTION: Final = """# Settings

<!-- Written by `python -m correio.settings_page`. Change correio/config.py instead. -->

A setting comes from its default, then from a TOML file (`--config FILE` or `CORREIO_CONFIG`), then from the environment,
then from a flag of `correio serve`; the last one wins. `correio doctor` takes the same and says what it thinks of them.

- **Addresses** are `HOST:PORT`, `[IPv6]:PORT` or `:PORT` (every address of the machine). Port 0 takes a free one; an
  empty value turns the listener off.
- **Lists** have commas between their items; in TOML they are arrays of texts.
- **Sizes** are octets or carry a unit: `50MiB`, `1GiB`, `500kB`.
- **Times** are seconds or carry a unit: `90`, `30s`, `10min`, `1h`.
- **In TOML**, limits stand in the table `[limits]`:

```toml
imap = "0.0.0.0:143"
pop3 = ""
mongodb_uri = "mongodb://db1,db2,db3/?replicaSet=rs0"

[limits]
message_size = "100MiB"
```

Mail for other servers goes to the mail hosts of each domain, unless a table of the file names a smarthost for it. Of several
that fit, the one that names the domain most closely counts; `tls` is `starttls` (with a checked certificate; the default),
`implicit`, `opportunistic` or `none`, and `domains` are all where they are left out. A password goes over TLS or loopback only.

```toml
[routes.relay]
host = "smtp.example.net"
port = 587
tls = "starttls"
user = "correio"
password_file = "/run/secrets/relay"
domains = ["example.com", ".example.com"]
```

A name that is no setting is an error in the file, and a warning in the environment.
"""


def settings_page() -> str:
    """Return the whole page."""
    plain = [setting for setting in SETTINGS if not setting.limit]
    limits = [setting for setting in SETTINGS if setting.limit]
    return "\n".join(
        [_INTRODUCTION, "## General", "", *_table(plain), "", "## Limits", "", *_table(limits), ""],
    )


def _table(settings: list[Setting]) -> list[str]:
    rows = ["| environment | flag | default | meaning |", "|---|---|---|---|"]
    for setting in settings:
        default = f"`{setting.default_text}`" if setting.default_text else "empty"
        meaning = setting.description + (f" In {setting.unit}." if setting.unit else "")
        rows.append(f"| `{setting.variable}` | `{setting.flag}` | {default} | {meaning} |")
    return rows


if __name__ == "__main__":
    sys.stdout.write(settings_page())
