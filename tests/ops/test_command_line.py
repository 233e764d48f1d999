"""The `correio` command, on the same data as a store that is open all the time."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from correio.auth.authenticator import Authenticator
from correio.cli import correio
from correio.errors import AuthenticationError
from correio.mail.directory import find_user
from correio.mail.fetch import fetch_messages
from correio.mail.message_store import MessageStore
from tests.conftest import DOMAIN

Run = Callable[..., Awaitable[Result]]

MESSAGE = b"From: a@x.test\r\nSubject: one\r\n\r\nbody\r\n"


@pytest.fixture
def run(data: Path, directory: MessageStore) -> Run:
    """Run a command line; its result."""

    async def run(*arguments: str, stdin: str | None = None, **environment: str) -> Result:
        settings = {"CORREIO_DATA": str(data), **environment}
        return await asyncio.to_thread(CliRunner().invoke, correio, arguments, input=stdin, env=settings)

    return run


@pytest.fixture
async def address(run: Run) -> str:
    name = f"c{secrets.token_hex(6)}@{DOMAIN}"
    result = await run("user", "add", name, "--password", "segredo", "--name", "Célia")
    assert result.exit_code == 0, result.output
    return name


async def octets_of(store: MessageStore, address: str, path: str) -> list[bytes]:
    account = await store.account((await find_user(store, address)).id)
    await account.refresh()
    mailbox = account.mailboxes.by_path(path)
    assert mailbox is not None, [each.path for each in account.mailboxes]
    index = await account.index(mailbox.id)
    return [
        await message.read()
        async for batch in fetch_messages(account, mailbox.id, list(index.uids))
        for message in batch
    ]


async def test_domains(run: Run) -> None:
    name = f"Ação{secrets.token_hex(4)}.Test"
    added = await run("domain", "add", name)
    assert (added.exit_code, added.stdout.splitlines()[0]) == (0, f"Domain {name.lower()} added.")
    published = await run("domain", "records", name)
    assert added.stdout.endswith(f"\n\n{published.stdout}")
    kinds = [
        (record["type"], record["value"][:7])
        for record in json.loads((await run("domain", "records", name, "--json")).stdout)
    ]
    assert kinds[1:] == [("TXT", "v=spf1 "), ("TXT", "v=DKIM1"), ("TXT", "v=DKIM1"), ("TXT", "v=DMARC")]
    assert kinds[0][0] == "MX"
    again = await run("domain", "add", name)
    assert again.exit_code == 1
    assert again.stderr == f"correio: The domain {name.lower()} exists already.\n"
    listed = await run("domain", "list", "--json")
    assert name.lower() in [each["domain"] for each in json.loads(listed.stdout)]
    assert name.lower() in (await run("domain", "list")).stdout.splitlines()


async def test_a_user_from_beginning_to_end(run: Run, address: str, directory: MessageStore) -> None:
    authenticator = Authenticator(directory)
    remote = "127.0.0.1"
    assert (await authenticator.password(address, "segredo", remote)).name == "Célia"
    [listed] = [each for each in json.loads((await run("user", "list", "--json")).stdout) if each["address"] == address]
    assert (listed["name"], listed["messages"], listed["disabled"]) == ("Célia", 0, False)
    assert address in (await run("user", "list")).stdout

    assert (await run("user", "passwd", address, "--password-stdin", stdin="nova senha\n")).exit_code == 0
    with pytest.raises(AuthenticationError):
        await Authenticator(directory).password(address, "segredo", remote)
    await authenticator.password(address, "nova senha", remote)

    assert (await run("user", "disable", address)).exit_code == 0
    with pytest.raises(AuthenticationError):
        await Authenticator(directory).password(address, "nova senha", remote)
    assert (await run("user", "enable", address)).exit_code == 0
    await Authenticator(directory).password(address, "nova senha", remote)

    removed = await run("user", "rm", address)
    assert (removed.exit_code, removed.stdout) == (0, f"{address} and all its mail are removed.\n")
    assert (await run("user", "rm", address)).exit_code == 1


async def test_a_quota(run: Run, address: str) -> None:
    shown = await run("user", "quota", address)
    assert shown.stdout == f"{address} holds 0 of any number of octets and 0 of any number of messages.\n"
    assert (await run("user", "quota", address, "5GB", "--messages", "1000")).exit_code == 0
    changed = await run("user", "quota", address, "1MiB", "--json", CORREIO_LIMIT_ACCOUNT_MESSAGES="7")
    assert json.loads(changed.stdout) == {
        "address": address, "used": 0, "quota": 1024 * 1024, "messages": 0, "message_quota": 1000,
    }  # fmt: skip
    default = await run("user", "quota", address, "none", "--messages", "default", CORREIO_LIMIT_ACCOUNT_MESSAGES="7")
    assert default.stdout == f"{address} holds 0 of any number of octets and 0 of 7 messages.\n"


async def test_capabilities_can_be_switched_off_and_on(run: Run, address: str, directory: MessageStore) -> None:
    result = await run("user", "capability", address, "--off", "idle", "--off", "SORT", "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["switched_off"] == ["IDLE", "SORT"]
    # What needs them is off as well.
    assert {"IDLE", "SORT", "SORT=DISPLAY", "ESORT", "IMAP4REV2"} == set(found["off"])
    assert (await find_user(directory, address)).capabilities_off == ["IDLE", "SORT"]
    result = await run("user", "capability", address, "--on", "sort")
    assert "IDLE" in result.output
    assert "SORT" not in result.output
    result = await run("user", "capability", address, "--on", "IDLE")
    assert "every IMAP capability" in result.output
    for wrong in (("--off", "IMAP4rev1"), ("--off", "SASL-IR"), ("--off", "FROBNICATE"), ("--off", "ID", "--on", "ID")):
        assert (await run("user", "capability", address, *wrong)).exit_code == 2
    assert (await run("user", "capability", f"nobody@{DOMAIN}", "--off", "ID")).exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("user", "add", "x@nowhere.test", "--password", "p"), 1, "not a domain of this server; add it first"),
        (("user", "add", "no-address", "--password", "p"), 1, "not an address"),
        (("user", "add", f"x@{DOMAIN}", "--password", ""), 1, "cannot be empty"),
        (("user", "add", f"x@{DOMAIN}"), 2, "--password-stdin"),
        (("user", "add", f"x@{DOMAIN}", "--password", "p", "--password-stdin"), 2, "not both"),
        (("user", "add", f"x@{DOMAIN}", "--password", "p", "--quota", "much"), 2, "a size such as 50MiB"),
        (("user", "passwd", f"nobody@{DOMAIN}", "--password", "p"), 1, "no account"),
        (("user", "quota", f"nobody@{DOMAIN}", "5GB"), 1, "no account"),
        (("user", "quota", f"x@{DOMAIN}", "much"), 2, "a size such as 50MiB"),
        (("user", "quota", f"x@{DOMAIN}", "--messages", "-5"), 2, "range"),
        (("user", "disable", f"nobody@{DOMAIN}"), 1, "no account"),
        (("import", f"nobody@{DOMAIN}", __file__), 1, "no account"),
        (("import", f"nobody@{DOMAIN}", "/nowhere"), 2, "does not exist"),
        (("export", f"nobody@{DOMAIN}", "."), 1, "is not empty"),
        (("domain", "add", "two words"), 1, "not a domain name"),
        (("user", "list", "--mongodb-uri", "nonsense"), 2, "must begin with mongodb://"),
        (("user", "list", "--config", "/nowhere.toml"), 2, "Cannot read /nowhere.toml"),
        (("fly",), 2, "No such command"),
    ],
)
async def test_a_mistake_gets_one_sentence_and_no_traceback(
    run: Run, arguments: tuple[str, ...], code: int, says: str
) -> None:
    result = await run(*arguments)
    assert result.exit_code == code, result.output
    assert says in result.stderr
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert result.exception is None or isinstance(result.exception, SystemExit)


async def test_an_unreachable_database_is_one_sentence(run: Run) -> None:
    result = await run("user", "list", CORREIO_MONGODB_URI="mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=100")
    assert result.exit_code == 1
    assert "CORREIO_MONGODB_URI" in result.stderr


async def test_import_from_files_keeps_octets_flags_and_dates(
    run: Run, address: str, directory: MessageStore, tmp_path: Path
) -> None:
    (tmp_path / "one.eml").write_bytes(MESSAGE)
    (tmp_path / "two.eml").write_bytes(b"Subject: two\n\nbare LF\n")
    (tmp_path / "box").write_bytes(b"From a Thu Jan  1 00:00:10 1970\nSubject: three\nStatus: R\n\nx\n")
    result = await run("import", address, str(tmp_path), "--mailbox", "Arquivo/2026", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout) == {"imported": 3, "octets": 88, "failed": []}
    assert sorted(await octets_of(directory, address, "Arquivo/2026")) == sorted(
        [MESSAGE, b"Subject: two\r\n\r\nbare LF\r\n", b"Subject: three\r\nStatus: R\r\n\r\nx\r\n"]
    )
    account = await directory.account((await find_user(directory, address)).id)
    mailbox = account.mailboxes.by_path("Arquivo/2026")
    assert mailbox is not None
    index = await account.index(mailbox.id)
    assert [index.row_at(at).date for at in range(3) if index.row_at(at).flags.seen] == [10]


async def test_import_tells_what_it_left_out(run: Run, address: str, directory: MessageStore, tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(MESSAGE)
    (tmp_path / "b.eml").write_bytes(b"")
    (tmp_path / "c.eml").write_bytes(b"Subject: big\r\n\r\n" + b"x" * 5000)
    result = await run("import", address, str(tmp_path), CORREIO_LIMIT_MESSAGE_SIZE="4KiB")
    assert result.exit_code == 1
    assert result.stdout == "1 messages imported, 38 octets, 2 left out.\n"
    assert f"{tmp_path / 'b.eml'} is empty" in result.stderr
    assert f"{tmp_path / 'c.eml'} has" in result.stderr
    assert await octets_of(directory, address, "INBOX") == [MESSAGE]


@pytest.mark.parametrize("form", ["eml", "mbox", "maildir"])
async def test_what_is_exported_can_be_imported(
    run: Run, address: str, directory: MessageStore, tmp_path: Path, form: str
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for number in range(5):
        (source / f"{number}.eml").write_bytes(f"Subject: {number}\r\n\r\nFrom me é\r\n>From\r\n".encode())
    assert (await run("import", address, str(source), "--mailbox", "Ação.1/Sub")).exit_code == 0
    result = await run("export", address, str(tmp_path / "out"), "--format", form, "--json")
    assert json.loads(result.stdout)["exported"] == 5
    other = f"c{secrets.token_hex(6)}@{DOMAIN}"
    await run("user", "add", other, "--password", "p")
    again = await run(
        "import", other, str(tmp_path / "out"), *([] if form == "maildir" else ["--mailbox", "Ação.1/Sub"])
    )
    assert again.exit_code == 0, again.output
    before, after = [await octets_of(directory, who, "Ação.1/Sub") for who in (address, other)]
    assert sorted(before) == sorted(after)
    assert len(after) == 5


async def test_version_and_help(run: Run) -> None:
    assert json.loads((await run("version", "--json")).stdout)["correio"] == "0.1.0"
    for command in ((), ("user",), ("domain",), ("serve",), ("import",), ("export",), ("doctor",)):
        result = await run(*command, "--help")
        assert result.exit_code == 0
        assert "Usage: " in result.stdout
    assert "CORREIO_LIMIT_MESSAGE_SIZE" in (await run("serve", "--help")).stdout


async def test_the_module_runs_and_starts_without_loading_the_server(data: Path) -> None:
    code = (
        "import sys\nfrom correio.cli import correio\n"
        "try:\n    correio(['--help'])\nexcept SystemExit:\n    pass\n"
        "print(sorted({'motor', 'pymongo', 'api', 'strawberry', 'rich'} & set(sys.modules)))"
    )
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
    environment = {**os.environ, "CORREIO_DATA": str(data)}
    module = [sys.executable, "-m", "correio", "version"]
    done = await asyncio.to_thread(subprocess.run, module, capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.startswith("correio ")


async def test_domains_and_aliases(run: Run, address: str) -> None:
    name = f"d{secrets.token_hex(5)}.test"
    assert (await run("domain", "add", name.upper())).output.startswith(f"Domain {name} added.\n")
    result = await run("domain", "add", f"old-{name}", "--alias-of", name)
    assert result.output.startswith(f"Domain old-{name} added, an alias of {name}.\n")
    assert f"old-{name}  an alias of {name}\n" in (await run("domain", "list")).output
    found = {one["domain"]: one["alias_of"] for one in json.loads((await run("domain", "list", "--json")).output)}
    assert (found[name], found[f"old-{name}"]) == (None, name)
    result = await run("alias", "add", f"Team@{name}", address, "X@Elsewhere.test")
    assert result.output == f"team@{name} leads to {address}, X@elsewhere.test.\n"
    result = await run("alias", "add", f"*@{name}", f"team@{name}", "--json")
    assert json.loads(result.output) == {"address": f"*@{name}", "targets": [f"team@{name}"]}
    listed = json.loads((await run("alias", "list", "--json")).output)
    assert {one["address"]: one["targets"] for one in listed if one["address"].endswith(name)} == {
        f"*@{name}": [f"team@{name}"], f"team@{name}": [address, "X@elsewhere.test"],
    }  # fmt: skip
    assert f"{address} X@elsewhere.test\n" in (await run("alias", "list")).output
    for arguments, says in (
        (("alias", "add", f"x@{name}", f"y@old-{name}"), ""), (("alias", "add", f"team@{name}", address), "exists already"),
        (("alias", "add", f"x@old-{name}", address), "stands for"), (("alias", "rm", f"z@{name}"), "no alias"),
        (("domain", "rm", name), "still has aliases (3)"), (("domain", "rm", "nowhere.test"), "is not a domain"),
        (("domain", "add", f"o-{name}", "--alias-of", "nowhere.test"), "add it first"),
    ):  # fmt: skip
        result = await run(*arguments)
        # The first leads to the catch-all of the other domain.
        assert result.exit_code == (1 if says else 0), (arguments, result.output)
        assert says in result.output + result.stderr
    for local in ("team", "*", "x"):
        assert (await run("alias", "rm", f"{local}@{name}")).output == f"Alias {local}@{name} removed.\n"
    assert (await run("domain", "rm", f"old-{name}")).output == f"Domain old-{name} removed.\n"
    assert (await run("domain", "rm", name)).exit_code == 0
