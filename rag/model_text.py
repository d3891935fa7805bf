"""What is done to the copy of a text that a model reads."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_DROPPED = re.compile("[\0\ud800-\udfff]")


def clean(text: str) -> str:
    """NFKC without NUL and lone surrogates, which tokenizers reject or end a text at."""
    return _DROPPED.sub("", unicodedata.normalize("NFKC", text))


def defuse(text: str, special_tokens: Iterable[str]) -> str:
    """Put a space into every literal special token, so that `</s>` in an article is text, not an end mark."""
    for token in sorted(special_tokens, key=len, reverse=True):
        if len(token) > 1:
            text = text.replace(token, f"{token[0]} {token[1:]}")
    return text
