"""Sentence spans of Japanese and English text, aware of brackets and abbreviations.

All offsets are Unicode code points, half-open.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import accumulate

from rag.japanese import Span

_PAIRS = {
    "「": "」",
    "『": "』",
    "（": "）",
    "(": ")",
    "【": "】",
    "〈": "〉",
    "《": "》",
    "［": "］",
    "[": "]",
    "“": "”",
}
_CLOSERS = frozenset(_PAIRS.values()) | {'"', "'", "’"}
_ENDERS = "。！？!?．｡"
_ABBREVIATION = re.compile(
    r"(?:\b(?:mr|mrs|ms|dr|prof|st|inc|ltd|co|corp|vs|no|vol|fig|etc|jan|feb|mar|apr|jun|jul|aug|sep|sept|oct|nov|dec)"
    r"|\b[a-z](?:\.[a-z])*|^\s*\d{1,3})\.$",  # an item number too
    re.IGNORECASE,
)


def _bracketed(line: str) -> list[bool]:
    """For each character, whether it stands inside a bracket pair that is closed on the same line."""
    change = [0] * len(line)
    open_at: list[int] = []
    awaited: Counter[str] = Counter()
    for i, ch in enumerate(line):
        if ch in _PAIRS:
            open_at.append(i)
            awaited[_PAIRS[ch]] += 1
        elif awaited[ch]:
            closed = ""
            while closed != ch:  # brackets left open inside of this pair do not count
                at = open_at.pop()
                closed = _PAIRS[line[at]]
                awaited[closed] -= 1
            change[at] += 1
            change[i] -= 1
    return [depth > 0 for depth in accumulate(change)]


def _ends_sentence(line: str, i: int) -> bool:
    ch = line[i]
    if ch in "。！？｡":
        return True
    before, following = line[i - 1 : i], line[i + 1 : i + 2]
    if ch in "!?":  # Yahoo!ニュース and /?id=1 go on, すごい!AI does not
        inside_name = before.isascii() and (before.isalnum() or following.isascii())
        return not (inside_name and following.isalnum())
    if ch == "．":
        return not (following.isdigit() or before.isdigit())
    if ch == "." and (following == "" or following.isspace()):
        return _ABBREVIATION.search(line, max(0, i - 12), i + 1) is None or following == ""
    return False


def _line_sentences(line: str) -> Iterator[Span]:
    inside = _bracketed(line)
    start = i = 0
    while i < len(line):
        if inside[i] or not _ends_sentence(line, i):
            i += 1
            continue
        i += 1
        while i < len(line) and (line[i] in _ENDERS or line[i] in _CLOSERS) and not inside[i]:
            i += 1
        yield Span(start, i)
        start = i
    if start < len(line):
        yield Span(start, len(line))


def sentences(text: str, start: int = 0, end: int | None = None) -> list[Span]:
    """Spans of the sentences of `text[start:end]`, without surrounding white space.

    A line break always ends a sentence; 。！？ do so outside of closed brackets, and a Latin full stop does
    when white space follows and no common abbreviation or initial precedes it.
    """
    spans = []
    position = start
    for line in text[start:end].splitlines(keepends=True):
        for span in _line_sentences(line):
            piece = line[span.start : span.end]
            left = position + span.start + len(piece) - len(piece.lstrip())
            right = position + span.start + len(piece.rstrip())
            if left < right:
                spans.append(Span(left, right))
        position += len(line)
    return spans
