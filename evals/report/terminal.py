"""A run in the terminal: the numbers, the types, the difference and the gate."""

from __future__ import annotations

import os
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from evals.gate import Verdict
from evals.report.labels import label, percent, type_label
from evals.report.view import Change, Row, View
from rag.messages import Lang, text

LISTED = 20
"""Questions that are named; the report has them all."""


def print_view(view: View, lang: Lang, console: Console | None = None) -> None:
    """The tables of a run, and where its report is."""
    console = console or Console(highlight=False)
    run = view.evaluation.run.config
    name = f"{run.set} ({run.split})" if run.split else run.set
    head = text("eval.head", lang, name=run.name, set=name, questions=run.questions, engine=run.engine)
    console.print(Text(head, style="bold"))
    table = _table(lang, "eval.metric")
    for number in view.numbers:
        table.add_row(Text(label(number.name, lang)), number.text, number.interval, str(number.n))
    console.print(table)
    table = _table(lang, "eval.type")
    for bar in view.bars:
        table.add_row(
            Text(type_label(bar.label, lang)),
            percent(bar.value),
            f"{percent(bar.low)}〜{percent(bar.high)}",
            str(bar.n),
        )
    console.print(table)
    if view.change:
        _print_change(view.change, lang, console)
    if view.verdict:
        _print_verdict(view.verdict, lang, console)
    path = os.path.relpath(view.evaluation.run.folder / "report.html")
    console.print(Text(text("eval.report", lang, path=path)), soft_wrap=True)


def _table(lang: Lang, first: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column(text(first, lang), overflow="fold")
    for name in ("value", "interval", "n"):
        table.add_column(text(f"eval.{name}", lang), justify="right", no_wrap=True)
    return table


def _print_change(change: Change, lang: Lang, console: Console) -> None:
    difference = f"{change.difference}{change.interval}"
    console.print(Text(text("eval.change", lang, name=change.name, difference=difference)), soft_wrap=True)
    for key, rows, style in (("eval.fixed", change.fixed, "green"), ("eval.broken", change.broken, "red")):
        _print_rows(text(key, lang), rows, style, console)


def _print_rows(title: str, rows: Sequence[Row], style: str, console: Console) -> None:
    console.print(Text(f"{title}: {len(rows)}", style=style))
    for row in rows[:LISTED]:
        console.print(Text(f"  {row.id}  {row.question}"), soft_wrap=True)


def _print_verdict(verdict: Verdict, lang: Lang, console: Console) -> None:
    key, style = ("eval.passed", "bold green") if verdict.passed else ("eval.failed", "bold red")
    console.print(Text(text(key, lang), style=style))
    for check in sorted(verdict.checks, key=lambda check: check.passed):
        mark, style = ("✓", "dim") if check.passed else ("✗", "red")
        console.print(
            Text(f"  {mark} {label(check.name, lang)}: {check.detail}", style=style), soft_wrap=True
        )
    if verdict.broken:
        listed = "、".join(verdict.broken[:LISTED])
        console.print(Text(f"  {text('eval.lost', lang)}: {listed}", style="red"), soft_wrap=True)
