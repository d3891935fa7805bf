"""One way in for everything: a path, a folder or a URL."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from rag.corpus import article_paths, has_front_matter, read_article
from rag.errors import ImportFailed
from rag.importing.files import import_file
from rag.importing.web import import_url
from rag.types import Article


def import_source(
    source: str,
    *,
    url: str | None = None,
    title: str | None = None,
    publisher: str | None = None,
    published: str | None = None,
) -> list[Article]:
    """The articles of a URL, a file, or a folder of corpus files.

    Given values win over what the source says of itself.

    Raises:
        ImportFailed, CorpusError: naming what is wrong and what to do.
    """
    given = {"url": url, "title": title, "publisher": publisher, "published": published}
    if not source.strip():
        raise ImportFailed(
            "取り込むファイルや URL が空です。",
            "ファイル、フォルダー、URL のどれかを指定してください。",
            en=("The name of the file or URL is empty.", "Name a file, a folder or a URL."),
        )
    if source.lower().startswith(("http://", "https://")):
        return [import_url(source, title=title, publisher=publisher, published=published)]
    path = Path(source)
    if path.is_dir():
        paths = article_paths(path)
        if not paths:
            raise ImportFailed(
                f"{path}: .md の記事がありません。",
                "ファイルを1つずつ指定してください。",
                en=(f"{path}: there is no .md article in it.", "Name the files one by one."),
            )
        if url or title:
            hint = "ファイルを1つずつ指定してください。"
            raise ImportFailed(
                f"{path}: フォルダーには url や title を指定できません。",
                hint,
                en=(f"{path}: a folder cannot be given a url or title.", "Name the files one by one."),
            )
        return [_with_given(read_article(file), given) for file in paths]
    if path.suffix.lower() in (".md", ".markdown") and _is_corpus_file(path):
        return [_with_given(read_article(path), given)]
    return [import_file(path, url=url, title=title, publisher=publisher, published=published)]


def _with_given(article: Article, given: dict[str, str | None]) -> Article:
    changes: dict[str, object] = {name: value for name, value in given.items() if value}
    if "title" in changes:
        changes["title_is_descriptive"] = False
    try:
        return Article.model_validate(article.model_dump() | changes)
    except ValidationError as error:
        problem = error.errors()[0]
        name, value = problem["loc"][0], problem["input"]
        hint = "URL は https://… の形、日付は 2026、2026-01、2026-01-26 のどれかの形で指定してください。"
        raise ImportFailed(
            f"{name} の値「{value}」が正しくありません({problem['msg']})。",
            hint,
            en=(
                f"“{value}” is wrong for {name} ({problem['msg']}).",
                "Write URLs as https://… and dates as 2026, 2026-01 or 2026-01-26.",
            ),
        ) from None


def _is_corpus_file(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return has_front_matter(file.read(65536).decode("utf-8", "replace").removeprefix("\ufeff"))
    except OSError:
        return False  # import_file says what is wrong with it
