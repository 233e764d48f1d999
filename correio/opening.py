"""Opening the store as the settings say, with the embedded database where no other is named."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from typing import Final

from correio.config import Settings
from correio.errors import UnavailableError
from correio.mail.message_store import MessageStore
from correio.store.embedded import EmbeddedServer

_log = logging.getLogger("correio.node")
_CLOSE: Final = 2.0


@contextlib.asynccontextmanager
async def database_uri(settings: Settings, *, patience: Callable[[], float] | None = None) -> AsyncIterator[str]:
    """Give the URI of the database, running while in use.

    With ``patience``, do not return before the embedded database is closed, unless somebody else uses it; it is asked at
    the end how many seconds that may take.

    Raises UnavailableError.
    """
    if settings.mongodb_uri is not None:
        yield settings.mongodb_uri
        return
    server = EmbeddedServer(settings.data, settings.embedded_cache)
    uri = await server.start()
    try:
        yield uri
    finally:
        await (server.stop() if patience is None else server.stop(wait=True, patience=patience()))


@contextlib.asynccontextmanager
async def open_store(
    settings: Settings,
    *,
    patience: Callable[[], float] | None = None,
    on_stuck: Callable[[], None] | None = None,
) -> AsyncIterator[MessageStore]:
    """Give the store. ``patience`` as for :func:`database_uri`; ``on_stuck`` is told if it does not close in two seconds.

    Raises UnavailableError.
    """
    async with database_uri(settings, patience=patience) as uri:
        try:
            store = await MessageStore.open(settings, uri)
        except UnavailableError as error:
            where = "the embedded database" if settings.mongodb_uri is None else "CORREIO_MONGODB_URI"
            raise UnavailableError(f"Cannot use {where}: {error.__cause__ or error}") from error
        try:
            yield store
        finally:
            try:
                await asyncio.wait_for(store.close(), _CLOSE)
            except TimeoutError:
                _log.warning("the store did not close within %.0f seconds", _CLOSE)
                if on_stuck is not None:
                    on_stuck()
