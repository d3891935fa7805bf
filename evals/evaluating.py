"""What `rag eval` does: run or load, save, score, compare, judge, report."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from evals import gate, runs
from evals.command import Options
from evals.items import EvalError
from evals.metrics import compare
from evals.report.terminal import print_view
from evals.report.view import Compared, all_metrics, make_view
from evals.report.writing import summary_json, write_reports
from evals.runner import Evaluation, QuestionSet, answer, evaluate, load_set, open_engine, save_scores
from evals.runs import Run
from rag import Assistant, wire
from rag.backends import llm_connection
from rag.config import find_home, load_settings
from rag.errors import ArticleNotFound
from rag.messages import Lang, text

LAST = "last"


def evaluate_and_report(options: Options, home: Path | None, lang: Lang) -> bool:
    """Do it; False when the gate is closed.

    Raises:
        RagError: the questions, a run or the corpus cannot be used.
    """
    evals = find_home(home) / "evals"
    folder = options.out or evals / "runs"
    named = options.compare if options.compare != LAST else None
    earlier = evaluate(runs.load(folder, named)) if named else None
    now = evaluate(_run(options, folder, home, lang))
    save_scores(now)
    if options.compare == LAST:
        earlier = evaluate(runs.load(folder, runs.latest(folder, now.run.config)))
    view = make_view(
        now,
        compared=Compared(earlier, compare(earlier.scores, now.scores)) if earlier else None,
        verdict=_judge(now, evals, options.update_baseline) if options.gate else None,
    )
    write_reports(view)
    if options.as_json:
        print(wire.dumps(runs.canonical(summary_json(view)), indent=2))
    else:
        print_view(view, lang)
    return view.verdict is None or view.verdict.passed


def generated(
    home: Path | None,
    article_ids: Sequence[str],
    limit: int | None,
    unanswerable: int | None,
    llm: bool = False,
) -> Iterator[str]:
    """Questions made from articles of the corpus, one JSON object a line; with `llm` by the model in the settings.

    Raises:
        ArticleNotFound: there is no such article.
        ConfigError, MissingExtra, EvalError: the model cannot be used, or did not answer.
    """
    from evals.generating import generate

    with Assistant.open(home) as assistant:
        known = {article.id: article for article in assistant.articles()}
    unknown = [article_id for article_id in article_ids if article_id not in known]
    if unknown:
        raise ArticleNotFound(
            f"記事「{unknown[0]}」はありません。",
            "rag articles で id を確かめてください。",
            en=(f"There is no article “{unknown[0]}”.", "`rag articles` lists the ids."),
        )
    chosen = [known[article_id] for article_id in article_ids] or list(known.values())
    if llm:
        items = generate.proposed(chosen, llm_connection(load_settings(find_home(home)).llm), limit)
    else:
        items = [item for article in chosen for item in generate.generate(article, limit)]
    for item in [*items, *generate.unanswerable(chosen, unanswerable, corpus=list(known.values()))]:
        yield wire.dumps(item.model_dump(mode="json"))


def _run(options: Options, folder: Path, home: Path | None, lang: Lang) -> Run:
    """The run to score: a saved one, the rest of one, or a new one."""
    if options.rescore:
        return runs.load(folder, options.rescore)
    if options.resume:
        run = runs.load_unfinished(folder, options.resume)
        runs.reopen(run)
        asked = _set_of(run, options.data)
        engine_name = run.config.engine
    else:
        run, asked, engine_name = None, _new_set(options), options.engine or "rag"
    with (
        _bars(lang) as bars,
        open_engine(engine_name, asked, home, folder / ".suites", bars.indexing) as engine,
    ):
        if run is None:
            name = options.name or runs.default_name(asked.name, asked.split, engine_name)
            sources = engine.sources()
            config = runs.configuration(
                name, asked.name, asked.split, engine.name, engine.model, asked.items, sources
            )
            run = runs.create(folder, config, asked.items, sources)
        else:
            _same_ground(run, engine.model, runs.corpus_hashes(engine.sources()))
        try:
            return answer(engine, run, asked.suite, bars.asking)
        except KeyboardInterrupt:
            done = len(runs.load_unfinished(folder, run.config.name).answered)
            kept = text("eval.kept", lang, done=done, total=len(run.items), name=run.config.name)
            print(kept, file=sys.stderr)
            raise


def _new_set(options: Options) -> QuestionSet:
    own = options.questions is None and options.set in (None, "own")
    split = options.split or ("test" if own and not options.gate else "all")
    return load_set(
        options.set or "own",
        None if split == "all" else split,
        questions=options.questions,
        data=options.data,
        limit=options.limit,
    )


def _set_of(run: Run, data: Path | None) -> QuestionSet:
    """What a run asked; a suite is read again, for its articles."""
    from evals.suites import SUITES

    suite = load_set(run.config.set, data=data).suite if run.config.set in SUITES else None
    return QuestionSet(run.config.set, run.config.split, run.items, suite)


def _same_ground(run: Run, model: str, corpus: dict[str, str]) -> None:
    if (model, corpus) != (run.config.model, run.config.corpus):
        raise EvalError(
            f"実行「{run.config.name}」の後で、記事かモデルが変わりました。",
            "続けられないので、rag eval で新しく実行してください。",
        )


def _judge(now: Evaluation, evals: Path, update: bool) -> gate.Verdict:
    config = now.run.config
    metrics = {name: estimate.value for name, estimate in all_metrics(now.summary).items()}
    rules = gate.load_rules(gate.rules_path(evals, config.set))
    path = gate.baseline_path(evals, config.set)
    if update:
        gate.save_baseline(gate.make_baseline(config, metrics, now.scores, rules), path)
    return gate.judge(config, metrics, now.scores, rules, gate.load_baseline(path))


class _Bars(NamedTuple):
    """Progress on standard error; nothing where that is no terminal."""

    progress: Progress
    lang: Lang

    def indexing(self, stage: str, done: int, total: int) -> None:
        """The index has come so far."""
        self._show(text("indexing", self.lang), done, total)

    def asking(self, done: int, total: int) -> None:
        """So many questions are answered."""
        self._show(text("eval.asking", self.lang), done, total)

    def _show(self, title: str, done: int, total: int) -> None:
        task = next((t.id for t in self.progress.tasks if t.description == title), None)
        if task is None:
            task = self.progress.add_task(title)
        self.progress.update(task, completed=done, total=total)


@contextmanager
def _bars(lang: Lang) -> Iterator[_Bars]:
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        yield _Bars(progress, lang)
