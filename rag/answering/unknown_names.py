"""Names of a question that an article never mentions: what it says is about something else."""

from __future__ import annotations

import re
from functools import lru_cache

from rag.answering.question import Question
from rag.japanese import fold
from rag.types import Article

_LATIN_NAME = re.compile(r"[a-z][a-z0-9.\-]{2,}")


def has_unknown_name(question: Question, article: Article) -> bool:
    """Whether the question has a Latin name that the article never mentions.

    A name in katakana may be another spelling of one that is there (アンソロピック for Anthropic), so it does not count.
    """
    said = _folded(article)
    names = [term for term in question.names if _LATIN_NAME.fullmatch(term.text)]
    return any(not any(form in said for form in term.forms) for term in names)


@lru_cache(maxsize=64)
def _folded(article: Article) -> str:
    """All that an article says and who published it; kept, because folding a long text takes longer than the reading."""
    return fold(f"{article.publisher or ''}\n{article.title}\n{article.text}")
