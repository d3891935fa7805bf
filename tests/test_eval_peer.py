"""The peer pipeline: its adapter without LangChain, and the real one where it is installed (extra `peers`)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from doubles import FIDX, INFOQ, HashEmbedder, open_assistant

from evals.items import EvalError, EvidenceSpan, Item
from evals.metrics import score
from evals.peers.langchain import (
    CHUNK_SIZE,
    HITS,
    EmbeddingAdapter,
    Passage,
    PeerEngine,
    only,
    passage,
    reply,
)
from rag import Answer, Assistant, Filter, wire
from rag.errors import MissingExtra

QUESTION = "Coworkはいつ発表されましたか?"


def found(assistant: Assistant, start: int = 921, end: int = 1092) -> Passage:
    article = next(article for article in assistant.articles() if article.id == FIDX)
    return Passage(FIDX, article.url, article.title, start, article.text[start:end], 0.5)


def test_the_adapter_gives_the_embedders_own_vectors_as_lists() -> None:
    adapter, embedder = EmbeddingAdapter(HashEmbedder()), HashEmbedder()
    documents = adapter.embed_documents(["発表", "対応OS"])
    assert np.array_equal(np.float32(documents), embedder.embed_documents(["発表", "対応OS"]))
    assert np.array_equal(np.float32(adapter.embed_query("質問")), embedder.embed_queries(["質問"])[0])
    assert {type(value) for vector in documents for value in vector} == {float}


def test_the_squared_distance_of_unit_vectors_becomes_a_cosine() -> None:
    one, other = HashEmbedder().embed_documents(["生成AIの動向", "AIインフラ"])
    distance = float(((one - other) ** 2).sum())
    about = {"id": "a", "url": "https://example.com/", "title": "題", "start_index": 7}
    assert passage("文", about, distance).cosine == pytest.approx(float(one @ other), abs=1e-6)
    assert passage("文", about, 0.0) == Passage("a", "https://example.com/", "題", 7, "文", 1.0)


def test_a_filter_on_articles_is_a_test_of_the_metadata() -> None:
    test = only(Filter(article_ids=frozenset({"a"})))
    assert test is not None
    assert test({"id": "a"})
    assert not test({"id": "b"})
    assert only(None) is None
    assert only(Filter()) is None


@pytest.mark.parametrize(
    "where", [Filter(publishers=frozenset({"FIDX"})), Filter(article_ids=frozenset({"a"}), langs=frozenset())]
)
def test_other_filters_are_refused(where: Filter) -> None:
    with pytest.raises(EvalError, match="id でしか"):
        only(where)


def test_the_reply_has_the_keys_of_ours(assistant: Assistant) -> None:
    answer = assistant.ask(QUESTION)
    assert isinstance(answer, Answer)
    ours, peers = wire.reply_object(answer), reply(QUESTION, [found(assistant)], 1.0)
    assert list(peers) == list(ours)
    assert peers["citations"][0].keys() == ours["citations"][0].keys()
    assert peers["hits"][0].keys() == ours["hits"][0].keys()
    assert peers["statements"][0].keys() == ours["statements"][0].keys()
    assert isinstance(wire.dumps(peers), str)


def test_the_nearest_chunk_is_answer_and_citation_and_the_rest_are_hits(assistant: Assistant) -> None:
    made = reply(QUESTION, [found(assistant), found(assistant, 0, 50)], 12.3456)
    citation = made["citations"][0]
    assert made["status"] == "answered"
    assert made["answer"] == made["statements"][0]["text"] == citation["quote"]
    assert (citation["start"], citation["end"]) == (921, 1092)
    assert citation["deep_link"] == citation["url"]
    assert [hit["rank"] for hit in made["hits"]] == [1, 2]
    assert made["timings_ms"] == {"total": 12.346}


def test_our_metrics_score_it(assistant: Assistant) -> None:
    best = found(assistant)
    span = EvidenceSpan(article_id=FIDX, start=921, end=1092, text=best.text)
    item = Item(id="q", question=QUESTION, accepted=(("2026年1月12日",),), evidence=((span,),))
    engine = PeerEngine(assistant, lambda *_: [best])
    right = score(item, engine.ask(QUESTION), engine.sources())
    assert right.joint
    assert right.verbatim


def test_an_offset_that_the_splitter_did_not_find_is_not_mended(assistant: Assistant) -> None:
    lost = found(assistant)._replace(start=-1)
    item = Item(id="q", question=QUESTION, accepted=(("2026年1月12日",),))
    engine = PeerEngine(assistant, lambda *_: [lost])
    scored = score(item, engine.ask(QUESTION), engine.sources())
    assert scored.verbatim is False
    assert not scored.joint


def test_nothing_found_is_no_answer() -> None:
    made = reply(QUESTION, [], 0.0)
    assert (made["status"], made["reason"], made["citations"], made["hits"]) == (
        "abstained",
        "no_evidence",
        [],
        [],
    )


def test_the_engine_asks_for_as_many_hits_as_ours_and_passes_the_filter_on(assistant: Assistant) -> None:
    asked: list[tuple[str, int, Filter | None]] = []
    engine = PeerEngine(assistant, lambda *call: asked.append(call) or [])  # type: ignore[func-returns-value]
    where = Filter(article_ids=frozenset({INFOQ}))
    engine.ask(QUESTION, where)
    assert asked == [(QUESTION, HITS, where)]
    assert engine.name == "peer"
    assert "hash-test" in engine.model
    assert {name: source.url for name, source in engine.sources().items()} == {
        article.id: article.url for article in assistant.articles()
    }


def test_without_articles_there_is_nothing_to_compare(tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    with open_assistant(tmp_path) as empty, pytest.raises(EvalError, match="記事がありません"):
        PeerEngine(empty, lambda *_: [])


@pytest.mark.parametrize("name", ["langchain_community", "langchain_core", "langchain_text_splitters"])
def test_a_missing_package_names_the_command(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for loaded in [*sys.modules]:
        if loaded.startswith("langchain"):
            monkeypatch.delitem(sys.modules, loaded)
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtra) as caught:
        PeerEngine(assistant)
    assert caught.value.hint == 'pip install "rag[peers]"'


def test_langchain_is_loaded_only_when_it_is_compared_with() -> None:
    code = "import sys, evals.peers.langchain; sys.exit(any(name.startswith('langchain') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


class TestWithLangChain:
    """The real pipeline over the two articles, with the hash embedder."""

    @pytest.fixture(autouse=True)
    def _installed(self) -> None:
        for name in ("langchain_community", "langchain_core", "langchain_text_splitters"):
            pytest.importorskip(name, reason='pip install "rag[peers]"')

    def test_every_chunk_is_verbatim_at_its_offset(self, assistant: Assistant) -> None:
        engine = PeerEngine(assistant)
        sources = engine.sources()
        hits = engine.ask(QUESTION)["hits"]
        assert len(hits) == HITS
        for hit in hits:
            assert sources[hit["article_id"]].text[hit["start"] : hit["end"]] == hit["text"]
            assert hit["url"] == sources[hit["article_id"]].url
            assert len(hit["text"]) <= CHUNK_SIZE

    def test_the_order_is_that_of_our_cosines(self, assistant: Assistant) -> None:
        hits = PeerEngine(assistant).ask(QUESTION)["hits"]
        embedder = HashEmbedder()
        question = embedder.embed_queries([QUESTION])[0]
        cosines = embedder.embed_documents([hit["text"] for hit in hits]) @ question
        assert [hit["score"] for hit in hits] == pytest.approx(cosines.tolist(), abs=1e-5)
        assert [*cosines] == sorted(cosines, reverse=True)

    def test_the_filter_keeps_to_its_articles_and_still_fills_the_hits(self, assistant: Assistant) -> None:
        engine = PeerEngine(assistant)
        for name in (FIDX, INFOQ):
            hits = engine.ask(QUESTION, Filter(article_ids=frozenset({name})))["hits"]
            assert {hit["article_id"] for hit in hits} == {name}
        assert engine.ask(QUESTION, Filter(article_ids=frozenset()))["status"] == "abstained"

    def test_it_answers_everything_and_twice_the_same(self, assistant: Assistant) -> None:
        first, second = (PeerEngine(assistant).ask("火星の首都はどこですか?") for _ in range(2))
        assert first["status"] == "answered"
        assert first | {"timings_ms": {}} == second | {"timings_ms": {}}
        assert "langchain-community" in PeerEngine(assistant).model
