"""Existence and support of a whole answer, statement by statement, reported apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from rag.citations import verify
from rag.errors import CitationError
from rag.types import Answer, Article, Citation, Statement
from rag.verification.problems import Problem
from rag.verification.support import around, support


class StatementVerdict(NamedTuple):
    """`missing`: complaints about citations whose quote is not at its place; `problems`: what is not supported."""

    statement: Statement
    missing: tuple[str, ...]
    problems: tuple[Problem, ...]

    @property
    def exists(self) -> bool:
        """Whether every quote of the statement is exactly in its article."""
        return not self.missing

    @property
    def supported(self) -> bool:
        """Whether the quotes say what the statement says."""
        return not self.problems


class Verdict(NamedTuple):
    """The verdicts of an answer's statements, in order."""

    statements: tuple[StatementVerdict, ...]

    @property
    def exists(self) -> bool:
        """Whether every quote of the answer is exactly in its article."""
        return all(each.exists for each in self.statements)

    @property
    def supported(self) -> bool:
        """Whether every statement is supported by its quotes."""
        return all(each.supported for each in self.statements)


def check(answer: Answer, articles: Iterable[Article]) -> Verdict:
    """Check every statement of an answer: do its quotes exist in the articles, and do they support it?"""
    known = {article.id: article for article in articles}
    return Verdict(tuple(_judged(statement, answer, known) for statement in answer.statements))


def _judged(
    statement: Statement,
    answer: Answer,
    articles: Mapping[str, Article],
) -> StatementVerdict:
    cited = statement.citations
    known = [
        (citation, articles[citation.article_id]) for citation in cited if citation.article_id in articles
    ]
    lent = [around(a.text, c.start, (a.title, a.publisher or "")) for c, a in known]
    context = "\n".join((answer.question, *lent))
    missing = [complaint for citation in cited for complaint in _missing(citation, articles)]
    problems = support(statement.text, [citation.quote for citation in cited], context, answer.question)
    return StatementVerdict(statement, tuple(missing), problems)


def _missing(citation: Citation, articles: Mapping[str, Article]) -> Iterable[str]:
    article = articles.get(citation.article_id)
    if article is None:
        yield f"引用 [{citation.n}] の記事 {citation.article_id} がありません。"
        return
    try:
        verify(citation, article)
    except CitationError as error:
        yield str(error)
