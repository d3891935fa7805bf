"""Our own articles, `evals/data/articles.jsonl`: asked about in other words than theirs, a quarter of it in vain.

A line is an article: `title`, `text`, and `questions` of `q` and `span`, the words of the text that answer, each once
in it; empty where nothing answers. All names, facts and figures in them are invented.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ARTICLES = Path(__file__).parent / "data" / "articles.jsonl"

HELD_OUT = 4
"""Every fourth article, by the hash of its title, is kept from the span reader's training: `evals/fit_reader.py` must
see it as it is on articles that are new to it."""


def read_written(*, held_out: bool) -> Iterator[dict[str, Any]]:
    """The articles that are held out, or those to train on, as they stand in the file."""
    for line in ARTICLES.read_text("utf-8").splitlines():
        article: dict[str, Any] = json.loads(line)
        digest = hashlib.sha256(article["title"].encode()).hexdigest()
        if (int(digest, 16) % HELD_OUT == 0) == held_out:
            yield article
