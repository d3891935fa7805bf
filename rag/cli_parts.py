"""What all modules of the command line share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import click

from rag.assistant import Assistant
from rag.library import Progress as Report
from rag.messages import Lang, text


class Context(NamedTuple):
    """What every command shares."""

    lang: Lang
    home: Path | None


def command(
    name: str, lang: Lang, *parameters: click.Parameter
) -> Callable[[Callable[..., None]], click.Command]:
    """Make a function a command, or, with `group.name` for its name, a command of a group."""

    def make(run: Callable[..., None]) -> click.Command:
        return click.Command(
            name.rpartition(".")[2], callback=run, params=list(parameters), help=text(name, lang)
        )

    return make


@contextmanager
def opened(context: Context, *, asking: bool = False) -> Iterator[Assistant]:
    """The assistant of the context's home folder, closed at the end of the block. `asking`: it will be asked."""
    with progress_bar(context.lang) as progress:
        assistant = Assistant.open(context.home, progress=progress, preload=asking)
    with assistant:
        yield assistant


@contextmanager
def progress_bar(lang: Lang) -> Iterator[Report]:
    """A progress bar on standard error that appears with the first report and leaves nothing behind."""
    bars: list[Any] = []

    def report(stage: str, done: int, total: int) -> None:
        if not bars:
            from rich.console import Console
            from rich.progress import Progress

            console = Console(stderr=True)
            bar = Progress(console=console, transient=True, disable=not console.is_terminal)
            bar.start()
            bars.extend((bar, bar.add_task(text("indexing", lang))))
        bars[0].update(bars[1], completed=done, total=total)

    try:
        yield report
    finally:
        if bars:
            bars[0].stop()
