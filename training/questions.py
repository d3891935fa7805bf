"""Other ways to ask a question, made by rule: as people type into a search box, plainer, politer, shorter."""

from __future__ import annotations

import re

from rag.japanese import is_content, words

SHORTEST = 3
"""Characters that say too little to be reworded."""

_MARKS = re.compile(r"[??。\s]+$")
_POLITE = (
    ("でしょうか", ""),
    ("なのですか", ""),
    ("何なんですか", "何"),
    ("でしたか", "だった"),
    ("ですか", ""),
    ("なのか", ""),
    ("なの", ""),
    ("か", ""),
    ("の", ""),
)
_ASKED = "何|誰|だれ|どこ|いつ|いくつ|いくら|どれ|どちら|どなた|何年|何人|何月|何歳|何処"
_ENDS_ASKING = re.compile(
    rf"(?:とは|(?<!の)は)[、,]?(?:{_ASKED})(?:です|でしょう|でした|なの|だった|である)?か?$"
)
_NOMINAL = frozenset({"名詞", "接尾辞", "接頭辞", "記号"})
_BARE = re.compile(rf"(?:{_ASKED})$")


def variants(question: str) -> tuple[str, ...]:
    """Other wordings of a question that have the same answer; empty for one too short to change."""
    bare = _MARKS.sub("", question)
    if len(bare) <= SHORTEST:
        return ()
    found = [bare, _plain(bare), _polite(bare), _topic(bare), _request(bare), keywords(bare)]
    return tuple(dict.fromkeys(text for text in found if len(text) > SHORTEST and text != question))


def keywords(question: str) -> str:
    """The words that carry the question's subject, as typed into a search box."""
    return " ".join(_runs(question))


def _runs(question: str) -> list[str]:
    """Neighbouring content words together, as in 「OpenAI 本社 所在地」."""
    runs: list[str] = []
    end = -1  # of the last word, where more may follow in the same run
    for word in words(question):
        if not is_content(word) or word.pos == "代名詞" or "何" in word.surface:
            continue
        nominal = word.pos in _NOMINAL
        if nominal and word.start == end:
            runs[-1] += word.surface
        else:
            runs.append(word.base if word.pos == "動詞" else word.surface)
        end = word.end if nominal else -1
    return runs


def _plain(bare: str) -> str:
    """Without its polite or asking ending: 「…は誰ですか」 → 「…は誰」."""
    for ending, instead in _POLITE:
        if bare.endswith(ending):
            return bare.removesuffix(ending) + instead
    return bare


def _polite(bare: str) -> str:
    return f"{bare}ですか?" if _BARE.search(bare) else ""


def _topic(bare: str) -> str:
    """Without the words that ask: 「…の首都はどこですか」 → 「…の首都」."""
    return _ENDS_ASKING.sub("", bare) if _ENDS_ASKING.search(bare) else ""


def _request(bare: str) -> str:
    topic = _topic(bare)
    return f"{topic}を教えて" if topic else ""
