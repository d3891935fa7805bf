"""Replies, hits and tables for the terminal."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from textwrap import indent

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from rag.doctor import Finding
from rag.errors import RagError
from rag.library import Changes
from rag.messages import Lang, text
from rag.types import Abstention, Answer, Article, Citation, Hit, Reply, Statement

_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""Control characters: an article must not be able to command the terminal."""

_UNFOLDED = 10_000
"""Columns where the reader is a program: one article, one line."""

_STATE_STYLE = {"ok": "green", "warning": "yellow", "failed": "red"}


class _Console(Console):
    """A rich console that leaves it to the caller what happens when the reader of its output left."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def _console() -> Console:
    return _Console(highlight=False)


def print_reply(reply: Reply, lang: Lang, console: Console | None = None) -> None:
    """An answer with its numbered quotes and URLs, or an abstention with the nearest passages."""
    console = console or _console()
    if reply.standalone_question:
        console.print(f"[dim]{text('completed', lang)}: {escape(_shown(reply.standalone_question))}[/dim]")
    if reply.notice:
        console.print(f"[yellow]{escape(_shown(reply.notice))}[/yellow]", soft_wrap=True)
    if isinstance(reply, Abstention):
        reason = f"[yellow]{text('abstained', lang)}[/yellow]: {escape(text(reply.reason, lang))}"
        console.print(reason, soft_wrap=True)
    _print_statements(
        reply.statements if isinstance(reply, Answer) else reply.corrections, reply.citations, lang, console
    )
    if isinstance(reply, Abstention):
        _print_nearest(reply, lang, console)
        return
    for dropped in reply.dropped:
        console.print(
            f"[yellow]{text('dropped', lang)}[/yellow]: {escape(_shown(dropped.text))} [dim]({escape(_shown(dropped.why))})[/dim]",
            soft_wrap=True,
        )


def _print_statements(
    statements: Sequence[Statement], citations: Sequence[Citation], lang: Lang, console: Console
) -> None:
    for statement in statements:
        markers = "".join(f"[{citation.n}]" for citation in statement.citations)
        line = Text.assemble((_shown(statement.text), "bold"), " ", (markers, "cyan"))
        console.print(line, soft_wrap=True)
    if citations:
        console.print(f"\n[dim]{text('sources', lang)}[/dim]")
    for citation in citations:
        _print_citation(citation, lang, console)


def _print_nearest(reply: Abstention, lang: Lang, console: Console) -> None:
    if reply.hits:
        console.print(f"\n[dim]{text('nearest', lang)}[/dim]")
        print_hits(reply.hits[:3], lang, console)
    if reply.suggestions:
        console.print(f"\n[dim]{text('suggestions', lang)}[/dim]")
        for suggestion in reply.suggestions:
            console.print(f"  ・{escape(_shown(suggestion))}", soft_wrap=True)


def _print_citation(citation: Citation, lang: Lang, console: Console) -> None:
    facts = " / ".join(filter(None, (citation.publisher, citation.published)))
    head = Text.assemble(
        (f"[{citation.n}] ", "cyan"), _shown(citation.title), (f"  {_shown(facts)}" if facts else "", "dim")
    )
    console.print(head, soft_wrap=True)
    _print_indented(console, f"「{citation.quote}」", citation.url, "    ")


def print_hits(hits: Sequence[Hit], lang: Lang, console: Console | None = None) -> None:
    """Chunks with their scores and why they were found."""
    console = console or _console()
    if not hits:
        console.print(text("no_hits", lang))
    for hit in hits:
        path = " > ".join((hit.article.title, *hit.chunk.heading_path))
        why = f"{hit.score:.3f}  cos {hit.dense:.3f}  BM25 {hit.lexical:.2f}  {' '.join(hit.matched_terms)}"
        console.print(
            Text.assemble((f"{hit.rank}. ", "cyan"), _shown(path), (f"  {why}", "dim")), soft_wrap=True
        )
        _print_indented(console, hit.chunk.text, hit.article.url, "   ")


def _print_indented(console: Console, quote: str, url: str, margin: str) -> None:
    """A quote, never cropped, and its URL."""
    console.print(Text(indent(_shown(quote), margin)), soft_wrap=True)
    console.print(Text.assemble(margin, (url, "blue underline")), soft_wrap=True)


def _shown(words: str) -> str:
    return _UNSEEN.sub("\N{REPLACEMENT CHARACTER}", words)


def print_articles(articles: Sequence[Article], chunks: int, lang: Lang) -> None:
    """One article a line, and the totals."""
    console = _console()
    if not console.is_terminal:
        console.width = _UNFOLDED
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    for article in articles:
        note = f" ({text('descriptive', lang)})" if article.title_is_descriptive else ""
        row = (
            article.id,
            article.published or "",
            article.publisher or "",
            article.title + note,
            article.url,
        )
        table.add_row(*(Text(_shown(cell), overflow="fold") for cell in row))
    console.print(table)
    console.print(text("article_count", lang, articles=len(articles), chunks=chunks))


def print_changes(changes: Changes, lang: Lang) -> None:
    """What an update did, one kind of change a line."""
    groups = (("added", changes.added), ("changed", changes.changed), ("removed", changes.removed))
    lines = [f"{text(name, lang)}: {', '.join(ids)}" for name, ids in groups if ids]
    if not lines:
        lines = [text("unchanged", lang)]
    else:
        lines.append(f"{text('embedded', lang)}: {changes.embedded_chunks}")
    print("\n".join(lines))


def print_error(error: RagError, lang: Lang) -> None:
    """What is wrong and what to do, on standard error."""
    message, hint = error.said(lang)
    lines = [f"{text('error', lang)}: {message}", *([f"→ {hint}"] if hint else [])]
    print("\n".join(lines), file=sys.stderr)


def print_findings(findings: Sequence[Finding], lang: Lang) -> None:
    """What the doctor found, and what to do next where something is wrong."""
    console = _console()
    for finding in findings:
        mark = Text(f"{text(finding.state, lang):8}", style=_STATE_STYLE[finding.state])
        console.print(Text.assemble(mark, f"{finding.subject}: {finding.detail}"), soft_wrap=True)
        if finding.hint:
            console.print(Text(f"        → {finding.hint}", style="yellow"), soft_wrap=True)
