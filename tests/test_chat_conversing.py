"""How a conversation goes on, over a real assistant."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from doubles import FIDX, HashEmbedder, make_article

from rag import feedback
from rag.assistant import Assistant
from rag.chat.conversing import ask, chosen, rate
from rag.chat.exchange import Exchange
from rag.chat.small_talk import small_talk
from rag.chat.suggesting import EXAMPLES, Suggestions, candidates
from rag.errors import StoreBusy
from rag.types import Abstention, Answer, Filter, Hit, Reply, Statement

COWORK = "Coworkはいつ発表されましたか?"


def last(exchanges: Iterator[Exchange]) -> Exchange:
    *_, found = exchanges
    return found


def test_an_answer_comes_statement_by_statement(assistant: Assistant) -> None:
    seen = list(ask(assistant, COWORK, [], "ja"))
    assert seen[0].status == "pending"
    assert seen[-1].status == "answered"
    assert [len(one.statements) for one in seen[:-1]] == list(range(len(seen) - 1))
    assert len({one.id for one in seen}) == 1
    assert seen[-1].citations[0].article_id == FIDX


def test_an_impossible_question_is_answered_with_what_to_do(assistant: Assistant) -> None:
    exchange = last(ask(assistant, "あ" * 3000, [], "ja"))
    assert exchange.status == "failed"
    assert "長すぎます" in exchange.message
    assert exchange.hint
    assert len(exchange.question) <= 200


def test_an_error_while_answering_keeps_what_was_proven(assistant: Assistant) -> None:
    class Failing:
        def answer(self, question: str, hits: Sequence[Hit]) -> Reply:
            raise NotImplementedError

        def stream(self, question: str, hits: Sequence[Hit]) -> Iterator[Statement | Reply]:
            reply = last(ask(assistant, COWORK, [], "ja"))
            yield reply.statements[0]
            raise StoreBusy("使用中です。", "待ってください。")

    other = Assistant(
        assistant.corpus,
        assistant.home / "index2",
        HashEmbedder(),
        assistant._store,
        Failing(),
    )
    seen = list(ask(other, COWORK, [], "ja"))
    assert [one.status for one in seen] == ["pending", "pending", "failed"]
    assert seen[-1].statements
    assert seen[-1].message == "使用中です。"


@pytest.mark.parametrize(
    "greeting", ["こんにちは!", "hello", "使い方を教えてください", "ありがとうございます。"]
)
def test_small_talk_is_answered_kindly(assistant: Assistant, greeting: str) -> None:
    exchange = last(ask(assistant, greeting, [], "ja"))
    assert exchange.status == "talk"
    assert not exchange.citations


@pytest.mark.parametrize("question", ["どの記事があるの?", "記事の一覧を見せて", "What articles are there?"])
def test_asking_for_the_articles_lists_them(assistant: Assistant, question: str) -> None:
    exchange = last(ask(assistant, question, [], "ja"))
    assert [one.article_id for one in exchange.passages] == [one.id for one in assistant.articles()]


@pytest.mark.parametrize(
    "question",
    [
        COWORK,
        "こんにちは。Coworkはいつ発表されましたか?",
        "OpenAIの記事は何を伝えていますか?",
        "help desk とは?",
    ],
)
def test_a_question_is_no_small_talk(question: str) -> None:
    assert small_talk(question) is None


def test_an_empty_corpus_says_how_to_add_articles(home: Path) -> None:
    for path in (home / "corpus").glob("*.md"):
        path.unlink()
    from doubles import open_assistant

    with open_assistant(home) as empty:
        assert "取り込んで" in last(ask(empty, "こんにちは", [], "ja")).message
        assert last(ask(empty, COWORK, [], "ja")).reason == "empty_corpus"
        assert Suggestions(empty).examples("ja") == ()


def test_a_filter_is_made_of_what_was_filled_in() -> None:
    assert chosen([], [], "", " ") is None
    assert chosen(None, None, None, None) is None
    assert chosen(["FIDX"], [], "2026-01", None) == Filter(
        publishers=frozenset({"FIDX"}), published_from="2026-01"
    )
    with pytest.raises(ValueError, match="昨日"):
        chosen([], [], "昨日", "")


def test_a_filter_limits_what_is_read(assistant: Assistant) -> None:
    exchange = last(ask(assistant, COWORK, [], "ja", Filter(publishers=frozenset({"InfoQ Japan"}))))
    assert all(one.article_id != FIDX for one in (*exchange.citations, *exchange.passages))


def test_a_rating_is_stored_with_its_quotes(assistant: Assistant) -> None:
    exchange = last(ask(assistant, COWORK, [], "ja"))
    (rated,) = rate(assistant, [exchange], exchange.id, "down", "wrong", " もっと短く ")
    assert rated.rating == "down"
    (stored,) = feedback.read(assistant.home)
    assert (stored.question, stored.rating, stored.reason, stored.comment) == (
        COWORK,
        "down",
        "wrong",
        "もっと短く",
    )
    assert stored.citations == exchange.citations
    assert stored.reply_id == exchange.id


def test_a_rating_of_nothing_is_not_stored(assistant: Assistant) -> None:
    talk = Exchange(question="こんにちは", status="talk")
    assert rate(assistant, [talk], talk.id, "up", "", "") == [talk]
    assert rate(assistant, [talk], "unknown", "up", "", "") == [talk]
    assert feedback.read(assistant.home) == []


def test_examples_come_from_the_articles_and_are_answered(assistant: Assistant) -> None:
    for lang in ("ja", "en"):
        examples = Suggestions(assistant).examples(lang)
        assert examples
        for example in examples:
            assert isinstance(assistant.ask(example), Answer)


def test_examples_follow_the_corpus(assistant: Assistant) -> None:
    suggestions = Suggestions(assistant)
    before = suggestions.examples("ja")
    assistant.ingest(
        [make_article("z", "山田図書館は2027年4月1日、新しい閲覧室を公開しました。", published="2027")]
    )
    after = suggestions.examples("ja")
    assert after != before
    assert any("山田図書館" in example for example in after)


def test_follow_ups_are_answered_and_new(assistant: Assistant) -> None:
    exchange = last(ask(assistant, COWORK, [], "ja"))
    found = Suggestions(assistant).follow_ups(exchange, [COWORK], "ja")
    assert found
    assert COWORK not in found
    for question in found:
        assert isinstance(assistant.ask(question), Answer)


def test_no_follow_ups_where_checking_them_would_cost(assistant: Assistant) -> None:
    exchange = last(ask(assistant, COWORK, [], "ja"))
    suggestions = Suggestions(assistant)
    assert suggestions.follow_ups(exchange.model_copy(update={"engine": "llm:x"}), [], "ja") == ()
    assert suggestions.follow_ups(exchange.model_copy(update={"status": "abstained"}), [], "ja") == ()


def test_examples_ask_an_engine_that_costs_no_more_than_needed(assistant: Assistant) -> None:
    asked: list[str] = []

    class Paid:
        def answer(self, question: str, hits: Sequence[Hit]) -> Reply:
            raise NotImplementedError

        def stream(self, question: str, hits: Sequence[Hit]) -> Iterator[Statement | Reply]:
            asked.append(question)
            yield Abstention(question=question, reason="no_evidence", message="", engine="llm:x")

    assistant._answerer = Paid()
    assert Suggestions(assistant).examples("ja") == ()
    assert len(asked) == EXAMPLES


def test_candidates_fit_on_a_button(assistant: Assistant) -> None:
    for article in assistant.articles():
        found = candidates(article, "ja")
        assert all(len(one.question) <= 56 and "\n" not in one.question for one in found)
        assert all(article.text[one.start : one.end] for one in found)
