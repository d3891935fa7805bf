"""HTML to articles: the words of the page, and only what it states about itself."""

from pathlib import Path

import pytest

from rag.errors import ImportFailed
from rag.importing import import_file

URL = "https://news.example.com/2026/01/library"
BODY = "港町の中央図書館は、四月から夜間開館を始める。\r\n利用は午後９時までで、ｶｳﾝﾀｰは閉まる。\n"

PAGE = """<!DOCTYPE html>
<html lang="ja"><head><meta charset="Shift_JIS"><title>夜間開館へ | みなと通信</title>
<link rel="canonical" href="https://news.example.com/2026/01/library">
<meta property="og:title" content="夜間開館へ | みなと通信">
<meta property="og:site_name" content="みなと通信">
<meta property="article:published_time" content="2026-01-20T09:00:00+09:00">
<style>p { color: red }</style><script>var 秘密 = "読まないで";</script></head>
<body><header><nav><ul><li><a href="/">ホーム</a></li><li><a href="/s">社会面</a></li></ul></nav></header>
<main><article><h1>夜間開館へ</h1>
<p>　港町の中央図書館は、<b>四月</b>から<a href="/x">夜間開館</a>を始める。利用は
   午後９時までで、ｶｳﾝﾀｰは閉まる。費用は*1,200*万円[注1]と見込む。予算　案は三月に示す。</p>
<h2>開館の<em>予定</em></h2>
<ul><li>月曜から金曜は午後９時まで</li><li>土曜は午後７時まで<ul><li>子ども室は午後５時まで</li></ul></li></ul>
<ol><li>利用者登録をする</li><li>本を借りる</li></ol>
<table><tr><th>項目</th><th>金額</th></tr><tr><td>人件費</td><td>８００万円</td></tr></table>
<p>館長は「働く人に来てほしい」と話す。<ruby>司書<rt>ししょ</rt></ruby>を<br>三人増やす。①㈱みなとも協力する。</p>
<pre>開館  9:00
閉館 21:00</pre>
</article></main><aside>広告：今すぐ登録してください</aside>
<footer>著作権 みなと通信 <a href="/p">個人情報の扱い</a></footer></body></html>"""

PAGE_TEXT = """# 夜間開館へ

\u3000港町の中央図書館は、四月から夜間開館を始める。利用は午後９時までで、ｶｳﾝﾀｰは閉まる。\
費用は*1,200*万円[注1]と見込む。予算\u3000案は三月に示す。

## 開館の予定

- 月曜から金曜は午後９時まで
- 土曜は午後７時まで
  - 子ども室は午後５時まで

1. 利用者登録をする
2. 本を借りる

| 項目 | 金額 |
| 人件費 | ８００万円 |

館長は「働く人に来てほしい」と話す。司書を
三人増やす。①㈱みなとも協力する。

開館  9:00
閉館 21:00"""


def write(folder: Path, name: str, content: str | bytes, encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def refusal(path: Path, **given: str) -> ImportFailed:
    with pytest.raises(ImportFailed) as caught:
        import_file(path, **given)
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize("encoding", ["cp932", "shift_jisx0213"])
def test_html_becomes_text_with_headings_and_lists(tmp_path: Path, encoding: str) -> None:
    page = PAGE if encoding == "cp932" else PAGE.replace("①㈱", "")
    article = import_file(write(tmp_path, "page.html", page, encoding))
    assert article.text == (PAGE_TEXT if encoding == "cp932" else PAGE_TEXT.replace("①㈱", ""))
    assert (article.title, article.title_is_descriptive) == ("夜間開館へ", False)
    assert (article.publisher, article.published, article.lang) == ("みなと通信", "2026-01-20", "ja")
    assert article.url == "https://news.example.com/2026/01/library"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "euc_jp"])
def test_html_with_a_wrong_meta_charset_is_still_read_right(tmp_path: Path, encoding: str) -> None:
    page = PAGE.replace("①㈱", "")
    article = import_file(write(tmp_path, "page.html", page, encoding))
    assert article.text == PAGE_TEXT.replace("①㈱", "")


def test_nothing_is_invented_about_a_page_that_states_nothing(tmp_path: Path) -> None:
    old = "<time datetime='2024-02-02'>昔</time>"
    page = f"<html><body><p>{BODY}2025年3月3日の出来事である。</p>{old}</body></html>"
    article = import_file(write(tmp_path, "a.htm", page), url=URL)
    assert (article.publisher, article.published, article.title_is_descriptive) == (None, None, True)


def test_a_page_that_uses_the_stand_ins_of_spaces_keeps_its_words(tmp_path: Path) -> None:
    page = f"<html><body><p>楔形文字の\U00012070と\U00012072を含む文。{BODY}</p></body></html>"
    article = import_file(write(tmp_path, "a.html", page), url=URL)
    assert article.text.startswith("楔形文字の\U00012070と\U00012072を含む文。港町の")


def test_json_ld_states_title_date_and_publisher(tmp_path: Path) -> None:
    data = (
        '{"@graph": [{"@type": "WebSite", "name": "無関係"},'
        ' {"@type": ["NewsArticle"], "headline": "正しい題",'
        ' "datePublished": "2026-01-05T01:00:00Z",'
        ' "publisher": {"@type": "Organization", "name": "発行社"}}]}'
    )
    page = (
        f"<html><head><title>別</title><script type='application/ld+json'>{data}</script>"
        f"<script type='application/ld+json'>{{壊れた</script></head><body><p>{BODY}</p></body></html>"
    )
    article = import_file(write(tmp_path, "a.html", page), url=URL)
    assert (article.title, article.published, article.publisher) == ("正しい題", "2026-01-05", "発行社")


@pytest.mark.parametrize(
    "page", ["<html><body></body></html>", "<html><body><script>1</script></body></html>", "文"]
)
def test_a_page_without_an_article_is_refused(tmp_path: Path, page: str) -> None:
    refusal(write(tmp_path, "a.html", page), url=URL)
