"""What an LLM wrote becomes statements with citations, each verified, or is withheld with the reason."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from pydantic import BaseModel

from rag.answering.composing import Citations, readable
from rag.answering.llm.sources import Source, Sources
from rag.japanese import Span
from rag.types import Citation, Dropped, Statement
from rag.verification import support

MOST_STATEMENTS = 12
LONGEST_STATEMENT = 400
MOST_SOURCES = 6
"""More statements, characters in one, or sources of one are no short answer but an attempt to quote everything."""

_LINK = re.compile(r"(?:https?|data|javascript|file):\S*|www\.\S+|!?\[[^\]]*\]\([^)]*\)|<[a-zA-Z/][^>]*>")

_QUALIFIES = re.compile(
    r"\s*(?:ただし|但し|もっとも|しかし|けれど|だが|とはいえ|一方|なお|例外|ところが"
    r"|(?:except|however|but|although|though|unless|yet|on the other hand|that said)\b)",
    re.IGNORECASE,
)
_LEANS = re.compile(
    r"\s*(?:これ|それ|この|その|こう|そう|同(?:社|氏|国|プロジェクト|イニシアチブ)|彼|また、?同|さらに、?同|したがって|よって"
    r"|(?:it|its|this|that|these|those|they|their|he|she|therefore|thus)\b)",
    re.IGNORECASE,
)

_LONGEST_OPENING = 20
"""Characters after which the beginning of a statement shows whether it qualifies the one before."""


class WrittenStatement(BaseModel):
    """A statement as the model returns it."""

    evidence: list[str]
    quote: str = ""
    text: str


class Written(BaseModel):
    """The whole of what the model returns."""

    status: Literal["answered", "no_evidence", "ambiguous", "false_premise"]
    statements: list[WrittenStatement] = []


class Checked(NamedTuple):
    """A written statement with what verification found: its statement, or its problems."""

    text: str
    statement: Statement | None
    problems: tuple[str, ...]


class Settled(NamedTuple):
    """What of an answer can be shown, and what is withheld."""

    statements: tuple[Statement, ...]
    dropped: tuple[Dropped, ...]


class Checker:
    """Verifies the statements of one answer in their order; the same source keeps its citation's number."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._citations = Citations()
        self._known: dict[str, Checked] = {}

    def check(self, written: WrittenStatement) -> Checked:
        """The statement with citations when everything that it says is in its sources."""
        same = written.model_dump_json()
        if same not in self._known:
            self._known[same] = self._check(written)
        return self._known[same]

    def _check(self, written: WrittenStatement) -> Checked:
        problems, found = self._find(written)
        named: list[tuple[Source, Span]] = []
        if not problems:
            problems = self._unsupported(written.text, found)
            if problems and (sentence := self._antecedent(written.text, found)):
                problems, named = [], [sentence]
        if problems:
            return Checked(written.text, None, tuple(problems))
        cited = [one for source in found for one in self._cite(source, written.quote.strip())]
        cited += [self._citations.of(source.hit, span) for source, span in named]
        return Checked(written.text, Statement(text=written.text, citations=tuple(dict.fromkeys(cited))), ())

    def _unsupported(self, text: str, found: Sequence[Source], *more: str) -> list[str]:
        context = "\n".join(dict.fromkeys(source.context for source in found))
        quotes = [*_quotes(found), *more]
        return [problem.message for problem in support(text, quotes, context, self._sources.question)]

    def _antecedent(self, text: str, found: Sequence[Source]) -> tuple[Source, Span] | None:
        """The sentence that names what a source points back to (同社, この事例), where the statement needs just that."""
        for source in found:
            for span in source.before:
                named = source.hit.article.text[span.start : span.end]
                alone = not support(text, [named], source.context)
                if not alone and not self._unsupported(text, found, named):
                    return source, span
        return None

    def _find(self, written: WrittenStatement) -> tuple[list[str], list[Source]]:
        """What is wrong with a statement before its meaning is looked at, and the sources that its keys name."""
        known = self._sources.by_key
        keys = list(dict.fromkeys(written.evidence))
        found = [known[key] for key in keys if key in known]
        text = written.text.strip()
        problems = [f"key「{key[:20]}」は資料にありません。" for key in keys if key not in known]
        if not keys:
            problems.append("根拠の key がありません。")
        if len(keys) > MOST_SOURCES:
            problems.append(f"根拠が {len(keys)} あります。必要な {MOST_SOURCES} つまでにします。")
        if not any(ch.isalnum() for ch in text):
            problems.append("文がありません。")
        if len(text) > LONGEST_STATEMENT:
            problems.append(f"{LONGEST_STATEMENT} 字より長い文です。")
        if any(key in text for key in known):
            problems.append("文に key を書いています。")
        problems += [
            f"「{link[:40]}」は根拠の文にありません。"
            for link in _LINK.findall(text)
            if not any(link in source.text for source in found)
        ]
        quote = written.quote.strip()
        if quote and not any(quote in source.text for source in found):
            problems.append(f"引用「{quote[:40]}」は、根拠の文のとおりではありません。")
        return problems, found

    def _cite(self, source: Source, answering: str) -> list[Citation]:
        at = source.text.find(answering) if answering else -1
        start = source.span.start + at
        answer = (start, start + len(answering)) if at >= 0 else None
        lead_in = [self._citations.of(source.hit, source.lead_in)] if source.lead_in else []
        return [*lead_in, self._citations.of(source.hit, source.span, answer)]

    def limits(self, statements: Sequence[Statement]) -> list[Statement]:
        """What limits the sources of the statements (「ただし…」) and none of them cites, quoted whole."""
        cited = {(one.article_id, one.start) for statement in statements for one in statement.citations}
        missing: dict[tuple[str, int], Statement] = {}
        for source in self._sources.by_key.values():
            article = source.hit.article
            if source.limit is None or (article.id, source.span.start) not in cited:
                continue
            where = (article.id, source.limit.start)
            if where not in cited:
                quote = article.text[source.limit.start : source.limit.end]
                citation = self._citations.of(source.hit, source.limit)
                missing[where] = Statement(text=readable(quote), citations=(citation,))
        return list(missing.values())


def _quotes(found: Sequence[Source]) -> list[str]:
    return [source.hit.article.text[span.start : span.end] for source in found for span in source.spans]


def distinct(statements: Sequence[WrittenStatement]) -> list[WrittenStatement]:
    """The statements without those that repeat an earlier one."""
    first: dict[str, WrittenStatement] = {}
    for one in statements:
        first.setdefault(one.text.strip(), one)
    return list(first.values())


def numbered(statements: Sequence[Statement]) -> tuple[Statement, ...]:
    """The statements with their citations marked 1, 2, 3… in the order of their first use."""
    numbers: dict[int, int] = {}
    for statement in statements:
        for citation in statement.citations:
            numbers.setdefault(citation.n, len(numbers) + 1)
    return tuple(
        statement.model_copy(
            update={"citations": tuple(c.model_copy(update={"n": numbers[c.n]}) for c in statement.citations)}
        )
        for statement in statements
    )


def sure(checked: Sequence[Checked], beginning: str) -> int:
    """How many statements from the first can be shown while the model writes on.

    `beginning`: what there is so far of the statement after the last one checked; empty when none has begun.
    One is held back until the next shows that it does not qualify it, or the qualification has been verified too.
    """
    openings = [*(one.text for one in checked[1:]), beginning]
    settled = len(beginning.strip()) >= _LONGEST_OPENING
    shown = 0
    for n, one in enumerate(checked):
        if one.statement is None:
            break
        last = n + 1 == len(checked)
        if not qualifies(openings[n]) and (settled or not last):
            shown = n + 1
    return shown


def qualifies(text: str) -> bool:
    """Whether a sentence limits or contradicts the one before it."""
    return _QUALIFIES.match(text) is not None


def settle(checked: Sequence[Checked], shown: int = 0) -> Settled:
    """What is left of an answer without the statements that failed; nothing, where the rest would mislead.

    A failed qualification takes the statement it qualifies with it, a failed statement those that lean on it, and
    the first one everything: it is the answer. The first `shown` were verified and shown before, and stay.
    """
    why = {n: " ".join(one.problems) for n, one in enumerate(checked) if one.statement is None}
    for n in range(len(checked) - 1, 0, -1):
        if n in why and qualifies(checked[n].text) and n - 1 >= shown:
            why.setdefault(n - 1, "この文を限定する次の文を確かめられませんでした。")
    for n in range(1, len(checked)):
        if n - 1 in why and n >= shown and _LEANS.match(checked[n].text):
            why.setdefault(n, "この文が指す前の文を確かめられませんでした。")
    if 0 in why:
        why |= {n: "答えの中心の文を確かめられませんでした。" for n in range(len(checked)) if n not in why}
    statements = [
        one.statement for n, one in enumerate(checked) if n not in why and one.statement is not None
    ]
    dropped = [Dropped(text=one.text, why=why[n]) for n, one in enumerate(checked) if n in why]
    return Settled(tuple(statements), tuple(dropped))
