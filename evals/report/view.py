"""What a report shows of a run: numbers as text, charts as numbers, questions as rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from evals.gate import Verdict
from evals.items import Item
from evals.metrics import Comparison, Estimate, Summary
from evals.report.charts import Bar, Bin, Latency, calibration, latency
from evals.report.labels import HEADLINE, label, shown
from evals.runner import Evaluation

GOOD = ("right", "refused")
"""Outcomes that count, unless something else is wrong with the reply: then it is shown as `faulty`."""


class Number(NamedTuple):
    """A metric as it is shown; `other`: its value in the run that this one is compared with."""

    name: str
    label: str
    text: str
    interval: str
    n: int
    other: str = ""


class Compared(NamedTuple):
    """Another run to stand beside: an earlier one, or another engine's."""

    evaluation: Evaluation
    comparison: Comparison

    @property
    def name(self) -> str:
        """The run's name with its engine."""
        config = self.evaluation.run.config
        return f"{config.name}({config.engine})"


class Quote(NamedTuple):
    """A citation; without a link where its URL is not one of the web."""

    n: int
    title: str
    link: str | None
    quote: str


class Row(NamedTuple):
    """One question with everything that explains its outcome."""

    id: str
    question: str
    type: str
    style: str
    language: str
    outcome: str
    right: bool
    answered: bool
    explanation: str
    answer: str
    citations: list[Quote]
    expected: str
    must_not: tuple[str, ...]
    evidence: list[str]
    latency: float
    confidence: float | None
    change: str


class Change(NamedTuple):
    """The difference to another run."""

    name: str
    difference: str
    interval: str
    mood: str
    fixed: list[Row]
    broken: list[Row]


class View(NamedTuple):
    """Everything that a report shows."""

    evaluation: Evaluation
    verdict: Verdict | None
    metrics: dict[str, Estimate]
    numbers: list[Number]
    headline: list[Number]
    bars: list[Bar]
    calibration: list[Bin]
    latency: Latency | None
    rows: list[Row]
    change: Change | None


def make_view(
    evaluation: Evaluation,
    *,
    compared: Compared | None = None,
    verdict: Verdict | None = None,
) -> View:
    """What the reports of a run show, beside another run where there is one."""
    rows = make_rows(evaluation, compared.comparison if compared else None)
    metrics = all_metrics(evaluation.summary)
    others = all_metrics(compared.evaluation.summary) if compared else {}
    numbers = {
        name: make_number(name, estimate, others.get(name))
        for name, estimate in metrics.items()
        if estimate.n
    }
    parts = [
        make_number(f"joint_accuracy:{value}", estimate)
        for attribute in ("split", "language")
        if len(by := evaluation.summary.by.get(attribute, {})) > 1
        for value, estimate in by.items()
    ]
    return View(
        evaluation=evaluation,
        verdict=verdict,
        metrics=metrics,
        numbers=[*numbers.values(), *parts],
        headline=[numbers[name] for name in HEADLINE if name in numbers],
        bars=[
            Bar(kind, e.value, e.low or 0.0, e.high or 0.0, e.n)
            for kind, e in evaluation.summary.by.get("type", {}).items()
            if e.value is not None
        ],
        calibration=calibration(
            [(row.confidence, row.right) for row in rows if row.answered and row.confidence is not None]
        ),
        latency=latency([row.latency for row in rows]),
        rows=rows,
        change=_change(compared, rows) if compared else None,
    )


def all_metrics(summary: Summary) -> dict[str, Estimate]:
    """The metrics of a summary, those of time too, by name."""
    return {**summary.metrics, **{f"latency_{name}": value for name, value in summary.latency.items()}}


def make_number(name: str, estimate: Estimate, other: Estimate | None = None) -> Number:
    """A metric as it is shown, beside its value in another run."""
    write = shown(name)
    beside = write(other.value) if other and other.value is not None else ""
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return Number(name, label(name), "–", "", estimate.n, beside)
    interval = f"{write(estimate.low)}〜{write(estimate.high)}"
    return Number(name, label(name), write(estimate.value), interval, estimate.n, beside)


def _change(compared: Compared, rows: Sequence[Row]) -> Change:
    comparison = compared.comparison
    difference = comparison.difference
    value, low, high = difference.value or 0.0, difference.low or 0.0, difference.high or 0.0
    only = len(comparison.missing) + len(comparison.added)
    return Change(
        name=compared.name,
        difference=f"{value * 100:+.1f} ポイント",
        interval=f"(95% 区間 {low * 100:+.1f}〜{high * 100:+.1f}、p = {comparison.p_value:.3f}、共通の {comparison.n} 問"
        + (f"、片方だけの {only} 問は除く)" if only else ")"),
        mood="good" if value > 0 else "bad" if value < 0 else "",
        fixed=[row for row in rows if row.id in comparison.fixed],
        broken=[row for row in rows if row.id in comparison.broken],
    )


def make_rows(evaluation: Evaluation, comparison: Comparison | None) -> list[Row]:
    """One row a question, in the order of the set."""
    run = evaluation.run
    fixed = set(comparison.fixed) if comparison else set()
    broken = set(comparison.broken) if comparison else set()
    return [
        Row(
            id=item.id,
            question=item.question,
            type=item.type,
            style=item.style,
            language=item.language,
            outcome="faulty" if score.outcome in GOOD and not score.joint else score.outcome,
            right=score.joint,
            answered=answered.reply.get("status") == "answered",
            explanation=score.explanation,
            answer=_answer(answered.reply),
            citations=_quotes(answered.reply),
            expected=_expected(item),
            must_not=item.must_not,
            evidence=[" / ".join(span.text for span in group) for group in item.evidence],
            latency=answered.latency_ms,
            confidence=score.confidence,
            change="直った" if item.id in fixed else "壊れた" if item.id in broken else "",
        )
        for item, answered, score in zip(run.items, run.answered, evaluation.scores, strict=True)
    ]


def _answer(reply: Mapping[str, Any]) -> str:
    if reply.get("status") == "error":
        error = reply.get("error") or {}
        return f"エラー {error.get('type', '')}: {error.get('message', '')}"
    statements = [
        str(s.get("text", "")) + " " + "".join(f"[{n}]" for n in s.get("citations", ()))
        for s in reply.get("statements") or ()
    ]
    reason = f"({reply['reason']})" if reply.get("reason") else ""
    return "\n".join(statements) or f"答えを控えた{reason}: {reply.get('answer') or ''}"


def _quotes(reply: Mapping[str, Any]) -> list[Quote]:
    return [
        Quote(c.get("n", 0), str(c.get("title", "")), _link(c), str(c.get("quote", "")))
        for c in reply.get("citations") or ()
    ]


def _link(citation: Mapping[str, Any]) -> str | None:
    link = str(citation.get("deep_link") or citation.get("url") or "")
    try:
        return link if urlsplit(link).scheme in ("http", "https") else None
    except ValueError:
        return None


def _expected(item: Item) -> str:
    if not item.answerable:
        return f"答えを控えるか、前提の誤りを正す。{item.gold}"
    facts = "、".join(" | ".join(wordings) for wordings in item.accepted)
    return f"{item.gold}\n{facts}" if item.gold and item.gold != facts else facts
