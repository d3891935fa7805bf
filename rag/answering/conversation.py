"""Follow-up questions: what 「それはいつ?」 asks about is taken from the turns before it.

A question that names its subject is left alone. One that points back (それ, その会社, it, they) has the pointing
word replaced by the topic of the last turn; one that leaves its subject out (「いつから?」) has the topic put before it.
The topic is what the last question was about, or, for 「その会社」 and 「彼」, the name that its answer led with.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.answering.question import analyse, is_name
from rag.english import is_english
from rag.japanese import Word, normalise, words
from rag.types import Turn

_SUFFIX = r"(?=[はがをにでとのもや、\s?？]|って|から|まで|より|$)"
_PERSON_OR_FIRM = re.compile(
    rf"(?:その|この|あの)(?:会社|企業|組織|団体|人物|人|方|国|場所|都市|氏)|同社|同氏|同国|彼女|彼ら|彼{_SUFFIX}"
)
_THING = re.compile(
    rf"(?P<owner>(?:その|この|あの)(?!ほか|他|後|前|時|場合|ため))(?=[ぁ-んァ-ヶ一-鿿A-Za-z])"
    rf"|(?:それら|これら|それ|これ|あれ){_SUFFIX}"
)
_ENGLISH_OWNER = re.compile(r"\b(?:its|their|his|her)\b", re.IGNORECASE)
_ENGLISH_PERSON = re.compile(
    r"\b(?:he|she|they|him|them|that (?:company|person|country|place))\b", re.IGNORECASE
)
_ENGLISH_THING = re.compile(r"\b(?:it|this|that|these|those)\b", re.IGNORECASE)
_ENGLISH_NAME = re.compile(r"(?<!^)(?<![.?!] )\b[A-Z][\w.\-]*(?: (?:(?:for|of|and|the) )?[A-Z][\w.\-]*)*")
_ENGLISH_CONDITION = re.compile(r"(?:on|in|for|with|at|by|from|under|without)\b", re.IGNORECASE)
_OPENING = re.compile(
    r"^(?:では|じゃあ?|それでは|ちなみに|あと|また|なお|そして|それで|で)[、,\s]+|^(?:and|so|then|also)[,\s]+",
    re.IGNORECASE,
)
_CONDITION = re.compile(r"[^、。?？]{1,20}(?:では|には|なら|だと|の場合は|でも)\s*[?？]?")
_ONLY_TOPIC = re.compile(r"[^、。?？は]{1,20}は\s*[?？]?")
TOPIC_FIRST = re.compile(r"(?!(?:現在|今|当初|当時|最初|最近|次)は)[一-鿿ァ-ヶーA-Za-z0-9]{1,20}は")
"""How a question begins that has a topic of its own, mostly something of the one before: 料金はいつ改定されますか."""
_NOMINAL = re.compile(r"[^、。?？]{1,20}(?:は|って)?\s*[?？]?")
_ASKS = re.compile(r"何|なに|なん|誰|だれ|どこ|いつ|いくら|いくつ|なぜ|どう|どの|どれ|どんな")
_DOCUMENT = re.compile(r"(?:この|その)(?:記事|資料|文書|サイト|答え|回答|会話)")
_COPULAR = re.compile(
    r"(?:は|って)?\s*(?:何|誰|どこ|いくら|いつ|なに|どれ|どのくらい)?\s*(?:でしょうか|ですか|か|なの)?\s*[?？。]?"
)
_LEAD = re.compile(r"(.{1,60}?)(?:です|でした|だ)。")
_NOUN = re.compile(r"[一-鿿ァ-ヺーA-Za-z0-9]+")
_QUOTED = re.compile(r"「([^「」]{1,40})」|『([^『』]{1,40})』|[\"“]([^\"”]{1,40})[\"”]")


def complete(question: str, history: Sequence[Turn]) -> str:
    """The question as it stands by itself; unchanged when there is no history or it needs none."""
    topic = answer = ""
    for turn in history:
        topic = _topic(_completed(turn.question, topic, answer)) or topic
        answer = _led_with(turn.answer)
    return _completed(question, topic, answer)


def about(question: str, subject: str) -> str:
    """A question that leaves its subject out, asked of one: 「Coworkの発表日は?」."""
    return _completed(question, subject, "")


def _completed(question: str, topic: str, answer: str) -> str:
    if not topic:
        return question
    bare = _OPENING.sub("", question)
    return (_completed_english if is_english(question) else _completed_japanese)(bare, topic, answer)


def _completed_japanese(question: str, topic: str, answer: str) -> str:
    if _DOCUMENT.search(question):
        return question
    for pattern, meant in ((_PERSON_OR_FIRM, answer or topic), (_THING, topic)):
        match = pattern.search(question)
        if match and not has_name(question[: match.start()]):
            return question[: match.start()] + _in_place(match, meant, question[match.end() :])
    if _CONDITION.fullmatch(question) and not _has_verb(question):
        return f"{topic}は{question}"
    if has_name(question):
        return question
    if not _ASKS.match(question) and (_ONLY_TOPIC.fullmatch(question) or _is_nominal(question)):
        return f"{topic.partition('の')[0]}の{question}"
    if len([term for term in analyse(question).terms if term.weight >= 0.7]) > 1:
        return question
    return f"{topic}{'の' if TOPIC_FIRST.match(question) else 'は'}{question}"


def _in_place(match: re.Match[str], meant: str, following: str) -> str:
    """What replaces a pointing word, with what follows it: その憲法は after 「Claudeの憲法」 is Claudeの憲法は."""
    if not match.groupdict().get("owner"):
        return meant + following
    noun = _NOUN.match(following)
    repeated = noun is not None and meant.endswith(noun.group())
    return meant + (following[noun.end() :] if noun and repeated else f"の{following}")


def _completed_english(question: str, topic: str, answer: str) -> str:
    for pattern, meant in (
        (_ENGLISH_OWNER, f"{answer or topic}'s"),
        (_ENGLISH_PERSON, answer or topic),
        (_ENGLISH_THING, topic),
    ):
        match = pattern.search(question)
        if match and not _ENGLISH_NAME.search(question[: match.start()]):
            return question[: match.start()] + meant + question[match.end() :]
    if _ENGLISH_CONDITION.match(question):
        return f"{topic} {question}"
    if _ENGLISH_NAME.search(question) or len(question.split()) > 4:
        return question
    return f"{question.rstrip(' ?')} ({topic})?"


def _led_with(answer: str) -> str:
    """The name that an answer leads with: 「SoftBankです。」."""
    match = _LEAD.match(answer)
    name = match[1].strip("「」『』 ") if match else ""
    return name if has_name(name) else ""


def _topic(question: str) -> str:
    """What a question is about: a quoted title, else its first name with what の adds to it, else its first noun.

    「Claudeの新しい憲法の原則は?」 is about Claudeの新しい憲法: what it asks of it (原則) is left out.
    """
    quoted = _QUOTED.search(question)
    if quoted:
        return next(group for group in quoted.groups() if group)
    if is_english(question):
        name = _ENGLISH_NAME.search(question)
        return name.group() if name else ""
    copy = normalise(question)
    chains = _chains(words(copy.text))
    chosen = next((chain for chain in chains if any(map(_is_name, chain))), next(iter(chains), []))
    segments = _segments(chosen)
    if len(segments) > 1 and _COPULAR.fullmatch(copy.text, chosen[-1].end):
        segments.pop()
    while len(segments) > 1 and any(word.pos2 == "数詞" for word in segments[-1]):
        segments.pop()
    chosen = [word for segment in segments for word in segment]
    if not chosen:
        return ""
    start, end = copy.span(chosen[0].start, chosen[-1].end)
    return question[start:end].strip()


def _segments(chain: Sequence[Word]) -> list[list[Word]]:
    """The parts of a chain that の binds: Claude / の新しい憲法 / の原則."""
    parts: list[list[Word]] = [[]]
    for word in chain:
        if word.surface == "の":
            parts.append([])
        parts[-1].append(word)
    return parts


def _chains(found: Sequence[Word]) -> list[list[Word]]:
    """Runs of nouns, joined by の and adjectives: Claude の 新しい 憲法."""
    chains: list[list[Word]] = [[]]
    for word in found:
        inside = _is_noun(word) or (chains[-1] and (word.surface == "の" or word.pos == "形容詞"))
        if inside:
            chains[-1].append(word)
        elif chains[-1]:
            chains.append([])
    for chain in chains:
        while chain and not _is_noun(chain[-1]):
            chain.pop()
    return [chain for chain in chains if chain]


def _is_noun(word: Word) -> bool:
    return word.pos in ("名詞", "接頭辞", "接尾辞", "記号") and word.surface not in ("何", "こと", "もの")


def _is_name(word: Word) -> bool:
    return is_name(word) and len(word.surface) > 2  # AI, OS: words, if Latin ones


def has_name(text: str) -> bool:
    """Whether a text names somebody or something: what is asked about it is not left out."""
    return any(map(_is_name, words(normalise(text).text)))


def _is_nominal(text: str) -> bool:
    return _NOMINAL.fullmatch(text) is not None and not _has_verb(text)


def _has_verb(text: str) -> bool:
    return any(word.pos == "動詞" for word in words(normalise(text).text))
