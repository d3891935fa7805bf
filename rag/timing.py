"""How long each stage of a request took."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Timer:
    """Collects wall-clock milliseconds by stage: `with timer("embed"): …`. Stages may run side by side."""

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self._stages: dict[str, float] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Add the time of the block to a stage."""
        begin = time.perf_counter()
        try:
            yield
        finally:
            self._stages[stage] = self._stages.get(stage, 0.0) + (time.perf_counter() - begin) * 1000

    def timings_ms(self) -> dict[str, float]:
        """Milliseconds by stage so far, and `total` since the timer was made."""
        total = (time.perf_counter() - self._start) * 1000
        return {stage: round(ms, 3) for stage, ms in {**self._stages, "total": total}.items()}
