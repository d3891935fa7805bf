"""What a reader found in a source, and how it becomes an `Article` together with what the user gave."""

import re
from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from rag.errors import ImportFailed
from rag.types import Article, ArticleId, Url

_KANA = re.compile(r"[\u3041-\u3096\u30a1-\u30fa\uff66-\uff9d]")
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_TITLE_CHARACTERS = 60
_FIELD_NAMES = {
    "id": "記事 ID",
    "url": "URL",
    "title": "題名",
    "publisher": "発行元",
    "published": "公開日",
    "text": "本文",
}
_FIELD_HINTS = {
    "id": "文字・数字・_ で始まり、文字・数字・_ . - だけからなる 200 文字以内の名前を指定してください。",
    "url": "https://www.example.com/news/1 のような、空白を含まない http(s) の URL を指定してください。",
    "published": "2026、2026-01、2026-01-26 のいずれかの形で指定してください。",
}
_FIELD_HINTS_EN = {
    "id": "Use at most 200 letters, digits, _ . and -, the first of them a letter, a digit or _.",
    "url": "Give an http(s) URL without spaces, like https://www.example.com/news/1.",
    "published": "Write it as 2026, 2026-01 or 2026-01-26.",
}


@dataclass(frozen=True)
class Given:
    """What the user said about a source; it wins over what the source says of itself."""

    url: str | None = None
    title: str | None = None
    publisher: str | None = None
    published: str | None = None
    article_id: str | None = None


@dataclass(frozen=True)
class Draft:
    """What was read from a source. Only what the source states is set; `lang` is its own declaration."""

    text: str
    title: str | None = None
    publisher: str | None = None
    published: str | None = None
    lang: str | None = None
    url: str | None = None


def finish(draft: Draft, given: Given, *, url: str, slug: str, retrieved: str | None = None) -> Article:
    """The article; without a title its first line serves, marked as descriptive. Raises `ImportFailed`."""
    if not draft.text.strip():
        raise ImportFailed(
            "本文が空です(空白だけです)。",
            "本文のある資料を指定してください。",
            en=("There is no text (only spaces).", "Choose a source that has text."),
        )
    title = given.title or draft.title
    try:
        return Article(
            id=given.article_id or slug,
            url=url,
            title=title or _first_line(draft.text),
            title_is_descriptive=title is None,
            publisher=given.publisher or draft.publisher,
            published=given.published or draft.published,
            retrieved=retrieved,
            lang=language(draft.text, draft.lang),
            text=draft.text,
        )
    except ValidationError as error:
        raise _unusable(error) from None


def check_given(given: Given) -> None:
    """Refuses an unusable URL or id before any work is done. Raises `ImportFailed`."""
    for kind, field, value in ((Url, "url", given.url), (ArticleId, "id", given.article_id)):
        if value is None:
            continue
        try:
            TypeAdapter(kind).validate_python(value)
        except ValidationError as error:
            raise _unusable(error, field) from None


def language(text: str, declared: str | None = None) -> str:
    """`ja` if the text has kana; else what the source declares; else `en` for Latin letters, or `ja`."""
    if _KANA.search(text):
        return "ja"
    match = _LANGUAGE.match((declared or "").lower())
    if match:
        return match[0]
    return "en" if re.search("[A-Za-z]", text) else "ja"


def _first_line(text: str) -> str:
    # A form feed or U+2028 ends a line too; str.splitlines knows them all.
    line = next(stripped for line in text.splitlines() if (stripped := line.strip()))
    return line if len(line) <= _TITLE_CHARACTERS else line[: _TITLE_CHARACTERS - 1] + "…"


def _unusable(error: ValidationError, field: str | None = None) -> ImportFailed:
    detail = error.errors()[0]
    name = field or str(detail["loc"][0])
    shown = str(detail["input"])[:80]
    return ImportFailed(
        f"{_FIELD_NAMES.get(name, name)}として使えない値です: {shown}",
        _FIELD_HINTS.get(name, "値を見直してください。"),
        en=(f"This cannot be used as {name}: {shown}", _FIELD_HINTS_EN.get(name, "Check the value.")),
    )
