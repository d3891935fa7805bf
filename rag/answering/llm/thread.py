"""Asynchronous work behind a synchronous iterator: each runs in a thread and an event loop of its own."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine, Iterator
from queue import SimpleQueue
from typing import Any, Generic, NamedTuple, TypeVar

T = TypeVar("T")

_PATIENCE = 5.0
"""Seconds that a cancelled request has to close its connection."""


class _Told(NamedTuple, Generic[T]):
    """What the work told: a value, or that it has ended, by an error perhaps."""

    value: T | None = None
    ended: bool = False
    error: BaseException | None = None


def told_by(work: Callable[[Callable[[T], None]], Coroutine[Any, Any, None]]) -> Iterator[T]:
    """What `work` tells through the function it is given, as it comes; closing the iterator cancels the work."""
    told: SimpleQueue[_Told[T]] = SimpleQueue()
    running: list[tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]]] = []

    async def main() -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine that runs has a task
        running.append((asyncio.get_running_loop(), task))
        await work(lambda value: told.put(_Told(value)))

    def run() -> None:
        error: BaseException | None = None
        try:
            asyncio.run(main())
        except BaseException as caught:
            error = caught
        told.put(_Told(ended=True, error=error))

    thread = threading.Thread(target=run, name="rag-llm", daemon=True)
    thread.start()
    ended = False
    try:
        while not ended:
            item = told.get()
            ended = item.ended
            if item.error is not None:
                raise item.error
            if not ended:
                yield item.value  # type: ignore[misc]
    finally:
        if not ended:
            _cancel(running)
        thread.join(_PATIENCE)


def _cancel(running: list[tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]]]) -> None:
    for loop, task in running:
        with contextlib.suppress(RuntimeError):  # it ended meanwhile
            loop.call_soon_threadsafe(task.cancel)
