"""Examples out of the data: a question with a window of its paragraph, and passages that do not answer it."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from rag.reading.encoding import Input, Integers, Pieces, assemble
from training.data import Data, Paragraph, Question, holds

SEED = 7
POOL = 576
"""Questions whose examples are sorted by length and shuffled together."""

WRITTEN = 0.8
"""Share of our own questions among them: few, hard, and asked as people at work do."""

UNKNOWN = -1
REWORDED = 0.3
"""Share of the questions asked in other words."""

ENGLISH = 0.15
"""Share of the questions asked in English, word by word."""

PAIRED = 0.45
"""Share of the questions shown together with a passage that does not answer: 31 % of all examples."""

PAIRED_WRITTEN = 0.8
"""The same share of our own questions; theirs is the article without the sentence that answers."""

NEAREST = 0.7
"""Share of the passages without an answer that are the ones most like the question."""

TITLED = 0.5
LEXICAL, SAME_ARTICLE = 0.5, 0.25
"""Shares of the kinds of passages without an answer; the rest is the own paragraph without its sentence."""


class Example(NamedTuple):
    """An input with what the heads should say.

    `start`, `end`: the first and last token of the answer, both 0 for none. `relevance` is UNKNOWN where the
    passage is about the question but lacks the answer. `pair`: numbers the examples of one question.
    """

    input: Input
    start: int
    end: int
    relevance: int
    answerable: int
    pair: int


def questions(data: Data, pool: int) -> Iterator[tuple[int, Question]]:
    """The questions of one pool, numbered: the next of JaQuAD and of ours, in an order that is new for each epoch."""
    ours = round(WRITTEN * POOL) if data.written else 0
    yield from _next(data.train, pool, POOL - ours)
    yield from ((-1 - n, question) for n, question in _next(data.written, pool, ours))


def _next(questions: Sequence[Question], pool: int, size: int) -> Iterator[tuple[int, Question]]:
    count = len(questions)
    for place in range(pool * size, (pool + 1) * size):
        order = np.random.default_rng((SEED, place // count)).permutation(count)
        yield place, questions[int(order[place % count])]


def budget(progress: float, rng: random.Random) -> int:
    """Tokens of a passage: mostly short at first, because more examples teach more, and long ones at the end."""
    if rng.random() < 0.06 + 0.14 * max(0.0, progress - 0.6) / 0.4:
        return rng.randint(224, 384)
    return rng.randint(48, 144 if progress < 0.6 else 192)


def examples(
    data: Data, question: Question, number: int, progress: float, rng: random.Random
) -> list[Example]:
    """The question with its answer, and for some with a passage that does not answer it, of a like length."""
    if not question.end:
        size, titled = budget(progress, rng), rng.random() < TITLED
        return [_in_vain(data.paragraphs[question.paragraph], question.asked[0], size, titled, number, rng)]
    asked = question.asked[0]
    if len(question.asked) > 1 and rng.random() < REWORDED:
        asked = rng.choice(question.asked[1:])
    if len(question.english) and rng.random() < ENGLISH:
        asked = question.english
    size, titled = budget(progress, rng), rng.random() < TITLED
    paragraph = data.paragraphs[question.paragraph]
    span = gold(paragraph.pieces, question.start, question.end)
    if span is None:
        return []
    size = max(size, span[1] + 1 - span[0])
    start, end = window(paragraph, size, span, rng)
    found = [_example(asked, paragraph, start, end, titled, number, span)]
    if rng.random() < (PAIRED if question.hard else PAIRED_WRITTEN):
        negative = _negative(data, question, asked, size, titled, number, rng)
        found += [negative] if negative else []
    return found


def gold(pieces: Pieces, start: int, end: int) -> tuple[int, int] | None:
    """First and last piece of `text[start:end]`, or None where they do not meet its edges."""
    first = int(np.searchsorted(pieces.starts, start))
    last = int(np.searchsorted(pieces.ends, end))
    if first >= len(pieces.ids) or last >= len(pieces.ids) or last < first:
        return None
    return (first, last) if pieces.starts[first] == start and pieces.ends[last] == end else None


def window(
    paragraph: Paragraph, size: int, keep: tuple[int, int] | None, rng: random.Random
) -> tuple[int, int]:
    """A run of whole sentences of about `size` pieces that holds the pieces `keep`, at a random place."""
    runs = paragraph.sentences
    if not runs:
        return 0, 0
    if keep is None:
        first = last = rng.randrange(len(runs))
    else:
        first = next(n for n, run in enumerate(runs) if run[1] > keep[0])
        last = next(n for n, run in enumerate(runs) if run[1] > keep[1])
    before, after = True, True
    while before or after:
        left = before and (not after or rng.random() < 0.5)
        low, high = (first - 1, last) if left else (first, last + 1)
        fits = low >= 0 and high < len(runs) and runs[high][1] - runs[low][0] <= size
        if fits:
            first, last = low, high
        elif left:
            before = False
        else:
            after = False
    return _cut(runs[first][0], runs[last][1], size, keep, rng)


def _cut(
    start: int, end: int, size: int, keep: tuple[int, int] | None, rng: random.Random
) -> tuple[int, int]:
    """At most `size` pieces of a sentence longer than that."""
    if end - start <= size:
        return start, end
    low, high = start, end - size
    if keep is not None:
        low, high = max(low, keep[1] + 1 - size), min(high, keep[0])
    at = rng.randint(low, high) if low <= high else low
    return at, at + size


def _example(
    asked: Integers,
    paragraph: Paragraph,
    start: int,
    end: int,
    titled: bool,
    number: int,
    span: tuple[int, int] | None,
    relevance: int = 1,
) -> Example:
    title = paragraph.title if titled else paragraph.title[:0]
    made = assemble(asked, title, paragraph.pieces.ids[start:end])
    if span is None:
        return Example(made, 0, 0, relevance, 0, number)
    first, last = (made.first + place - start for place in span)
    return Example(made, first, last, relevance, 1, number)


def _negative(
    data: Data,
    question: Question,
    asked: Integers,
    size: int,
    titled: bool,
    number: int,
    rng: random.Random,
) -> Example | None:
    kind = rng.random()
    own = data.paragraphs[question.paragraph]
    if kind >= LEXICAL + SAME_ARTICLE or not question.hard:
        rest = _without_answer(data, question)
        if rest is not None:
            return _in_vain(rest, asked, size, titled, number, rng)
    choices = question.hard if kind < LEXICAL else data.articles[own.article]
    answer = data.answer(question)
    usable = [n for n in choices if n != question.paragraph and not holds(data.paragraphs[n].text, answer)]
    usable = usable or list(question.hard)
    if not usable:
        return None
    other = data.paragraphs[rng.choice(usable)]
    start, end = window(other, size, None, rng)
    return _example(asked, other, start, end, titled, number, None, 0)


def _in_vain(
    paragraph: Paragraph, asked: Integers, size: int, titled: bool, number: int, rng: random.Random
) -> Example:
    """A part of a paragraph about the question that does not answer it, mostly where most of its pieces stand."""
    nearest = max(
        paragraph.sentences, key=lambda run: np.isin(asked, paragraph.pieces.ids[slice(*run)]).sum()
    )
    keep = (nearest[0], nearest[1] - 1) if rng.random() < NEAREST else None
    start, end = window(paragraph, size, keep, rng)
    return _example(asked, paragraph, start, end, titled, number, None, UNKNOWN)


def _without_answer(data: Data, question: Question) -> Paragraph | None:
    """The question's paragraph without the sentences of its answer, unless another one has the words too."""
    own = data.paragraphs[question.paragraph]
    span = gold(own.pieces, question.start, question.end)
    if span is None:
        return None
    kept = [run for run in own.sentences if run[1] <= span[0] or run[0] > span[1]]
    answer = data.answer(question)
    texts = [own.text[own.pieces.starts[a] : own.pieces.ends[b - 1]] for a, b in kept]
    if not kept or any(holds(text, answer) for text in texts):
        return None
    chosen = np.concatenate([np.arange(a, b) for a, b in kept])
    edges = np.cumsum([0, *(b - a for a, b in kept)]).tolist()
    pieces = Pieces(own.pieces.ids[chosen], own.pieces.starts[chosen], own.pieces.ends[chosen])
    return own._replace(pieces=pieces, sentences=tuple(pairwise(edges)))


def batches(groups: list[list[Example]], tokens: int, rng: random.Random) -> Iterator[list[Example]]:
    """Batches of about `tokens` tokens, padding included, of inputs of like length; pairs stay together."""
    ordered = sorted(groups, key=lambda group: max(len(example.input.ids) for example in group))
    filled: list[list[Example]] = []
    batch: list[Example] = []
    longest = 0
    for group in ordered:
        longest = max(longest, *(len(example.input.ids) for example in group))
        if batch and (len(batch) + len(group)) * longest > tokens:
            filled.append(batch)
            batch, longest = [], max(len(example.input.ids) for example in group)
        batch = batch + group
    filled += [batch] if batch else []
    rng.shuffle(filled)
    yield from filled
