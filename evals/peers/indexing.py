"""Index the texts of a file by LangChain, FAISS and sentence-transformers in fp32, and print what it took.

    python -m evals.peers.indexing TEXTS.json

The model has the size of multilingual-e5-small and random weights, which costs the same time; nothing is downloaded.
Runs in any environment with the packages of requirements.txt: nothing of `rag` is imported.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

VOCABULARY = 250_037
_TOKENIZER = Path(__file__).parents[2] / "rag" / "embedding" / "model" / "tokenizer.json"
_NOT_INSTALLED = 3


@contextmanager
def usage() -> Iterator[dict[str, float]]:
    """Wall and CPU seconds of the block, all threads, and the peak resident memory of the process until its end."""
    used: dict[str, float] = {}
    wall, cpu = time.perf_counter(), time.process_time()
    yield used
    used |= {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
    used["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def make_model(folder: Path) -> str:
    """A sentence-transformers folder of the size of multilingual-e5-small, with random weights."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Normalize, Pooling, Transformer
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    config = BertConfig(
        vocab_size=VOCABULARY, hidden_size=384, num_hidden_layers=12, num_attention_heads=12, intermediate_size=1536,
        max_position_embeddings=512,
    )  # fmt: skip
    parts = folder / "parts"
    BertModel(config, add_pooling_layer=False).save_pretrained(parts)
    PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_file=str(_TOKENIZER), bos_token="<s>", eos_token="</s>", unk_token="<unk>", pad_token="<pad>",
        model_max_length=512,
    ).save_pretrained(parts)  # fmt: skip
    modules = [Transformer(str(parts), max_seq_length=512), Pooling(384), Normalize()]
    SentenceTransformer(modules=modules, device="cpu").save(str(folder / "model"))
    return str(folder / "model")


def main() -> int:
    """Index and print; 3 when a package is missing."""
    try:
        from langchain_community.vectorstores import FAISS
        from langchain_huggingface import HuggingFaceEmbeddings
    except ImportError as error:
        print(error, file=sys.stderr)
        return _NOT_INSTALLED
    texts = [f"passage: 作った文章\n{text}" for text in json.loads(Path(sys.argv[1]).read_text("utf-8"))]
    with tempfile.TemporaryDirectory() as folder:
        embeddings = HuggingFaceEmbeddings(
            model_name=make_model(Path(folder)), model_kwargs={"device": "cpu"}
        )
        embeddings.embed_documents(["準備。"])
        with usage() as used:
            FAISS.from_texts(texts, embeddings)
    used["chunks_per_s"] = len(texts) / used["wall_s"]
    print(json.dumps(used))
    return 0


if __name__ == "__main__":
    sys.exit(main())
