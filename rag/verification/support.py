"""What a statement says that its quotes do not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from rag.japanese import fold
from rag.structure import sections
from rag.verification import bindings, claims, content, edits, figures, naming, relations, roles
from rag.verification.problems import Problem
from rag.verification.reading import read

_BEFORE, _AFTER = r"(?:^|(?<=[。!?、:\n「」『』]))", r"(?=[。!?、\n」』]|$)"


_YES_OR_NO = re.compile(r"^\s*(?:はい|いいえ|いえ|(?:yes|no)\b(?!\.? ?\d))\s*[、。,.!:]*\s*", re.IGNORECASE)
"""What answers the question, not what the quotes say: `stance` compares that."""


def support(text: str, quotes: Sequence[str], context: str = "", question: str = "") -> tuple[Problem, ...]:
    """The problems of one statement of an answer; none when its quotes support it.

    `quotes`: the verbatim quotes it cites. `context`: titles and headings of what is cited and the names of the
    question, which a statement may use; numbers, dates and polarity must be in the quotes. `question`: what it may
    say is not so (「5つではなく4つです」), where the quotes say what is.
    """
    if any(_is_extract(text, quote) for quote in quotes):
        return ()
    text = _YES_OR_NO.sub("", text)
    found = _problems(text, quotes, context)
    contrasts = (each.search(text) for each in _INSTEAD) if found and question else ()
    contrast = next((each for each in contrasts if each), None)
    if contrast is None or not _is_put_right(text, contrast, quotes, context, question):
        return found
    return ()


_START, _END = (
    r"(?:^|(?<=[、はがを]))",
    r"(?=です|でした|だ|である|から|まで|に|を|が|は|の|と|、|。|$)",
)
_INSTEAD = (
    re.compile(
        rf"{_START}(?P<wrong>[^、。はがを]{{1,40}}?(?P<kind>の[^、。はがを]{{1,20}}))"
        rf"ではなく、?(?P<right>[^、。はがを]{{1,40}}?(?P=kind)){_END}"
    ),
    re.compile(
        rf"{_START}(?P<wrong>[^、。はがを]{{1,40}})ではなく、?(?P<right>[^、。はがを]{{1,40}}?){_END}"
    ),
)
"""「北町の教員ではなく南町の教員」, 「AではなくB」."""


def _is_put_right(
    text: str, contrast: re.Match[str], quotes: Sequence[str], context: str, question: str
) -> bool:
    """Whether what 「AではなくB」 says of B is in the quotes, what it denies of A is not, and the question says A."""
    before, after = text[: contrast.start()], text[contrast.end() :]
    wrong, right = contrast["wrong"], contrast["right"]
    told = read(wrong)
    return (
        not _problems(f"{before}{right}{after}", quotes, context)
        and bool(_problems(f"{before}{wrong}{after}", quotes, context))
        and not any(figures.problems(wrong, (question, *quotes), told.english))
        and not any(naming.problems(told, (read(question), *map(read, quotes)), context))
    )


def _problems(text: str, quotes: Sequence[str], context: str) -> tuple[Problem, ...]:
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


_NAME = re.compile(r"[A-Za-z][A-Za-z0-9.+\-]+|[ァ-ヴー]{3,}")


@lru_cache(maxsize=512)
def around(text: str, at: int, named: tuple[str, ...]) -> str:
    """What a statement may name without citing it: the article's title and publisher (`named`), the headings over
    position `at` of its text, and the longer names that the article makes of theirs (Stargateプロジェクト)."""
    headings = next((each.heading_path for each in sections(text) if each.start <= at < each.end), ())
    names = "\n".join((*named, *headings))
    longer = (
        re.findall(rf"{re.escape(name)}[一-鿿ァ-ヺー]{{2,12}}", text)
        for name in dict.fromkeys(_NAME.findall(names))
    )
    return "\n".join((names, *dict.fromkeys(each for found in longer for each in found)))


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
