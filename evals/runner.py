"""Ask an engine every question of a set, keep the replies, and score them from what was kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from evals.items import EvalError, Item, load_items
from evals.metrics import ItemScore, Source, Sources, Summary, score, summarise
from evals.runs import Answered, Run, append, write_json
from evals.suites import SUITES, Suite, open_suite
from rag import Assistant, Filter, RagError, wire
from rag.library import Progress as Indexing

QUESTIONS = Path(__file__).with_name("questions.jsonl")
SET_NAMES = ("own", *SUITES)

Progress = Callable[[int, int], None]
"""Told how many questions are answered, of how many."""


class Engine(Protocol):
    """What answers questions, with a wire reply (`docs/api.md`)."""

    @property
    def name(self) -> str:
        """Its name in reports."""

    @property
    def model(self) -> str:
        """The model behind it; equal ids give equal replies."""

    def ask(self, question: str, where: Filter | None = None) -> dict[str, Any]:
        """The wire reply, from the articles that the filter lets through.

        Raises:
            RagError: there is none.
        """

    def sources(self) -> Sources:
        """The articles it may cite, by id."""


class QuestionSet(NamedTuple):
    """Questions with a name. `suite` brings its own articles; None where they are asked of the user's corpus."""

    name: str
    split: str | None
    items: list[Item]
    suite: Suite | None = None


class Evaluation(NamedTuple):
    """A run and what it is worth."""

    run: Run
    scores: list[ItemScore]
    summary: Summary


class RagEngine:
    """This project, through its public API."""

    name = "rag"

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
        self.model = assistant.embedder.model_id

    def ask(self, question: str, where: Filter | None = None) -> dict[str, Any]:
        """The assistant's reply."""
        return wire.reply_object(self._assistant.ask(question, where=where))

    def sources(self) -> Sources:
        """The articles of its corpus."""
        return {
            article.id: Source(text=article.text, url=article.url) for article in self._assistant.articles()
        }


def _peer(assistant: Assistant) -> Engine:
    from evals.peers.langchain import PeerEngine

    return PeerEngine(assistant)


ENGINES: dict[str, Callable[[Assistant], Engine]] = {"rag": RagEngine, "peer": _peer}


@contextmanager
def open_engine(
    name: str, asked: QuestionSet, home: Path | None, suite_homes: Path, progress: Indexing | None = None
) -> Iterator[Engine]:
    """An engine over the articles that the questions are asked of; a suite's stay in a home folder of its own."""
    if asked.suite is None:
        assistant = Assistant.open(home, progress=progress)
    else:
        assistant = open_suite(asked.suite, suite_homes / asked.name, progress)
    with assistant:
        yield ENGINES[name](assistant)


def load_set(
    name: str,
    split: str | None = None,
    *,
    questions: Path | None = None,
    data: Path | None = None,
    limit: int | None = None,
) -> QuestionSet:
    """The questions of a file, of this project's own set, or of a suite whose files are in `data`.

    Raises:
        EvalError: they cannot be read.
    """
    if questions is not None:
        return QuestionSet(questions.name, split, load_items(questions, split)[:limit])
    if name == "own":
        return QuestionSet("own", split, load_items(QUESTIONS, split)[:limit])
    if name not in SUITES:
        raise EvalError(
            f"質問集「{name}」はありません。",
            f"--set には {'、'.join(SET_NAMES)} のどれかを指定してください。",
        )
    if data is None:
        raise EvalError(
            f"質問集「{name}」のデータの場所がありません。",
            "--data でデータのあるフォルダーを指定してください。",
        )
    suite = SUITES[name](data, limit)
    return QuestionSet(name, None, list(suite.items), suite)


def answer(engine: Engine, run: Run, suite: Suite | None = None, progress: Progress | None = None) -> Run:
    """Ask what the run has no reply to yet; each reply is on disk before the next question is asked.

    The first question is asked once more before, so that no time holds what is loaded at first use.
    """
    answered = list(run.answered)
    waiting = run.items[len(answered) :]
    if waiting:
        _reply(engine, waiting[0].question, suite.where(waiting[0]) if suite else None)
    for item in waiting:
        start = time.perf_counter()
        reply = _reply(engine, item.question, suite.where(item) if suite else None)
        took = round((time.perf_counter() - start) * 1000, 3)
        answered.append(Answered(id=item.id, latency_ms=took, reply={**reply, "id": item.id}))
        append(run.folder, answered[-1])
        if progress is not None:
            progress(len(answered), len(run.items))
    return run._replace(answered=answered)


def _reply(engine: Engine, question: str, where: Filter | None) -> dict[str, Any]:
    try:
        return engine.ask(question, where)
    except RagError as error:
        return wire.error_object(error)


def evaluate(run: Run) -> Evaluation:
    """Score what a run kept; the times are those that were measured around each question."""
    scores = [
        score(item, answered.reply, run.sources).model_copy(update={"latency_ms": answered.latency_ms})
        for item, answered in zip(run.items, run.answered, strict=True)
    ]
    return Evaluation(run, scores, summarise(run.items, scores))


def save_scores(evaluation: Evaluation) -> None:
    """Write scores.json, the same bytes for the same replies, and apart from it timings.json."""
    folder, summary = evaluation.run.folder, evaluation.summary
    write_json(
        folder / "scores.json",
        {
            "items": [each.model_dump(exclude={"latency_ms"}) for each in evaluation.scores],
            "summary": summary.model_dump(exclude={"latency"}),
        },
    )
    write_json(
        folder / "timings.json",
        {
            "items": {each.id: each.latency_ms for each in evaluation.scores},
            "summary": {name: estimate.model_dump() for name, estimate in summary.latency.items()},
        },
    )
