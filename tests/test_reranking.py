"""Reranking with a real, tiny cross-encoder that the fixture makes, and with one of a known order."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from doubles import HashEmbedder, open_assistant

from rag import retrieval
from rag.assistant import Assistant
from rag.backends import open_reranker
from rag.config import RerankerSettings, load_settings
from rag.errors import ConfigError, RerankingError
from rag.protocols import Store
from rag.types import Filter

QUESTION = "Coworkはいつ発表されましたか?"


class ShortestFirst:
    """Likes short texts; notes what it was given."""

    model_id = "shortest"

    def __init__(self) -> None:
        self.seen: list[list[str]] = []

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        self.seen.append(list(texts))
        return [1 / (1 + len(text)) for text in texts]


class Sure:
    """All but certain of one text, undecided about the others; 1 and 0 are scores too."""

    model_id = "sure"

    def __init__(self, text: str) -> None:
        self.text = text

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        return [1.0 if self.text and self.text in text else 0.5 for text in texts]


@pytest.fixture
def store(assistant: Assistant) -> Store:
    return assistant._store


def test_a_reranker_reads_the_best_with_their_titles_and_orders_them(
    store: Store, embedder: HashEmbedder
) -> None:
    reranker = ShortestFirst()
    hits = retrieval.search(QUESTION, embedder, store, k=5, reranker=reranker)
    (texts,) = reranker.seen
    assert [hit.rank for hit in hits] == [1, 2, 3, 4, 5]
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert len(texts) == min(retrieval.RERANKED, store.count())
    assert all(hit.article.title in text for hit in hits for text in texts if hit.chunk.text in text)


def test_one_that_cannot_tell_leaves_the_order(store: Store, embedder: HashEmbedder) -> None:
    plain = retrieval.search(QUESTION, embedder, store, k=5)
    same = retrieval.search(QUESTION, embedder, store, k=5, reranker=Sure(""))
    assert [hit.chunk.id for hit in same] == [hit.chunk.id for hit in plain]
    assert same[0].score == pytest.approx(0.5)
    assert all(0 < hit.score <= 0.5 for hit in same)


def test_one_that_is_sure_has_its_way(store: Store, embedder: HashEmbedder) -> None:
    last = retrieval.search(QUESTION, embedder, store, k=retrieval.RERANKED)[-1]
    (first,) = retrieval.search(QUESTION, embedder, store, k=1, reranker=Sure(last.chunk.text))
    assert first.chunk.id == last.chunk.id


def test_without_a_reranker_nothing_changes(store: Store, embedder: HashEmbedder) -> None:
    plain = retrieval.search(QUESTION, embedder, store, k=100)
    again = retrieval.search(QUESTION, embedder, store, k=100, reranker=ShortestFirst())
    assert {hit.chunk.id for hit in plain} == {hit.chunk.id for hit in again}
    assert [hit.chunk.id for hit in plain] != [hit.chunk.id for hit in again]


def test_nothing_found_is_nothing_to_rerank(store: Store, embedder: HashEmbedder) -> None:
    nobody = Filter(publishers=frozenset({"nobody"}))
    assert retrieval.search(QUESTION, embedder, store, where=nobody, reranker=ShortestFirst()) == []


def test_it_is_off_unless_asked_for(tmp_path: Path) -> None:
    assert load_settings(tmp_path).reranker == RerankerSettings()
    assert open_reranker(RerankerSettings()) is None


def test_a_reranker_without_a_name_is_a_config_error() -> None:
    with pytest.raises(ConfigError, match=r"reranker\.model"):
        open_reranker(RerankerSettings(backend="sentence-transformers"))


@pytest.mark.e2e
def test_the_reader_in_the_package_tells_what_a_text_is_about() -> None:
    reranker = open_reranker(RerankerSettings(backend="bundled"))
    assert reranker is not None
    right, wrong = reranker.scores(
        "富士山の高さは?", ["富士山は標高3,776メートルの火山である。", "琵琶湖は日本で最も大きい湖である。"]
    )
    assert 0 < wrong < 0.5 < right < 1
    assert reranker.scores("何?", []) == []


# --- a real cross-encoder -----------------------------------------------------------------------------------------


def real(tests: type) -> type:
    """Slow, and full of deprecations inside torch and transformers, which are theirs to mend."""
    for kind in ("DeprecationWarning", "FutureWarning", "UserWarning"):
        tests = pytest.mark.filterwarnings(f"ignore::{kind}")(tests)
    return pytest.mark.e2e(tests)


def make_cross_encoder(folder: Path, outputs: int = 1) -> Path:
    """A random BERT of one layer and 16 dimensions that reads one character a token."""
    torch = pytest.importorskip("torch")
    pytest.importorskip("sentence_transformers")
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers, processors
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    letters = "あいうえおかきくけこのはをにcowrkai発表日月年。?"
    tokenizer = Tokenizer(
        models.WordLevel({t: n for n, t in enumerate([*special, *letters])}, unk_token="[UNK]")
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(special) + len(letters), hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=32, max_position_embeddings=64, num_labels=outputs, initializer_range=0.5,
    )  # fmt: skip
    BertForSequenceClassification(config).save_pretrained(folder)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="[UNK]", pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]",
        model_max_length=64,
    ).save_pretrained(folder)  # fmt: skip
    return folder


@real
class TestCrossEncoder:
    @pytest.fixture(scope="class")
    def folder(self, tmp_path_factory: pytest.TempPathFactory) -> Path:
        return make_cross_encoder(tmp_path_factory.mktemp("cross"))

    def test_scores_are_shares_that_do_not_depend_on_the_other_texts(self, folder: Path) -> None:
        from rag.reranking import CrossEncoderReranker

        reranker = CrossEncoderReranker(folder)
        texts = ["coworkは発表。", "", "あ" * 500, "月年日", "ｃｏｗｏｒｋは発表。"]
        scores = reranker.scores("coworkの発表?", texts)
        assert all(0 < score < 1 for score in scores)
        assert len({round(score, 6) for score in scores}) > 2
        assert scores[0] == pytest.approx(scores[4], abs=1e-5)
        assert [reranker.scores("coworkの発表?", [text])[0] for text in texts] == pytest.approx(
            scores, abs=1e-5
        )
        assert reranker.scores("cowork", []) == []

    def test_threads_may_share_one(self, folder: Path) -> None:
        from rag.reranking import CrossEncoderReranker

        reranker = CrossEncoderReranker(folder)
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(lambda n: reranker.scores("cowork?", ["coworkは発表。" * n]), [1, 2, 1, 2]))
        assert found[0] == pytest.approx(found[2], abs=1e-5)
        assert found[1] == pytest.approx(found[3], abs=1e-5)

    def test_the_assistant_takes_the_one_of_its_settings(self, folder: Path, home: Path) -> None:
        settings = RerankerSettings(backend="sentence-transformers", model=str(folder))
        with open_assistant(home) as plain:
            reranked = Assistant(
                plain.corpus, home / "index", plain.embedder, plain._store, plain._answerer,
                reranker=open_reranker(settings),
            )  # fmt: skip
            scores = [hit.score for hit in reranked.search(QUESTION, k=4)]
            assert scores == sorted(scores, reverse=True)
            assert scores != [hit.score for hit in plain.search(QUESTION, k=4)]
            assert "rerank" in reranked.ask(QUESTION).timings_ms

    def test_a_model_that_is_no_reranker_is_refused(self, tmp_path: Path) -> None:
        from rag.reranking import CrossEncoderReranker

        with pytest.raises(RerankingError, match="出力は 3 個"):
            CrossEncoderReranker(make_cross_encoder(tmp_path, outputs=3)).scores("a", ["b"])

    def test_a_model_that_is_not_there_is_named(self, tmp_path: Path) -> None:
        from rag.reranking import CrossEncoderReranker

        with pytest.raises(RerankingError, match="nowhere"):
            CrossEncoderReranker(tmp_path / "nowhere", offline=True).scores("a", ["b"])
