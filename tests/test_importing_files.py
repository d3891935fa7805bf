"""Files to articles: text, Markdown, HTML and PDF, and every way in which that can fail."""

import os
from pathlib import Path

import pytest

from rag.errors import ImportFailed
from rag.importing import import_file
from rag.importing.files import MAX_FILE_BYTES
from rag.types import Article

URL = "https://news.example.com/2026/01/library"
BODY = "港町の中央図書館は、四月から夜間開館を始める。\r\n利用は午後９時までで、ｶｳﾝﾀｰは閉まる。\n"


def write(folder: Path, name: str, content: str | bytes, encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def refusal(path: Path, **given: str) -> ImportFailed:
    with pytest.raises(ImportFailed) as caught:
        import_file(path, **given)
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp932", "euc_jp", "iso2022_jp_ext"])
def test_text_is_verbatim_in_every_encoding(tmp_path: Path, encoding: str) -> None:
    article = import_file(write(tmp_path, "図書館.txt", BODY, encoding), url=URL)
    assert article.text == BODY
    assert article.title == "港町の中央図書館は、四月から夜間開館を始める。"
    assert article.title_is_descriptive
    assert (article.lang, article.url, article.retrieved) == ("ja", URL, None)
    assert (article.publisher, article.published) == (None, None)


def test_what_is_given_wins(tmp_path: Path) -> None:
    page = (
        "<html><head><title>題</title><meta property='og:site_name' content='社'>"
        f"<meta name='pubdate' content='2020-02-02'></head><body><p>{BODY}</p></body></html>"
    )
    article = import_file(
        write(tmp_path, "a.html", page),
        url="https://mirror.example.com/1",
        title="別の題",
        publisher="別の社",
        published="2026-01",
        article_id="図書館-1",
    )
    assert (article.url, article.title, article.publisher) == (
        "https://mirror.example.com/1",
        "別の題",
        "別の社",
    )
    assert (article.published, article.id, article.title_is_descriptive) == ("2026-01", "図書館-1", False)


def test_a_long_first_line_is_cut_for_the_title(tmp_path: Path) -> None:
    article = import_file(write(tmp_path, "a.txt", "\n\n" + "あ" * 300 + "\nい"), url=URL)
    assert article.title == "あ" * 59 + "…"


def test_markdown_title_is_its_first_top_heading_outside_code(tmp_path: Path) -> None:
    text = "前書き。\n\n```sh\n# これはコメント\n```\n\n## 小見出し\n# 夜間開館の記録 #\n本文です。\n"
    article = import_file(write(tmp_path, "a.md", text), url=URL)
    assert (article.title, article.title_is_descriptive, article.text) == ("夜間開館の記録", False, text)


def test_markdown_without_a_heading_gets_a_descriptive_title(tmp_path: Path) -> None:
    article = import_file(write(tmp_path, "a.md", "## 小見出しだけ\n本文です。"), url=URL)
    assert article.title_is_descriptive


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("漢字とかな", "ja"),
        ("ﾊﾝｶｸ", "ja"),
        ("Plain English text.", "en"),
        ("東京都港区", "ja"),
        ("12345", "ja"),
    ],
)
def test_language(tmp_path: Path, text: str, lang: str) -> None:
    assert import_file(write(tmp_path, "a.txt", text), url=URL).lang == lang


def test_ids_are_readable_and_stable_and_differ_by_url(tmp_path: Path) -> None:
    path = write(tmp_path, "週報 (1月).txt", BODY)
    first, again = import_file(path, url=URL), import_file(path, url=URL)
    other = import_file(path, url=URL + "?p=2")
    assert first.id == again.id != other.id
    assert first.id.startswith("週報-1月-")


@pytest.mark.parametrize("name", ["con.txt", "....txt", "🙂.txt", "あ" * 60 + ".txt", "Ⅳ①.txt", "-x.txt"])
def test_every_file_name_makes_a_valid_id(tmp_path: Path, name: str) -> None:
    identifier = import_file(write(tmp_path, name, BODY), url=URL).id
    assert len(f"{identifier}.md".encode()) <= 255
    assert (
        Article.model_validate({"id": identifier, "url": URL, "title": "題", "text": "文"}).id == identifier
    )


def test_a_file_needs_its_original_url(tmp_path: Path) -> None:
    path = write(tmp_path, "my notes.txt", BODY)
    error = refusal(path)
    assert f"rag ingest '{path}' --url https://... --title \"...\"" in error.hint
    assert "--url" in refusal(write(tmp_path, "a.html", f"<html><body><p>{BODY}</p></body></html>")).hint


@pytest.mark.parametrize(
    "url",
    ["ftp://example.com/a", "file:///etc/passwd", "https://u:p@example.com/", "https://a b/", "nonsense"],
)
def test_an_unusable_url_is_refused(tmp_path: Path, url: str) -> None:
    assert "URL" in refusal(write(tmp_path, "a.txt", BODY), url=url).message


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"article_id": "../evil"}, "記事 ID"),
        ({"published": "2026/01/26"}, "公開日"),
        ({"published": "昨日"}, "公開日"),
    ],
)
def test_unusable_values_are_refused_by_name(tmp_path: Path, given: dict[str, str], name: str) -> None:
    assert name in refusal(write(tmp_path, "a.txt", BODY), url=URL, **given).message


@pytest.mark.parametrize("name", ["a.docx", "a.xlsx", "a.png", "a", "a.exe"])
def test_unsupported_kinds_are_refused_with_the_supported_ones(tmp_path: Path, name: str) -> None:
    hint = refusal(write(tmp_path, name, b"PK\x03\x04"), url=URL).hint
    assert ".pdf" in hint
    assert ".txt" in hint


@pytest.mark.parametrize(
    "content", [b"", b" \r\n\t", "\u3000\n".encode(), "\ufeff".encode(), "\n".encode("utf-16")]
)
def test_empty_files_are_refused(tmp_path: Path, content: bytes) -> None:
    assert "空" in refusal(write(tmp_path, "a.txt", content), url=URL).message


def test_missing_files_and_folders_are_refused(tmp_path: Path) -> None:
    assert "見つかりません" in refusal(tmp_path / "ない.txt", url=URL).message
    (tmp_path / "folder.txt").mkdir()
    assert "フォルダー" in refusal(tmp_path / "folder.txt", url=URL).message
    refusal(tmp_path / "nul\0.txt", url=URL)
    refusal(tmp_path / ("長" * 300 + ".txt"), url=URL)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_a_pipe_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    refusal(tmp_path / "pipe.txt", url=URL)


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the administrator may read everything"
)
def test_unreadable_files_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "a.txt", BODY)
    path.chmod(0)
    assert "権限" in refusal(path, url=URL).message


def test_huge_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with path.open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    assert "大きすぎ" in refusal(path, url=URL).message


def test_heavy_libraries_are_loaded_only_when_needed() -> None:
    import subprocess
    import sys

    code = (
        "import sys, rag.importing\n"
        "heavy = {'trafilatura', 'pypdf', 'httpx', 'lxml', 'charset_normalizer'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    root = Path(__file__).parent.parent
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
