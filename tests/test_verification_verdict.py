"""Existence and support of a whole answer, reported apart."""

from __future__ import annotations

from rag.citations import cite
from rag.japanese import Span
from rag.types import Answer, Article, Chunk, Citation, Hit, Statement
from rag.verification import check

TEXT = "# カスミ計画\n\n東雲電機は2026年4月3日、青葉精機を約1200億円で買収した。\n海外の子会社は含まれない。"
ARTICLE = Article(id="news", url="https://example.com/news", title="東雲電機の買収", text=TEXT)
CHUNK = Chunk(id="news-0", article_id="news", start=0, end=len(TEXT), text=TEXT, heading_path=("カスミ計画",))
HIT = Hit(chunk=CHUNK, article=ARTICLE, rank=1, score=1.0, dense=1.0, lexical=1.0)


def citation(quote: str, n: int = 1) -> Citation:
    start = TEXT.index(quote)
    return cite(ARTICLE, CHUNK, Span(start, start + len(quote)), n)


def answer(*statements: Statement) -> Answer:
    return Answer(question="買収額はいくらですか?", statements=statements, hits=(HIT,))


FIRST = "東雲電機は2026年4月3日、青葉精機を約1200億円で買収した。"


def test_an_answer_that_quotes_and_says_the_same_passes() -> None:
    verdict = check(answer(Statement(text="約1200億円です。", citations=(citation(FIRST),))), [ARTICLE])
    assert (verdict.exists, verdict.supported) == (True, True)


def test_a_true_quote_does_not_make_a_false_statement_true() -> None:
    verdict = check(answer(Statement(text="約1300億円です。", citations=(citation(FIRST),))), [ARTICLE])
    assert (verdict.exists, verdict.supported) == (True, False)
    assert [problem.kind for problem in verdict.statements[0].problems] == ["number"]


def test_a_quote_that_is_not_there_any_more_is_missing_and_may_still_support() -> None:
    changed = ARTICLE.model_copy(update={"text": TEXT.replace("1200", "1300")})
    verdict = check(answer(Statement(text="約1200億円です。", citations=(citation(FIRST),))), [changed])
    assert (verdict.exists, verdict.supported) == (False, True)
    assert len(verdict.statements[0].missing) == 1


def test_an_article_that_is_gone_is_missing() -> None:
    verdict = check(answer(Statement(text="約1200億円です。", citations=(citation(FIRST),))), [])
    assert not verdict.exists
    assert "news" in verdict.statements[0].missing[0]


def test_statements_are_judged_one_by_one_each_by_its_own_quotes() -> None:
    true = Statement(
        text="海外の子会社は含まれません。", citations=(citation("海外の子会社は含まれない。", 2),)
    )
    wrong_quote = Statement(text="約1200億円です。", citations=(citation("海外の子会社は含まれない。", 2),))
    verdict = check(answer(true, wrong_quote), [ARTICLE])
    assert [each.supported for each in verdict.statements] == [True, False]
    assert verdict.exists
    assert not verdict.supported


def test_titles_and_headings_lend_names_but_no_numbers() -> None:
    named = Statement(
        text="カスミ計画では、海外の子会社は含まれない。", citations=(citation("海外の子会社は含まれない。"),)
    )
    assert check(answer(named), [ARTICLE]).supported
    article = ARTICLE.model_copy(update={"title": "1200億円の買収"})
    lent = Statement(text="1200億円です。", citations=(citation("海外の子会社は含まれない。"),))
    assert not check(answer(lent), [article]).supported
