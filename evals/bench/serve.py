"""How many questions a server answers: so many clients, each asking one question after another, for so long.

    python -m evals.bench.serve [--clients 32] [--seconds 60] [--home .] [--url http://… [--key KEY]] [--json]

Without `--url` it starts `rag serve` on a free port of this machine and ends it afterwards; clients and server then
share the cores. Only the development questions are asked. A refusal (429) and everything that is no answer are errors.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from evals.bench.ask import QUESTIONS, machine
from evals.items import load_items


class Asked(NamedTuple):
    """One request: what came of it (a status, or the name of an error), and how long it took."""

    outcome: str
    milliseconds: float


@contextmanager
def started(home: Path) -> Iterator[str]:
    """The address of a server of this run."""
    command = [sys.executable, "-m", "rag", "serve", "--no-chat", "--port", "0", "--home", str(home)]
    with (
        tempfile.TemporaryFile() as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        try:
            found = re.search(r"(http://\S+)/v1", process.stdout.readline() if process.stdout else "")
            if not found:
                process.wait()
                log.seek(0)
                raise SystemExit(log.read().decode())
            yield found[1]
        finally:
            process.terminate()


async def load(url: str, questions: Sequence[str], clients: int, seconds: float, key: str) -> list[Asked]:
    """What all clients saw, in the order in which it ended."""
    asked: list[Asked] = []
    following = itertools.cycle(questions)
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    limits = httpx.Limits(max_connections=clients, max_keepalive_connections=clients)
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=120, limits=limits) as client:
        await client.post("/v1/ask", json={"question": questions[0]})  # what is only loaded once
        end = time.perf_counter() + seconds

        async def ask_on() -> None:
            while time.perf_counter() < end:
                start = time.perf_counter()
                try:
                    response = await client.post("/v1/ask", json={"question": next(following)})
                    outcome = str(response.status_code)
                except httpx.HTTPError as error:
                    outcome = type(error).__name__
                asked.append(Asked(outcome, (time.perf_counter() - start) * 1000))

        await asyncio.gather(*(ask_on() for _ in range(clients)))
    return asked


def summary(asked: Sequence[Asked], seconds: float) -> dict[str, Any]:
    """What is printed."""
    good = sorted(one.milliseconds for one in asked if one.outcome == "200")
    outcomes = Counter(one.outcome for one in asked)
    cuts = statistics.quantiles(good, n=100, method="inclusive") if len(good) > 1 else [0.0] * 99
    return {
        "questions_per_s": round(len(good) / seconds, 1),
        "p50_ms": round(cuts[49], 1),
        "p95_ms": round(cuts[94], 1),
        "p99_ms": round(cuts[98], 1),
        "answered": len(good),
        "errors": len(asked) - len(good),
        "outcomes": dict(outcomes),
    }


def main(argv: Sequence[str] | None = None) -> None:
    """Measure and print; exit with 1 when there were errors."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--home", type=Path, default=Path(), help="the folder with corpus/ and index/")
    parser.add_argument("--url", help="a server that runs already")
    parser.add_argument("--key", default="", help="its API key")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(argv)
    questions = [item.question for item in load_items(QUESTIONS, "dev")]
    before = machine()

    def measured(url: str) -> dict[str, Any]:
        start = time.perf_counter()
        asked = asyncio.run(load(url, questions, options.clients, options.seconds, options.key))
        return summary(asked, time.perf_counter() - start)

    if options.url:
        result = measured(options.url)
    else:
        with started(options.home.resolve()) as url:
            result = measured(url)
    if options.json:
        print(
            json.dumps(
                {**result, "clients": options.clients, "machine": before}, ensure_ascii=False, indent=2
            )
        )
    else:
        print(
            f"{options.clients} clients, {options.seconds:g} s: {result['questions_per_s']} q/s, "
            f"p50 {result['p50_ms']:.0f} ms, p95 {result['p95_ms']:.0f} ms, p99 {result['p99_ms']:.0f} ms, "
            f"{result['answered']} answered, errors {result['errors']} {result['outcomes']}"
        )
        print(f"{before['cores']} cores, load {before['load']} before, {before['platform']}")
    if result["errors"]:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
