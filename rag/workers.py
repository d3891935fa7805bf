"""A bounded number of threads for asynchronous servers: so many work, so many wait, and the next is refused at once."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple, TypeVar

from rag.errors import ServerBusy, TookTooLong

T = TypeVar("T")


class _Failed(NamedTuple):
    error: BaseException


_END = object()


class Workers:
    """Threads that run blocking calls for an event loop.

    `threads`: how many calls run at a time; `waiting`: how many more are accepted; `name`: of the threads.
    A call that is given up (timeout, or the client left) before it began never begins; one that has begun holds
    its thread to its end, because a thread cannot be stopped.
    """

    def __init__(self, threads: int, waiting: int, name: str) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._places = threads + waiting
        self._taken = 0
        self._lock = threading.Lock()

    @property
    def taken(self) -> int:
        """How many calls run or wait."""
        return self._taken

    async def run(self, call: Callable[[], T], timeout_s: float) -> T:
        """What the call returns.

        Raises:
            ServerBusy: no place is free.
            TookTooLong: it was not done in time.
        """
        future = self._submit(call)
        try:
            async with asyncio.timeout(timeout_s):
                return await asyncio.wrap_future(future)
        except TimeoutError:
            if future.done() and not future.cancelled():
                raise  # the call's own
            raise _too_long(timeout_s) from None

    def stream(self, make: Callable[[], Iterator[T]], timeout_s: float) -> AsyncGenerator[T, None]:
        """The parts of an iterator that runs in a thread, each as soon as it is there.

        When the parts are no longer asked for, the iterator is closed at its next part.

        Raises:
            ServerBusy: at once, no place is free.
            TookTooLong: while iterating, the last part was not there in time.
        """
        loop = asyncio.get_running_loop()
        parts: asyncio.Queue[object] = asyncio.Queue()
        stop = threading.Event()

        def put(part: object) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(parts.put_nowait, part)

        def work() -> None:
            try:
                for part in make():
                    if stop.is_set():
                        return
                    put(part)
            except BaseException as error:
                put(_Failed(error))
            else:
                put(_END)

        return self._parts(parts, stop, self._submit(work), timeout_s)

    async def _parts(
        self, parts: asyncio.Queue[object], stop: threading.Event, future: Future[None], timeout_s: float
    ) -> AsyncGenerator[T, None]:
        deadline = asyncio.get_running_loop().time() + timeout_s
        try:
            while True:
                try:
                    async with asyncio.timeout_at(deadline):
                        part = await parts.get()
                except TimeoutError:
                    raise _too_long(timeout_s) from None
                if part is _END:
                    return
                if isinstance(part, _Failed):
                    raise part.error
                yield part  # type: ignore[misc]  # the queue also carries the end and errors
        finally:
            stop.set()
            future.cancel()

    def close(self) -> None:
        """Let what was accepted finish, then end the threads."""
        self._executor.shutdown(wait=True)

    def _submit(self, call: Callable[[], T]) -> Future[T]:
        with self._lock:
            if self._taken >= self._places:
                raise ServerBusy(
                    "ほかの依頼で手一杯です。",
                    "少し待って、もう一度送ってください(Retry-After 秒後)。",
                    en=("It is busy with other requests.", "Wait for Retry-After seconds and send it again."),
                )
            self._taken += 1
        try:
            future = self._executor.submit(call)
        except BaseException:
            self._release(None)
            raise
        future.add_done_callback(self._release)
        return future

    def _release(self, _: object) -> None:
        with self._lock:
            self._taken -= 1


def _too_long(timeout_s: float) -> TookTooLong:
    return TookTooLong(
        f"{timeout_s:g} 秒以内に終わりませんでした。",
        "少し待って、もう一度送ってください。",
        en=(f"It was not done within {timeout_s:g} seconds.", "Wait a little and send it again."),
    )
