"""HTML, PDF, text and Markdown files to articles."""

import shlex
from pathlib import Path

from rag.errors import ImportFailed
from rag.importing.decode import decode, decode_declared, html_charset
from rag.importing.draft import Draft, Given, check_given, finish
from rag.importing.html import read_html
from rag.importing.pdf import read_pdf
from rag.importing.plain import read_markdown, read_plain
from rag.importing.slugs import file_slug
from rag.types import Article

MAX_FILE_BYTES = 20_000_000
_SUFFIXES = {
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".pdf": "pdf",
    ".txt": "text",
    ".text": "text",
    ".md": "markdown",
    ".markdown": "markdown",
}
_KINDS = "HTML (.html .htm .xhtml)、PDF (.pdf)、テキスト (.txt .text)、Markdown (.md .markdown)"
_KINDS_EN = "HTML (.html .htm .xhtml), PDF (.pdf), text (.txt .text), Markdown (.md .markdown)"


def import_file(
    path: Path,
    *,
    url: str | None = None,
    title: str | None = None,
    publisher: str | None = None,
    published: str | None = None,
    article_id: str | None = None,
) -> Article:
    """Makes a file of up to 20 MB an article; the suffix says what it is.

    `url` is where the original can be read. Every citation links to it, so it must be given unless an HTML
    file names it itself (`<link rel="canonical">` or `og:url`). What is given wins over what the file states.
    `published` is `2026`, `2026-01` or `2026-01-26`. Raises `ImportFailed`.
    """
    given = Given(url.strip() if url else None, title, publisher, published, article_id)
    check_given(given)
    kind = _SUFFIXES.get(path.suffix.lower())
    data = _read_bytes(path, kind)
    if kind != "html" and not given.url:
        raise _url_needed(path)
    draft = _read(data, kind)
    original = given.url or draft.url
    if not original:
        raise _url_needed(path)
    return finish(draft, given, url=original, slug=file_slug(path.stem, original))


def _read(data: bytes, kind: str | None) -> Draft:
    if kind == "pdf":
        return read_pdf(data)
    if kind == "html":
        label = html_charset(data)
        return read_html(decode_declared(data, [label] if label else []))
    text = decode(data)
    return read_markdown(text) if kind == "markdown" else read_plain(text)


def _read_bytes(path: Path, kind: str | None) -> bytes:
    try:
        # Asked first: opening a pipe would wait for somebody to write into it.
        if path.exists() and not path.is_file():
            raise ImportFailed(
                f"ファイルではなくフォルダーなどです: {path}",
                "取り込むファイルを 1 つずつ指定してください。",
                en=(f"This is no file but a folder or the like: {path}", "Name the files one by one."),
            )
        if path.exists() and kind is None:
            raise ImportFailed(
                f"取り込めない種類のファイルです: {path.name}",
                f"取り込めるのは {_KINDS} です。変換して保存し直してください。",
                en=(
                    f"Files of this kind cannot be imported: {path.name}",
                    f"What can be: {_KINDS_EN}. Convert it to one of them.",
                ),
            )
        with path.open("rb") as file:
            return _checked(file.read(MAX_FILE_BYTES + 1), path)
    except FileNotFoundError:
        raise ImportFailed(
            f"ファイルが見つかりません: {path}",
            "パスの綴りを確認してください。",
            en=(f"There is no such file: {path}", "Check the spelling of the path."),
        ) from None
    except PermissionError:
        hint = "ファイルの権限を確認してください。"
        raise ImportFailed(
            f"ファイルを読む権限がありません: {path}",
            hint,
            en=(f"The file may not be read: {path}", "Check its permissions."),
        ) from None
    except (OSError, ValueError) as error:
        hint = "ディスクとパスを確認してください。"
        raise ImportFailed(
            f"ファイルを読めません: {path!r}({error})",
            hint,
            en=(f"The file cannot be read: {path!r} ({error})", "Check the disk and the path."),
        ) from error


def _checked(data: bytes, path: Path) -> bytes:
    if len(data) > MAX_FILE_BYTES:
        raise ImportFailed(
            f"ファイルが大きすぎます(上限 {MAX_FILE_BYTES:,} バイト): {path}",
            "分割してから取り込んでください。",
            en=(f"The file is too large (at most {MAX_FILE_BYTES:,} bytes): {path}", "Split it."),
        )
    if not data.strip():
        raise ImportFailed(
            f"ファイルが空です: {path}",
            "本文のあるファイルを指定してください。",
            en=(f"The file is empty: {path}", "Choose a file with text."),
        )
    return data


def _url_needed(path: Path) -> ImportFailed:
    return ImportFailed(
        f"元の URL が分かりません: {path}(引用には元の記事の URL が必要です)",
        f'rag ingest {shlex.quote(str(path))} --url https://... --title "..." のように指定してください。',
        en=(
            f"The original URL is not known: {path} (citations need it)",
            f'Give it: rag ingest {shlex.quote(str(path))} --url https://... --title "..."',
        ),
    )
