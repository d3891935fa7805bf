"""The only maker of `Citation`s: a quote is exactly in its article, or there is no citation.

Deep links follow the text fragment syntax `#:~:text=[prefix-,]start[,end][,-suffix]` of the WICG draft
"URL Fragment Text Directives". Browsers match each part within one block of a page and where words begin and
end. Which words a Japanese text has differs by dictionary, so parts are cut beside punctuation alone.
"""

from __future__ import annotations

import re
from urllib.parse import quote as percent_encode

from rag.errors import CitationError
from rag.japanese import Span
from rag.structure import lines
from rag.types import Article, Chunk, Citation, sha256

_WHOLE = 60
"""A one-line quote up to this long is its own fragment; a longer one is given by its first and last words."""

_EDGE = 30
"""About how many characters of a long quote stand for its beginning and its end; not less than a third of it."""

_LONGEST = 200
"""A part without a place to cut may have this many characters before the link becomes the plain URL."""

_MARKER = re.compile(r"#{1,6}\s+|[-*+•]\s*|\d{1,2}[.)]\s+")
_NOTHING_SHOWN = re.compile(rf"\s*(?:\n\s*(?:{_MARKER.pattern}))?")
_SHOWN_OTHERWISE = re.compile(r"https?://\S+|\s{2,}")
_BREAK = re.compile(
    r"[\s*+•\-、。！？!?「」『』（）()【】〈〉《》\[\]“”\"%&=/\u2190-\u2bff\U0001f000-\U0001faff]"
)
"""Words end before these and begin after them in any dictionary: the comma of 1,000 is not among them."""


def cite(article: Article, chunk: Chunk, span: Span, n: int) -> Citation:
    """The citation of `article.text[span.start:span.end]`, marked n (from 1).

    Raises:
        CitationError: if the span is empty or outside of the text, or the chunk is not in this article.
    """
    if chunk.article_id != article.id or article.text[chunk.start : chunk.end] != chunk.text:
        raise CitationError(
            f"チャンク {chunk.id} は記事 {article.id} の本文と一致しません。",
            "「rag rebuild」で索引を作り直してください。",
            en=(
                f"Chunk {chunk.id} is not the text of article {article.id}.",
                "Build the index anew with `rag rebuild`.",
            ),
        )
    if not 0 <= span.start < span.end <= len(article.text):
        raise CitationError(
            f"引用範囲 {span.start}–{span.end} は記事 {article.id} の本文の外です。",
            en=(f"The quote {span.start}–{span.end} lies outside the text of article {article.id}.", ""),
        )
    quote = article.text[span.start : span.end]
    return Citation(
        n=n,
        chunk_id=chunk.id,
        article_id=article.id,
        title=article.title,
        url=article.url,
        publisher=article.publisher,
        published=article.published,
        start=span.start,
        end=span.end,
        quote=quote,
        quote_sha256=sha256(quote),
        deep_link=deep_link(article, span),
    )


def verify(citation: Citation, article: Article) -> None:
    """Check a citation against the article as it is now.

    Raises:
        CitationError: if the quote is not exactly at its offsets (the source changed, or the quote is false).
    """
    if citation.article_id != article.id or citation.url != article.url:
        raise CitationError(
            f"引用 [{citation.n}] は記事 {article.id} のものではありません。",
            en=(f"Citation [{citation.n}] is not of article {article.id}.", ""),
        )
    if article.text[citation.start : citation.end] != citation.quote:
        raise CitationError(
            f"引用 [{citation.n}] は記事 {article.id} の {citation.start}–{citation.end} にありません。",
            "引用の後に記事が変わった可能性があります。質問し直してください。",
            en=(
                f"Citation [{citation.n}] is not at {citation.start}–{citation.end} of article {article.id}.",
                "The article may have changed since: ask again.",
            ),
        )


def deep_link(article: Article, span: Span) -> str:
    """The article's URL with a fragment that scrolls to the span; the plain URL when none leads there alone."""
    text = article.text
    shown = _shown(text, span.start, span.end)
    if not shown:
        return article.url
    head, tail = _ends(text, shown)
    end = (tail or head).end
    if any(part.end - part.start > _LONGEST for part in (head, tail) if part):
        return article.url
    starts, ends = _starts_before(text, head.start), _ends_after(text, end)
    prefix = next((at for at in starts if _is_first(text, at, head.end)), None)
    suffix: int | None = ends[0]
    if prefix is None and tail is None:  # what stands before repeats too, what follows may not
        prefix = starts[0]
        suffix = next((at for at in ends if _is_first(text, prefix, at)), None)
    if prefix is None or suffix is None:
        return article.url
    parts = [_encode(text, part) + "-" for part in _shown(text, prefix, head.start)]
    parts += [_encode(text, part) for part in (head, tail) if part]
    parts += ["-" + _encode(text, part) for part in _shown(text, end, suffix)]
    joint = ":~:" if "#" in article.url else "#:~:"
    return f"{article.url}{joint}text={','.join(parts)}"


def _shown(text: str, start: int, end: int) -> list[Span]:
    """The parts of `text[start:end]` that stand on a page as they are: bullets, URLs and rules become markup."""
    found = []
    for line in lines(text, start, end):
        inside = text[max(0, line.start - 1) : line.start].strip()  # lists that lost their lines have " - "
        marker = None if inside else _MARKER.match(line.text)
        at = line.start + (marker.end() if marker else 0)
        for other in [*_SHOWN_OTHERWISE.finditer(text, at, line.end), None]:
            parts = lines(text, at, other.start() if other else line.end)
            found += [Span(part.start, part.end) for part in parts if _has_word(part.text)]
            at = other.end() if other else line.end
    return found


def _has_word(text: str) -> bool:
    return any(ch.isalnum() for ch in text)


def _cuts(text: str, part: Span) -> list[int]:
    """Where a part of a line can be cut so that words begin and end there in any dictionary."""
    beside = {at for found in _BREAK.finditer(text, *part) for at in found.span()}
    return sorted(beside | set(part))


def _is_cut(text: str, at: int) -> bool:
    return at in (0, len(text)) or any(_BREAK.match(text, beside) for beside in (at - 1, at))


def _ends(text: str, shown: list[Span]) -> tuple[Span, Span | None]:
    """The quote's beginning and its end, or the whole quote where it is short."""
    first, last = shown[0], shown[-1]
    if len(shown) == 1 and first.end - first.start <= _WHOLE:
        return first, None
    after = [at for at in _cuts(text, first) if at - first.start >= _EDGE // 3]
    near = [at for at in after if at - first.start <= _EDGE]
    head = Span(first.start, (near[-1:] or after or [first.end])[0])
    before = [at for at in _cuts(text, last) if _EDGE // 3 <= last.end - at <= _LONGEST]
    before = [at for at in before if text.find(text[at : last.end], head.end) == at]
    near = [at for at in before if last.end - at <= _EDGE]
    tail = Span((near or before[-1:] or [last.start])[0], last.end)
    return (head, tail) if head.end <= tail.start else (first, None)


def _starts_before(text: str, at: int) -> list[int]:
    """Where the words before `at` can begin, the nearest first; `at` itself where they are not needed."""
    near: list[int] = []
    for part in _shown(text, 0, at)[-1:]:
        if _NOTHING_SHOWN.fullmatch(text, part.end, at):
            near = [cut for cut in _cuts(text, part) if part.end - cut <= _LONGEST]
            near = [cut for cut in near if _has_word(text[cut : part.end]) and not _MARKER.match(text, cut)]
    return [at] * _is_cut(text, at) + near[::-1] or [at]


def _ends_after(text: str, at: int) -> list[int]:
    """Where the words after `at` can end, the nearest first; `at` itself where they are not needed."""
    near: list[int] = []
    for part in _shown(text, at, len(text))[:1]:
        if _NOTHING_SHOWN.fullmatch(text, at, part.start):
            near = [cut for cut in _cuts(text, part) if cut - part.start <= _LONGEST]
            near = [cut for cut in near if _has_word(text[part.start : cut])]
    return [at] * _is_cut(text, at) + near or [at]


def _is_first(text: str, start: int, end: int) -> bool:
    """Whether the words of `text[start:end]` stand nowhere earlier; browsers heed neither case nor white space."""
    words = text[start:end]
    if text.find(words) < start:
        return False
    found = re.search(r"\s*".join(map(re.escape, words.split())), text, re.IGNORECASE)
    return found is None or found.start() >= start


def _encode(text: str, part: Span) -> str:
    """Percent-encoded with the three characters that the fragment syntax reserves."""
    return percent_encode(text[part.start : part.end].strip(), safe="").replace("-", "%2D")
