"""What a statement says that its quotes do not."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.japanese import fold
from rag.verification import bindings, claims, content, edits, figures, naming, roles
from rag.verification.problems import Problem
from rag.verification.reading import read

_ENDS = re.compile(r"(?:[。!?.、」\s]|$)")


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
        *claims.problems(said, read_quotes),
        *edits.problems(said, read_quotes, read(context)),
        *content.problems(said, read_quotes, context),
    )


def _is_extract(text: str, quote: str) -> bool:
    """Whether a statement stands in a quote word for word, up to where a clause ends."""
    said, stated = _plain(text), _plain(quote)
    at = stated.find(said)
    return bool(said) and at >= 0 and _ENDS.match(stated, at + len(said)) is not None


def _plain(text: str) -> str:
    return re.sub(r"\s+", "", fold(text)).rstrip("。.!?")
