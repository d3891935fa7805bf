"""An engine that is a dictionary, and questions and sources made to measure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evals import runs
from evals.items import EvidenceSpan, Item
from evals.metrics import Source, Sources
from evals.runner import Evaluation, answer, evaluate
from evals.runs import Run
from rag import Filter
from rag.errors import InvalidQuestion

TEXT = "駅前の図書館は2026年4月1日に開館しました。館長は田中さんです。"
SOURCES: Sources = {"a": Source(text=TEXT, url="https://example.com/a")}


def item(item_id: str, accepted: str = "", evidence: str = "", **fields: Any) -> Item:
    spans = ()
    if evidence:
        start = TEXT.index(evidence)
        spans = ((EvidenceSpan(article_id="a", start=start, end=start + len(evidence), text=evidence),),)
    known = {"question": f"質問{item_id}", "answerable": bool(accepted)} | fields
    return Item(id=item_id, accepted=((accepted,),) if accepted else (), evidence=spans, **known)


OPENING = item("opening", "4月1日", "駅前の図書館は2026年4月1日に開館しました。", type="when")
HEAD = item("head", "田中", "館長は田中さんです。", type="who")
ABSENT = item("absent", type="absent")
BAD = item("bad", "何か", type="what")
ITEMS = [OPENING, HEAD, ABSENT, BAD]


def cited(text: str, quote: str | None = None, confidence: float = 0.9, **fields: Any) -> dict[str, Any]:
    quote = text if quote is None else quote
    start = TEXT.find(quote)
    citation = {
        "n": 1,
        "article_id": "a",
        "url": "https://example.com/a",
        "deep_link": "https://example.com/a#:~:text=x",
        "title": "図書館",
        "start": start,
        "end": start + len(quote),
        "quote": quote,
        "quote_sha256": hashlib.sha256(quote.encode()).hexdigest(),
    }
    return {
        "status": "answered",
        "answer": text,
        "statements": [{"text": text, "citations": [1]}],
        "citations": [citation | fields],
        "hits": [],
        "reason": None,
        "confidence": confidence,
        "timings_ms": {"total": 1.0},
    }


def refused(confidence: float = 0.1) -> dict[str, Any]:
    return {
        "status": "abstained",
        "answer": "見つかりません。",
        "statements": [],
        "citations": [],
        "hits": [],
        "reason": "no_evidence",
        "confidence": confidence,
        "timings_ms": {"total": 1.0},
    }


REPLIES: dict[str, dict[str, Any]] = {
    OPENING.question: cited("駅前の図書館は2026年4月1日に開館しました。"),
    HEAD.question: cited("館長は田中さんです。"),
    ABSENT.question: refused(),
}
"""Three right; the fourth question raises an error."""


class FakeEngine:
    """Replies by heart; a question that it does not know is an error. Notes what it was asked."""

    name = "fake"
    model = "fake-1"

    def __init__(self, replies: Mapping[str, dict[str, Any]] = REPLIES, stop_at: str | None = None) -> None:
        self.replies = replies
        self.stop_at = stop_at
        self.asked: list[str] = []

    def ask(self, question: str, where: Filter | None = None) -> dict[str, Any]:
        self.asked.append(question)
        if question == self.stop_at:
            raise KeyboardInterrupt
        if question not in self.replies:
            raise InvalidQuestion("質問を知りません。", "別の質問にしてください。")
        return self.replies[question]

    def sources(self) -> Sources:
        return SOURCES


def new_run(folder: Path, name: str = "run", items: Sequence[Item] = ITEMS) -> Run:
    config = runs.configuration(name, "own", None, "fake", "fake-1", items, SOURCES)
    return runs.create(folder, config, items, SOURCES)


def finished(
    folder: Path,
    name: str = "run",
    items: Sequence[Item] = ITEMS,
    replies: Mapping[str, dict[str, Any]] = REPLIES,
) -> Evaluation:
    """A run of the fake engine, scored."""
    return evaluate(answer(FakeEngine(replies), new_run(folder, name, items)))
