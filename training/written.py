"""Our own articles (`evals/written.py`) as the trainer takes them."""

from __future__ import annotations

import numpy as np
from tokenizers import Tokenizer

from evals.written import read_written
from rag.reading.encoding import Pieces, pieces, whole_words
from training.data import ENCODER, Data, Paragraph, Question, runs


def with_written(data: Data) -> Data:
    """The data with the articles to train on; an article is one paragraph."""
    tokenizer = whole_words(Tokenizer.from_file(str(ENCODER / "tokenizer.json")))
    paragraphs, articles = [*data.paragraphs], [*data.articles]
    questions: list[Question] = []
    for entry in read_written(held_out=False):
        number, text = len(paragraphs), entry["text"]
        found = pieces(text, tokenizer)
        title = pieces(entry["title"], tokenizer).ids
        paragraphs.append(Paragraph(text, len(articles), title, found, runs(text, found)))
        articles.append((number,))
        for asked in entry["questions"]:
            start, end = _whole(found, text, asked["span"])
            ids = pieces(asked["q"], tokenizer).ids
            questions.append(
                Question(f"{number}-{len(questions)}", asked["q"], (ids,), number, start, end, (), ids[:0])
            )
    return data._replace(paragraphs=paragraphs, articles=articles, written=questions)


def _whole(found: Pieces, text: str, span: str) -> tuple[int, int]:
    """The span's place, widened to whole pieces; (0, 0) for none."""
    if not span:
        return 0, 0
    start = text.index(span)
    first = int(np.searchsorted(found.ends, start, "right"))
    last = int(np.searchsorted(found.starts, start + len(span))) - 1
    return int(found.starts[first]), int(found.ends[last])
