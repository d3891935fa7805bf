"""Run a public question set through the assistant and print what it reaches.

    python -m evals.suites --data DIR --suite jsquad --limit 500 [--cache DIR] [--json]

The first run embeds the articles; with `--cache`, later runs do not. Nothing is saved but the index: `rag eval`
keeps runs and compares them.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from evals.bench.ask import machine
from evals.items import Item
from evals.metrics import Estimate
from evals.suites import SUITES, open_suite
from evals.suites.measuring import ask_all, measure
from rag import RagError


def main(argv: Sequence[str] | None = None) -> int:
    """Load, ask, measure, print."""
    parser = argparse.ArgumentParser(
        prog="python -m evals.suites",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with the suite's file")
    parser.add_argument("--suite", choices=SUITES, required=True)
    parser.add_argument("--limit", type=_positive, help="ask a sample of so many questions")
    parser.add_argument("--cache", type=Path, help="keep the index here, one folder a suite")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    console = Console(stderr=True)
    try:
        suite = SUITES[options.suite](options.data, options.limit)
        with _home(options.cache, suite.name) as home, console.status("索引を作成中…") as status:

            def show(stage: str, done: int, total: int) -> None:
                status.update(f"索引を作成中… {100 * done // max(total, 1)}%")

            with open_suite(suite, home, show) as assistant:
                status.stop()

                def bar(items: Sequence[Item]) -> Iterable[Item]:
                    return track(items, suite.name, console=console)

                replies = ask_all(suite, assistant, bar)
    except RagError as error:
        console.print(str(error), markup=False)
        return 2
    numbers = measure(suite, replies)
    if options.json:
        result = {
            "suite": suite.name,
            "note": suite.note,
            "metrics": {name: estimate.model_dump() for name, estimate in numbers.items()},
            "machine": machine(),
        }
        print(json.dumps(result, ensure_ascii=False, indent=2))
    else:
        _print(suite.name, suite.note, numbers)
    return 0


def _positive(text: str) -> int:
    value = int(text)
    if value <= 0:
        raise argparse.ArgumentTypeError("must be positive")
    return value


@contextlib.contextmanager
def _home(cache: Path | None, name: str) -> Iterator[Path]:
    """The suite's folder in the cache, or one that is gone afterwards."""
    if cache is not None:
        yield cache / name
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def _print(name: str, note: str, numbers: Mapping[str, Estimate]) -> None:
    console = Console()
    table = Table("metric", name, "95%", "n")
    for metric, estimate in numbers.items():
        digits = 1 if metric.endswith("_ms") else 3
        value, low, high = (
            "–" if each is None else f"{each:.{digits}f}"
            for each in (estimate.value, estimate.low, estimate.high)
        )
        table.add_row(metric, value, f"{low} – {high}", str(estimate.n))
    console.print(table)
    console.print(note, markup=False, highlight=False)


if __name__ == "__main__":
    sys.exit(main())
