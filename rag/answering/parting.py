"""The questions that one message asks: one after the other, clause by clause, or of two things at once."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.answering.conversation import TOPIC_FIRST, complete, has_name
from rag.answering.question import is_name
from rag.english import is_english
from rag.japanese import Word, fold, normalise, words
from rag.types import Turn

_NEXT_QUESTION = re.compile(
    r"(?<=[?？。])\s*(?:また|そして|さらに|加えて|それと|あと)?[、\s]*(?=[^\s」』)）])"
)
_AND_ENGLISH = re.compile(r"(?<=\?)\s+|,? and (?=(?:who|what|when|where|why|how|which)\b)", re.IGNORECASE)
_ASKING = r"何|なに|誰|だれ|どこ|いつ|いくら|いくつ|なぜ|(?<!か)どう(?!し(?!て))|どの|どれ|どんな"
_ASKS = re.compile(_ASKING)
_REQUEST = re.compile("(?:教え|挙げ|答え|説明し|並べ)て")
_ASKS_SOMETHING = re.compile(
    rf"^(?!.*(?<!たい)(?:ます|です)。?$).*(?:{_ASKING}|は[?？]?$|を.*{_REQUEST.pattern}"
    r"|\b(?:who|what|when|where|why|how|which)\b)"
)
_EACH = re.compile(
    r"[、\s]*(?:(?:の?両方(?!の記事)|それぞれ|(?:合|あ)わせて|いっぺんに|まとめて)[、\s]*)+(?P<particle>[にの])?[、\s]*"
)
"""What says that two things are asked about, and asks for both."""

_SHORTEST_ENGLISH = 3
_MOST = 3


def parts(question: str) -> tuple[str, ...]:
    """The questions that a question asks, each as it stands by itself; usually one.

    「懸念は何か。また、示したのは誰か。」, 「誰が資金を出し、誰が運営しますか」, 「投資額と利用者数をあわせて教えて」 and
    “Who pays, and who runs it?” are two. A sentence that asks nothing is left to those that do.
    """
    if is_english(question):
        found = _AND_ENGLISH.split(question)
        short = any(len(piece.split()) < _SHORTEST_ENGLISH for piece in found)
        return (question,) if short else _whole(question, found)
    asking = [part for part in _NEXT_QUESTION.split(question) if _ASKS_SOMETHING.search(fold(part))]
    return _whole(question, [piece for part in asking for piece in _clauses(part) or _things(part) or [part]])


def _whole(question: str, pieces: Sequence[str]) -> tuple[str, ...]:
    """The pieces with what the first is about, where each is a question; else the question as it is."""
    found = [piece.strip("、, \n") for piece in pieces if piece.strip()]
    if not 1 < len(found) <= _MOST or not all(_ASKS_SOMETHING.search(fold(piece)) for piece in found):
        return (question,)
    first = found[0]
    about = [Turn(question=first)]
    return (first, *(piece if _alone(piece, first) else complete(piece, about) for piece in found[1:]))


def _alone(piece: str, first: str) -> bool:
    """「費用はいくらで、完成はいつ?」: what is asked about first is no name that the rest could be about too."""
    return TOPIC_FIRST.match(piece) is not None and not has_name(first)


def _clauses(question: str) -> list[str]:
    """「誰が資金を出し、誰が運営しますか」 in two at the comma; none where a clause asks nothing or says nothing."""
    copy = normalise(question)
    found = words(copy.text)
    for n, word in enumerate(found[1:], 1):
        if word.surface != "、" or not _ASKS.search(copy.text[: word.start]):
            continue
        before, rest = found[n - 1], copy.text[word.end :]
        if before.surface == "で":  # 「費用はいくらで、完成はいつ?」, not 「誰とどこで、いつ始めたの?」
            ends = "は" in copy.text[: word.start] and "は" in rest
        else:
            ends = before.pos in ("動詞", "助動詞", "形容詞") or before.surface == "か"
        if ends and not rest.startswith("と") and _ASKS.search(rest):
            place, _ = copy.span(word.start, word.end)
            return [f"{question[:place].removesuffix('で')}?", question[place + 1 :]]
    return []


def _things(question: str) -> list[str]:
    """「AとBをあわせて教えて」 as 「Aを教えて」 and 「Bを教えて」; none where that is not clearly what is asked."""
    each = _EACH.search(question)
    if each is None:
        return []
    copy = normalise(question[: each.start()])
    found = words(copy.text)
    place = next((n for n in reversed(range(1, len(found) - 1)) if _joins(found, n)), None)
    if place is None:
        return []
    (end, _), (_, start) = (copy.span(found[n].start, found[n].end) for n in (place, place))
    one, other = question[:end], question[start : each.start()].strip("、 ")
    last = re.search(r"[はをのが]$", other)
    rest = question[each.end() :]
    particle = each["particle"] or (last[0] if last else "を" if _REQUEST.match(rest) else "は")
    if not last and not _is_noun(found[-1]):
        return [f"{one}{particle}{rest}", f"{other}、{rest}"]
    return [f"{thing}{particle}{rest}" for thing in (one, other[: last.start()] if last else other)]


def _joins(found: Sequence[Word], n: int) -> bool:
    """Whether a と joins two nouns that say what is asked for, not two names that something is asked about."""
    before, after = found[n - 1], found[n + 1]
    if found[n].surface != "と" or not (_is_noun(before) or before.surface == "数"):
        return False
    if after.surface == "、":
        return True
    acts = any(word.pos == "動詞" for word in found[n + 1 : n + 3])  # と提携する, と組む
    return not (is_name(before) and is_name(after)) and not acts and after.pos not in ("助詞", "助動詞")


def _is_noun(word: Word) -> bool:
    return word.pos in ("名詞", "接尾辞", "代名詞")
