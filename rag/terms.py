"""Search terms: what a text is indexed under, and what a question is searched by.

Both hold the tokens of `rag.japanese` and the values of dates and numbers, so that 2026/1/12, 令和8年1月12日 and January
12, 2026 meet, and 8億, 八億 and 800 million. Texts hold the sounds of their names too (`rag.names`); a question is
searched by the spellings that its names have in the texts, which `rag.retrieval` looks up by these sounds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from rag.english import expansion
from rag.japanese import Word, fold, tokens, words
from rag.names import sounds
from rag.quantities import Date, dates, numbers

TOKENIZER = "unidic-lite-words+bigrams+values+sounds+title/3"
"""Names what `index_terms` does; recorded in every index, because question and index must share it."""


PAIR = "_"
MARKS = "_@#~"
"""First characters of terms that are no words: pairs of letters, dates, numbers and sounds."""


def index_terms(text: str, title: str = "") -> list[str]:
    """What a text is found by, with repeats; sounds and values once each.

    `title`: counts once more, although the text begins with it: it tells what the text is about.
    """
    return [*tokens(text), *tokens(title), *values(text), *sounds(fold(text))]


def question_terms(question: str) -> list[str]:
    """What a question is searched by: each word and value twice, pairs of letters once, which is half the weight.

    Other names and spellings of what it names are not among them: see `rag.retrieval`.
    """
    own = list(dict.fromkeys([*tokens(question), *values(question), *expansion(question)]))
    return [*own, *(term for term in own if not term.startswith(PAIR))]


def values(text: str) -> list[str]:
    """Distinct marked tokens for the dates and numbers of a text: `@2026-1-12`, `@2026-1`, `@1-12`, `@2026`, `#800`."""
    found = dates(text)
    marked = [f"@{part}" for date in found for part in _parts(date)]
    marked += [
        f"#{number.value.normalize():f}"
        for number in numbers(text)
        if not any(date.start <= number.start < date.end for date in found)
    ]
    return list(dict.fromkeys(marked))


def _parts(date: Date) -> Iterator[str]:
    """A date and whatever less precise form of it a text may use; a bare month says too little."""
    _, _, year, month, day = date
    if month and day:
        yield f"{month}-{day}"
    if year:
        yield f"{year}"
        if month:
            yield f"{year}-{month}"
            if day:
                yield f"{year}-{month}-{day}"


def matched_words(asked: Sequence[str], terms: Sequence[str], texts: Sequence[str]) -> list[tuple[str, ...]]:
    """For each text, which of the terms that are words stand in it, in any of their forms: as the question spells them.

    `asked`: what the terms come from, which has their forms: the question, and names it was searched by besides.
    Found in the folded text as strings, which costs a hundredth of parsing it: サーバ is seen in サーバー, 使う in 使って.
    """
    parsed = {word.key: word for text in asked for word in words(fold(text))}
    spelled = {
        (parsed[term].base if term in parsed else term): _forms(parsed[term]) if term in parsed else (term,)
        for term in dict.fromkeys(terms)
        if term[0] not in MARKS
    }
    folded = [fold(text) for text in texts]
    return [
        tuple(term for term, each in spelled.items() if any(_in(f, text) for f in each)) for text in folded
    ]


def _forms(word: Word) -> tuple[str, ...]:
    """Spellings by which a word is recognised: of a verb or adjective only the kanji that it begins with, if any."""
    stem = _LEADING_KANJI.match(word.key) if word.pos in ("動詞", "形容詞") else None
    spelled = (word.key, word.surface.rstrip("ー") or word.surface, word.base)
    return (stem.group(),) if stem else tuple(dict.fromkeys(spelled))


def _in(form: str, text: str) -> bool:
    """Whether a text has a form; a Latin word or number stands by itself, or as a plural."""
    return form in text and (not form.isascii() or _alone(form).search(text) is not None)


@lru_cache(maxsize=1 << 10)
def _alone(form: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![a-z0-9]){re.escape(form)}(?:e?s)?(?![a-z0-9])")


_LEADING_KANJI = re.compile(r"[一-鿿々]+(?=[ぁ-ん])")
