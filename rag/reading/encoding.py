"""Text to model input: pieces with their exact places in the untouched text, and one sequence a passage.

The tokenizer's own pieces cross word boundaries, so 13 to 15 % of answers would begin or end inside of one.
Texts are split into morphemes first; then pieces and answers meet at the same boundaries in 99.9 %.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rag.japanese import Word, words

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Integers = NDArray[np.int64]

MAX_TOKENS = 512
"""Positions the model has."""

QUESTION_TOKENS = 64
TITLE_TOKENS = 32
START, END = 0, 2


class Pieces(NamedTuple):
    """Token ids, and the span `[starts[i], ends[i])` of each in the text they came from. Arrays of one length."""

    ids: Integers
    starts: Integers
    ends: Integers

    def part(self, start: int, end: int) -> Pieces:
        """The pieces `[start, end)`; their spans still point into the whole text."""
        return Pieces(self.ids[start:end], self.starts[start:end], self.ends[start:end])


class Input(NamedTuple):
    """What the model reads: `<s> question </s> [title </s>] passage </s>`.

    `segments`: 1 for the pieces of the passage, else 0. `first`: where the first of them is.
    """

    ids: Integers
    segments: Integers
    first: int


def whole_words(tokenizer: Tokenizer) -> Tokenizer:
    """The embedder's tokenizer made for single words: it neither splits at white space nor marks beginnings."""
    from tokenizers import pre_tokenizers

    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="never", split=False)
    return tokenizer


def pieces(text: str, tokenizer: Tokenizer) -> Pieces:
    """The pieces of a text, word by word; white space, NUL and lone surrogates belong to none.

    A word that NFKC changes keeps its whole span for each of its pieces, because places inside of it are not
    places of the source.
    """
    found = words(text)
    marked = [_marked(text, word) for word in found]
    rows: list[tuple[int, int, int]] = []
    encodings = tokenizer.encode_batch(marked, add_special_tokens=False)
    for word, written, encoding in zip(found, marked, encodings, strict=True):
        mark = written.startswith(" ")
        same = written[mark:] == word.surface
        for token, (start, end) in zip(encoding.ids, encoding.offsets, strict=True):
            if not same:
                rows.append((token, word.start, word.end))
            elif end > mark:  # not the mark alone
                rows.append((token, word.start + max(0, start - mark), word.start + end - mark))
    array = np.array(rows, np.int64).reshape(-1, 3)
    return Pieces(array[:, 0], array[:, 1], array[:, 2])


def _marked(text: str, word: Word) -> str:
    """The word as the model knows it: NFKC, and after a space where Latin script would have one."""
    written = unicodedata.normalize("NFKC", word.surface)
    starts_latin_word = written[:1].isascii() and (word.start == 0 or text[word.start - 1].isspace())
    return f" {written}" if starts_latin_word else written


def assemble(question: Integers, title: Integers, passage: Integers) -> Input:
    """One input from token ids; raises ValueError when they are more than the model has positions."""
    head = [START, *question[:QUESTION_TOKENS], END]
    if len(title):
        head += [*title[:TITLE_TOKENS], END]
    ids = np.concatenate([np.array(head, np.int64), passage, np.array([END], np.int64)])
    if len(ids) > MAX_TOKENS:
        raise ValueError(f"{len(ids)} tokens are more than {MAX_TOKENS}")
    segments = np.zeros(len(ids), np.int64)
    segments[len(head) : -1] = 1
    return Input(ids, segments, len(head))


def room(question: Integers, title: Integers) -> int:
    """How many tokens of a passage fit into one input."""
    titled = min(len(title), TITLE_TOKENS) + 1 if len(title) else 0
    return MAX_TOKENS - 3 - min(len(question), QUESTION_TOKENS) - titled


def windows(count: int, size: int, overlap: int) -> Sequence[tuple[int, int]]:
    """Half-open runs that cover `count` tokens, each at most `size` long, neighbours sharing >= `overlap`."""
    if count <= size:
        return [(0, count)]
    number = -(-(count - overlap) // (size - overlap))
    last = count - size
    return [(start, start + size) for start in (round(last * i / (number - 1)) for i in range(number))]
