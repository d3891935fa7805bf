"""The tab with the articles: browse, search, filter and read them, and add new ones where that is allowed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from rag.assistant import Assistant
from rag.chat.conversing import chosen
from rag.chat.events import QUIET, field, html, number
from rag.chat.shelf import PAGE, listed, reading_html, shelf_html
from rag.chat.texts import word
from rag.errors import ImportFailed, RagError
from rag.importing.source import import_source
from rag.library import Progress
from rag.messages import Lang
from rag.types import Article, Overview

_ENDINGS = [".txt", ".md", ".markdown", ".html", ".htm", ".pdf"]


class ArticlesTab:
    """One language's shelf of an assistant. `importing`: whether readers may add articles."""

    def __init__(self, assistant: Assistant, lang: Lang, importing: bool) -> None:
        self._assistant = assistant
        self._lang: Lang = lang
        self._importing = importing
        self._say = partial(word, lang=lang)

    def build(self, tab: gr.Tab) -> None:
        """Lay the components out and connect them; to be called inside of the tab."""
        with gr.Row(elem_id="library"):
            with gr.Column(elem_id="library-side", min_width=0):
                words = gr.Textbox(
                    label=self._say("search"),
                    show_label=False,
                    placeholder=self._say("search.hint"),
                    max_lines=1,
                    container=False,
                    elem_id="search",
                )
                with gr.Accordion(self._say("filter"), open=False, elem_classes="filter"), gr.Row():
                    filters = filter_inputs(self._lang)
                shelf = html("shelf", "read", "more")
                if self._importing:
                    self._build_import(words, filters, shelf)
            reading = html("reading", value=f'<p class="quiet">{self._say("reading.empty")}</p>')
        given = [words, *filters]
        gr.on([words.submit, *(one.change for one in filters)], self._list, given, [shelf], **QUIET)
        tab.select(self._choices, None, filters[:2], **QUIET).then(self._list, given, [shelf], **QUIET)
        shelf.chat_more(self._more, given, [shelf], **QUIET)
        shelf.chat_read(self._read, given, [reading, shelf], **QUIET)

    def _build_import(self, words: Any, filters: list[Any], shelf: Any) -> None:
        with gr.Accordion(self._say("import"), open=False, elem_id="import"):
            files = gr.File(
                label=self._say("import.files"), file_count="multiple", file_types=_ENDINGS, height=170
            )
            url = gr.Textbox(label=self._say("import.url"), placeholder="https://", max_lines=1)
            title = gr.Textbox(label=self._say("import.title"), max_lines=1)
            with gr.Row():
                publisher = gr.Textbox(label=self._say("filter.publisher"), max_lines=1, min_width=120)
                published = gr.Textbox(
                    label=self._say("import.published"), placeholder="2026-01-26", max_lines=1, min_width=120
                )
            start = gr.Button(self._say("import.start"), variant="primary", elem_id="import-start")
            told = gr.HTML(elem_id="import-result", apply_default_css=False)
        given = [files, url, title, publisher, published]
        added = start.click(
            self._import,
            given,
            [told],
            show_progress="minimal",
            api_visibility="private",
            concurrency_limit=1,
        )
        added.then(self._list, [words, *filters], [shelf], **QUIET)
        added.then(self._choices, None, filters[:2], **QUIET)

    def _choices(self) -> tuple[Any, Any]:
        return choices(self._assistant.overview())

    def _list(self, words: str | None, *given: Any) -> Any:
        return self._shelf(PAGE, "", words, *given)

    def _more(self, event: gr.EventData, words: str | None, *given: Any) -> Any:
        return self._shelf(max(PAGE, number(event, "shown")), "", words, *given)

    def _read(self, event: gr.EventData, words: str | None, *given: Any) -> tuple[str, Any]:
        article_id = field(event, "article")
        place = number(event, "start"), number(event, "end")
        return reading_html(self._assistant, article_id, *place, self._lang), self._shelf(
            max(PAGE, number(event, "shown")), article_id, words, *given
        )

    def _shelf(self, shown: int, opened: str, words: str | None, *given: Any) -> Any:
        try:
            where = chosen(*given)
            return shelf_html(listed(self._assistant, words or "", where, shown), shown, self._lang, opened)
        except ValueError:
            gr.Warning(self._say("bad_date"))
        except RagError as error:
            gr.Warning(" ".join(error.said(self._lang)))
        return gr.skip()

    def _import(
        self,
        files: Sequence[str] | None,
        url: str,
        title: str,
        publisher: str,
        published: str,
        bar: gr.Progress = gr.Progress(),  # noqa: B008 - the way Gradio knows that its bar is wanted
    ) -> Iterator[str]:
        """Add files, or a page; says after each step how far it has come and what became of it."""
        sources = list(files or ())
        given = {"title": title, "publisher": publisher, "published": published}
        told: list[str] = []
        for done, source in enumerate(sources or [url]):
            name = Path(source).name if files else source
            doing = self._say("import.doing", name=name, done=done + 1, count=len(sources) or 1)
            yield _told([*told, f'<li class="working">{escape(doing)}</li>'])
            facts = {**given, "url": url if files else ""}
            told.append(self._added(source, name, facts, bool(files), partial(_tell, bar, self._lang)))
        yield _told(told)

    def _added(self, source: str, name: str, given: dict[str, str], is_file: bool, progress: Progress) -> str:
        try:
            if not is_file and not source.strip().lower().startswith(("http://", "https://")):
                raise ImportFailed(self._say("import.nothing"))  # never a path of this machine
            facts = {key: value.strip() or None for key, value in given.items()}
            articles = import_source(source.strip(), **facts)
            changes = self._assistant.ingest(articles, progress)
        except RagError as error:
            problem = " ".join((f"{name}:", *error.said(self._lang)))
            return f'<li class="warning">{escape(problem)}</li>'
        return f"<li>{escape(self._result(articles, bool(changes)))}</li>"

    def _result(self, articles: Sequence[Article], changed: bool) -> str:
        titles = "、".join(article.title for article in articles)
        return self._say("import.done" if changed else "import.same", title=titles)


def _tell(bar: gr.Progress, lang: Lang, stage: str, done: int, total: int) -> None:
    bar((done, total), desc=word("import.indexing", lang))


def _told(items: Sequence[str]) -> str:
    return f'<ul class="told" role="status">{"".join(items)}</ul>'


def filter_inputs(lang: Lang) -> list[Any]:
    """What narrows the articles down: publisher, language, and two dates."""
    date = word("filter.date", lang)
    return [
        gr.Dropdown([], multiselect=True, label=word("filter.publisher", lang), min_width=200),
        gr.Dropdown([], multiselect=True, label=word("filter.lang", lang), min_width=120),
        gr.Textbox(label=word("filter.from", lang), placeholder=date, max_lines=1, min_width=120),
        gr.Textbox(label=word("filter.to", lang), placeholder=date, max_lines=1, min_width=120),
    ]


def choices(there: Overview) -> tuple[Any, Any]:
    """What the first two of these inputs offer."""
    return gr.update(choices=list(there.publishers)), gr.update(choices=list(there.langs))
