"""Follow-up questions: what 「それはいつ?」 asks about is taken from the turns before it."""

from __future__ import annotations

from collections.abc import Sequence

from rag.types import Turn


def complete(question: str, history: Sequence[Turn]) -> str:
    """The question as it stands by itself; unchanged when there is no history or it needs none."""
    return question
