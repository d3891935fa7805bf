"""A conversation as plain text, Markdown and JSON, with everything a citation needs to be checked again."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from rag.chat.exchange import Exchange
from rag.chat.texts import word
from rag.messages import Lang, text
from rag.types import Citation, Statement

_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|!~])")


def exchange_text(exchange: Exchange, lang: Lang) -> str:
    """The reply as plain text with numbered sources, for the clipboard."""
    parts = [exchange.question, "", *(_marked(one) for one in exchange.statements)]
    if exchange.status == "abstained":
        parts[2:2] = [text(exchange.reason or "no_evidence", lang)]
    if exchange.citations:
        parts += ["", word("sources", lang)]
        parts += [f"[{c.n}] {_source(c)}\n「{c.quote}」\n{c.url}" for c in exchange.citations]
    return "\n".join(parts)


def _marked(statement: Statement) -> str:
    return statement.text + " " + "".join(f"[{citation.n}]" for citation in statement.citations)


def _source(citation: Citation) -> str:
    return ", ".join(filter(None, (citation.title, citation.publisher, citation.published)))


def markdown(exchanges: Sequence[Exchange], lang: Lang) -> str:
    """The conversation as a Markdown document; what articles and people wrote keeps no markup of its own."""
    return f"# {word('title', lang)}\n\n" + "\n".join(_section(one, lang) for one in exchanges)


def _section(exchange: Exchange, lang: Lang) -> str:
    parts = [f"## {_plain(exchange.question)}", ""]
    if exchange.standalone_question:
        parts += [f"*{_plain(word('standalone', lang, question=exchange.standalone_question))}*", ""]
    if exchange.status == "abstained":
        parts += [f"**{word('abstained', lang)}**: {text(exchange.reason or 'no_evidence', lang)}", ""]
    elif exchange.status in ("stopped", "pending"):
        parts += [f"*{word('stopped', lang)}*", ""]
    elif exchange.message:
        parts += [_plain(exchange.message), ""]
    for statement in exchange.statements:
        markers = "".join(f"[{citation.n}]" for citation in statement.citations)
        parts += [f"{_plain(statement.text)} {markers}", ""]
    for citation in exchange.citations:
        quote = "\n".join(f"> {_plain(line)}" for line in citation.quote.splitlines())
        parts += [f"[{citation.n}] {_plain(_source(citation))}", "", quote, ">", f"> <{citation.url}>", ""]
    return "\n".join(parts)


def _plain(value: str) -> str:
    return " ".join(_MARKUP.sub(r"\\\1", value).split())


def as_json(exchanges: Sequence[Exchange]) -> str:
    """The conversation as JSON: questions, replies, and citations with quote, offsets (code points), hash and URL."""
    found = [exchange.model_dump(mode="json", exclude={"follow_ups"}) for exchange in exchanges]
    return json.dumps({"version": 1, "exchanges": found}, ensure_ascii=False, indent=2)
