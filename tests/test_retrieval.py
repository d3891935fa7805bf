"""Both searches in one ranking: scores by hand, exact for every candidate, and explained."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from pathlib import Path

import pytest
from doubles import FIDX, INFOQ, HashEmbedder, make_article, vector_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag import retrieval
from rag.assistant import Assistant
from rag.chunking import chunk, indexed_text
from rag.corpus import article_paths, read_article
from rag.errors import EmbeddingError
from rag.japanese import fold, tokens
from rag.protocols import Store
from rag.retrieval import Fused, fuse
from rag.terms import question_terms
from rag.types import Filter, Scored, Vectors

QUESTION = "Coworkはいつ発表されましたか?"


# --- fuse -------------------------------------------------------------------------------------------------


def test_fuse_is_the_weighted_sum_of_rescaled_cosine_and_share_of_the_best_bm25() -> None:
    dense = [Scored("a", 0.85), Scored("b", 0.76), Scored("c", 0.70)]
    lexical = [Scored("b", 8.0), Scored("c", 2.0)]
    fused = fuse(dense, lexical, unrelated_cosine=0.70, weight=0.4)
    assert [row.chunk_id for row in fused] == ["b", "a", "c"]
    assert [row.score for row in fused] == pytest.approx(
        [0.4 * (0.06 / 0.30) + 0.6 * 1.0, 0.4 * (0.15 / 0.30) + 0, 0.4 * 0 + 0.6 * 0.25]
    )
    assert fused[0] == Fused("b", fused[0].score, dense=0.76, lexical=8.0)


def test_fuse_clips_cosines_outside_of_the_scale() -> None:
    fused = {
        row.chunk_id: row.score for row in fuse([Scored("hi", 1.01), Scored("lo", 0.2)], [], 0.7, weight=0.5)
    }
    assert fused == {"hi": 0.5, "lo": 0.0}


def test_fuse_without_any_word_in_common_ranks_by_cosine() -> None:
    assert [row.chunk_id for row in fuse([Scored("b", 0.8), Scored("a", 0.9)], [], 0.0)] == ["a", "b"]
    assert fuse([], [], 0.0) == []


def test_fuse_breaks_ties_by_chunk_id_whatever_the_order() -> None:
    rows = [Scored("c", 0.5), Scored("a", 0.5), Scored("b", 0.5)]
    assert [row.chunk_id for row in fuse(rows, [], 0.0)] == ["a", "b", "c"]
    assert fuse(rows[::-1], [], 0.0) == fuse(rows, [], 0.0)


def test_more_of_either_score_never_lowers_the_fused_one() -> None:
    base = {
        row.chunk_id: row.score for row in fuse([Scored("a", 0.5)], [Scored("a", 1.0), Scored("b", 4.0)], 0.0)
    }
    more = {
        row.chunk_id: row.score for row in fuse([Scored("a", 0.6)], [Scored("a", 2.0), Scored("b", 4.0)], 0.0)
    }
    assert more["a"] > base["a"]


# --- search -----------------------------------------------------------------------------------------------


@pytest.fixture
def store(assistant: Assistant) -> Store:
    return assistant._store


def test_every_hit_has_its_exact_scores_and_is_verbatim(
    home: Path, store: Store, embedder: HashEmbedder
) -> None:
    articles = {path.stem: read_article(path) for path in article_paths(home / "corpus")}
    every = {
        piece.id: indexed_text(article, piece) for article in articles.values() for piece in chunk(article)
    }
    bm25 = dict(store.lexical(question_terms(QUESTION), len(every)))
    hits = retrieval.search(QUESTION, embedder, store, k=1000)
    assert sorted(hit.chunk.id for hit in hits) == sorted(every)
    for hit in hits:
        cosine = float(vector_of(every[hit.chunk.id]) @ vector_of(fold(QUESTION)))
        assert hit.dense == pytest.approx(cosine, abs=1e-3)
        assert hit.lexical == pytest.approx(bm25.get(hit.chunk.id, 0.0))
        fused = 0.5 * hit.dense + 0.5 * hit.lexical / max(bm25.values())
        assert 5 / 6 * fused - 1e-6 <= hit.score <= 5 / 6 * fused + 1 / 6 + 1e-6
        assert hit.article.text[hit.chunk.start : hit.chunk.end] == hit.chunk.text


def test_a_candidate_of_one_search_gets_its_exact_score_in_the_other(
    store: Store, embedder: HashEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = {hit.chunk.id: hit for hit in retrieval.search(QUESTION, embedder, store, k=1000)}
    monkeypatch.setattr(retrieval, "CANDIDATES", 3)
    hits = retrieval.search(QUESTION, embedder, store, k=3)
    found = [hit.chunk.id for hit in hits]
    shallow = retrieval.search(QUESTION, embedder, store, k=1)
    assert found[0] == shallow[0].chunk.id
    alone = [hit for hit in hits if (hit.dense_rank is None) != (hit.lexical_rank is None)]
    assert alone, "the question must have a candidate that only one search lists"
    for hit in hits:
        assert hit.dense == pytest.approx(full[hit.chunk.id].dense)
        assert hit.lexical == pytest.approx(full[hit.chunk.id].lexical)


def test_hits_are_ranked_from_one_and_best_first(store: Store, embedder: HashEmbedder) -> None:
    hits = retrieval.search(QUESTION, embedder, store, k=7)
    assert [hit.rank for hit in hits] == [1, 2, 3, 4, 5, 6, 7]
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert all(0 <= hit.score <= 1 for hit in hits)
    assert hits == retrieval.search(QUESTION, embedder, store, k=1000)[:7]


def test_ranks_of_both_searches_are_those_of_the_searches(store: Store, embedder: HashEmbedder) -> None:
    dense = [row.chunk_id for row in store.dense(vector_of(fold(QUESTION)), 100)]
    lexical = [row.chunk_id for row in store.lexical(question_terms(QUESTION), 100)]
    for hit in retrieval.search(QUESTION, embedder, store, k=1000):
        assert dense[hit.dense_rank - 1] == hit.chunk.id  # type: ignore[operator]
        if hit.lexical_rank is None:
            assert hit.chunk.id not in lexical
            assert hit.lexical == 0
        else:
            assert lexical[hit.lexical_rank - 1] == hit.chunk.id


def test_matched_terms_are_the_words_of_the_question_that_the_chunk_has(
    store: Store, embedder: HashEmbedder
) -> None:
    hits = retrieval.search("Coworkの温泉", embedder, store, k=1000)
    assert all(
        ("cowork" in hit.matched_terms) == ("cowork" in tokens(indexed_text(hit.article, hit.chunk)))
        for hit in hits
    )
    assert any(hit.matched_terms == ("cowork",) for hit in hits)
    assert {term for hit in hits for term in hit.matched_terms} <= {"cowork"}


def test_a_filter_reaches_both_searches(store: Store, embedder: HashEmbedder) -> None:
    hits = retrieval.search(QUESTION, embedder, store, k=1000, where=Filter(article_ids=frozenset({INFOQ})))
    assert {hit.article.id for hit in hits} == {INFOQ}
    assert retrieval.search(QUESTION, embedder, store, where=Filter(publishers=frozenset({"nobody"}))) == []


def test_fewer_hits_than_asked_for_when_there_are_no_more(store: Store, embedder: HashEmbedder) -> None:
    assert len(retrieval.search(QUESTION, embedder, store, k=10**6)) == store.count()


@pytest.mark.parametrize("k", [0, -1])
def test_k_must_be_positive(store: Store, embedder: HashEmbedder, k: int) -> None:
    with pytest.raises(ValueError, match="k must be positive"):
        retrieval.search(QUESTION, embedder, store, k)


def test_an_empty_corpus_has_no_hits(home: Path, embedder: HashEmbedder, assistant: Assistant) -> None:
    assistant.remove(FIDX)
    assistant.remove(INFOQ)
    assert assistant.search(QUESTION) == []


def test_a_question_without_words_is_searched_by_meaning_alone(store: Store, embedder: HashEmbedder) -> None:
    hits = retrieval.search("😀", embedder, store, k=3)
    assert len(hits) == 3
    assert all(hit.lexical == 0 and not hit.matched_terms for hit in hits)


def test_an_embedder_that_fails_is_heard_although_it_works_aside(store: Store) -> None:
    class Broken(HashEmbedder):
        def embed_queries(self, texts: Sequence[str]) -> Vectors:
            raise EmbeddingError("模型がない", "入れ直す", en=("no model", "install it"))

    with pytest.raises(EmbeddingError, match="模型がない"):
        retrieval.search(QUESTION, Broken(), store)


def test_equal_chunks_are_ordered_by_id(assistant: Assistant) -> None:
    assistant.ingest([make_article(name, "同じ本文です。", title="同じ題名") for name in ("b", "c", "a")])
    found = [hit.article.id for hit in assistant.search("同じ本文", k=3)]
    assert found == ["a", "b", "c"]


VARIANTS = [
    "Coworkはいつ発表されましたか?",
    "Ｃｏｗｏｒｋはいつ発表されましたか？",
    "COWORKはいつ発表されましたか?",
]


@pytest.mark.parametrize("variant", VARIANTS[1:])
def test_width_and_case_do_not_change_anything(store: Store, embedder: HashEmbedder, variant: str) -> None:
    plain = retrieval.search(VARIANTS[0], embedder, store, k=1000)
    assert retrieval.search(variant, embedder, store, k=1000) == plain


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(
        st.sampled_from("CoworkはOpenAI８億人2026年ﾌﾟﾗﾝｸﾛｰﾄﾞアンソロピック憲法の? "), min_size=1, max_size=16
    )
)
def test_every_spelling_by_width_and_case_finds_the_same(
    store: Store, embedder: HashEmbedder, text: str
) -> None:
    plain = retrieval.search(text, embedder, store, k=5)
    for variant in (text.upper(), text.lower(), unicodedata.normalize("NFKC", text), _wide(text)):
        assert retrieval.search(variant, embedder, store, k=5) == plain


def _wide(text: str) -> str:
    """ASCII letters and digits in full width."""
    return "".join(chr(ord(ch) + 0xFEE0) if ch.isascii() and ch.isalnum() else ch for ch in text)


@pytest.mark.e2e
def test_with_the_real_model_width_and_case_change_nothing(home: Path) -> None:
    with Assistant.open(home) as assistant:
        plain, wide, upper = (assistant.search(variant, k=20) for variant in VARIANTS)
    assert wide == upper == plain


@pytest.mark.parametrize(
    ("question", "same"),
    [
        ("コワークの対応OS", "Coworkの対応OS"),
        ("オープンエーアイの発表", "OpenAIの発表"),
        ("アンソロピックの憲法", "Anthropicの憲法"),
        ("ティーチ・フォー・オールとの連携", "Teach For Allとの連携"),
        ("Microsoftはどこに", "マイクロソフトはどこに"),
        ("エヌビディアとの関係", "NVIDIAとの関係"),
    ],
)
def test_a_name_is_found_in_the_spelling_that_the_corpus_has(
    store: Store, embedder: HashEmbedder, question: str, same: str
) -> None:
    asked, written = (retrieval.search(text, embedder, store, k=1000) for text in (question, same))
    best = max(written, key=lambda hit: hit.lexical)
    found = {hit.chunk.id: hit for hit in asked}
    assert found[best.chunk.id].lexical > 0
    assert set(best.matched_terms) & set(found[best.chunk.id].matched_terms)


def test_a_name_that_is_nowhere_adds_nothing(store: Store, embedder: HashEmbedder) -> None:
    assert all(hit.lexical == 0 for hit in retrieval.search("ペンギンズ", embedder, store, k=1000))


@pytest.mark.parametrize(
    ("question", "quote"),
    [
        ("八億人", "8億人"),
        ("８００，０００，０００", "8億人"),
        ("令和8年1月12日", "2026年1月12日"),
        ("2026/1/12", "2026年1月12日"),
        ("January 12, 2026", "2026年1月12日"),
        ("CO2", "二酸化炭素"),
        ("アメリカ", "米国"),
    ],
)
def test_dates_numbers_and_other_names_are_found_by_what_they_mean(
    store: Store, embedder: HashEmbedder, question: str, quote: str
) -> None:
    found = sorted(retrieval.search(question, embedder, store, k=1000), key=lambda hit: -hit.lexical)
    assert any(quote in hit.chunk.text and hit.lexical > 0 for hit in found[:3])


def test_english_words_find_japanese_text(store: Store, embedder: HashEmbedder) -> None:
    plain = retrieval.search("investors", embedder, store, k=1000)
    assert any("投資" in hit.chunk.text and hit.lexical > 0 for hit in plain)


def test_vectors_are_asked_for_once_per_question(store: Store) -> None:
    calls: list[list[str]] = []

    class Counting(HashEmbedder):
        def embed_queries(self, texts: Sequence[str]) -> Vectors:
            calls.append(list(texts))
            return super().embed_queries(texts)

    retrieval.search(QUESTION, Counting(), store)
    assert calls == [[fold(QUESTION)]]
