"""The tabs beside the conversation: the shelf of articles, reports, the state of things."""

import re
from html import unescape
from pathlib import Path

import pytest
from doubles import FIDX, INFOQ, make_article
from test_chat_reader import HOSTILE

from rag.assistant import Assistant
from rag.chat.articles_tab import ArticlesTab
from rag.chat.evaluation_tab import report_html, reports
from rag.chat.shelf import PAGE, Shelf, listed, reading_html, shelf_html
from rag.chat.status_tab import facts_html, findings_html
from rag.doctor import Finding
from rag.types import Filter


def ids(shelf: Shelf) -> list[str]:
    return [entry.article.id for entry in shelf.entries]


def test_articles_are_listed_newest_first(assistant: Assistant) -> None:
    assert ids(listed(assistant, "", None)) == [FIDX, INFOQ]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (Filter(publishers=frozenset({"FIDX"})), [FIDX]),
        (Filter(published_to="2025"), [INFOQ]),
        (Filter(published_from="2025-07-15"), [FIDX, INFOQ]),
        (Filter(published_from="2025-08", published_to="2026-01"), [FIDX]),
        (Filter(langs=frozenset({"en"})), []),
    ],
)
@pytest.mark.parametrize("words", ["", "OpenAI"])
def test_a_filter_holds_with_and_without_words(
    assistant: Assistant, where: Filter, expected: list[str], words: str
) -> None:
    assert sorted(ids(listed(assistant, words, where))) == sorted(expected)


def test_words_find_titles_and_passages(assistant: Assistant) -> None:
    assistant.ingest([make_article("z", "何もありません。", title="星空の本")])
    assert ids(listed(assistant, "星空", None))[0] == "z"
    shelf = listed(assistant, "Coworkの主な特徴", None)
    entry = next(one for one in shelf.entries if one.article.id == FIDX)
    assert "Cowork" in entry.article.text[entry.start : entry.end]


def test_a_long_shelf_comes_page_by_page(assistant: Assistant) -> None:
    assistant.ingest([make_article(f"a{n:02}", title=f"<b>{n}</b>") for n in range(PAGE + 1)])
    shelf = listed(assistant, "", None)
    assert (len(shelf.entries), shelf.total) == (PAGE, PAGE + 3)
    first = shelf_html(shelf, PAGE, "ja", opened="a01")
    assert first.count('data-act="read"') == PAGE
    assert f'data-act="more" data-shown="{2 * PAGE}"' in first
    assert first.count('aria-pressed="true"') == 1
    assert "<b>" not in first
    whole = listed(assistant, "", None, 2 * PAGE)
    assert len(whole.entries) == PAGE + 3
    assert 'data-act="more"' not in shelf_html(whole, 2 * PAGE, "ja")


def test_an_article_is_listed_once_by_title_and_passage(assistant: Assistant) -> None:
    shelf = listed(assistant, "Stargate", None)
    assert sorted(ids(shelf)) == [FIDX, INFOQ]
    assert shelf.total == 2
    assert all(entry.end for entry in shelf.entries)


def test_an_article_is_read_with_the_passage_marked(assistant: Assistant) -> None:
    html = reading_html(assistant, FIDX, 10, 20, "ja")
    marked = re.findall(r"<mark[^>]*>([^<]*)</mark>", html)
    assert unescape("".join(marked)) == assistant.article(FIDX).text[10:20]
    assert "<mark" not in reading_html(assistant, FIDX, -1, 10**9, "ja")
    assert "もう登録されていません" in reading_html(assistant, "../x", 0, 0, "ja")


def test_an_import_takes_files_and_web_addresses_but_no_path_of_the_machine(
    assistant: Assistant, tmp_path: Path
) -> None:
    path = tmp_path / "memo.txt"
    path.write_text("題名です\n図書館は五月に開館します。\n", encoding="utf-8")
    tab = ArticlesTab(assistant, "ja", importing=True)
    *_, refused = tab._import(None, str(path), "", "", "")
    assert "https://" in refused
    assert len(assistant.articles()) == 2
    *_, added = tab._import([str(path)], "https://example.com/memo", "", "", "")
    assert "取り込みました: 題名です" in added
    *_, again = tab._import([str(path)], "https://example.com/memo", "", "", "")
    assert "もう登録されています" in again
    *_, wrong = tab._import([str(path)], "https://example.com/memo", "", "", "昨日")
    assert 'class="warning"' in wrong


def test_the_newest_report_is_shown_in_a_frame_without_this_pages_rights(tmp_path: Path) -> None:
    assert "rag eval" in report_html(tmp_path, None, "ja")
    for name in ("one", "two"):
        run = tmp_path / "evals" / "runs" / name
        run.mkdir(parents=True)
        (run / "report.html").write_text(f"<p>{name}</p>{HOSTILE}", encoding="utf-8")
    (tmp_path / "evals" / "runs" / "unfinished").mkdir()
    assert sorted(reports(tmp_path)) == ["one", "two"]
    html = report_html(tmp_path, "two", "ja")
    assert set(re.findall(r"<(\w+)", html)) == {"iframe"}
    assert 'sandbox="allow-scripts"' in html
    assert "<p>two</p>" in unescape(html)
    assert report_html(tmp_path, "../../secret", "ja") == report_html(tmp_path, None, "ja")


def test_the_state_says_what_there_is(assistant: Assistant) -> None:
    html = facts_html(assistant, "ja")
    assert "hash-test" in html
    assert f"{assistant.chunk_count()}" in html


def test_findings_come_one_by_one_and_are_escaped() -> None:
    found = [Finding("ok", "版", "3"), Finding("failed", "<b>索引</b>", "壊れています", "rag rebuild")]
    html = findings_html(found, "ja", working=True)
    assert "点検しています" in html
    assert "rag rebuild" in html
    assert "<b>" not in html
    assert "点検しています" not in findings_html(found, "ja", working=False)
