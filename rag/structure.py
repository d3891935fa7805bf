"""What plain text lost: headings, lists with their lead-in, the list of sources, notes about the article.

Structure is recovered from the shape of the lines and never written back; spans are code points, half-open.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pydantic import ValidationError

from rag.japanese import Span
from rag.sentences import sentences
from rag.types import Reference, Section, SectionKind

MAX_HEADING = 60
"""A longer bare line is taken for text."""

_MARKDOWN_HEADING = re.compile(r"(#{1,6})\s+(.*)")
_BULLET = re.compile(
    r"\s*(?:(?:[*•・‣●○■□◆◇▪]|[-+](?!\d))\s*(?=[^\s\-*])|\d{1,2}[.)．)]\s*(?=\D)|[①-⑳]|[（(]\d{1,2}[）)]\s*)"
)
_IN_URL = r"[^\s<>\"()「」『』【】（）、。]"
_URL = re.compile(
    rf"https?://(?:{_IN_URL}|\({_IN_URL}*\))+(?<![.,:;!?'])"
)  # …/wiki/Go_(game), but not [Go](…)
_NOT_A_HEADING_END = tuple("。、．，,:：;；！!…")
_CONTENTS = re.compile(r"目次|もくじ|contents|table of contents", re.IGNORECASE)
_REFERENCES = re.compile(
    r"(?:参考|出典|引用(?:元|文献)?|参照|関連(?:リンク|記事)|情報源|脚注)(?:[・/、]?(?:文献|資料|出典|リンク|情報|サイト|url|一覧))*"
    r"|references?|sources?|bibliography|links",
    re.IGNORECASE,
)
_NOTICE = re.compile(
    r".*(?:AI(?:の)?(?:利用|使用|活用)について|免責|ご注意|この記事について|本記事について|編集部注|disclaimer).*"
    r"|(?:著作権|転載|引用)(?:[・と](?:著作権|転載|引用))*(?:について|に関して|表示|禁止)?",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"(?:まとめ|おわりに|終わりに|最後に|結論|総括|(?:押|お)さえ(?:る|ておき?たい|ておく)べきポイント|今後の(?:展望|課題)"
    r"|conclusions?|summary|key takeaways)",
    re.IGNORECASE,
)


class Line(NamedTuple):
    """A line without its break or surrounding white space, and where it stands."""

    start: int
    end: int
    text: str


class Heading(NamedTuple):
    """A heading line and its depth, 1 the highest."""

    line: Line
    level: int
    title: str


class Unit(NamedTuple):
    """The least that can be read on its own: a sentence, or a list item with the sentence leading it in."""

    start: int
    end: int
    lead_in: Span | None = None


def lines(text: str, start: int = 0, end: int | None = None) -> list[Line]:
    """The non-empty lines of `text[start:end]`."""
    found = []
    position = start
    for raw in text[start:end].splitlines(keepends=True):
        stripped = raw.strip()
        if stripped:
            left = position + raw.index(stripped[0])
            found.append(Line(left, left + len(stripped), stripped))
        position += len(raw)
    return found


def is_list_item(line: str) -> bool:
    """Whether a line starts with a bullet or an item number."""
    return _BULLET.match(line) is not None


def _could_be_heading(line: str) -> bool:
    return (
        len(line) <= MAX_HEADING
        and not line.endswith(_NOT_A_HEADING_END)
        and "。" not in line
        and not is_list_item(line)
        and _URL.search(line) is None
        and any(ch.isalpha() for ch in line)
    )


def _runs(found: Sequence[Line]) -> Iterator[tuple[int, int]]:
    """Index ranges of neighbouring lines that could all be headings."""
    i = 0
    while i < len(found):
        j = i
        while j < len(found) and _could_be_heading(found[j].text):
            j += 1
        if j > i:
            yield i, j
        i = max(j, i + 1)


def _bare_headings(found: Sequence[Line]) -> Iterator[Heading]:
    texts = [line.text for line in found]
    last = {text: i for i, text in enumerate(texts)}
    nested = False
    for first, stop in _runs(found):
        i = first
        if _CONTENTS.fullmatch(texts[i]):
            yield Heading(found[i], 1, texts[i])
            i += 1
            while i < stop and last[texts[i]] > i:
                i += 1  # an entry of the table of contents: the heading itself comes later
        run = found[i:stop]
        followed_by_text = stop < len(found) and _URL.match(texts[stop]) is None
        if not 1 <= len(run) <= 3 or not followed_by_text:
            continue  # a table, a poem, a signature: lines of that kind follow each other
        top = (
            len(run) > 1
            or not nested
            or any(p.fullmatch(run[0].text) for p in (_CLOSING, _REFERENCES, _NOTICE))
        )
        nested = nested or len(run) > 1
        for depth, line in enumerate(run):
            yield Heading(line, depth + (1 if top else 2), line.text)


def headings(text: str) -> list[Heading]:
    """Markdown headings where the text has any, else bare lines that stand like headings before text."""
    found = lines(text)
    matches = [(line, _MARKDOWN_HEADING.match(line.text)) for line in found]
    marked = [Heading(line, len(match[1]), _unclosed(match[2])) for line, match in matches if match]
    return marked or list(_bare_headings(found))


def _unclosed(title: str) -> str:
    """A Markdown heading's title without closing marks: `AI ##`, but not `C#`."""
    bare = title.rstrip("#")
    return bare.rstrip() if bare != title and bare[-1:].isspace() else title


def _kind(path: Sequence[str]) -> SectionKind:
    if any(_REFERENCES.fullmatch(title) for title in path):
        return "references"
    if any(_NOTICE.fullmatch(title) or _CONTENTS.fullmatch(title) for title in path):
        return "notice"
    return "body"


def sections(text: str) -> list[Section]:
    """The text under each heading, without the heading lines; with those they cover the whole text."""
    result = []
    above: list[Heading] = []
    start = 0
    for heading in [*headings(text), None]:
        end = heading.line.start if heading else len(text)
        if text[start:end].strip():
            path = tuple(each.title for each in above)
            result.append(Section(heading_path=path, kind=_kind(path), start=start, end=end))
        if heading:
            above = [*(each for each in above if each.level < heading.level), heading]
            start = heading.line.end
    return result


def units(text: str, section: Section) -> list[Unit]:
    """The sentences, list items and source entries of a section, in order."""
    if section.kind == "references" and (entries := [span for span, _ in _entries(text, section)]):
        starts, ends = [start for start, _ in entries], [end for _, end in entries]
        between = zip([section.start, *ends], [*starts, section.end], strict=True)
        others = [span for start, end in between for span in sentences(text, start, end)]
        return [Unit(*span) for span in sorted([*entries, *others])]
    found: list[Unit] = []
    lead_in: Span | None = None
    for line in lines(text, section.start, section.end):
        item = is_list_item(line.text)
        spans = sentences(text, line.start, line.end)
        found.extend(Unit(span.start, span.end, lead_in if item else None) for span in spans)
        if not item and found:
            lead_in = Span(found[-1].start, found[-1].end)
    return found


_DATE = r"(\d{4})\s*[年/.-]\s*(\d{1,2})(?:\s*[月/.-]\s*(\d{1,2})\s*日?|月)"
_ACCESSED = re.compile(
    rf"[（(【]?\s*(?:最終)?(?:アクセス日?|閲覧日?|参照日?|accessed|retrieved)[^\d）)]{{0,6}}{_DATE}\s*[）)】]?",
    re.I,
)
_PUBLISHED = re.compile(rf"[（(【]\s*{_DATE}\s*[）)】]")
_MARKDOWN_LINK = re.compile(r"\[(.*)\]")
_GROUP = re.compile(r"\s*[-*•・]\s*(?:([^:：\n]{1,40})[:：]\s*)?")


def _iso(match: re.Match[str] | None) -> str | None:
    if match is None:
        return None
    year, month, day = int(match[1]), int(match[2]), match[3]
    if not 1 <= month <= 12 or (day and not 1 <= int(day) <= 31):
        return None
    return f"{year:04}-{month:02}" + (f"-{int(day):02}" if day else "")


def _entries(text: str, section: Section) -> Iterator[tuple[Span, Reference]]:
    """Each source with its span: from its title, or its URL where it has none, to the end of its URL."""
    position = section.start
    publisher: str | None = None
    for url in _URL.finditer(text, section.start, section.end):
        span = Span(_entry_start(text, position, url.start()), url.end())
        position = url.end()
        label = text[span.start : url.start()]
        group = _GROUP.match(label)
        if group:
            publisher = group[1].strip() if group[1] else None
            label = label[group.end() :]
        accessed, published = _ACCESSED.search(label), _PUBLISHED.search(_ACCESSED.sub("", label))
        title = _PUBLISHED.sub("", _ACCESSED.sub("", label)).strip(" \t\r\n-:：").rstrip("(（<「 ")
        linked = _MARKDOWN_LINK.fullmatch(title)
        with contextlib.suppress(ValidationError):  # what only looks like a URL is text
            yield (
                span,
                Reference(
                    title=(linked[1] if linked else title) or url.group(),
                    url=url.group(),
                    publisher=publisher,
                    published=_iso(published),
                    accessed=_iso(accessed),
                    start=span.start,
                    end=span.end,
                ),
            )


def _entry_start(text: str, position: int, url_start: int) -> int:
    """Where the entry of a URL begins: at the last line before it that is no full sentence, or at the URL."""
    label = text[position:url_start]
    kept = [line for line in lines(label) if not line.text.endswith("。")]
    start = kept[-1].start if kept else len(label)
    return position + start


def references(text: str) -> list[Reference]:
    """The sources that the article lists, with title, publisher and dates as far as it states them."""
    listed = (section for section in sections(text) if section.kind == "references")
    return [entry for section in listed for _, entry in _entries(text, section)]
