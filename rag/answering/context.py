"""What must be quoted beside a sentence so that it does not mislead: exceptions, antecedents, lead-ins, remarks."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.answering.answer_types import has_type
from rag.answering.close_reading import read_units
from rag.answering.evidence import Evidence
from rag.answering.matching import match, token_set
from rag.answering.question import Question
from rag.japanese import Span, fold
from rag.structure import Unit

_EXCEPTION = re.compile(r"ただし|もっとも|なお|しかし|一方")
_POINTS_BACK = re.compile(
    r"(?:^|[、。「])(?:また、|さらに、|特に、|そして、)?"
    r"(?:同(?:社|氏|国|省|庁|大学|銀行|団体|組織|プロジェクト|イニシアチブ|計画|サービス|製品|制度|取り組み|機能|ツール|モデル)"
    r"|(?:この|その)(?!ため|ほか|他|後|結果|うち|よう)[^、。]{1,12}|これら?|それら?|彼ら|彼女|彼)(?:は|が|も|では|で|には|に|を|の|によると|によれば)"
)
_SAME = re.compile(r"同(?:社|氏|国|省|庁|大学|銀行|団体|組織)(?:は|が|も|によると|によれば|の)")
_SPEECH_ASKED = re.compile(
    r"(?:と|なんて|何を|どう)(?:言|述べ|話|語|コメント|評価|発言|主張|指摘|説明|ツイート|投稿|つぶや|思|考え)"
    r"|(?:発言|コメント|ツイート|意見|主張|見解|感想|反応|懸念)(?:は|の内容|を|って|$|[?？])|\b(?:say|said|comment|tweet|think|react)",
)
_SPEECH = re.compile(
    r"(?:述べ|語っ|話し|言っ|コメントし|表明し|指摘し|主張し|批判し|評価し|呈し|投稿し|ツイートし|発言し|訴え|問いかけ|書い)"
    r"(?:た|ている|ました|ています)[。．]?$"
)
_BACK = 2
"""How many sentences before one its antecedent may stand."""

_LONGEST_REMARK = 300


def place(evidence: Evidence) -> tuple[Sequence[Unit], int]:
    """The units of the evidence's section, and which of them it is."""
    parts = next(u for s, u in read_units(evidence.hit.article) if s.start == evidence.section.start)
    return parts, next(i for i, unit in enumerate(parts) if unit.start == evidence.unit.start)


def spans(question: Question, evidence: Evidence) -> list[Span]:
    """What to quote for one evidence: the unit, a whole list, a whole remark, or the unit with its exception."""
    parts, at = place(evidence)
    items = [unit for unit in parts if unit.lead_in == evidence.span]
    if items and question.type in ("list", "what", "definition", "how_many"):
        return [Span(evidence.unit.start, items[-1].end)]
    lead_in = evidence.unit.lead_in
    if lead_in and question.type == "list":
        items = [unit for unit in parts if unit.lead_in == lead_in]
        return [Span(lead_in.start, items[-1].end)]
    following = _enumeration_after(question, evidence, parts, at)
    if following:
        return [evidence.span, following]
    if _SPEECH_ASKED.search(fold(question.text)):
        remark = _remark(evidence.hit.article.text, parts, at)
        if remark:
            return [remark]
    if question.type == "why" and _introduces(evidence.hit.article.text, parts, at):
        remark = _remark(evidence.hit.article.text, parts, at)
        return [evidence.span, *([remark] if remark else [])]  # 「…に疑問を呈した。」: the remark says why
    if question.type == "yes_no":
        return [Span(unit.start, unit.end) for unit in _with_exception(evidence.hit.article.text, parts, at)]
    return [evidence.span]


def antecedent(question: Question, evidence: Evidence, quoted: Span) -> Span | None:
    """The sentence that names what a quote only points back to (同社, この取り組み), if the question names it.

    The remark of a person is introduced by the sentence that says whose it is.
    """
    text = evidence.hit.article.text
    parts, _ = place(evidence)
    quote = text[quoted.start : quoted.end]
    known = token_set(quote)
    if not _SAME.search(quote):  # what the whole section is about needs no proof: its heading says so
        known |= token_set("\n".join((evidence.hit.article.title, *evidence.section.heading_path)))
    missing = [name for name in question.names if not match(name, known)]
    before = [unit for unit in parts if unit.end <= quoted.start][-_BACK:]
    if not missing or not before:
        return None
    introduced = _SPEECH.search(text, before[-1].start, before[-1].end) is not None
    if not introduced and not _POINTS_BACK.search(quote):
        return None
    for unit in reversed(before):
        if any(match(name, token_set(text[unit.start : unit.end])) for name in missing):
            return Span(unit.start, unit.end)
    return None


def _enumeration_after(question: Question, evidence: Evidence, parts: Sequence[Unit], at: int) -> Span | None:
    """The next sentence of the paragraph where that names the things and the one that was found only announces them."""
    text = evidence.hit.article.text
    if question.type != "list" or evidence.typed == 1 or at + 1 >= len(parts):
        return None
    following = parts[at + 1]
    if "\n" in text[evidence.unit.end : following.start]:
        return None
    enumerates = has_type(question, text[following.start : following.end], evidence.section)
    return Span(following.start, following.end) if enumerates else None


def _remark(text: str, parts: Sequence[Unit], at: int) -> Span | None:
    """The paragraph of a remark that stands after the sentence introducing it; None where `at` is in neither."""
    intro = next((i for i in (at, at - 1, at - 2) if i >= 0 and _introduces(text, parts, i)), None)
    if intro is None:
        return None
    first = last = intro + 1
    while last + 1 < len(parts) and "\n" not in text[parts[last].end : parts[last + 1].start]:
        last += 1
    if not intro <= at <= last or parts[last].end - parts[first].start > _LONGEST_REMARK:
        return None
    return Span(parts[first].start, parts[last].end)


def _introduces(text: str, parts: Sequence[Unit], i: int) -> bool:
    """Whether a sentence without a quotation of its own says that somebody spoke, and a new paragraph follows."""
    sentence = text[parts[i].start : parts[i].end]
    if i + 1 >= len(parts) or "「" in sentence or not _SPEECH.search(sentence):
        return False
    return "\n" in text[parts[i].end : parts[i + 1].start]


def _with_exception(text: str, parts: Sequence[Unit], at: int) -> Sequence[Unit]:
    """A unit with the exception (「ただし…」) next to it: a yes or no without it would mislead."""
    first, last = at, at + 1
    if at > 0 and _EXCEPTION.match(text, parts[at - 1].start):
        first -= 1
    if at + 1 < len(parts) and _EXCEPTION.match(text, parts[at + 1].start):
        last += 1
    return parts[first:last]
