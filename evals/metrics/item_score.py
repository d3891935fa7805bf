"""One reply against one item: every metric of it, and in a few words why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from evals.items import Item
from evals.metrics.citations import CitationScore, Sources, score_citations
from evals.metrics.retrieval import Ranks, article_ranks, evidence_ranks, measures, worst
from evals.metrics.text import character_f1, states, unsupported_numbers
from rag.verification import around, support

LONGEST_ANSWER = 600
"""Characters that an answer may always have; where the evidence is long, `ANSWER_TIMES` its length."""

ANSWER_TIMES = 4

Outcome = Literal["right", "wrong", "refused", "false_refusal", "false_answer", "error"]


class ItemScore(BaseModel):
    """The metrics of one reply; None where one does not apply. `docs/metrics.md` defines each.

    `facts`: which groups of the item's `accepted` the answer states. `evidence_ranks` and `article_ranks`: by
    evidence group. `family`: the id of the item of which this one is a variant, or its own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    family: str
    outcome: Outcome
    joint: bool
    explanation: str
    facts: tuple[int, ...] = ()
    containment: float | None = None
    exact: bool | None = None
    char_f1: float | None = None
    must_not_ok: bool = True
    verbatim: bool | None = None
    url_right: bool | None = None
    citation_recall: float | None = None
    citation_precision: float | None = None
    cited_characters: int | None = None
    unsupported_numbers: int | None = None
    supported: float | None = None
    evidence_rank: int | None = None
    article_rank: int | None = None
    evidence_ranks: Ranks = ()
    article_ranks: Ranks = ()
    evidence_retrieval: dict[str, float] | None = None
    article_retrieval: dict[str, float] | None = None
    latency_ms: float | None = None
    confidence: float | None = None


def score(item: Item, reply: Mapping[str, Any], sources: Sources) -> ItemScore:
    """Score a reply (the JSON object of `docs/api.md`) to an item."""
    status = reply.get("status")
    answered = status == "answered"
    text = _statements_text(reply)
    cited = score_citations(reply, item.evidence, sources) if answered else None
    facts = _facts(item, text, reply) if answered else ()
    must_not_ok = not any(states(_all_text(reply), wording) for wording in item.must_not)
    corrected = (
        answered
        and reply.get("reason") == "false_premise"
        and must_not_ok
        and cited is not None
        and cited.verbatim
    )
    outcome = _outcome(item, str(status), len(facts) == len(item.accepted) and must_not_ok, corrected)
    joint = must_not_ok and (
        outcome == "refused"
        or (
            outcome == "right"
            and cited is not None
            and cited.verbatim
            and cited.url_right
            and cited.recall in (None, 1.0)
        )
    )
    values: dict[str, Any] = {}
    if item.answerable:
        values = {
            "containment": len(facts) / len(item.accepted),
            "exact": len(facts) == len(item.accepted),
            "char_f1": character_f1(text, _gold(item)) if answered else 0.0,
            "citation_recall": 0.0 if item.evidence else None,
        }
    if cited is not None:
        values |= {
            "verbatim": cited.verbatim,
            "url_right": cited.url_right,
            "citation_recall": cited.recall,
            "citation_precision": cited.precision,
            "cited_characters": cited.cited,
            "unsupported_numbers": _unsupported(item, reply),
            "supported": _supported(item, reply, sources),
        }
    return ItemScore(
        id=item.id,
        family=item.variant_of or item.id,
        outcome=outcome,
        joint=joint,
        explanation=_explain(item, reply, outcome, facts, must_not_ok, cited),
        facts=facts,
        must_not_ok=must_not_ok,
        latency_ms=_number((reply.get("timings_ms") or {}).get("total")),
        confidence=_number(reply.get("confidence")),
        **values,
        **_retrieval(item, reply),
    )


def _statements_text(reply: Mapping[str, Any]) -> str:
    return "\n".join(str(statement.get("text") or "") for statement in reply.get("statements") or ())


def _all_text(reply: Mapping[str, Any]) -> str:
    """Everything that the system wrote, whatever the status."""
    return "\n".join(
        [_statements_text(reply), str(reply.get("answer") or ""), *map(str, reply.get("suggestions") or ())]
    )


def answer_limit(item: Item) -> int:
    """How long an answer may be and still count: one that says everything says nothing."""
    return max(
        LONGEST_ANSWER, ANSWER_TIMES * sum(max(len(span.text) for span in group) for group in item.evidence)
    )


def _facts(item: Item, text: str, reply: Mapping[str, Any]) -> tuple[int, ...]:
    if len(text) > answer_limit(item):
        return ()
    if item.language == "en":  # the facts are written in the language of the sources
        text = "\n".join((text, *(str(each.get("quote") or "") for each in reply.get("citations") or ())))
    return tuple(
        n for n, wordings in enumerate(item.accepted) if any(states(text, wording) for wording in wordings)
    )


def _gold(item: Item) -> str:
    return item.gold or "、".join(wordings[0] for wordings in item.accepted)


def _outcome(item: Item, status: str, right: bool, corrected: bool) -> Outcome:
    if status not in ("answered", "abstained"):
        return "error"
    if item.answerable:
        return "false_refusal" if status == "abstained" else "right" if right else "wrong"
    return "refused" if status == "abstained" or corrected else "false_answer"


def _with_quotes(reply: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """Each statement's text with the quotes that it cites."""
    quotes: dict[Any, str] = {
        citation.get("n"): str(citation.get("quote") or "") for citation in reply.get("citations") or ()
    }
    return [
        (str(statement.get("text") or ""), [quotes.get(n, "") for n in statement.get("citations") or ()])
        for statement in reply.get("statements") or ()
    ]


def _unsupported(item: Item, reply: Mapping[str, Any]) -> int:
    return sum(unsupported_numbers(text, [item.question, *quotes]) for text, quotes in _with_quotes(reply))


def _around(citation: Mapping[str, Any], sources: Sources) -> str:
    named = (str(citation.get("title") or ""), str(citation.get("publisher") or ""))
    source = sources.get(str(citation.get("article_id")))
    return around(source.text, int(citation.get("start") or 0), named) if source else "\n".join(named)


def _supported(item: Item, reply: Mapping[str, Any], sources: Sources) -> float | None:
    """Share of the statements whose quotes support them, by `rag.verification`; None without statements.

    What is longer than an answer may be is no statement, and supported by nothing.
    """
    context = "\n".join((item.question, *(_around(each, sources) for each in reply.get("citations") or ())))
    found = [
        len(text) <= LONGEST_ANSWER and not support(text, quotes, context, item.question)
        for text, quotes in _with_quotes(reply)
    ]
    return sum(found) / len(found) if found else None


def _retrieval(item: Item, reply: Mapping[str, Any]) -> dict[str, Any]:
    if not item.evidence:
        return {}
    hits = reply.get("hits") or ()
    evidence, articles = evidence_ranks(hits, item.evidence), article_ranks(hits, item.evidence)
    return {
        "evidence_ranks": evidence,
        "article_ranks": articles,
        "evidence_rank": worst(evidence),
        "article_rank": worst(articles),
        "evidence_retrieval": measures(evidence),
        "article_retrieval": measures(articles),
    }


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _explain(
    item: Item,
    reply: Mapping[str, Any],
    outcome: Outcome,
    facts: tuple[int, ...],
    must_not_ok: bool,
    cited: CitationScore | None,
) -> str:
    if outcome == "error":
        error = reply.get("error") or {}
        return f"エラー: {error.get('type', '不明')}: {error.get('message', '')}"[:200]
    reasons = [] if must_not_ok else ["含めてはならない文字列がある"]
    if outcome == "false_refusal":
        reasons.append(f"答えられる質問を断った({reply.get('reason')})")
    elif outcome == "refused":
        reasons.append("正しく断った" if reply.get("status") == "abstained" else "前提の誤りを正した")
    elif outcome == "false_answer":
        reasons.append("断るべき質問に答えた")
    elif cited is not None:
        reasons += _answer_faults(item, reply, facts, cited)
    return "。".join(reasons or ["正しい答えと引用"])


def _answer_faults(
    item: Item, reply: Mapping[str, Any], facts: tuple[int, ...], cited: CitationScore
) -> list[str]:
    faults = []
    length = len(_statements_text(reply))
    if length > answer_limit(item):
        faults.append(f"答えが長すぎる({length}字、上限{answer_limit(item)}字)")
    elif missing := [words[0] for n, words in enumerate(item.accepted) if n not in facts]:
        faults.append(f"答えにない事実: {'、'.join(missing)}")
    if not cited.verbatim:
        faults.append("逐語の引用が付いていない文か、本文にない引用がある")
    if not cited.url_right:
        faults.append("引用の記事かURLが違う")
    if cited.cited > cited.limit:
        faults.append(f"引用が長すぎる({cited.cited}字、上限{cited.limit}字)")
    elif cited.recall is not None and cited.recall < 1:
        faults.append(f"根拠のうち引用したのは{cited.recall:.0%}")
    return faults
