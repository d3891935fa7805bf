"""`rag eval`: its options. What it does is imported when it runs, so that other commands do not wait for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import click

from rag.messages import Lang, text

SPLITS = ("dev", "test", "all")
ENGINES = ("rag", "peer")


class Options(NamedTuple):
    """What was asked for; None where an option was not given."""

    set: str | None = None
    split: str | None = None
    questions: Path | None = None
    data: Path | None = None
    limit: int | None = None
    engine: str | None = None
    out: Path | None = None
    name: str | None = None
    compare: str | None = None
    rescore: str | None = None
    resume: str | None = None
    gate: bool = False
    update_baseline: bool = False
    as_json: bool = False


def eval_command(lang: Lang, home: Path | None) -> click.Command:
    """The command, in a language, over a home folder."""

    def run(**given: Any) -> None:
        if click.get_current_context().invoked_subcommand is not None:
            return
        options = Options(**given)
        _check(options, lang)
        from evals.evaluating import evaluate_and_report

        if not evaluate_and_report(options, home, lang):
            raise click.exceptions.Exit(1)

    group = click.Group(
        "eval",
        callback=run,
        params=list(_parameters(lang)),
        help=text("eval", lang),
        invoke_without_command=True,
        subcommand_metavar="[generate …]",
    )
    group.add_command(_generate(lang, home))
    return group


def _generate(lang: Lang, home: Path | None) -> click.Command:
    def run(article_ids: tuple[str, ...], limit: int | None, unanswerable: int | None, llm: bool) -> None:
        from evals.evaluating import generated

        for line in generated(home, article_ids, limit, unanswerable, llm):
            print(line)

    params: list[click.Parameter] = [
        click.Argument(["article_ids"], nargs=-1, metavar="[ARTICLE_ID]..."),
        click.Option(["--limit"], type=click.IntRange(1), help=_help("generate.limit", lang)),
        click.Option(["--unanswerable"], type=click.IntRange(0), help=_help("generate.unanswerable", lang)),
        click.Option(["--llm"], is_flag=True, help=_help("generate.llm", lang)),
    ]
    return click.Command("generate", callback=run, params=params, help=_help("generate", lang))


def _parameters(lang: Lang) -> list[click.Parameter]:
    kinds: dict[str, click.ParamType[Any]] = {
        "set": click.STRING,
        "split": click.Choice(SPLITS),
        "questions": click.Path(path_type=Path),
        "data": click.Path(path_type=Path),
        "limit": click.IntRange(1),
        "engine": click.Choice(ENGINES),
        "out": click.Path(path_type=Path, file_okay=False),
        "name": click.STRING,
        "compare": click.STRING,
        "rescore": click.STRING,
        "resume": click.STRING,
    }
    values = [click.Option([f"--{name}"], type=kind, help=_help(name, lang)) for name, kind in kinds.items()]
    flags = [
        click.Option([f"--{name.replace('_', '-')}"], is_flag=True, help=_help(name, lang))
        for name in ("gate", "update_baseline")
    ]
    return [*values, *flags, click.Option(["--json", "as_json"], is_flag=True, help=_help("json", lang))]


def _help(name: str, lang: Lang) -> str:
    return text(f"eval.{name}", lang)


def _check(options: Options, lang: Lang) -> None:
    if options.update_baseline and not options.gate:
        raise click.UsageError(text("eval.gate_first", lang))
    saved = [name for name in ("rescore", "resume") if getattr(options, name)]
    others = [name for name in _OF_A_NEW_RUN if getattr(options, name) is not None] + saved[1:]
    if saved and others:
        raise click.UsageError(
            text("eval.saved_only", lang, options="、".join(f"--{name}" for name in others))
        )


_OF_A_NEW_RUN = ("set", "split", "questions", "limit", "engine", "name")
