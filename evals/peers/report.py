"""This project and the peer, asked the same questions, side by side in Markdown.

    python -m evals.peers.report [--split dev] [--questions evals/questions.jsonl] [--home .]

Our metrics give nothing to an answer that dumps a whole chunk, so the table also has rows that take the peer's
side: whether the first chunk holds the evidence, and whether the answer states the facts however long it is.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from evals.items import Item, load_items
from evals.metrics import Sources, score, summarise
from evals.metrics.text import states
from evals.peers.langchain import PeerEngine
from evals.runner import QUESTIONS, Engine, RagEngine
from rag import Assistant, RagError

METRICS = (
    ("joint_accuracy", "総合正答率(答え・引用・控える判断が全部正しい)"),
    ("evidence_recall@1", "証拠の R@1(1位の断片が根拠を含む)"),
    ("evidence_recall@5", "証拠の R@5"),
    ("citation_precision", "引用の適合率(長さの上限つき)"),
    ("citation_recall", "引用の再現率(長さの上限つき)"),
    ("verbatim", "引用が原文どおり"),
    ("abstention_f1", "控える判断の F1"),
    ("false_answer_rate", "答えるべきでない質問に答えた割合(低いほど良い)"),
    ("false_refusal_rate", "答えられる質問を断った割合(低いほど良い)"),
)


class Asked(NamedTuple):
    """What one engine made of the questions."""

    name: str
    replies: Sequence[Mapping[str, Any]]
    sources: Sources
    median_ms: float


def ask_all(engine: Engine, items: Sequence[Item]) -> Asked:
    """Every question once; the first one once more before, not counted."""
    engine.ask(items[0].question)
    replies, took = [], []
    for item in items:
        start = time.perf_counter()
        replies.append(engine.ask(item.question))
        took.append((time.perf_counter() - start) * 1000)
    return Asked(engine.name, replies, engine.sources(), statistics.median(took))


def states_all(item: Item, reply: Mapping[str, Any]) -> bool:
    """Whether an answer of any length states every accepted fact."""
    return reply["status"] == "answered" and all(
        any(states(reply["answer"], wording) for wording in group) for group in item.accepted
    )


def side_by_side(items: Sequence[Item], engines: Sequence[Asked]) -> str:
    """The table, one column an engine."""
    rows = [["指標", *(asked.name for asked in engines)]]
    rows.append(["---", *["---:"] * len(engines)])
    columns = [_column(items, asked) for asked in engines]
    rows += [[label, *(column[label] for column in columns)] for label in columns[0]]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _column(items: Sequence[Item], asked: Asked) -> dict[str, str]:
    scores = [score(item, reply, asked.sources) for item, reply in zip(items, asked.replies, strict=True)]
    metrics = summarise(items, scores).metrics
    answerable = [(item, reply) for item, reply in zip(items, asked.replies, strict=True) if item.answerable]
    stated = sum(states_all(item, reply) for item, reply in answerable)
    lengths = [len(reply["answer"]) for reply in asked.replies if reply["status"] == "answered"]
    return {
        "質問": f"{len(items)}(うち答えられる {len(answerable)})",
        **{label: _percent(metrics[name].value) for name, label in METRICS},
        "答えが事実を全部含む(長さを問わない)": _percent(stated / len(answerable) if answerable else None),
        "答えの長さの平均": f"{statistics.mean(lengths):.0f} 字" if lengths else "–",
        "1問の時間の中央値": f"{asked.median_ms:.0f} ms",
    }


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f}%"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m evals.peers.report", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--questions", type=Path, default=QUESTIONS)
    parser.add_argument("--split", choices=("dev", "test"), default="dev")
    parser.add_argument("--home", type=Path)
    options = parser.parse_args(arguments)
    try:
        items = load_items(options.questions, options.split)
        with Assistant.open(options.home) as assistant:
            engines: list[Engine] = [RagEngine(assistant), PeerEngine(assistant)]
            print(side_by_side(items, [ask_all(engine, items) for engine in engines]))
            print("\n" + "\n".join(f"- {engine.name}: {engine.model}" for engine in engines))
    except RagError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
