"""A bounded number of calls work and wait; the next is refused, and what nobody waits for any more is not begun."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator

import pytest

from rag.errors import ServerBusy, TookTooLong
from rag.workers import Workers


def with_workers(threads: int, waiting: int, run: Callable[[Workers], Awaitable[None]]) -> None:
    async def main() -> None:
        workers = Workers(threads, waiting, "test")
        try:
            await run(workers)
        finally:
            await asyncio.to_thread(workers.close)
        assert workers.taken == 0

    asyncio.run(main())


def test_a_call_returns_or_raises_what_it_does() -> None:
    async def run(workers: Workers) -> None:
        assert await workers.run(lambda: 42, 60) == 42
        with pytest.raises(KeyError):
            await workers.run(lambda: {}["x"], 60)

        def own() -> None:
            raise TimeoutError("its own")

        with pytest.raises(TimeoutError, match="its own"):
            await workers.run(own, 60)

    with_workers(1, 0, run)


def test_what_finds_no_place_is_refused_at_once_and_places_become_free() -> None:
    async def run(workers: Workers) -> None:
        go = threading.Event()
        accepted = [asyncio.create_task(workers.run(go.wait, 60)) for _ in range(5)]
        await asyncio.sleep(0)
        assert workers.taken == 5
        with pytest.raises(ServerBusy):
            await workers.run(lambda: 1, 60)
        with pytest.raises(ServerBusy):
            workers.stream(lambda: iter([1]), 60)
        go.set()
        assert await asyncio.gather(*accepted) == [True] * 5
        assert await workers.run(lambda: 1, 60) == 1

    with_workers(2, 3, run)


def test_what_is_given_up_while_it_waits_never_begins() -> None:
    async def run(workers: Workers) -> None:
        go, begun = threading.Event(), list[int]()
        first = asyncio.create_task(workers.run(go.wait, 60))
        await asyncio.sleep(0)
        with pytest.raises(TookTooLong):
            await workers.run(lambda: begun.append(1), 0.01)
        left = asyncio.create_task(workers.run(lambda: begun.append(2), 60))
        await asyncio.sleep(0)
        left.cancel()
        await asyncio.wait({left})
        go.set()
        await first
        await workers.run(lambda: None, 60)
        assert begun == []

    with_workers(1, 5, run)


def test_a_stream_gives_each_part_as_soon_as_it_is_there() -> None:
    async def run(workers: Workers) -> None:
        go = threading.Event()

        def parts() -> Iterator[int]:
            yield 1
            go.wait()
            yield 2

        stream = workers.stream(parts, 60)
        assert await anext(stream) == 1
        go.set()
        assert [part async for part in stream] == [2]

    with_workers(1, 0, run)


def test_a_stream_that_nobody_reads_any_more_is_closed() -> None:
    async def run(workers: Workers) -> None:
        closed, go = threading.Event(), threading.Event()

        def parts() -> Iterator[int]:
            try:
                yield 1
                go.wait()
                while True:
                    yield 2
            finally:
                closed.set()

        stream = workers.stream(parts, 60)
        assert await anext(stream) == 1
        await stream.aclose()
        go.set()
        assert await asyncio.to_thread(closed.wait, 60)

    with_workers(1, 0, run)


def test_a_stream_says_what_went_wrong() -> None:
    async def run(workers: Workers) -> None:
        def parts() -> Iterator[int]:
            yield 1
            raise KeyError("x")

        stream = workers.stream(parts, 60)
        assert await anext(stream) == 1
        with pytest.raises(KeyError):
            await anext(stream)

        go = threading.Event()

        def slow() -> Iterator[int]:
            go.wait()
            yield 1

        with pytest.raises(TookTooLong):
            await anext(workers.stream(slow, 0.01))
        go.set()

    with_workers(1, 1, run)
