"""How long a question takes: `rag ask` from a cold start, and one question after another in one process.

    python -m evals.bench.ask [--runs 5] [--questions evals/questions.jsonl] [--limit 100] [--home .] [--json]

The cold time is that of a whole process, from its start to its end, with the index in place; the files are in
the page cache after a first run that is not counted. The warm times are wall clock, one question at a time, each
of them new to the process. Close other programs first: on two cores everything else shows.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from rag import Assistant

PACKAGES = ("rag", "openvino", "faiss-cpu", "fugashi", "numpy", "pydantic", "tokenizers")
QUESTIONS = Path(__file__).parents[1] / "questions.jsonl"
WARM_UP = "準備のための質問です。"


def cold(question: str, home: Path, runs: int) -> list[float]:
    """Seconds of `rag ask`, each in a process of its own."""
    command = [sys.executable, "-c", "from rag.cli import main; main()", "ask", question, "--home", str(home)]
    seconds = []
    for _ in range(runs + 1):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        seconds.append(time.perf_counter() - start)
    return seconds[1:]


def warm(questions: Sequence[str], home: Path) -> list[float]:
    """Milliseconds of `Assistant.ask` for each question, after one that is not counted."""
    milliseconds = []
    with Assistant.open(home) as assistant:
        assistant.ask(WARM_UP)
        for question in questions:
            start = time.perf_counter()
            assistant.ask(question)
            milliseconds.append((time.perf_counter() - start) * 1000)
    return milliseconds


def machine() -> dict[str, Any]:
    """What the times depend on."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    load = round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None
    versions = {"python": platform.python_version(), **{name: metadata.version(name) for name in PACKAGES}}
    return {"cores": cores, "load": load, "platform": platform.platform(), "versions": versions}


def measure(questions: Sequence[str], home: Path, runs: int) -> dict[str, Any]:
    """Everything that is printed."""
    before = machine()
    cold_seconds = cold(questions[0], home, runs)
    warm_ms = sorted(warm(questions, home))
    return {
        "cold_s": {"median": round(statistics.median(cold_seconds), 3), "runs": runs},
        "warm_ms": {
            "p50": round(statistics.median(warm_ms), 1),
            "p95": round(warm_ms[min(len(warm_ms) - 1, int(0.95 * len(warm_ms)))], 1),
            "max": round(warm_ms[-1], 1),
            "questions": len(warm_ms),
        },
        "machine": before,
    }


def main(argv: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=5, help="cold runs that count")
    parser.add_argument("--questions", type=Path, default=QUESTIONS, help="JSON lines with a `question`")
    parser.add_argument("--limit", type=int, default=100, help="questions at most")
    parser.add_argument("--home", type=Path, default=Path(), help="the folder with corpus/ and index/")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(argv)
    lines = options.questions.read_text(encoding="utf-8").splitlines()
    questions = list(dict.fromkeys(json.loads(line)["question"] for line in lines if line.strip()))
    result = measure(questions[: options.limit], options.home.resolve(), options.runs)
    if options.json:
        print(json.dumps(result, ensure_ascii=False, indent=2))
        return
    cold_s, warm_ms, known = result["cold_s"], result["warm_ms"], result["machine"]
    print(f"cold rag ask   median {cold_s['median']:.2f} s   ({cold_s['runs']} processes)")
    print(
        f"warm ask       p50 {warm_ms['p50']:.0f} ms   p95 {warm_ms['p95']:.0f} ms   "
        f"max {warm_ms['max']:.0f} ms   ({warm_ms['questions']} questions)"
    )
    print(f"{known['cores']} cores, load {known['load']} before, {known['platform']}")
    print(", ".join(f"{name} {version}" for name, version in known["versions"].items()))


if __name__ == "__main__":
    main()
