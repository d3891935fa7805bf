"""Scores of many items as metrics with intervals, and two runs of the same items compared."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict

from evals.items import Item
from evals.metrics.intervals import Bootstrap, Estimate, mcnemar
from evals.metrics.item_score import ItemScore
from evals.metrics.retrieval import NAMES, Ranks, measures_of_all

Value = float | bool | None


class Summary(BaseModel):
    """A run in numbers. `by`: joint accuracy by item attribute and its value.

    Two runs over the same replies give the same summary, byte for byte, but for `latency`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    n: int
    outcomes: dict[str, int]
    metrics: dict[str, Estimate]
    by: dict[str, dict[str, Estimate]]
    latency: dict[str, Estimate]


class Comparison(BaseModel):
    """Run b against run a, over the items that both have. `difference`: joint accuracy of b minus that of a.

    `missing`: ids that only a has; `added`: ids that only b has.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    n: int
    before: float | None
    after: float | None
    difference: Estimate
    p_value: float
    fixed: tuple[str, ...]
    broken: tuple[str, ...]
    missing: tuple[str, ...]
    added: tuple[str, ...]


def summarise(items: Sequence[Item], scores: Sequence[ItemScore]) -> Summary:
    """Every metric of `docs/metrics.md` over the items that have a score."""
    by_id = {score.id: score for score in scores}
    pairs = [(item, by_id[item.id]) for item in items if item.id in by_id]
    scored = [score for _, score in pairs]
    bootstrap = Bootstrap([score.family for score in scored])
    latencies = [score.latency_ms for score in scored]
    return Summary(
        n=len(pairs),
        outcomes={
            outcome: sum(score.outcome == outcome for score in scored)
            for outcome in ("right", "wrong", "refused", "false_refusal", "false_answer", "error")
        },
        metrics={
            "joint_accuracy": bootstrap.mean([score.joint for score in scored]),
            **_answers(bootstrap, pairs),
            **_citations(bootstrap, scored),
            **_abstention(bootstrap, pairs),
            **_robustness(bootstrap, pairs),
            **_retrieval(bootstrap, scored),
            "confidence_auroc": bootstrap.auroc(
                [score.confidence for score in scored],
                [score.outcome in ("right", "false_refusal") for score in scored],
            ),
        },
        by={
            attribute: _joint_by(bootstrap, pairs, attribute)
            for attribute in ("type", "split", "language", "style")
        },
        latency={f"p{q}_ms": bootstrap.percentile(latencies, q) for q in (50, 95, 99)},
    )


Pairs = Sequence[tuple[Item, ItemScore]]


def _joint_by(
    bootstrap: Bootstrap, pairs: Pairs, attribute: Literal["type", "split", "language", "style"]
) -> dict[str, Estimate]:
    own = [str(getattr(item, attribute)) for item, _ in pairs]
    return {
        value: bootstrap.mean(
            [score.joint if mine == value else None for mine, (_, score) in zip(own, pairs, strict=True)]
        )
        for value in sorted(set(own))
    }


def _where(pairs: Pairs, applies: Callable[[Item], bool], value: Callable[[ItemScore], Value]) -> list[Value]:
    return [value(score) if applies(item) else None for item, score in pairs]


def _answers(bootstrap: Bootstrap, pairs: Pairs) -> dict[str, Estimate]:
    scored = [score for _, score in pairs]
    return {
        "answer_accuracy": bootstrap.mean(
            _where(pairs, lambda item: item.answerable, lambda score: score.outcome == "right")
        ),
        "exact": bootstrap.mean([score.exact for score in scored]),
        "containment": bootstrap.mean([score.containment for score in scored]),
        "char_f1": bootstrap.mean([score.char_f1 for score in scored]),
        "unsupported_numbers": bootstrap.total([score.unsupported_numbers for score in scored]),
    }


def _citations(bootstrap: Bootstrap, scored: Sequence[ItemScore]) -> dict[str, Estimate]:
    return {
        "verbatim": bootstrap.mean([score.verbatim for score in scored]),
        "supported": bootstrap.mean([score.supported for score in scored]),
        "url_right": bootstrap.mean([score.url_right for score in scored]),
        "citation_precision": bootstrap.mean([score.citation_precision for score in scored]),
        "citation_recall": bootstrap.mean([score.citation_recall for score in scored]),
    }


def _abstention(bootstrap: Bootstrap, pairs: Pairs) -> dict[str, Estimate]:
    refused = [float(score.outcome in ("refused", "false_refusal")) for _, score in pairs]
    should = [float(not item.answerable) for item, _ in pairs]
    both = [float(score.outcome == "refused") for _, score in pairs]
    return {
        "abstention_precision": bootstrap.ratio(both, refused),
        "abstention_recall": bootstrap.ratio(both, should),
        "abstention_f1": bootstrap.ratio(
            [2 * hit for hit in both], [one + other for one, other in zip(refused, should, strict=True)]
        ),
        "false_refusal_rate": bootstrap.mean(
            _where(pairs, lambda item: item.answerable, lambda score: score.outcome == "false_refusal")
        ),
        "false_answer_rate": bootstrap.mean(
            _where(pairs, lambda item: not item.answerable, lambda score: score.outcome == "false_answer")
        ),
        "error_rate": bootstrap.mean([score.outcome == "error" for _, score in pairs]),
    }


def _robustness(bootstrap: Bootstrap, pairs: Pairs) -> dict[str, Estimate]:
    return {
        "false_premise_handled": bootstrap.mean(
            _where(pairs, lambda item: item.type == "false_premise", lambda score: score.joint)
        ),
        "injection_safe": bootstrap.mean(
            _where(
                pairs,
                lambda item: "injection" in (item.type, item.style),
                lambda score: score.must_not_ok and score.outcome not in ("false_answer", "error"),
            )
        ),
        "variant_agreement": bootstrap.mean(_agreements(pairs)),
    }


def _agreements(pairs: Pairs) -> list[Value]:
    """For each variant whose first wording was asked too: whether both got the same outcome and facts."""
    by_id = {item.id: (item, score) for item, score in pairs}
    agreements: list[Value] = []
    for item, score in pairs:
        first = by_id.get(item.variant_of or "")
        agreements.append(None if first is None else _agree(item, score, *first))
    return agreements


def _agree(item: Item, score: ItemScore, other: Item, others: ItemScore) -> bool:
    if score.outcome != others.outcome:
        return False
    return len(item.accepted) != len(other.accepted) or score.facts == others.facts


def _retrieval(bootstrap: Bootstrap, scored: Sequence[ItemScore]) -> dict[str, Estimate]:
    return {
        **_of_level(bootstrap, "evidence", [(score.id, score.evidence_ranks) for score in scored]),
        **_of_level(bootstrap, "article", [(score.id, score.article_ranks) for score in scored]),
    }


def _of_level(bootstrap: Bootstrap, level: str, ranks: Iterable[tuple[str, Ranks]]) -> dict[str, Estimate]:
    ids, known = [], {}
    for item_id, groups in ranks:
        ids.append(item_id)
        if groups:
            known[item_id] = groups
    values = measures_of_all(known)
    return {
        f"{level}_{name}": bootstrap.mean([values[i][name] if i in values else None for i in ids])
        for name in NAMES
    }


def compare(a: Sequence[ItemScore], b: Sequence[ItemScore]) -> Comparison:
    """Run b against run a by item: the paired difference in joint accuracy, and what was fixed and broken."""
    before = {score.id: score for score in a}
    after = {score.id: score for score in b}
    shared = [item_id for item_id in before if item_id in after]
    bootstrap = Bootstrap([before[i].family for i in shared])
    fixed = tuple(i for i in shared if after[i].joint and not before[i].joint)
    broken = tuple(i for i in shared if before[i].joint and not after[i].joint)
    return Comparison(
        n=len(shared),
        before=bootstrap.mean([before[i].joint for i in shared]).value,
        after=bootstrap.mean([after[i].joint for i in shared]).value,
        difference=bootstrap.mean([float(after[i].joint) - float(before[i].joint) for i in shared]),
        p_value=mcnemar(len(fixed), len(broken)),
        fixed=fixed,
        broken=broken,
        missing=tuple(i for i in before if i not in after),
        added=tuple(i for i in after if i not in before),
    )
