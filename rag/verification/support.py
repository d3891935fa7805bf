"""What a statement says that its quotes do not."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.japanese import fold
from rag.verification import bindings, claims, content, edits, figures, naming, relations, roles
from rag.verification.problems import Problem
from rag.verification.reading import read

_BEFORE, _AFTER = r"(?:^|(?<=[。!?、:\n「」『』]))", r"(?=[。!?、\n」』]|$)"


_YES_OR_NO = re.compile(r"^\s*(?:はい|いいえ|いえ|(?:yes|no)\b(?!\.? ?\d))\s*[、。,.!:]*\s*", re.IGNORECASE)
"""What answers the question, not what the quotes say: `stance` compares that."""


def support(text: str, quotes: Sequence[str], context: str = "") -> tuple[Problem, ...]:
    """The problems of one statement of an answer; none when its quotes support it.

    `quotes`: the verbatim quotes it cites. `context`: titles and headings of what is cited and the names of the
    question, which a statement may use; numbers, dates and polarity must be in the quotes.
    """
    if any(_is_extract(text, quote) for quote in quotes):
        return ()
    text = _YES_OR_NO.sub("", text)
    said, read_quotes = read(text), [read(quote) for quote in quotes]
    return (
        *figures.problems(text, quotes, said.english),
        *bindings.problems(said, read_quotes),
        *naming.problems(said, read_quotes, context),
        *roles.problems(said, read_quotes),
        *relations.problems(said, read_quotes),
        *claims.problems(said, read_quotes),
        *edits.problems(said, read_quotes, read(context)),
        *content.problems(said, read_quotes, context),
    )


def _is_extract(text: str, quote: str) -> bool:
    """Whether a statement stands in a quote word for word, from where a clause begins to where one ends.

    Cut elsewhere it may say something else (8億 of 18億, 更新し of 更新しない) and is compared like any other.
    """
    said, stated = _plain(text), _plain(quote)
    found = re.search(rf"{_BEFORE}{re.escape(said)}{_AFTER}", stated)
    return bool(said) and found is not None


def _plain(text: str) -> str:
    lines = (re.sub(r"\s+", "", line) for line in fold(text).splitlines())
    return "\n".join(line.rstrip("。.!?") for line in lines if line)
