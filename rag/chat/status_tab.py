"""The tab with the state of things: what answers, how much it knows, and what the doctor finds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from html import escape
from pathlib import Path

import gradio as gr

import rag
from rag.assistant import Assistant
from rag.chat.events import QUIET
from rag.chat.texts import word
from rag.config import load_settings
from rag.doctor import Finding, examine
from rag.messages import Lang, text


def facts_html(assistant: Assistant, lang: Lang) -> str:
    """What the assistant is made of: its articles, model and version."""
    facts = (
        ("status.engine", _engine(assistant.home, lang)),
        ("status.articles", f"{assistant.overview().articles:,}"),
        ("status.chunks", f"{assistant.chunk_count():,} ({_size(assistant.home / 'index')})"),
        ("status.model", f"{assistant.embedder.model_id} ({assistant.embedder.dimension})"),
        ("status.version", rag.__version__),
    )
    rows = "".join(
        f'<tr><th scope="row">{word(key, lang)}</th><td>{escape(value)}</td></tr>' for key, value in facts
    )
    return f"<table>{rows}</table>"


def _engine(home: Path, lang: Lang) -> str:
    return load_settings(home).llm.model or word("engine.extractive", lang)


def _size(folder: Path) -> str:
    """How much the files of a folder hold."""
    return f"{sum(path.stat().st_size for path in folder.rglob('*') if path.is_file()) / 1024**2:,.1f} MB"


def findings_html(findings: Iterable[Finding], lang: Lang, working: bool) -> str:
    """What the doctor has found so far."""
    rows = "".join(
        f'<tr class="{finding.state}"><td><span class="state">{text(finding.state, lang)}</span></td>'
        f'<th scope="row">{escape(finding.subject)}</th><td>{escape(finding.detail)}'
        f"{f'<p>{escape(finding.hint)}</p>' if finding.hint else ''}</td></tr>"
        for finding in findings
    )
    more = f'<p class="quiet working" role="status">{word("status.working", lang)}</p>' if working else ""
    return f"<table>{rows}</table>{more}"


def build(tab: gr.Tab, assistant: Assistant, lang: Lang, examining: bool) -> None:
    """Lay the components out and connect them; to be called inside of the tab.

    `examining`: whether readers may see the state of the machine: its folders, versions and disk.
    """
    say = partial(word, lang=lang)
    facts = gr.HTML(elem_id="facts", apply_default_css=False)
    tab.select(lambda: facts_html(assistant, lang), None, [facts], **QUIET)
    if not examining:
        return
    again = gr.Button(say("status.examine"), elem_id="examine", scale=0, min_width=140)
    table = gr.HTML(elem_id="findings", apply_default_css=False)

    def examined() -> Iterator[str]:
        found: list[Finding] = []
        yield findings_html(found, lang, working=True)
        for finding in examine(assistant.home, lang):
            found.append(finding)
            yield findings_html(found, lang, working=True)
        yield findings_html(found, lang, working=False)

    again.click(examined, None, [table], concurrency_limit=1, **QUIET)
