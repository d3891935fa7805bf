"""Rules that turn a sentence or a list into questions, in the sentence's own words with one part asked for.

Japanese needs no movement: 「OpenAIは1月20日、…を発表しました。」 asks 「OpenAIはいつ…を発表しましたか?」. A rule that
is not sure of its grammar gives nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from rag.japanese import words
from rag.quantities import dates, numbers


class Draft(NamedTuple):
    """A question with the facts of its answer, not yet verified."""

    type: str
    question: str
    facts: tuple[str, ...]


LONGEST_QUESTION = 120
_LONGEST_TOPIC = 40

_OPENING = re.compile(
    r"(?:(?:具体的に|特に|しかし|また|さらに|なお|ただし|一方|そして|そのため|加えて|例えば|たとえば)は?、"
    r"|[^、。「」]{1,12}(?:によると|によれば)、)+"
)
_POINTING = re.compile(
    r"この|その|これ|それ|ここ|そこ|こう|そう|同(?=\d)|同(?:社|氏|国|県|市|年|月|日|大学|プロジェクト)|当社|弊社|本記事|本書|私|我々|彼|両社|今日|昨年|今年|来年|前年|翌"
)
_BRACKETED = re.compile(r"[（(][^（）()]*(?:[（(][^（）()]*[）)][^（）()]*)*[）)]")
_QUOTED = re.compile(r"「([^「」]{2,30})」")
_POLITE_END = re.compile(r"(?:ました|ます|ません|でした|です)$")
_PLAIN_END = re.compile(r"(?:た|る|ない|である)$")
_PAST = re.compile(r"(?:ました|でした|った|した|れた|えた|いた|きた|だった|いだ|んだ)$")

_ASKED = {
    "人": "何人", "名": "何人", "社": "何社", "カ国": "何カ国", "か国": "何カ国", "ヶ国": "何カ国", "ヵ国": "何カ国", "件": "何件",
    "円": "何円", "ドル": "何ドル", "ユーロ": "何ユーロ", "ポンド": "何ポンド", "%": "何%", "％": "何%", "パーセント": "何パーセント",
    "台": "何台", "本": "何本", "冊": "何冊", "枚": "何枚", "校": "何校", "倍": "何倍", "歳": "何歳", "位": "何位", "回": "何回", "個": "何個",
    "トン": "何トン", "キロ": "何キロ", "メートル": "何メートル", "MW": "何MW", "GW": "何GW", "kg": "何kg", "km": "何km", "ページ": "何ページ",
    "棟": "何棟", "軒": "何軒", "店": "何店", "基": "何基", "頭": "何頭", "匹": "何匹", "羽": "何羽", "便": "何便", "隻": "何隻", "両": "何両",
    "カ所": "何カ所", "時間": "何時間", "種類": "何種類", "段階": "何段階", "つの": "いくつの",
}  # fmt: skip
"""Units that can be asked for; others are parts of names, dates or ordinals."""

_NUMBER = re.compile(r"[\d０-９,，.．〇一二三四五六七八九十百千万億兆\s]+")
_DATE_TAIL = re.compile(r"に、|に(?!は|も|つ|お|関|向|よ|伴|かけ)|、(?=.)|(?=(?:から|まで)(?![のはに]))")
_PART_OF_A_DATE = re.compile(r"[年月~〜～\-−/翌同第元前後]$|(?:明治|大正|昭和|平成|令和)$")
_NOT_A_COUNT = re.compile(
    r"(?:から|[数何第年月\-−/~〜～]|うち|残り|ただ|わずか)$"
    r"|[一-鿿ァ-ヺーA-Za-z](?<!約)(?<!最大)(?<!最低)(?<!最高)(?<!最小)(?<!合計)(?<!総額)(?<!平均)(?<!毎年)(?<!毎月)(?<!当時)(?<!現在)$"
)
_AFTER_A_COUNT = re.compile(r"(?:以上|以下|未満|超|余り)?(?:[をがにでとのへ]|だ|です|である|となる|$)")
_ASIDE_VERBS = frozenset(
    "因る よる 伴う おく 於く 対する 関する 通じる 基づく 加える 居る おる ある 有る いる 在る 除く 経る".split()
)
_LISTED = re.compile(
    r"(?:以下|次|下記)の(?:[\d０-９一二三四五六七八九十]+(?:つの|項目の|点の|種類の|個の|社の|の))?([^\s、。はがをに]{1,15})(?=[はがをに])"
)
_AS_FOLLOWS = re.compile(r"(.{2,40})は、?(?:以下|次|下記)の(?:通り|とおり)")
_LABELLED = re.compile(r"(?:\s*[-*•・●○■□◆◇]\s*)?([^:：。]{2,30})[:：]\s*([^:：。]{4,60})")
_ASPECT = re.compile(
    r"の[^の]{0,4}(?:特徴|目的|役割|名称|由来|課題|狙い|利点|欠点|違い|別名|略称|前身|母体|本社|本拠地|拠点|対象|条件|主題)$"
)
_SPEECH = re.compile(r"と(?!呼|称|名|い?う|の提携|連携)")
_IN_NAMES = frozenset({"名詞", "接尾辞", "接頭辞", "記号", "補助記号", "形状詞"})
_PERSON = re.compile(r"(?:[家者員長官手優士人]|選手|リスト|大統領|首相|女王|王)$")
_COPULA = re.compile(
    r"(.{2,40}?)(とは|は)、?(.{6,100}?)(?:です|である|だ|を指します|を指す|のことです|のことだ)"
)
_NOT_WHAT_IT_IS = re.compile(
    r"(?:方針|計画|予定|見込み|見通し|考え|狙い|意向|模様|構え|つもり|ところ|わけ|はず|もの|こと|ため|から|よう|そう|状況|段階|立場|一方|最中|通り)$"
)
"""Ends of a predicate that says what a subject does (Xは…する方針です), not what it is."""


def of_sentence(sentence: str, about: str | None) -> Iterator[Draft]:
    """Questions on a sentence; `about` is the heading it stands under, which says what この or 同社 point to."""
    bare = sentence.strip().removesuffix("。")
    bare = bare[match.end() :] if (match := _OPENING.match(bare)) else bare
    if not bare or bare[0] in "「『-・*" or "。" in bare:
        return
    found = [*_dates(bare), *_numbers(bare), *_copula(bare), *_called(bare)]
    yield from _grounded(found or list(_cloze(bare)), about)


def of_list(lead_in: str, items: Sequence[str], about: str | None) -> Iterator[Draft]:
    """What a list holds, asked with the sentence that leads it in."""
    bare = lead_in.strip().rstrip("。:：")
    bare = bare[match.end() :] if (match := _OPENING.match(bare)) else bare
    heads = tuple(dict.fromkeys(_head(item) for item in items))
    if len(heads) < 2 or not all(1 < len(head) <= 60 for head in heads):
        return
    as_follows, listed = _AS_FOLLOWS.match(bare), _LISTED.search(bare)
    if as_follows:
        yield from _grounded([Draft("list", f"{as_follows[1]}は何ですか?", heads)], about)
    elif listed and (question := _ask(bare, listed.start(), listed.end(), f"どのような{listed[1]}")):
        subject = "は" in bare[: listed.start()]
        yield from _grounded([Draft("list", question, heads)], about, must_say=not subject)


def of_item(item: str) -> Iterator[Draft]:
    """What the label of a list item means."""
    match = _LABELLED.fullmatch(item.strip())
    if match is None or re.search(r"[はがを]、|https?$", match[1]) or numbers(match[2]) or dates(match[2]):
        return
    label = match[1].strip()
    if re.fullmatch(r"[A-Za-zァ-ヺー0-9 &・+\-]+", label) or _QUOTED.fullmatch(label):
        yield Draft("definition", f"{label}とは何ですか?", (match[2].strip(),))
    else:
        yield Draft("definition", f"「{label}」とはどのようなことですか?", (match[2].strip(),))


def _dates(bare: str) -> Iterator[Draft]:
    found = dates(bare)
    for date in found:
        tail = _DATE_TAIL.match(bare, date.end)
        before = _without_asides(bare[: date.start])
        if tail is None or _PART_OF_A_DATE.search(before) or not _can_be_asked(bare, date.start):
            continue
        if not tail[0] and len(found) > 1:
            continue  # 1995年から2007年まで
        comma = "、" if tail[0].endswith("、") and len(bare) - tail.end() > 30 else ""
        if question := _ask(bare, date.start, tail.end(), f"いつ{comma}"):
            yield Draft("when", question, (bare[date.start : date.end],))


def _numbers(bare: str) -> Iterator[Draft]:
    taken = dates(bare)
    for quantity in numbers(bare):
        written = bare[quantity.start : quantity.end]
        digits = _NUMBER.match(written)
        unit = written[digits.end() :] if digits else ""
        if unit not in _ASKED or quantity.value == 1 or not re.match(r"[\d０-９]", written):
            continue
        before = bare[: quantity.start]
        if _NOT_A_COUNT.search(before) or not _AFTER_A_COUNT.match(bare, quantity.end - unit.endswith("の")):
            continue
        if any(d.start < quantity.end and quantity.start < d.end for d in taken):
            continue
        about = re.search(r"(?:約|およそ|(?:以下|次|下記)の)$", before)
        start = about.start() if about else quantity.start
        if _can_be_asked(bare, quantity.start) and (
            question := _ask(bare, start, quantity.end, _ASKED[unit])
        ):
            kind = "how_much" if unit in ("円", "ドル", "ユーロ", "ポンド") else "how_many"
            yield Draft(kind, question, (written.removesuffix("の"),))


def _can_be_asked(bare: str, at: int) -> bool:
    """Whether a part stands in the sentence itself: not in brackets, nor in a clause within its topic."""
    if not _outside(bare, at):
        return False
    topic = next(
        (word.start for word in words(bare) if word.surface == "は" and _outside(bare, word.start)), None
    )
    return topic is not None and (topic < at or all(word.pos != "動詞" for word in words(bare[at:topic])))


def _called(bare: str) -> Iterator[Draft]:
    """「X」というN … → 何というN …"""
    for match in _QUOTED.finditer(bare):
        named = bare.startswith("という", match.end()) and bare.count(match[1]) == 1 and _is_name(match[1])
        if (
            named
            and _can_be_asked(bare, match.start())
            and (question := _ask(bare, match.start(), match.end(), "何"))
        ):
            yield Draft("what", question, (match[1],))


def _copula(bare: str) -> Iterator[Draft]:
    match = _COPULA.fullmatch(bare)
    if match is None or not _outside(bare, match.start(3)) or numbers(match[3]) or dates(match[3]):
        return
    topic, said = match[1], match[3].strip()
    if (
        topic.startswith(("また", "ただし", "なお"))
        or not _is_nominal(topic)
        or _POINTING.search(topic)
        or _NOT_WHAT_IT_IS.search(said)
    ):
        return
    if "、" in topic or re.search(r"[はがを]", topic) or not _is_nominal(said):
        return
    if match[2] == "とは" or re.fullmatch(r"[A-Za-zァ-ヺー0-9 &・+\-「」]+", topic):
        if len(said) <= 60 and _clause_end(said, 0) is None:
            asked = "はどのような人物ですか?" if _PERSON.search(said) else "とは何ですか?"
            yield Draft("definition", f"{topic}{asked}", (said,))
    elif _ASPECT.search(topic):
        yield Draft("what", f"{topic}は何ですか?", (said,))


def _cloze(bare: str) -> Iterator[Draft]:
    for match in _QUOTED.finditer(bare):
        if not _is_name(match[1]) or _SPEECH.match(bare, match.end()) or bare.count(match[1]) > 1:
            continue
        whole = _without_asides(f"{bare[: match.start()]}「◯◯」{bare[match.end() :]}。")
        if (
            "◯◯" in whole
            and _can_be_asked(bare, match.start())
            and not _POINTING.search(_QUOTED.sub("", bare))
        ):
            yield Draft("cloze", f"次の文の◯◯に入る語は何ですか? {whole}", (match[1],))
            return


def _ask(bare: str, start: int, end: int, asked: str) -> str | None:
    """The sentence as a question with `[start, end)` asked for; its later clauses are left out."""
    cut = _clause_end(bare, end)
    clause = bare if cut is None else bare[:cut]
    body = _without_asides(clause[:start] + asked + clause[end:])
    if cut is not None:
        body += "ました" if _PAST.search(bare) else "ます"
    if not (_POLITE_END.search(body) or _PLAIN_END.search(body)):
        return None
    return f"{body}か?"


def _clause_end(bare: str, after: int) -> int | None:
    """Where the first clause after the asked part ends in a verb that goes on (発表し、…), before the comma."""
    for verb, comma in pairwise(words(bare)):
        goes_on = verb.pos == "動詞" or verb.surface in ("れ", "られ", "せ")
        conjugated = verb.surface != verb.base
        goes_on = goes_on and conjugated and _ASIDE_VERBS.isdisjoint((verb.base, verb.key))
        if comma.surface == "、" and goes_on and verb.start >= after and _outside(bare, comma.start):
            return comma.start
    return None


def _grounded(drafts: Sequence[Draft], about: str | None, must_say: bool = False) -> Iterator[Draft]:
    """The drafts that can be understood alone, with the heading said first where something only points."""
    for draft in drafts:
        outside = _QUOTED.sub("", draft.question)
        if not must_say and not _POINTING.search(outside):
            yield draft
        elif about and len(about) <= _LONGEST_TOPIC and "◯◯" not in draft.question:
            yield draft._replace(question=f"「{about}」について、{draft.question}")


def _without_asides(text: str) -> str:
    return _BRACKETED.sub("", text)


def _outside(text: str, at: int) -> bool:
    """Whether a position is not inside of quotation marks or brackets."""
    return all(text.count(a, 0, at) == text.count(b, 0, at) for a, b in ("「」", "『』", "()", "（）"))


def _is_nominal(text: str) -> bool:
    found = words(text)
    return bool(found) and found[-1].pos in _IN_NAMES


def _is_name(text: str) -> bool:
    """Whether quoted words are a name or term, not something said."""
    return len(text) <= 30 and all(w.pos in _IN_NAMES or w.surface in ("の", "と") for w in words(text))


def _head(item: str) -> str:
    """The label of a list item, or the item itself, without its bullet."""
    bare = re.sub(r"^\s*(?:[-*•・●○■□◆◇]|\d{1,2}[.)．)]|[①-⑳])\s*", "", item.strip())
    return re.split(r"[:：]", bare, maxsplit=1)[0].strip().removesuffix("。")
