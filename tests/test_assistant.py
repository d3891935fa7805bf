"""The public API as the documentation shows it, and what it does with everything a person can type."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from doubles import FIDX, INFOQ, assert_in_step, ids, make_article, open_assistant
from honesty import QUESTIONS, assert_honest

import rag
from rag import Abstention, Answer, Assistant, Filter, Hit, RagError, Reply
from rag.assistant import READ
from rag.backends import open_embedder
from rag.config import EmbeddingSettings
from rag.errors import ArticleNotFound, ChunkNotFound, ConfigError, InvalidQuestion, StoreError

# --- the API as documented --------------------------------------------------------------------------------


def test_public_names_are_those_of_the_documentation() -> None:
    assert {"Assistant", "Answer", "Abstention", "Article", "Filter", "Hit", "RagError"} <= set(rag.__all__)
    assert all(hasattr(rag, name) for name in rag.__all__)


def test_search_gives_hits_with_score_text_and_url(assistant: Assistant) -> None:
    hits = assistant.search("Coworkの対応OSは?", k=5)
    assert len(hits) == 5
    for hit in hits:
        assert 0 <= hit.score <= 1
        assert hit.chunk.text in hit.article.text
        assert hit.article.url.startswith("https://")


def test_a_reply_is_an_answer_or_an_abstention(assistant: Assistant) -> None:
    for question in QUESTIONS:
        match assistant.ask(question):
            case Answer(statements=statements):
                assert statements
            case Abstention(reason=reason, hits=nearest):
                assert reason
                assert nearest
            case other:
                pytest.fail(f"neither: {other!r}")


def test_every_citation_of_every_answer_is_verbatim_in_its_article(assistant: Assistant) -> None:
    for question in QUESTIONS:
        reply = assistant.ask(question, k=1000)
        assert_honest(reply)
        assert reply.question == question


def test_the_hits_of_a_reply_are_the_k_best(assistant: Assistant) -> None:
    for k in (1, 5, 30):
        assert ids(assistant.ask(QUESTIONS[0], k=k).hits) == ids(assistant.search(QUESTIONS[0], k=k))


class Spy:
    """An answerer that keeps what it is given to read."""

    def __init__(self) -> None:
        self.read: list[Sequence[Hit]] = []

    def stream(self, question: str, hits: Sequence[Hit]) -> Iterator[Reply]:
        self.read.append(hits)
        yield Abstention(question=question, reason="no_evidence", message="?", hits=tuple(hits))


def test_the_answerer_reads_as_much_for_a_small_k(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    spy = Spy()
    monkeypatch.setattr(assistant, "_answerer", spy)
    assert [len(assistant.ask(QUESTIONS[0], k=k).hits) for k in (1, 5, READ + 1)] == [1, 5, READ + 1]
    assert [len(hits) for hits in spy.read] == [READ, READ, READ + 1]


def test_what_each_part_of_a_question_needs_is_among_the_first_that_are_read(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = (
        "第{0}図書館の開館日と建設費は市が公表する。{0}月の市議会で図書館の開館日、建設費、入館料が決まる。"
    )
    libraries = [make_article(f"図書館{n}", said.format(n)) for n in range(1, 2 * READ)]
    assistant.ingest([*libraries, make_article("温泉", "町営の温泉は大人五百円で入れます。")])
    spy = Spy()
    monkeypatch.setattr(assistant, "_answerer", spy)
    question = "市が図書館の開館日と建設費と入館料を公表するのはいつで、町営の湯はいくらですか。"
    assert "温泉" not in {hit.article.id for hit in assistant.search(question, k=READ)}
    assistant.ask(question)
    (read,) = spy.read
    assert "温泉" in {hit.article.id for hit in read[:READ]}
    assert [hit.rank for hit in read] == list(range(1, len(read) + 1))
    assert len(set(ids(read))) == len(read)


@pytest.mark.parametrize("k", [0, -3])
def test_k_must_be_positive(assistant: Assistant, k: int) -> None:
    with pytest.raises(ValueError, match="positive"):
        assistant.ask(QUESTIONS[0], k=k)
    with pytest.raises(ValueError, match="positive"):
        assistant.search(QUESTIONS[0], k=k)


def test_a_filter_limits_what_is_read_and_cited(assistant: Assistant) -> None:
    only = Filter(article_ids=frozenset({INFOQ}))
    assert {hit.article.id for hit in assistant.search(QUESTIONS[0], where=only)} == {INFOQ}
    for question in QUESTIONS:
        reply = assistant.ask(question, k=100, where=only)
        assert {hit.article.id for hit in reply.hits} == {INFOQ}
        assert_honest(reply)
    nothing = assistant.ask(QUESTIONS[0], where=Filter(langs=frozenset({"xx"})))
    assert isinstance(nothing, Abstention)
    assert (nothing.reason, nothing.hits) == ("no_evidence", ())


def test_timings_name_the_stages_and_none_is_longer_than_the_whole(assistant: Assistant) -> None:
    timings = assistant.ask(QUESTIONS[0]).timings_ms
    assert {"embed", "dense", "lexical", "fuse", "read", "total"} <= set(timings)
    aside = {"terms", "lexical", "fetch", "total"}  # what is done while the question is embedded
    assert sum(ms for stage, ms in timings.items() if stage not in aside) <= timings["total"] + 0.1
    assert max(timings.values()) <= timings["total"] + 0.1


def test_ingested_articles_are_found_and_removed_ones_are_not(assistant: Assistant, home: Path) -> None:
    assert assistant.ingest([make_article("図書館", "駅前の図書館は四月七日に開館しました。")]).added == (
        "図書館",
    )
    assert [article.id for article in assistant.articles()] == [FIDX, INFOQ, "図書館"]
    assert assistant.search("図書館の開館")[0].article.id == "図書館"
    before = assistant.chunk_count()
    assert assistant.remove("図書館").removed == ("図書館",)
    assert assistant.chunk_count() == before - 1
    assert all(hit.article.id != "図書館" for hit in assistant.search("図書館の開館", k=100))
    with pytest.raises(ArticleNotFound):
        assistant.remove("図書館")
    assert_in_step(home / "corpus", assistant._store)


def test_an_empty_home_is_told_apart_from_an_unanswered_question(tmp_path: Path) -> None:
    with open_assistant(tmp_path / "new") as assistant:
        reply = assistant.ask(QUESTIONS[0])
        assert isinstance(reply, Abstention)
        assert (reply.reason, reply.hits) == ("empty_corpus", ())
        assert assistant.articles() == []
        assert assistant.search(QUESTIONS[0]) == []
        assistant.ingest([make_article("a")])
        assert assistant.ask("富士山の高さは?").reason == "no_evidence"  # type: ignore[union-attr]


def test_a_closed_assistant_says_so_and_may_be_closed_again(home: Path) -> None:
    with open_assistant(home) as assistant:
        assistant.ask(QUESTIONS[0])
    assistant.close()
    with pytest.raises(StoreError):
        assistant.ask(QUESTIONS[0])
    with pytest.raises(StoreError):
        assistant.articles()


def test_changes_of_another_assistant_on_the_same_home_are_seen(opener: Callable[[], Assistant]) -> None:
    reader, writer = opener(), opener()
    reader.ask(QUESTIONS[0])
    writer.ingest([make_article("図書館")])
    assert reader.search("図書館の開館")[0].article.id == "図書館"
    writer.remove("図書館")
    assert all(hit.article.id != "図書館" for hit in reader.search("図書館の開館", k=100))


# --- opening ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings",
    [
        EmbeddingSettings(backend="sentence-transformers"),
        EmbeddingSettings(backend="endpoint", model="m"),
        EmbeddingSettings(backend="endpoint", url="http://localhost:1/v1"),
    ],
)
def test_a_backend_without_what_it_needs_is_a_config_error(settings: EmbeddingSettings) -> None:
    with pytest.raises(ConfigError, match="embedding"):
        open_embedder(settings)


def test_every_setting_of_an_endpoint_reaches_it() -> None:
    base = {"backend": "endpoint", "url": "http://localhost:1/v1", "model": "m"}
    plain = open_embedder(EmbeddingSettings.model_validate(base | {"dimension": 7}))
    prompted = open_embedder(EmbeddingSettings.model_validate(base | {"dimension": 7, "query_prompt": "q: "}))
    assert plain.dimension == 7  # and the server was not asked
    assert plain.model_id != prompted.model_id


def test_errors_of_this_package_have_one_base_and_a_hint_in_their_text() -> None:
    error = InvalidQuestion("何が", "どうする")
    assert isinstance(error, RagError)
    assert str(error) == "何が\n→ どうする"


# --- looking things up by id ------------------------------------------------------------------------------


def test_an_article_and_a_chunk_are_found_by_id(assistant: Assistant, home: Path) -> None:
    hit = assistant.search(QUESTIONS[0])[0]
    assert assistant.article(hit.article.id) == hit.article
    assert assistant.chunk(hit.chunk.id) == hit.chunk
    assert assistant.home == home


@pytest.mark.parametrize("unknown", ["", "missing", "../../etc/passwd", "a\0b", "%", "あ" * 5000])
def test_an_unknown_id_is_said_to_be_unknown(assistant: Assistant, unknown: str) -> None:
    with pytest.raises(ArticleNotFound):
        assistant.article(unknown)
    with pytest.raises(ChunkNotFound):
        assistant.chunk(unknown)
