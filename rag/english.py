"""English words of a question as Japanese articles would put them, by an editable glossary and a dictionary."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path

from rag.japanese import STOP_WORDS, content_words, fold, has_kana, tokens, words

GLOSSARY = Path(__file__).parent / "data" / "glossary.tsv"
DICTIONARY = Path(__file__).parent / "data" / "dictionary.tsv"

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
    forms = list(_base_forms(word))
    return next(
        (known[form] for known in (_glossary(), _dictionary()) for form in forms if form in known), ()
    )


@lru_cache(maxsize=4096)
def same_in_english(japanese: str) -> frozenset[str]:
    """Search keys of the other Japanese words for what a Japanese word is in English: 教師 for 先生, both teacher.

    Only what is one word to the tokenizer. Not every pair means the same; it is a hint, not a synonym.
    """
    others = {other for english in in_english(japanese) for other in _all_japanese(english)}
    keys = (content_words(other) for other in others - {japanese})
    return frozenset(key[0] for key in keys if len(key) == 1)


def in_english(japanese: str) -> tuple[str, ...]:
    """What a Japanese word is in English, as far as the glossary and the dictionary know."""
    return _by_japanese().get(japanese, ())


@cache
def _by_japanese() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for english in sorted(known_words()):
        for japanese in _all_japanese(english):
            found.setdefault(japanese, []).append(english)
    return {japanese: tuple(english) for japanese, english in found.items()}


def _all_japanese(english: str) -> tuple[str, ...]:
    return (*_glossary().get(english, ()), *_dictionary().get(english, ()))


def known_words() -> frozenset[str]:
    """Every English word that `translations` knows without changing its form."""
    return frozenset((*_glossary(), *_dictionary()))


def is_glossed(word: str) -> bool:
    """Whether the glossary has a word, whose entries are never names; the dictionary has Korea and Apple too."""
    return any(form in _glossary() for form in _base_forms(word))


@cache
def _glossary() -> dict[str, tuple[str, ...]]:
    return _entries(GLOSSARY)


@cache
def _dictionary() -> dict[str, tuple[str, ...]]:
    return _entries(DICTIONARY)


def _entries(path: Path) -> dict[str, tuple[str, ...]]:
    lines = path.read_text(encoding="utf-8").splitlines()
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
