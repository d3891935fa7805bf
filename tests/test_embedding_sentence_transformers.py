"""The sentence-transformers backend with a real, tiny BERT that the fixture makes; nothing is downloaded."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rag.embedding.sentence_transformers import Prompts, SentenceTransformersEmbedder, _prompts
from rag.errors import EmbeddingError, MissingExtra

pytestmark = [
    pytest.mark.e2e,
    # Deprecations inside torch and transformers are theirs to mend.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]

LETTERS = "あいうえおかきくけこ東京大阪都市料金月額0123456789abcdefghijklmnopqrstuvwxyz:。<>/[] "


def make_model(folder: Path, seed: int = 0, prompts: dict[str, str] | None = None) -> Path:
    """A random BERT of two layers, 16 dimensions and 24 positions that reads one character a token."""
    torch = pytest.importorskip("torch")
    pytest.importorskip("sentence_transformers")
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Pooling, Transformer
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    vocabulary = {token: number for number, token in enumerate([*special, *LETTERS])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=len(vocabulary), hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=32, max_position_embeddings=24,
    )  # fmt: skip
    parts = folder / "parts"
    BertModel(config).save_pretrained(parts)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="[UNK]", pad_token="[PAD]", cls_token="[CLS]",
        sep_token="[SEP]", mask_token="[MASK]", model_max_length=24,
    ).save_pretrained(parts)  # fmt: skip
    modules = [Transformer(str(parts), max_seq_length=24), Pooling(16)]
    SentenceTransformer(modules=modules, device="cpu", prompts=prompts).save(str(folder / "model"))
    return folder / "model"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def embedder(folder: Path) -> SentenceTransformersEmbedder:
    return SentenceTransformersEmbedder(folder, "query: ", "passage: ", device="cpu", offline=True)


def test_unit_vectors_whatever_the_batch(embedder: SentenceTransformersEmbedder) -> None:
    texts = ["東京都", "料金は月額20", "", "a", "大阪市 " * 3]
    vectors = embedder.embed_documents(texts)
    assert vectors.shape == (5, embedder.dimension) == (5, 16)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    alone = np.concatenate([embedder.embed_documents([text]) for text in texts])
    np.testing.assert_allclose(alone, vectors, atol=1e-5)
    assert embedder.embed_documents([]).shape == (0, 16)


def test_the_prompts_go_in_front(embedder: SentenceTransformersEmbedder, folder: Path) -> None:
    bare = SentenceTransformersEmbedder(folder, "", "", device="cpu")
    np.testing.assert_allclose(
        embedder.embed_queries(["東京"]), bare.embed_queries(["query: 東京"]), atol=1e-5
    )
    assert not np.allclose(embedder.embed_queries(["東京"]), embedder.embed_documents(["東京"]), atol=1e-3)
    assert bare.model_id != embedder.model_id


@pytest.mark.parametrize(
    "text", ["\0", "\ud800", "[SEP]", "[CLS][PAD]", "\ufdfa", " ", "𠮷" * 90, "a" * 3000]
)
def test_awkward_texts(embedder: SentenceTransformersEmbedder, text: str) -> None:
    vector = embedder.embed_documents([text])[0]
    assert np.isfinite(vector).all()
    assert abs(np.linalg.norm(vector) - 1) < 1e-5


def test_special_tokens_in_a_text_are_text(folder: Path) -> None:
    bare = SentenceTransformersEmbedder(folder, "", "", device="cpu")
    np.testing.assert_allclose(
        bare.embed_documents(["a[SEP]b"]), bare.embed_documents(["a[ SEP]b"]), atol=1e-6
    )


def test_the_end_of_a_long_text_counts(embedder: SentenceTransformersEmbedder) -> None:
    long = "東京都は大きい。" * 30
    first, second = embedder.embed_documents([long, long + "料金は月額20"])
    assert not np.allclose(first, second, atol=1e-3)


def test_threads(embedder: SentenceTransformersEmbedder) -> None:
    texts = ["東京", "大阪" * 8, "料金"]
    expected = embedder.embed_documents(texts)
    with ThreadPoolExecutor(4) as pool:
        for vectors in pool.map(lambda _: embedder.embed_documents(texts), range(8)):
            np.testing.assert_allclose(vectors, expected, atol=1e-5)


def test_the_model_id_follows_the_weights(
    embedder: SentenceTransformersEmbedder, folder: Path, tmp_path: Path
) -> None:
    again = SentenceTransformersEmbedder(folder, "query: ", "passage: ", device="cpu")
    other = SentenceTransformersEmbedder(make_model(tmp_path, seed=1), "query: ", "passage: ", device="cpu")
    assert again.model_id == embedder.model_id
    assert other.model_id != embedder.model_id
    assert embedder.model_id.startswith("sentence-transformers:model@")


def test_prompts_stored_with_the_model_are_used(tmp_path: Path) -> None:
    stored = make_model(tmp_path, prompts={"query": "q: ", "document": "d: "})
    backend = SentenceTransformersEmbedder(stored, device="cpu")
    explicit = SentenceTransformersEmbedder(stored, "q: ", "d: ", device="cpu")
    np.testing.assert_array_equal(backend.embed_queries(["東京"]), explicit.embed_queries(["東京"]))
    assert 0 <= backend.unrelated_cosine <= 0.95


@pytest.mark.parametrize(
    ("name", "configured", "prompts"),
    [
        ("intfloat/multilingual-e5-small", {}, ("query: ", "passage: ")),
        ("/models/e5-base-v2", {"query": "", "document": ""}, ("query: ", "passage: ")),
        ("cl-nagoya/ruri-v3-310m", {}, ("検索クエリ: ", "検索文書: ")),
        ("cl-nagoya/ruri-base-v2", {}, ("クエリ: ", "文章: ")),
        ("BAAI/bge-m3", {}, ("", "")),
        ("any", {"query": "Q ", "passage": "P "}, ("Q ", "P ")),
        ("intfloat/multilingual-e5-large-instruct", {}, None),
    ],
)
def test_default_prompts(name: str, configured: dict[str, str], prompts: tuple[str, str] | None) -> None:
    found = _prompts(name, configured)
    if prompts is None:
        assert found.query.startswith("Instruct: ")
        assert found.document == ""
    else:
        assert found == Prompts(*prompts)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    pytest.importorskip("sentence_transformers")
    with pytest.raises(EmbeddingError, match="missing-model"):
        SentenceTransformersEmbedder(tmp_path / "missing-model", offline=True)


def test_the_package_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    modules: dict[str, Any] = {"sentence_transformers": None}
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    with pytest.raises(MissingExtra, match="sentence-transformers") as caught:
        SentenceTransformersEmbedder("any")
    assert caught.value.hint == 'pip install "rag[sentence-transformers]"'
