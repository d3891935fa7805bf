"""Citations against their sources and against the evidence that had to be cited, in characters."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from evals.items import EvidenceSpan

LONGEST = 240
"""Characters that may always be cited (about three sentences); for long evidence the limit is `TIMES` its length."""

TIMES = 3
COVERED = 0.9
"""The share of an evidence span that citations must cover for it to count as cited."""


class Source(NamedTuple):
    """An article as it is stored: its verbatim text and its address."""

    text: str
    url: str


Sources = Mapping[str, Source]
"""Sources by article id."""

Groups = Sequence[Sequence[EvidenceSpan]]
Intervals = dict[str, list[tuple[int, int]]]
"""Disjoint, sorted half-open spans by article id."""


class CitationScore(NamedTuple):
    """How an answer cites; None where the item names no evidence."""

    verbatim: bool
    url_right: bool
    recall: float | None
    precision: float | None
    cited: int
    limit: int


def score_citations(reply: Mapping[str, Any], groups: Groups, sources: Sources) -> CitationScore:
    """Score the citations of an answer.

    Precision and recall are 0 when more than `limit` characters are cited, so that quoting everything earns
    nothing. A citation that is not verbatim covers no evidence, and its characters count as cited in vain.
    """
    citations = [entry for entry in reply.get("citations") or () if isinstance(entry, Mapping)]
    exact = [entry for entry in citations if is_verbatim(entry, sources)]
    spans = union((str(entry["article_id"]), entry["start"], entry["end"]) for entry in exact)
    in_vain = sum(
        len(str(entry.get("quote") or "")) for entry in citations if not is_verbatim(entry, sources)
    )
    cited = total(spans) + in_vain
    limit = max(LONGEST, TIMES * sum(max(len(span.text) for span in group) for group in groups))
    recall = precision = None
    if groups:
        recall = precision = 0.0
        if 0 < cited <= limit:
            recall = sum(_is_cited(group, spans) for group in groups) / len(groups)
            wanted = union((span.article_id, span.start, span.end) for group in groups for span in group)
            precision = overlap(spans, wanted) / cited
    return CitationScore(
        verbatim=len(exact) == len(citations) and _every_statement_cites(reply, citations),
        url_right=_urls_right(citations, groups, sources),
        recall=recall,
        precision=precision,
        cited=cited,
        limit=limit,
    )


def is_verbatim(citation: Mapping[str, Any], sources: Sources) -> bool:
    """Whether a quote is exactly at its offsets in its article, and its hash is right."""
    source = sources.get(str(citation.get("article_id")))
    start, end, quote = citation.get("start"), citation.get("end"), citation.get("quote")
    if source is None or not isinstance(start, int) or not isinstance(end, int) or not isinstance(quote, str):
        return False
    if not 0 <= start < end <= len(source.text) or source.text[start:end] != quote:
        return False
    return citation.get("quote_sha256") == hashlib.sha256(quote.encode()).hexdigest()


def _every_statement_cites(reply: Mapping[str, Any], citations: Sequence[Mapping[str, Any]]) -> bool:
    markers = Counter(citation.get("n") for citation in citations)
    statements = reply.get("statements") or ()
    return bool(statements) and all(
        statement.get("citations") and all(markers[n] == 1 for n in statement["citations"])
        for statement in statements
    )


def _urls_right(citations: Sequence[Mapping[str, Any]], groups: Groups, sources: Sources) -> bool:
    """Every address is its article's, and for each evidence group an article that holds it is cited."""
    for citation in citations:
        source = sources.get(str(citation.get("article_id")))
        link = citation.get("deep_link")
        if source is None or citation.get("url") != source.url:
            return False
        if link is not None and not str(link).startswith(source.url):
            return False
    cited = {citation.get("article_id") for citation in citations}
    return bool(citations) and all(any(span.article_id in cited for span in group) for group in groups)


def _is_cited(group: Sequence[EvidenceSpan], spans: Intervals) -> bool:
    return any(
        overlap({span.article_id: [(span.start, span.end)]}, spans) >= COVERED * len(span.text)
        for span in group
    )


def union(spans: Any) -> Intervals:
    """(article id, start, end) triples merged into disjoint spans."""
    by_article: Intervals = defaultdict(list)
    for article_id, start, end in sorted(spans):
        merged = by_article[article_id]
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return dict(by_article)


def total(spans: Intervals) -> int:
    """How many characters the spans have."""
    return sum(end - start for merged in spans.values() for start, end in merged)


def overlap(one: Intervals, other: Intervals) -> int:
    """How many characters are in both."""
    return sum(
        max(0, min(end, end2) - max(start, start2))
        for article_id, merged in one.items()
        for start, end in merged
        for start2, end2 in other.get(article_id, ())
    )
