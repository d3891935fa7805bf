"""English words of a question as Japanese articles would put them, by a small editable glossary."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from rag.japanese import STOP_WORDS, fold, has_kana, tokens, words

GLOSSARY = Path(__file__).parent / "data" / "glossary.tsv"

_KANJI = re.compile(r"[々〇\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")


def is_english(text: str) -> bool:
    """Whether a text has Latin letters and neither kana nor kanji."""
    latin = any(ch.isascii() and ch.isalpha() for ch in fold(text))
    return latin and not has_kana(text) and _KANJI.search(text) is None


def expansion(question: str) -> list[str]:
    """Search tokens that the Japanese for an English question's words adds to its own; empty for Japanese."""
    if not is_english(question):
        return []
    known = (word.surface for word in words(fold(question)) if word.surface not in STOP_WORDS)
    return [token for word in known for japanese in translations(word) for token in tokens(japanese)]


def translations(word: str) -> tuple[str, ...]:
    """Japanese words for a lower-case English word in any common inflection; empty when it is not known."""
    return next((_glossary()[form] for form in _base_forms(word) if form in _glossary()), ())


@cache
def _glossary() -> dict[str, tuple[str, ...]]:
    lines = GLOSSARY.read_text(encoding="utf-8").splitlines()
    entries = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return {english: tuple(japanese.split()) for english, japanese in entries}


def _base_forms(word: str) -> Iterator[str]:
    yield word
    if word.endswith("ies") or word.endswith("ied"):
        yield word[:-3] + "y"
    for ending in ("s", "es", "d", "ed", "ing"):
        if word.endswith(ending) and len(word) - len(ending) >= 2:
            stem = word[: -len(ending)]
            yield stem
            yield stem + "e"
            if stem[-1] == stem[-2]:
                yield stem[:-1]
