"""Which of the 250,002 pieces to keep: all kana, all single characters, and what real text uses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from tokenizers import Tokenizer

from .weights import BuildError, Piece

SPECIAL = 4
"""The first pieces are <s>, <pad>, </s> and <unk>; they stay first."""

SIZE = 40_960

# Scripts that Japanese and English texts are written in, with symbols, Greek (formulas) and emoji.
_RANGES = (
    (0x0000, 0x0250),
    (0x0370, 0x0400),
    (0x2000, 0x3100),
    (0x31C0, 0xA000),
    (0xF900, 0xFB00),
    (0xFE30, 0xFE50),
    (0xFF00, 0xFFF0),
    (0x1F000, 0x30000),
)
_KANA = (0x3040, 0x3100)


def choose(
    pieces: Sequence[Piece], texts: Iterable[str], tokenizer: Tokenizer, size: int = SIZE
) -> list[int]:
    """Ascending indices of the pieces to keep; `tokenizer` has the whole vocabulary.

    Kana pieces and single characters first, then pieces seen in `texts` from the most frequent on,
    then the most probable of the rest, until there are `size`.
    """
    allowed = [index for index, piece in enumerate(pieces) if index >= SPECIAL and _in_scripts(piece.text)]
    seen = _count(texts, tokenizer)

    def order(index: int) -> tuple[bool, int, float, int]:
        piece = pieces[index]
        return not _always(piece.text), -seen[index], -piece.score, index

    return [*range(SPECIAL), *sorted(sorted(allowed, key=order)[: size - SPECIAL])]


def recorded(pieces: Sequence[Piece], texts: Sequence[str]) -> list[int]:
    """Indices of the pieces that an earlier build kept, given their texts without the special ones."""
    places = {piece.text: index for index, piece in enumerate(pieces)}
    unknown = [text for text in texts if text not in places]
    if unknown:
        raise BuildError(f"元の語彙にない語片があります: {unknown[:3]}。--text で選び直してください")
    return [*range(SPECIAL), *(places[text] for text in texts)]


def _count(texts: Iterable[str], tokenizer: Tokenizer) -> Counter[int]:
    counts: Counter[int] = Counter()
    for text in texts:
        counts.update(tokenizer.encode(text).ids)
    return counts


def _in_scripts(piece: str) -> bool:
    return all(any(start <= ord(char) < end for start, end in _RANGES) for char in piece.replace("▁", ""))


def _always(piece: str) -> bool:
    text = piece.replace("▁", "")
    return len(text) <= 1 or any(_KANA[0] <= ord(char) < _KANA[1] for char in text)
