"""`corpus/*.md` ↔ `Article`: YAML front matter, then the text exactly as published.

    ---
    title: 記事の題名
    url: https://example.com/news/1
    publisher: 媒体名          # optional, like everything below
    published: 2026-01-26     # or 2026-01, or 2026
    retrieved: 2026-01-27
    lang: ja
    title_is_descriptive: true  # the title is ours, not the publisher's
    references: [{title: …, url: …}]
    ---
    本文…

The article's id is the file's name without `.md`, or `id` in the front matter.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from yaml.reader import ReaderError

from rag.errors import CorpusError
from rag.structure import references
from rag.types import Article, Reference
from rag.utf8 import read_utf8

_FRONT_MATTER = re.compile(r"---[ \t]*\r?\n(.*?)^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
_FIXES = {
    "url": "url には元記事の https:// で始まる URL を書いてください。",
    "title": "title に記事の題名を書いてください"
    "(題名が分からなければ説明を書き、title_is_descriptive: true を付けます)。",
    "published": "日付は 2026-01-26、2026-01、2026 のどれかの形で書いてください。",
    "retrieved": "日付は 2026-01-26、2026-01、2026 のどれかの形で書いてください。",
    "id": "id(またはファイル名)は文字・数字・「-」「_」「.」だけにしてください。",
    "text": "フロントマターの後に本文を書いてください。",
}
_DATES_EN = "Write the date as 2026-01-26, 2026-01 or 2026."
_FIXES_EN = {
    "url": "Give as url the https:// URL of the original article.",
    "title": "Give as title the title of the article (or, if it has none, a description and title_is_descriptive: true).",
    "published": _DATES_EN,
    "retrieved": _DATES_EN,
    "id": "An id (or file name) may have letters, digits, - _ and . only.",
    "text": "Write the text after the front matter.",
}
_FIELDS = tuple(name for name in Article.model_fields if name != "text")


class _Dumper(yaml.SafeDumper):
    """Writes text with line breaks of any kind in double quotes, where YAML escapes and never folds them."""


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    style = None if text.splitlines() == [text] else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)


_Dumper.add_representer(str, _represent_text)


def has_front_matter(text: str) -> bool:
    """Whether a text begins like a corpus file."""
    return _FRONT_MATTER.match(text) is not None


def article_paths(directory: Path) -> list[Path]:
    """The article files below a directory, sorted; `README.md` and hidden files are not articles."""
    found = (path for path in directory.rglob("*.md") if path.name.lower() != "readme.md")
    return sorted(
        path for path in found if not any(part.startswith(".") for part in path.relative_to(directory).parts)
    )


def read_corpus(directory: Path) -> list[Article]:
    """Every article of a corpus folder.

    Raises:
        CorpusError: for the first file that cannot be used, or two files with one id.
    """
    found = [(path, read_article(path)) for path in article_paths(directory)]
    check_unique((path, article.id) for path, article in found)
    return [article for _, article in found]


def read_article(path: Path) -> Article:
    """Read one article file.

    Raises:
        CorpusError: naming file, line and fix.
    """
    text = read_utf8(path)
    match = _FRONT_MATTER.match(text)
    if match is None:
        raise CorpusError(
            f"{path}:1: フロントマター(--- で囲んだ記事の情報)がありません。",
            "先頭に ---、title、url、--- の行を書くか、corpus/ の外に移してから"
            f'「rag ingest {path.name} --url https://… --title "…"」で取り込んでください。',
            en=(
                f"{path}:1: the front matter (what is said of the article between lines of ---) is missing.",
                f"Begin with ---, title, url and ---; or move it out of corpus/ and add it with "
                f'`rag ingest {path.name} --url https://… --title "…"`.',
            ),
        )
    fields, line_of = _parse_yaml(path, match[1])
    unknown = sorted(set(fields) - set(_FIELDS))
    if unknown:
        raise CorpusError(
            f"{path}:{line_of.get(unknown[0], 1)}: 知らない項目「{unknown[0]}」があります。",
            f"使える項目: {', '.join(_FIELDS)}",
            en=(
                f"{path}:{line_of.get(unknown[0], 1)}: there is no field “{unknown[0]}”.",
                f"Fields: {', '.join(_FIELDS)}",
            ),
        )
    body = text[match.end() :]
    given = [_reference(path, line_of, entry) for entry in fields.pop("references", None) or []]
    fields = {name: value for name, value in fields.items() if value != ""}
    if not body.strip():
        raise CorpusError(
            f"{path}:{text.count(chr(10), 0, match.end()) + 1}: 本文が空です。",
            _FIXES["text"],
            en=(f"{path}:{text.count(chr(10), 0, match.end()) + 1}: there is no text.", _FIXES_EN["text"]),
        )
    try:
        return Article(**{"id": path.stem, **fields}, text=body, references=(*given, *references(body)))
    except ValidationError as error:
        raise _invalid(path, line_of, error) from None


def write_article(article: Article, directory: Path) -> Path:
    """Write an article as `<id>.md`, atomically: the old file or the new one is there, never a part of one.

    Raises:
        CorpusError: when the file cannot be written, or not be read again.
    """
    meta = article.model_dump(exclude={"text", "references", "id"}, exclude_none=True, exclude_defaults=True)
    given = [r.model_dump(exclude_none=True) for r in article.references if r.start is None]
    meta = {**meta, "lang": article.lang, **({"references": given} if given else {})}
    front = yaml.dump(meta, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=10_000)
    path = directory / f"{article.id}.md"
    if "\0" in article.text:
        raise CorpusError(
            f"{path}: 本文に NUL 文字があるので書き込めません。",
            "取り除いてください。",
            en=(f"{path}: cannot be written: the text has a NUL character.", "Remove it."),
        )
    try:
        directory.mkdir(parents=True, exist_ok=True)
        replace_file(path, f"---\n{front}---\n{article.text}".encode())
    except OSError as error:
        raise CorpusError(
            f"{path}: 書き込めません({error.strerror})。",
            "空き容量と書き込み権限を確認してください。",
            en=(
                f"{path}: cannot be written ({error.strerror}).",
                "Check the free space and the permissions.",
            ),
        ) from error
    return path


def replace_file(path: Path, data: bytes) -> None:
    """Replace a file's content in one step that survives a crash.

    Raises:
        OSError: the old file is then untouched.
    """
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:80]}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
        raise


def check_unique(ids: Iterable[tuple[Path, str]]) -> None:
    """Refuse two files that claim one article id.

    Raises:
        CorpusError: naming both files.
    """
    seen: dict[str, Path] = {}
    for path, article_id in ids:
        other = seen.setdefault(article_id, path)
        if other != path:
            raise CorpusError(
                f"{path}:1: 記事の id「{article_id}」は {other} と重なっています。",
                "どちらかのファイル名か、フロントマターの id を変えてください。",
                en=(
                    f"{path}:1: the article id “{article_id}” is that of {other} too.",
                    "Change the name of one of the files, or the id in its front matter.",
                ),
            )


def _parse_yaml(path: Path, front: str) -> tuple[dict[str, Any], dict[str, int]]:
    """The front matter's fields, all scalars as text, and the line of each key."""
    try:
        loader = yaml.BaseLoader(front)  # makes only str, list and dict
        node = loader.get_single_node()
        fields = loader.construct_document(node) if node else None
    except (yaml.YAMLError, RecursionError) as error:
        problem = getattr(error, "problem", None)
        detail, detail_en = problem or "YAML ではありません", problem or "it is no YAML"
        line = _yaml_line(front, error)
        raise CorpusError(
            f"{path}:{line}: フロントマターを YAML として読めません({detail})。",
            '「名前: 値」の形で書き、「:」や「#」を含む値は "…" で囲んでください。',
            en=(
                f"{path}:{line}: the front matter cannot be read as YAML ({detail_en}).",
                'Write `name: value`, and put values with : or # into "…".',
            ),
        ) from None
    if not isinstance(node, yaml.MappingNode) or not isinstance(fields, dict):
        raise CorpusError(
            f"{path}:2: フロントマターに項目がありません。",
            "title と url を「名前: 値」の形で書いてください。",
            en=(f"{path}:2: the front matter has no fields.", "Write title and url as `name: value`."),
        )
    return fields, {key.value: key.start_mark.line + 2 for key, _ in node.value}


def _yaml_line(front: str, error: Exception) -> int:
    """The line in the file, after the opening `---`."""
    if isinstance(error, ReaderError):
        return front.count("\n", 0, error.position) + 2
    mark = getattr(error, "problem_mark", None)
    return mark.line + 2 if mark else 1


def _reference(path: Path, line_of: dict[str, int], entry: Any) -> Reference:
    try:
        return Reference.model_validate(entry)
    except ValidationError as error:
        line = line_of.get("references", 1)
        raise CorpusError(
            f"{path}:{line}: references の項目が正しくありません({error.errors()[0]['msg']})。",
            "各項目を {title: …, url: https://…} の形で書いてください。",
            en=(
                f"{path}:{line}: an entry of references is wrong ({error.errors()[0]['msg']}).",
                "Write each as {title: …, url: https://…}.",
            ),
        ) from None


def _invalid(path: Path, line_of: dict[str, int], error: ValidationError) -> CorpusError:
    problem = error.errors()[0]
    field = str(problem["loc"][0]) if problem["loc"] else ""
    missing = problem["type"] == "missing"
    what = f"{field} がありません" if missing else f"{field} の値が正しくありません({problem['msg']})"
    what_en = f"{field} is missing" if missing else f"the value of {field} is wrong ({problem['msg']})"
    return CorpusError(
        f"{path}:{line_of.get(field, 1)}: {what}。",
        _FIXES.get(field, "値を直してください。"),
        en=(f"{path}:{line_of.get(field, 1)}: {what_en}.", _FIXES_EN.get(field, "Mend the value.")),
    )
