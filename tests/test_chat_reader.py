"""The article's HTML: its text is the article's, character by character, and a mark is exactly its quote."""

import re
from html import unescape
from html.parser import HTMLParser

from doubles import make_article
from hypothesis import given
from hypothesis import strategies as st

from rag.chat.reader import Mark, article_html, marked
from rag.types import Article

HOSTILE = (
    '<script>alert("x")</script>と<img src=x onerror=alert(1)>と[link](javascript:alert(1))の**記事**です。{{value}}'
    "と${alert(2)}も。"
)
EMOJI = "👩‍🚀🇯🇵𠮷野家で、é(e + ´)と が(か + ゛)を使った。\n"


class _Texts(HTMLParser):
    """The text below the elements of a class, and that of the marks in it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.stack: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.marks: dict[str, str] = {}
        self.current = ""
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.stack.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        if any(attrs.get("class") == "text" for _, attrs in self.stack):
            self.text += data
        for tag, attrs in self.stack:
            if tag == "mark":
                number = attrs["data-n"] or ""
                self.marks[number] = self.marks.get(number, "") + data
                self.current += data if "current" in (attrs["class"] or "") else ""
            if attrs.get("class") == "words":
                self.words += data


def read(article: Article, *marks: Mark) -> _Texts:
    texts = _Texts()
    texts.feed(article_html(article, "ja", marks))
    return texts


def test_the_text_shown_is_the_articles_text() -> None:
    article = make_article("a", f"目次\n見出し\n見出し\n{EMOJI}\n\n- 一つ目\n- 二つ目 \r\n{HOSTILE}\n\t最後")
    assert read(article).text == article.text


def test_a_mark_is_its_quote_after_emoji_and_over_paragraphs() -> None:
    text = f"{EMOJI}{EMOJI}図書館は四月に開館しました。\n二行目です。\n三行目です。"
    start, end = text.index("図書館"), text.index("三行目")
    at = text.index("四月")
    shown = read(make_article("a", text), Mark(start, end, 1, True, (at, at + 2)))
    assert shown.text == text
    assert shown.marks == {"1": text[start:end]}
    assert shown.words == "四月"


def test_overlapping_marks_give_way_to_the_current_one() -> None:
    text = "一二三四五六七八九十"
    shown = read(make_article("a", text), Mark(0, 6, 1), Mark(4, 9, 2, True))
    assert shown.current == "五六七八九"
    assert shown.marks == {"1": "一二三四", "2": "五六七八九"}


def test_text_from_articles_is_shown_and_never_run() -> None:
    article = make_article("a", HOSTILE, title="<b>題名</b>", publisher="<i>媒体</i>")
    html = article_html(article, "ja")
    assert not set(re.findall(r"<(\w+)", html)) & {"script", "img", "b", "i"}
    assert "<b>題名</b>" in unescape(html)


def test_headings_are_headings_and_lead_there() -> None:
    text = "# 大見出し\n\n本文です。\n\n## 小見出し\n\n続きです。\n"
    html = article_html(make_article("a", text), "ja")
    (start,) = re.findall(r'data-goto="(\d+)">小見出し', html)
    assert f'<h5 data-at="{start}"' in html
    assert text[int(start) :].startswith("## 小見出し")


def test_an_article_without_headings_has_no_table_of_contents() -> None:
    assert "<details" not in article_html(make_article("a"), "ja")


@given(
    text=st.text(alphabet="あ漢a<&\"'👩🇯\n\u2028\x85\u0301 ", min_size=1, max_size=60),
    spans=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=4),
)
def test_marking_changes_no_character(text: str, spans: list[tuple[int, int]]) -> None:
    marks = [Mark(min(a, b), max(a, b), n) for n, (a, b) in enumerate(spans, 1)]
    html = marked(text, 0, len(text), marks)
    assert unescape(re.sub(r"<[^>]*>", "", html)) == text
    for mark in marks[:1]:
        alone = re.findall(r"<mark[^>]*>([^<]*)</mark>", marked(text, 0, len(text), [mark]))
        assert unescape("".join(alone)) == text[mark.start : mark.end]
