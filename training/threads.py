"""How many threads a step is worth while other programs use the machine too.

Two threads of a step wait for each other at every operation: with one core taken by another program, two are
four times slower than one (264 against 1,004 tokens/s on two cores).
"""

from __future__ import annotations

import time
from pathlib import Path

STAT = Path("/proc/stat")


class FreeCores:
    """Counts the cores that other programs leave free, from one call to the next."""

    def __init__(self, cores: int) -> None:
        self.cores = cores
        self._last = self._now()

    def count(self) -> int:
        """Cores free since the last call, at least one; all of them where /proc/stat is missing."""
        now = self._now()
        elapsed, busy, own = (new - old for new, old in zip(now, self._last, strict=True))
        self._last = now
        taken = (busy - own) / max(elapsed, 1e-3)
        return max(1, self.cores - round(taken + 0.1))

    @staticmethod
    def _now() -> tuple[float, float, float]:
        """Wall clock, time all programs used and time this one used, seconds."""
        own = time.process_time()
        if not STAT.is_file():
            return time.monotonic(), own, own
        ticks = [int(value) for value in STAT.read_text(encoding="ascii").split("\n")[0].split()[1:]]
        idle = ticks[3] + ticks[4]
        return time.monotonic(), (sum(ticks[:8]) - idle) / 100, own
