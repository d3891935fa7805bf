"""Ask an assistant the questions of a suite, and the numbers that the public sets are usually compared by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from evals.items import Item
from evals.metrics import Estimate, ItemScore, Source, Sources, score, summarise
from evals.metrics.intervals import Bootstrap
from evals.metrics.text import character_f1
from evals.suites.types import Suite
from rag import Assistant, RagError, wire

WARM_UP = "準備のための質問です。"
CUTOFFS = (1, 5, 10)
DEPTH = max(CUTOFFS)
FROM_SUMMARY = (
    "exact",
    "citation_precision",
    "citation_recall",
    "abstention_precision",
    "abstention_recall",
    "abstention_f1",
    "false_refusal_rate",
    "joint_accuracy",
)

Reply = Mapping[str, Any]


def ask_all(
    suite: Suite, assistant: Assistant, track: Callable[[Sequence[Item]], Iterable[Item]] = iter
) -> list[Reply]:
    """The wire reply to each item, in order; `track` may show how far it has come."""
    assistant.ask(WARM_UP)
    return [_ask(assistant, suite, item) for item in track(suite.items)]


def _ask(assistant: Assistant, suite: Suite, item: Item) -> Reply:
    try:
        return wire.reply_object(assistant.ask(item.question, k=DEPTH, where=suite.where(item)), item.id)
    except RagError as error:
        return wire.error_object(error, item.id)


def measure(suite: Suite, replies: Sequence[Reply]) -> dict[str, Estimate]:
    """The suite's numbers with 95% intervals (`docs/eval-suites.md`)."""
    known: Sources = {a.id: Source(text=a.text, url=a.url) for a in suite.articles}
    rows = [
        (item, reply, score(item, reply, known)) for item, reply in zip(suite.items, replies, strict=True)
    ]
    summary = summarise(suite.items, [each for _, _, each in rows])
    refusable = not all(item.answerable for item in suite.items)
    bootstrap = Bootstrap([item.id for item in suite.items])
    return {
        **{
            f"article_recall@{k}": bootstrap.mean([_found(item, reply, k) for item, reply, _ in rows])
            for k in CUTOFFS
        },
        "char_f1": bootstrap.mean([_best_f1(item, reply) for item, reply, _ in rows]),
        "exact_where_answered": bootstrap.mean([_exact_where_answered(each) for _, _, each in rows]),
        **{name: summary.metrics[name] for name in FROM_SUMMARY if refusable or "abstention" not in name},
        "abstention_auroc": bootstrap.auroc(
            [each.confidence for _, _, each in rows], [item.answerable for item in suite.items]
        ),
        "error_rate": summary.metrics["error_rate"],
        **{f"latency_{name}": summary.latency[name] for name in ("p50_ms", "p95_ms")},
    }


def _found(item: Item, reply: Reply, k: int) -> bool | None:
    """Whether one of the first k distinct articles holds evidence; None where the item names none."""
    wanted = {span.article_id for group in item.evidence for span in group}
    ranking = list(dict.fromkeys(hit["article_id"] for hit in reply.get("hits") or ()))
    return not wanted.isdisjoint(ranking[:k]) if wanted else None


def _best_f1(item: Item, reply: Reply) -> float | None:
    """Character F1 with the nearest of the wordings that are each the whole answer; 0 for a refusal."""
    if not item.answerable:
        return None
    text = "\n".join(statement["text"] for statement in reply.get("statements") or ())
    golds = [*(item.accepted[0] if len(item.accepted) == 1 else ()), item.gold]
    return max(character_f1(text, gold) for gold in golds if gold)


def _exact_where_answered(each: ItemScore) -> bool | None:
    return each.exact if each.outcome in ("right", "wrong") else None
