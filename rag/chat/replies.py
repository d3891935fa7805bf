"""The conversation as HTML. Every text from outside is escaped here; what can be pressed carries `data-act`.

`data-act` names what is to be done and `data-…` says with what; `chat.js` passes both on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape

from rag.chat.exchange import Exchange, Passage
from rag.chat.export import exchange_text
from rag.chat.texts import word
from rag.messages import Lang, text
from rag.types import Dropped, Statement

_DOWN_REASONS = ("wrong", "citation", "incomplete", "abstained", "other")


def conversation_html(exchanges: Sequence[Exchange], lang: Lang, welcome: str = "") -> str:
    """All exchanges, or the welcome when there are none."""
    if not exchanges:
        return welcome
    told = "".join(exchange_html(exchange, lang, last=exchange is exchanges[-1]) for exchange in exchanges)
    return f'<div role="log" aria-label="{word("conversation", lang)}">{told}</div>'


def welcome_html(examples: Sequence[str] | None, lang: Lang) -> str:
    """What an empty chat shows; `examples` is None while they are being checked."""
    if examples is None:
        offered = f'<p class="quiet checking" role="status">{word("examples.checking", lang)}</p>'
    else:
        offered = questions_html("examples", examples, lang)
    return f'<section class="welcome"><h2>{word("welcome", lang)}</h2><p>{_sentences(word("about", lang))}</p>{offered}</section>'


def _sentences(text: str) -> str:
    """Sentences that break lines between them rather than inside of them."""
    parts = re.split(r"(?<=。)|(?<=\.) ", text)
    return " ".join(f"<span>{escape(part)}</span>" for part in parts if part)


def toolbar_html(lang: Lang) -> str:
    """What can be done with a whole conversation."""
    export = "".join(
        f'<button type="button" class="tool" data-act="export" data-format="{name}"'
        f' aria-label="{word("export", lang)}: {label}">{_icon("save")}<span>{label}</span></button>'
        for name, label in (("markdown", "Markdown"), ("json", "JSON"))
    )
    return (
        f'<div class="bar"><button type="button" class="tool" data-act="new" data-confirm="{word("new.confirm", lang)}">'
        f"{_icon('new')}<span>{word('new', lang)}</span></button>"
        f'<span class="exports">{export}</span></div>'
    )


def exchange_html(exchange: Exchange, lang: Lang, last: bool = True) -> str:
    """A question and what was said to it; only the last one offers questions to go on with."""
    follow_ups = questions_html("follow_ups", exchange.follow_ups, lang) if last else ""
    return (
        f'<section class="exchange" data-exchange="{exchange.id}">'
        f'<h3 class="unseen">{word("you", lang)}</h3><p class="question">{escape(exchange.question)}</p>'
        f'<h3 class="unseen">{word("reply", lang)}</h3>'
        f'<div class="reply {exchange.status}">{_body(exchange, lang)}</div>{follow_ups}</section>'
    )


def questions_html(heading: str, questions: Iterable[str], lang: Lang) -> str:
    """Questions to press, under the heading with this key; nothing when there are none."""
    buttons = "".join(
        f'<li><button type="button" class="chip" data-act="ask" data-question="{escape(question)}">'
        f"{escape(question)}</button></li>"
        for question in questions
    )
    return (
        f'<div class="questions"><h4>{_heading(heading, lang)}</h4><ul>{buttons}</ul></div>'
        if buttons
        else ""
    )


def _heading(key: str, lang: Lang) -> str:
    return escape(word(key, lang))


def _body(exchange: Exchange, lang: Lang) -> str:
    if exchange.status == "talk":
        return f"<p>{_lines(exchange.message)}</p>{_talk_articles(exchange)}"
    if exchange.status == "failed":
        return (
            f'<h4 class="verdict">{_heading("failed", lang)}</h4><p>{_lines(exchange.message)}</p>'
            f'<p class="quiet">{_lines(exchange.hint)}</p>{_again(exchange, lang)}'
        )
    if exchange.status == "abstained":
        return _abstained(exchange, lang) + _after(exchange, lang)
    said = _statements(exchange, lang)
    if exchange.status == "pending":
        return f'{said}<p class="quiet working" role="status">{word("searching", lang)}</p>'
    if exchange.status == "stopped":
        return f'{said}<p class="quiet">{word("stopped", lang)}</p>{_again(exchange, lang)}'
    return _standalone(exchange, lang) + said + _dropped(exchange.dropped, lang) + _after(exchange, lang)


def _abstained(exchange: Exchange, lang: Lang) -> str:
    reason = text(exchange.reason or "no_evidence", lang)
    more = exchange.message if lang == "ja" and exchange.message != reason else ""
    corrected = ""
    if exchange.statements:
        corrected = f"<h4>{_heading('corrected', lang)}</h4>{_statements(exchange, lang)}"
    nearest = "".join(_passage(one, exchange.id, i, lang) for i, one in enumerate(exchange.passages))
    return (
        f'<h4 class="verdict">{_heading("abstained", lang)}</h4><p>{escape(more or reason)}</p>'
        f"{_standalone(exchange, lang)}{corrected}"
        + (f'<h4>{_heading("nearest", lang)}</h4><ul class="nearest">{nearest}</ul>' if nearest else "")
        + questions_html("suggestions", exchange.suggestions, lang)
    )


def _statements(exchange: Exchange, lang: Lang) -> str:
    return "".join(_statement(one, exchange.id, lang) for one in exchange.statements)


def _statement(statement: Statement, exchange_id: str, lang: Lang) -> str:
    markers = "".join(
        f'<button type="button" class="marker" data-act="open" data-exchange="{exchange_id}" data-n="{citation.n}"'
        f' aria-label="{escape(word("marker", lang, n=citation.n, title=citation.title))}"'
        f' title="{escape(citation.title)}">{citation.n}</button>'
        for citation in statement.citations
    )
    return f'<p class="statement">{_lines(statement.text)}<sup>{markers}</sup></p>'


def _passage(passage: Passage, exchange_id: str, place: int, lang: Lang) -> str:
    where = " › ".join(passage.heading_path[-1:])
    facts = " · ".join(filter(None, (passage.publisher, passage.published, where)))
    return (
        f"<li><details><summary><strong>{escape(passage.title)}</strong>"
        f'<span class="facts">{escape(facts)}</span></summary><blockquote>{_lines(passage.text)}</blockquote>'
        f'<button type="button" class="plain" data-act="passage" data-exchange="{exchange_id}" data-n="{place}">'
        f"{word('open_here', lang)}</button></details></li>"
    )


def _talk_articles(exchange: Exchange) -> str:
    """The articles that small talk names; each opens in the panel."""
    items = "".join(
        f'<li><button type="button" class="plain" data-act="passage" data-exchange="{exchange.id}" data-n="{i}">'
        f"{escape(one.title)}</button>"
        f'<span class="facts">{escape(" · ".join(filter(None, (one.publisher, one.published))))}</span></li>'
        for i, one in enumerate(exchange.passages)
    )
    return f'<ul class="catalogue">{items}</ul>' if items else ""


def _standalone(exchange: Exchange, lang: Lang) -> str:
    notes = []
    if exchange.standalone_question:
        notes.append(word("standalone", lang, question=exchange.standalone_question))
    if exchange.notice:
        notes.append(f"{word('notice', lang)}: {exchange.notice}")
    return "".join(f'<p class="quiet note">{_lines(note)}</p>' for note in notes)


def _dropped(dropped: Sequence[Dropped], lang: Lang) -> str:
    if not dropped:
        return ""
    items = "".join(
        f"<li><s>{_lines(one.text)}</s><br><span>{_lines(one.why)}</span></li>" for one in dropped
    )
    head = word("dropped", lang, count=len(dropped))
    return f'<details class="dropped"><summary>{head}</summary><ul>{items}</ul></details>'


def _again(exchange: Exchange, lang: Lang) -> str:
    return (
        f'<button type="button" class="plain" data-act="ask" data-question="{escape(exchange.question)}">'
        f"{word('ask_again', lang)}</button>"
    )


def _after(exchange: Exchange, lang: Lang) -> str:
    """What can be done with a finished reply: copy it, rate it."""
    facts = ""
    if exchange.total_ms is not None:
        engine = word("engine.extractive", lang) if exchange.engine == "extractive" else exchange.engine
        facts = word("facts", lang, engine=engine, ms=f"{exchange.total_ms:,.0f}")
    copy = (
        f'<button type="button" class="tool" data-act="copy" data-text="{escape(exchange_text(exchange, lang))}"'
        f' data-done="{word("copied", lang)}">{_icon("copy")}<span>{word("copy", lang)}</span></button>'
    )
    rate = "".join(
        f'<button type="button" class="tool" data-act="{act}" data-exchange="{exchange.id}" data-rating="{rating}"'
        f' aria-pressed="{str(exchange.rating == rating).lower()}">{_icon(rating)}<span>{word(label, lang)}</span></button>'
        for rating, label, act in (("up", "good", "rate"), ("down", "bad", "why"))
    )
    thanks = (
        f'<p class="quiet" role="status">{word(f"rated.{exchange.rating}", lang)}</p>'
        if exchange.rating
        else ""
    )
    return (
        f'<div class="after">{copy}{rate}<span class="facts">{escape(facts)}</span></div>{thanks}'
        f"{_why(exchange, lang)}"
    )


def _why(exchange: Exchange, lang: Lang) -> str:
    """The form that asks what was wrong, shown when a reply is rated down."""
    reasons = "".join(
        f'<label><input type="radio" name="reason-{exchange.id}" value="{reason}"{" checked" * (reason == "wrong")}>'
        f"{word(f'why.{reason}', lang)}</label>"
        for reason in _DOWN_REASONS
    )
    label = word("why.comment", lang)
    return (
        f'<form class="why" data-exchange="{exchange.id}" hidden><fieldset><legend>{word("why", lang)}</legend>{reasons}'
        f'</fieldset><textarea rows="2" maxlength="2000" aria-label="{label}" placeholder="{label}"></textarea>'
        f'<div><button type="submit" class="chip">{word("why.send", lang)}</button>'
        f'<button type="button" class="plain" data-act="cancel">{word("cancel", lang)}</button></div></form>'
    )


_ICONS = {
    "new": '<path d="M12 5v14M5 12h14"/>',
    "save": '<path d="M12 4v11m-4-4 4 4 4-4M5 20h14"/>',
    "copy": '<rect x="9" y="9" width="11" height="11" rx="2"/><path d="M5 15V6a2 2 0 0 1 2-2h9"/>',
    "up": '<path d="M7 11v9M7 11l4-8a2.5 2.5 0 0 1 2.5 2.5V9h5a2 2 0 0 1 2 2.3l-1 7a2 2 0 0 1-2 1.7H7"/>',
    "down": '<path d="M17 13V4M17 13l-4 8a2.5 2.5 0 0 1-2.5-2.5V15h-5a2 2 0 0 1-2-2.3l1-7A2 2 0 0 1 6.5 4H17"/>',
}


def _icon(name: str) -> str:
    return f'<svg viewBox="0 0 24 24" aria-hidden="true">{_ICONS[name]}</svg>'


def _lines(value: str) -> str:
    return escape(value).replace("\n", "<br>")
