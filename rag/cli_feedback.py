"""`rag feedback export`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from rag.cli_parts import Context, command
from rag.config import find_home
from rag.messages import text


def feedback_group(context: Context) -> click.Group:
    """What people said of replies."""
    group = click.Group("feedback", help=text("feedback", context.lang))
    group.add_command(_export(context))
    return group


def _export(context: Context) -> click.Command:
    file_argument = click.Argument(["file"], required=False, type=click.Path(path_type=Path, dir_okay=False))

    @command("feedback.export", context.lang, file_argument)
    def export(file: Path | None) -> None:
        from evals.from_feedback import items_of
        from rag.corpus import read_corpus
        from rag.feedback import read

        home = find_home(context.home)
        texts = {article.id: article.text for article in read_corpus(home / "corpus")}
        made = items_of(read(home), texts)
        lines = "".join(item.model_dump_json(exclude_defaults=True) + "\n" for item in made.items)
        if file is None:
            sys.stdout.write(lines)
        else:
            file.write_text(lines, encoding="utf-8")
        click.echo(
            text(
                "feedback.exported",
                context.lang,
                items=len(made.items),
                unclear=made.unclear,
                stale=made.stale,
            ),
            err=True,
        )

    return export
