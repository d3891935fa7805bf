"""Write and read `tokenizer.json`: a Unigram tokenizer that never makes special tokens of a user's text."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

from .vocabulary import SPECIAL
from .weights import Piece

UNKNOWN = 3

# As SentencePiece's nmt_nfkc does after NFKC, which the embedder has applied already: odd white space
# becomes a space, control characters vanish.
_SPACES = "[\\t\\n\\f\\r\\x{85}\\x{a0}\\x{1680}\\x{2028}\\x{2029}\\x{200b}\\x{feff}\\x{fffd}]"
_CONTROLS = "[\\x{00}-\\x{1f}\\x{7f}\\x{8f}\\x{9f}]"


def build(pieces: Sequence[Piece]) -> Tokenizer:
    """The tokenizer. Special pieces get names with NUL, which cleaned text never holds, so none can match."""
    vocabulary = [
        (f"\0{piece.text}" if index < SPECIAL else piece.text, piece.score)
        for index, piece in enumerate(pieces)
    ]
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=UNKNOWN, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Replace(Regex(_SPACES), " "), normalizers.Replace(Regex(_CONTROLS), "")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.WhitespaceSplit(),
            pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always", split=True),
        ]
    )
    return tokenizer


def write(pieces: Sequence[Piece], path: Path) -> None:
    """Save the tokenizer, one piece a line."""
    path.write_text(build(pieces).to_str(pretty=False), encoding="utf-8", newline="\n")


def read_pieces(path: Path) -> list[Piece]:
    """The vocabulary of a `tokenizer.json` with a Unigram model, such as the original's or ours."""
    model: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["model"]
    return [Piece(text.removeprefix("\0"), score) for text, score in model["vocab"]]
