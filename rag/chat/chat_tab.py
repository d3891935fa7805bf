"""The tab with the conversation and its sources: Gradio components, and what happens when they are used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import gradio as gr

from rag.assistant import Assistant
from rag.chat import conversing
from rag.chat.articles_tab import choices, filter_inputs
from rag.chat.events import QUIET, field, html, number
from rag.chat.exchange import Exchange, keep, replaced, restore
from rag.chat.export import as_json, markdown
from rag.chat.replies import conversation_html, toolbar_html, welcome_html
from rag.chat.sources import cards_html, opened_html, passage_html
from rag.chat.suggesting import Suggestions
from rag.chat.texts import word
from rag.errors import RagError
from rag.messages import Lang

STORED = "rag.conversation"
"""The key in the browser's storage, and the secret it is encrypted with there: Gradio's own secret would be
another one after a restart, and the conversation unreadable."""

AT_ONCE = 8
"""Questions that are answered at the same time, over all readers; more wait in a queue."""


class Parts(NamedTuple):
    """The components of the tab."""

    bar: gr.HTML
    log: gr.HTML
    panel: gr.HTML
    question: gr.Textbox
    send: gr.Button
    stop: gr.Button
    filters: list[Any]
    kept: gr.BrowserState
    saved: gr.JSON
    found: gr.State
    examples: gr.State


class ChatTab:
    """One language's conversation over an assistant."""

    def __init__(self, assistant: Assistant, suggestions: Suggestions, lang: Lang) -> None:
        self._assistant = assistant
        self._suggestions = suggestions
        self._lang: Lang = lang
        self._say = partial(word, lang=lang)

    def build(self, page: gr.Blocks) -> None:
        """Lay the components out and connect them; to be called inside of the tab."""
        parts = self._layout()
        self._connect_asking(parts)
        self._connect_reading(parts)
        shown = [parts.log, parts.panel, parts.kept]
        loaded = page.load(self._reopened, [parts.kept], shown, **QUIET)
        loaded.then(self._offered, None, [parts.examples, *parts.filters[:2]], **QUIET).then(
            self._welcomed, [parts.examples, parts.kept], [parts.log], **QUIET
        )

    def _layout(self) -> Parts:
        with gr.Row(elem_id="talk"):
            with gr.Column(elem_id="talk-main", min_width=0):
                bar = html("bar", "new", "export", value=toolbar_html(self._lang))
                log = html("log", "ask", "open", "passage", "back", "rate")
                with gr.Column(elem_id="composer", min_width=0):
                    with gr.Row(elem_id="question-row"):
                        question, send, stop = self._composer()
                    with gr.Accordion(self._say("filter"), open=False, elem_classes="filter"), gr.Row():
                        filters = filter_inputs(self._lang)
            empty = cards_html(None, self._lang, self._assistant.article)
            panel = html("panel", "open", "back", value=empty)
        kept = gr.BrowserState([], storage_key=STORED, secret=STORED)
        return Parts(
            bar,
            log,
            panel,
            question,
            send,
            stop,
            filters,
            kept,
            gr.JSON(visible=False),
            gr.State(("", ())),
            gr.State(()),
        )

    def _composer(self) -> tuple[gr.Textbox, gr.Button, gr.Button]:
        question = gr.Textbox(
            elem_id="question",
            label=self._say("question"),
            show_label=False,
            placeholder=self._say("placeholder"),
            max_lines=6,
            container=False,
            autofocus=True,
        )
        send = gr.Button(self._say("send"), variant="primary", elem_id="send", min_width=76, scale=0)
        stop = gr.Button(self._say("stop"), elem_id="stop", min_width=76, scale=0, visible=False)
        return question, send, stop

    def _connect_asking(self, parts: Parts) -> None:
        shown = [parts.question, parts.log, parts.panel, parts.kept, parts.send, parts.stop]
        given = [parts.kept, *parts.filters]
        running: dict[str, Any] = {"concurrency_limit": AT_ONCE, "concurrency_id": "ask", **QUIET}
        typed = gr.on(
            [parts.question.submit, parts.send.click], self._ask, [parts.question, *given], shown, **running
        )
        pressed = parts.log.chat_ask(self._ask_pressed, given, shown, **running)
        for asking in (typed, pressed):
            asking.then(self._go_on, [parts.kept], [parts.found], **QUIET).then(
                self._offer, [parts.found, parts.kept], [parts.log, parts.kept], **QUIET
            )
        parts.stop.click(self._stopped, [parts.kept], shown[1:], cancels=[typed, pressed], **QUIET)

    def _connect_reading(self, parts: Parts) -> None:
        for place in (parts.log, parts.panel):
            place.chat_open(self._open, [parts.kept], [parts.panel], **QUIET)
            place.chat_back(self._cards, [parts.kept], [parts.panel], **QUIET)
        parts.log.chat_passage(self._open_passage, [parts.kept], [parts.panel], **QUIET)
        parts.log.chat_rate(self._rate, [parts.kept], [parts.log, parts.kept], **QUIET)
        parts.bar.chat_new(self._new, None, [parts.log, parts.panel, parts.kept], **QUIET)
        parts.bar.chat_export(self._export, [parts.kept], [parts.saved], **QUIET).then(
            None, [parts.saved], None, js="(file) => ragChat.save(file)"
        )

    def _ask(self, question: str, kept: Any, *given: Any) -> Iterator[tuple[Any, ...]]:
        """`given`: the values of the filters; None for one that was never shown."""
        before = restore(kept)
        if not question.strip():
            yield (gr.skip(),) * 6
            return
        try:
            where = conversing.chosen(*given)
        except ValueError:
            gr.Warning(self._say("bad_date"))
            yield (gr.skip(),) * 6
            return
        now: list[Exchange] = before
        field_now: Any = ""  # once: what is typed while the answer comes stays
        for exchange in conversing.ask(self._assistant, question, before, self._lang, where):
            now = [*before, exchange]
            yield (field_now, *self._show(now), gr.update(visible=False), gr.update(visible=True))
            field_now = gr.skip()
        yield (field_now, *self._show(now), gr.update(visible=True), gr.update(visible=False))

    def _ask_pressed(self, event: gr.EventData, kept: Any, *given: Any) -> Iterator[tuple[Any, ...]]:
        for shown in self._ask(field(event, "question"), kept, *given):
            yield (gr.skip(), *shown[1:])  # what is being typed stays

    def _show(self, exchanges: Sequence[Exchange]) -> tuple[str, str, Any]:
        """The conversation, the sources of its last exchange, and what the browser shall keep."""
        last = exchanges[-1] if exchanges else None
        return (
            conversation_html(exchanges, self._lang, welcome_html(None, self._lang)),
            cards_html(last, self._lang, self._assistant.article),
            keep(exchanges),
        )

    def _stopped(self, kept: Any) -> tuple[Any, ...]:
        return (*self._show(restore(kept)), gr.update(visible=True), gr.update(visible=False))

    def _go_on(self, kept: Any) -> tuple[str, tuple[str, ...]]:
        """What else could be asked after the last answer, with the id of its exchange."""
        exchanges = restore(kept)
        if not exchanges:
            return "", ()
        asked = [exchange.question for exchange in exchanges]
        return exchanges[-1].id, self._suggestions.follow_ups(exchanges[-1], asked, self._lang)

    def _offer(self, found: tuple[str, tuple[str, ...]], kept: Any) -> tuple[Any, Any]:
        """Add what was found to the conversation as it is by now: looking for it took a while."""
        exchanges = restore(kept)
        if not found[1] or not exchanges or exchanges[-1].id != found[0]:
            return gr.skip(), gr.skip()
        exchanges = replaced(exchanges, exchanges[-1].model_copy(update={"follow_ups": found[1]}))
        return conversation_html(exchanges, self._lang), keep(exchanges)

    def _reopened(self, kept: Any) -> tuple[str, str, Any]:
        return self._show(restore(kept))

    def _offered(self) -> tuple[Any, Any, Any]:
        """The examples for an empty chat, and the choices of the filters."""
        return self._suggestions.examples(self._lang), *choices(self._assistant.overview())

    def _welcomed(self, examples: tuple[str, ...], kept: Any) -> Any:
        """Offer the examples, unless a conversation has begun by now."""
        return gr.skip() if restore(kept) else welcome_html(examples, self._lang)

    def _new(self) -> tuple[Any, ...]:
        welcome = welcome_html(self._suggestions.examples(self._lang), self._lang)
        return welcome, cards_html(None, self._lang, self._assistant.article), []

    def _open(self, kept: Any, event: gr.EventData) -> Any:
        exchange = self._chosen(kept, event)
        if exchange is None:
            return gr.skip()
        return opened_html(exchange, number(event, "n"), self._lang, self._assistant.article)

    def _open_passage(self, kept: Any, event: gr.EventData) -> Any:
        exchange = self._chosen(kept, event)
        if exchange is None:
            return gr.skip()
        return passage_html(exchange, number(event, "n"), self._lang, self._assistant.article)

    def _cards(self, kept: Any, event: gr.EventData) -> str:
        return cards_html(self._chosen(kept, event), self._lang, self._assistant.article)

    def _chosen(self, kept: Any, event: gr.EventData) -> Exchange | None:
        wanted = field(event, "exchange")
        return next((exchange for exchange in restore(kept) if exchange.id == wanted), None)

    def _rate(self, kept: Any, event: gr.EventData) -> tuple[Any, Any]:
        names = ("exchange", "rating", "reason", "comment")
        try:
            rated = conversing.rate(self._assistant, restore(kept), *(field(event, name) for name in names))
        except RagError as error:
            gr.Warning(" ".join(error.said(self._lang)))
            return gr.skip(), gr.skip()
        return conversation_html(rated, self._lang), keep(rated)

    def _export(self, kept: Any, event: gr.EventData) -> dict[str, str]:
        exchanges = restore(kept)
        if field(event, "format") == "json":
            return {"name": "conversation.json", "type": "application/json", "text": as_json(exchanges)}
        return {
            "name": "conversation.md",
            "type": "text/markdown",
            "text": markdown(exchanges, self._lang),
        }
