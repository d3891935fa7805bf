"""`Article` → `Chunk`s: runs of whole sentences of one section, of 200 to 400 characters where it allows.

`article.text[chunk.start:chunk.end] == chunk.text`, always. A chunk never leaves its section, never splits a
sentence of up to `LONGEST_SENTENCE` characters, and keeps a list with the sentence that leads it in.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise

from rag.japanese import Span, words
from rag.structure import Unit, lines, sections, units
from rag.types import Article, Chunk, Section, sha256

CHUNKER = "sentences-400/1"
"""Names what `chunk` does; recorded in every index."""

LONGEST = 400
"""Characters a chunk has at most, but for a longer sentence or list; 350 to 400 finds most."""

LONGEST_LIST = 600
"""A list with its lead-in stays one chunk up to this length."""

LONGEST_SENTENCE = 800
"""What does not end within this many characters is no sentence; it is cut between words. 800 characters of
Japanese fit the embedding model's window of 512 tokens."""


def chunk(article: Article) -> list[Chunk]:
    """The chunks of an article, in order; every unit of its text is in exactly one."""
    return [
        Chunk(
            id=f"{article.id}:{span.start}-{span.end}:{sha256(article.text[span.start : span.end])[:8]}",
            article_id=article.id,
            start=span.start,
            end=span.end,
            text=article.text[span.start : span.end],
            heading_path=section.heading_path,
            kind=section.kind,
        )
        for section in sections(article.text)
        for span in _pack(_blocks(article.text, section))
    ]


def indexed_text(article: Article, chunk: Chunk) -> str:
    """What is embedded and tokenized for a chunk: the title (2 points of R@1), the heading path, the text."""
    return "\n".join(filter(None, (article.title, " > ".join(chunk.heading_path), chunk.text)))


def _blocks(text: str, section: Section) -> list[Span]:
    """The pieces that must not be separated: sentences, and lists with their lead-in."""
    blocks: list[Span] = []
    group: list[Unit] = []
    for unit in units(text, section):
        if unit.lead_in is None or not group or unit.lead_in != (group[0].start, group[0].end):
            blocks.extend(_close(text, group))
            group = []
        group.append(unit)
    blocks.extend(_close(text, group))
    return blocks


def _close(text: str, group: Sequence[Unit]) -> Iterator[Span]:
    if group and group[-1].end - group[0].start <= LONGEST_LIST:
        yield Span(group[0].start, group[-1].end)
        return
    for unit in group:
        yield from _cut(text, Span(unit.start, unit.end))


def _cut(text: str, sentence: Span) -> Iterator[Span]:
    """A sentence whole, or, if it is too long to be one, in parts that end between words."""
    if sentence.end - sentence.start <= LONGEST_SENTENCE:
        yield sentence
        return
    starts = [sentence.start + word.start for word in words(text[sentence.start : sentence.end])]
    cuts = [sentence.start]
    while sentence.end - cuts[-1] > LONGEST:
        last = bisect_right(starts, cuts[-1] + LONGEST) - 1
        cuts.append(
            starts[last] if last >= 0 and starts[last] > cuts[-1] else cuts[-1] + LONGEST
        )  # one endless word
    for start, end in pairwise([*cuts, sentence.end]):
        for line in lines(text, start, end):  # at most one, without the white space around it
            yield Span(line.start, line.end)


def _pack(blocks: Sequence[Span]) -> Iterator[Span]:
    """Neighbouring blocks joined to chunks of about equal length."""
    if not blocks:
        return
    total = blocks[-1].end - blocks[0].start
    target = total / max(1, math.ceil(total / LONGEST))
    start, end = blocks[0]
    for block in blocks[1:]:
        if block.end - start > LONGEST or end - start >= target:
            yield Span(start, end)
            start = block.start
        end = block.end
    yield Span(start, end)
