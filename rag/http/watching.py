"""Takes over changes in the corpus folder while a server runs; questions go on being answered."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from rag.errors import RagError
from rag.http.server import WRITE_TIMEOUT_S, Server

log = logging.getLogger("rag.http")


@asynccontextmanager
async def watching(server: Server) -> AsyncIterator[None]:
    """Look every `reload_s` seconds for as long as the block lasts."""
    await asyncio.to_thread(server.count)
    task = asyncio.create_task(_watch(server))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _watch(server: Server) -> None:
    while server.settings.reload_s:
        await asyncio.sleep(server.settings.reload_s)
        problem = await _look(server)
        if problem and problem != server.reload_problem:
            log.warning("reload failed", extra={"fields": {"error": problem}})
        server.reload_problem = problem
        server.metrics.reloaded(bool(problem))


async def _look(server: Server) -> str:
    """What went wrong, if anything did: the index is then as it was before."""
    try:
        if await server.writes.run(server.assistant.update, WRITE_TIMEOUT_S):
            await server.writes.run(server.count, WRITE_TIMEOUT_S)
    except RagError as error:
        return str(error)
    except Exception as error:
        log.exception("reload failed")
        return type(error).__name__
    return ""
