"""The only maker of `Citation`s: a quote is exactly in its article, or there is no citation.

Deep links follow the text fragment syntax `#:~:text=[prefix-,]start[,end]` of the WICG draft
"URL Fragment Text Directives". Browsers match a fragment at word boundaries and never across two
blocks of a page, so a long or multi-line quote becomes a `start,end` pair cut at punctuation or words.
"""

from __future__ import annotations

import re
from urllib.parse import quote as percent_encode

from rag.errors import CitationError
from rag.japanese import Span, words
from rag.types import Article, Chunk, Citation, sha256

_WHOLE = 60
"""A one-line quote up to this long is its own fragment; a longer one is given by its first and last words."""

_EDGE = 30
"""About how many characters of a long quote stand for its beginning and its end."""


def cite(article: Article, chunk: Chunk, span: Span, n: int) -> Citation:
    """The citation of `article.text[span.start:span.end]`, marked n (from 1).

    Raises:
        CitationError: if the span is empty or outside of the text, or the chunk is not in this article.
    """
    if chunk.article_id != article.id or article.text[chunk.start : chunk.end] != chunk.text:
        raise CitationError(
            f"チャンク {chunk.id} は記事 {article.id} の本文と一致しません。",
            "「rag rebuild」で索引を作り直してください。",
        )
    if not 0 <= span.start < span.end <= len(article.text):
        raise CitationError(f"引用範囲 {span.start}–{span.end} は記事 {article.id} の本文の外です。")
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
        raise CitationError(f"引用 [{citation.n}] は記事 {article.id} のものではありません。")
    if article.text[citation.start : citation.end] != citation.quote:
        raise CitationError(
            f"引用 [{citation.n}] は記事 {article.id} の {citation.start}–{citation.end} にありません。",
            "引用の後に記事が変わった可能性があります。質問し直してください。",
        )


def deep_link(article: Article, span: Span) -> str:
    """The article's URL with a fragment that scrolls to the span; the plain URL when none can point there."""
    lines = _fragment_lines(article.text[span.start : span.end])
    if not lines:
        return article.url
    first, last = lines[0], lines[-1]
    if len(lines) == 1 and len(first) <= _WHOLE:
        start, end = first, ""
    else:
        start, end = _head(first), _tail(last)
        if len(lines) == 1 and len(start) + len(end) >= len(first):
            start, end = first, ""
    prefix = _prefix(article.text, span.start, start)
    parts = ([_encode(prefix) + "-"] if prefix else []) + [_encode(start)] + ([_encode(end)] if end else [])
    joint = ":~:" if "#" in article.url else "#:~:"
    return f"{article.url}{joint}text={','.join(parts)}"


def _fragment_lines(quote: str) -> list[str]:
    """The quote's lines as a page shows them: bullets, URLs and rules become markup there."""
    bare = (re.sub(r"^[-*+•]\s*", "", line.strip()) for line in quote.splitlines())
    parts = (part.strip() for line in bare for part in re.split(r"https?://\S+", line))
    return [part for part in parts if any(ch.isalnum() for ch in part)]


def _boundaries(text: str) -> list[int]:
    """Ends of words, punctuation included."""
    return [word.end for word in words(text)]


def _head(line: str) -> str:
    if len(line) <= _EDGE:
        return line
    ends = [end for end in _boundaries(line) if end <= _EDGE]
    after_comma = [end for end in ends if end >= _EDGE // 3 and line[end - 1] in "、。,"]
    return line[: (after_comma or ends or [_EDGE])[-1]].rstrip()


def _tail(line: str) -> str:
    if len(line) <= _EDGE:
        return line
    starts = [end for end in _boundaries(line) if end < len(line) and len(line) - end <= _EDGE]
    after_comma = [at for at in starts if len(line) - at >= _EDGE // 3 and line[at - 1] in "、。,"]
    return line[(after_comma or starts or [len(line) - _EDGE])[0] :].strip()


def _prefix(text: str, quote_start: int, fragment: str) -> str:
    """Words before the quote, where the fragment's beginning also occurs earlier in the article."""
    if not 0 <= text.find(fragment) < quote_start:
        return ""
    earlier = text[:quote_start]
    line = (_fragment_lines(earlier) or [""])[-1]
    if not earlier.rstrip().endswith(line):
        return ""  # a URL or a rule stands between, and the page shows something else there
    repeated = re.search(rf"{re.escape(_tail(line))}\s*{re.escape(fragment)}", earlier)
    return line if repeated else _tail(line)


def _encode(text: str) -> str:
    """Percent-encoded with the three characters that the fragment syntax reserves."""
    return percent_encode(text, safe="").replace("-", "%2D")
