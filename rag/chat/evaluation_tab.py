"""The tab with the evaluation: the report of a run as it was written, or how to make one."""

from __future__ import annotations

from functools import partial
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from rag.assistant import Assistant
from rag.chat.events import QUIET
from rag.chat.texts import word
from rag.messages import Lang

_REPORT = "report.html"


def reports(home: Path) -> list[str]:
    """The names of the runs that have a report, the newest first."""
    found = (home / "evals" / "runs").glob(f"*/{_REPORT}")
    return [path.parent.name for path in sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)]


def report_html(home: Path, name: str | None, lang: Lang) -> str:
    """A run's report in a frame of its own that cannot reach this page; without one, how to make one.

    `name`: one of `reports`; anything else is taken for none, for it came from outside.
    """
    names = reports(home)
    if not names:
        return (
            f'<section class="make"><h2>{word("evaluation.none", lang)}</h2><p>{word("evaluation.how", lang)}</p>'
            f'<pre>rag eval</pre><p class="quiet">{word("evaluation.then", lang)}</p></section>'
        )
    chosen = name if name in names else names[0]
    report = (home / "evals" / "runs" / chosen / _REPORT).read_text(encoding="utf-8")
    title = word("evaluation.report", lang, name=chosen)
    return f'<iframe sandbox="allow-scripts" title="{escape(title)}" srcdoc="{escape(report)}"></iframe>'


def build(tab: gr.Tab, assistant: Assistant, lang: Lang) -> None:
    """Lay the components out and connect them; to be called inside of the tab."""
    say = partial(word, lang=lang)
    name = gr.Dropdown([], label=say("evaluation.run"), elem_id="run", visible=False)
    report = gr.HTML(elem_id="report", apply_default_css=False)

    def opened() -> tuple[Any, str]:
        names = reports(assistant.home)
        newest = names[0] if names else None
        return gr.update(choices=names, value=newest, visible=len(names) > 1), report_html(
            assistant.home, newest, lang
        )

    tab.select(opened, None, [name, report], **QUIET)
    name.input(lambda chosen: report_html(assistant.home, chosen, lang), [name], [report], **QUIET)
