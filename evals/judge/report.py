"""What the judge said, how far it agrees with the deterministic metric, and both as Markdown."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from evals.metrics import ItemScore

Support = Literal["supported", "partly", "unsupported"]

NAMES: dict[Support, str] = {
    "supported": "裏付けあり",
    "partly": "一部だけ",
    "unsupported": "裏付けなし",
}


LONGEST = 300
"""Characters of foreign text in one cell."""


class StatementVerdict(BaseModel):
    """Whether the quotes of statement `n` (from 1) support it, and why."""

    model_config = ConfigDict(frozen=True)

    n: int
    support: Support
    reason: str


class Verdict(BaseModel):
    """The judge's view of one reply; `error` says why there is none. Equal keys: the same was asked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    key: str
    statements: tuple[StatementVerdict, ...] = ()
    error: str | None = None

    @property
    def supported(self) -> bool:
        """Every statement is wholly supported."""
        return bool(self.statements) and all(one.support == "supported" for one in self.statements)


class Agreement(NamedTuple):
    """How judge and metric divide the replies that both have judged. A rate that is undefined is None.

    accuracy = (both + neither) / n. Cohen's kappa = (accuracy - e) / (1 - e), where e is the accuracy of two who
    say yes as often as these, independently (Cohen 1960, Educational and Psychological Measurement 20).
    """

    both: int
    only_judge: int
    only_metric: int
    neither: int
    disagreeing: tuple[str, ...]

    @property
    def n(self) -> int:
        """Replies that both have judged."""
        return self.both + self.only_judge + self.only_metric + self.neither

    @property
    def accuracy(self) -> float | None:
        """The part on which they agree."""
        return (self.both + self.neither) / self.n if self.n else None

    @property
    def kappa(self) -> float | None:
        """Agreement beyond chance; undefined when both give one and the same answer to everything."""
        accuracy = self.accuracy
        if accuracy is None:
            return None
        judge, metric = (self.both + self.only_judge) / self.n, (self.both + self.only_metric) / self.n
        chance = judge * metric + (1 - judge) * (1 - metric)
        return (accuracy - chance) / (1 - chance) if chance < 1 else None


def agreement(verdicts: Iterable[Verdict], item_scores: Iterable[ItemScore]) -> Agreement:
    """The judge's "every statement is supported" against the metric's "every quote is verbatim, no number is made up".

    Replies without a verdict, or without an answer, do not count.
    """
    scores = {score.id: score for score in item_scores}
    cells: Counter[tuple[bool, bool]] = Counter()
    disagreeing = []
    for verdict in verdicts:
        score = scores.get(verdict.id)
        if verdict.error is None and score is not None:
            cell = verdict.supported, holds(score)
            cells[cell] += 1
            if cell[0] != cell[1]:
                disagreeing.append(verdict.id)
    return Agreement(
        cells[True, True], cells[True, False], cells[False, True], cells[False, False], tuple(disagreeing)
    )


def holds(score: ItemScore) -> bool:
    """What the deterministic metric says of a reply's support."""
    return score.verbatim is True and score.unsupported_numbers == 0


def markdown(model: str, verdicts: Sequence[Verdict], agreed: Agreement) -> str:
    """The report. Everything that a model or an article wrote is escaped."""
    judged = [verdict for verdict in verdicts if verdict.error is None]
    counts = Counter(one.support for verdict in judged for one in verdict.statements)
    total = sum(counts.values())
    lines = [
        "# LLM による判定(参考)",
        "",
        "引用が文を裏付けているかを、言語モデルに尋ねた結果です。合否の判定(gate)には使いません。",
        "",
        f"- モデル: {cell(model)}",
        f"- 判定した回答: {len(judged)}、判定できなかった回答: {len(verdicts) - len(judged)}",
        "",
        *_table(
            ["判定", "文の数", "割合"],
            [
                [NAMES[name], str(counts[name]), _percent(counts[name] / total if total else None)]
                for name in NAMES
            ],
        ),
        "",
        "## 決定的な指標との一致",
        "",
        "判定は「すべての文に裏付けあり」、指標は「すべての引用が原文どおりで、裏付けのない数値がない」です。",
        "",
        *_table(
            ["回答の数", "指標: はい", "指標: いいえ"],
            [
                ["判定: はい", str(agreed.both), str(agreed.only_judge)],
                ["判定: いいえ", str(agreed.only_metric), str(agreed.neither)],
            ],
        ),
        "",
        f"- 一致率: {_percent(agreed.accuracy)}(n = {agreed.n})",
        f"- Cohen の κ: {'定義できません' if agreed.kappa is None else f'{agreed.kappa:.2f}'}",
        "",
        "κ は偶然の一致を除いた値です。一方がほとんど同じ答えしか出さないときは、一致率が高くても 0 に近くなります。",
    ]
    lines += _details("裏付けありとされなかった文", judged, agreed)
    failed = [
        [cell(verdict.id), cell(verdict.error or "")] for verdict in verdicts if verdict.error is not None
    ]
    if failed:
        lines += ["", "## 判定できなかった回答", "", *_table(["id", "理由"], failed)]
    return "\n".join(lines) + "\n"


def _details(title: str, judged: Sequence[Verdict], agreed: Agreement) -> list[str]:
    rows = [
        [
            cell(verdict.id),
            str(one.n),
            NAMES[one.support],
            "×" if verdict.id in agreed.disagreeing else "",
            cell(one.reason),
        ]
        for verdict in judged
        for one in verdict.statements
        if one.support != "supported"
    ]
    return (
        ["", f"## {title}", "", *_table(["id", "文", "判定", "指標と不一致", "理由"], rows)] if rows else []
    )


def cell(text: str) -> str:
    """Foreign text in one table cell, with nothing in it that Markdown or HTML would read."""
    flat = html.escape(re.sub(r"\s+", " ", text).strip()[:LONGEST], quote=False)
    return re.sub(r"([\\`*_{}\[\]|!#~:])", r"\\\1", flat)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f}%"
