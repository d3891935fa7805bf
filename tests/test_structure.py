"""Structure is recovered from the shape of the lines, and nothing of the text gets lost."""

import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.corpus import read_article
from rag.structure import headings, is_list_item, lines, references, sections, units
from rag.types import Article

CORPUS = Path(__file__).parents[1] / "corpus"

line = st.one_of(
    st.sampled_from(
        [
            "目次",
            "参考・出典",
            "AI利用について",
            "見出し",
            "## 見出し",
            "### 小見出し",
            "# 大 #",
            "- 項目",
            "1. 項目",
            "本文です。",
            "一文目。二文目。",
            "- 名: 題名(2026年1月2日)",
            "https://example.com/a",
            "題 https://example.com/b).",
            "https://[x",
            "https://u:p@h/",
            "「閉じない。",
            "",
            " ",
            "😀",
            "(アクセス日:٢٠٢٦年1月2日) https://a.jp/",
        ]
    ),
    st.text(st.characters(codec=None), max_size=20),
)
articles = st.lists(line, max_size=14).map("\n".join)


@pytest.fixture(scope="module")
def fidx() -> Article:
    return read_article(CORPUS / "fidx-generative-ai-weekly-2026-01-w4.md")


@pytest.fixture(scope="module")
def infoq() -> Article:
    return read_article(CORPUS / "infoq-stargate-openai-for-countries.md")


def paths(text: str) -> list[tuple[str, ...]]:
    return [section.heading_path for section in sections(text)]


def unit_texts(text: str, index: int = 0) -> list[str]:
    return [text[unit.start : unit.end] for unit in units(text, sections(text)[index])]


# --- the corpus ---------------------------------------------------------------------------------------------


def test_the_weekly_article_has_its_headings_and_levels(fidx: Article) -> None:
    assert [(heading.level, heading.title) for heading in headings(fidx.text)] == [
        (1, "目次"),
        (1, "OpenAIの躍進:8億ユーザーを支えるインフラと「Stargateコミュニティ」"),
        (2, "ChatGPTを支える大規模データベース基盤"),
        (2, "Stargateプロジェクトとコミュニティ形成"),
        (1, "Anthropicの新展開:「Cowork」と「Claude憲法」の刷新"),
        (2, "デスクトップ向け新ツール「Cowork」の登場"),
        (2, "Claude憲法の全面改訂"),
        (2, "教育分野への貢献:Teach For Allとの連携"),
        (1, "押さえるべきポイント"),
        (1, "参考・出典"),
        (1, "AI利用について"),
    ]


def test_the_weekly_article_has_a_body_a_list_of_sources_and_a_notice(fidx: Article) -> None:
    found = sections(fidx.text)
    assert [section.kind for section in found] == ["body"] * 6 + ["references", "notice"]
    assert found[3].heading_path == (
        "Anthropicの新展開:「Cowork」と「Claude憲法」の刷新",
        "Claude憲法の全面改訂",
    )
    assert fidx.text[found[3].start : found[3].end].lstrip().startswith("Anthropicは、Claudeの行動指針")


def test_a_list_of_the_weekly_article_knows_its_lead_in(fidx: Article) -> None:
    section = next(s for s in sections(fidx.text) if s.heading_path[-1] == "Claude憲法の全面改訂")
    items = [unit for unit in units(fidx.text, section) if unit.lead_in]
    assert [fidx.text[unit.start : unit.end].split(":")[0] for unit in items] == [
        "- 安全性と人間のコントロールの支持",
        "- 倫理的行動の重視",
        "- Anthropicのガイドラインへの準拠",
        "- 真に有用な存在であること",
    ]
    assert {fidx.text[slice(*unit.lead_in)] for unit in items if unit.lead_in} == {
        "新しい憲法では、以下の4つの原則が重視されています:"
    }


def test_the_weekly_article_names_its_five_sources(fidx: Article) -> None:
    assert [(r.publisher, r.title, r.url, r.published, r.accessed) for r in references(fidx.text)] == [
        (
            "OpenAI",
            "Stargate コミュニティ",
            "https://openai.com/ja-JP/index/stargate-community/",
            "2026-01-20",
            "2026-01-26",
        ),
        (
            "OpenAI",
            "Scaling PostgreSQL to power 800 million ChatGPT users",
            "https://openai.com/index/scaling-postgresql/",
            "2026-01-22",
            "2026-01-26",
        ),
        (
            "Anthropic",
            "Anthropic and Teach For All launch global AI training initiative for educators",
            "https://www.anthropic.com/news/anthropic-teach-for-all",
            "2026-01-21",
            "2026-01-26",
        ),
        (
            "Anthropic",
            "Claude’s new constitution",
            "https://www.anthropic.com/news/claude-new-constitution",
            "2026-01-22",
            "2026-01-26",
        ),
        (
            "Claude",
            "Cowork: Claude Code for the rest of your work",
            "https://claude.com/blog/cowork-research-preview",
            "2026-01-12",
            "2026-01-26",
        ),
    ]


def test_the_spans_of_sources_run_from_their_title_to_their_url(fidx: Article) -> None:
    for reference in references(fidx.text):
        assert reference.start is not None
        span = fidx.text[reference.start : reference.end]
        assert span.startswith(("- ", reference.title))
        assert reference.title in span
        assert span.endswith(reference.url)


def test_the_news_article_without_headings_is_one_body(infoq: Article) -> None:
    assert [(s.heading_path, s.kind, s.start, s.end) for s in sections(infoq.text)] == [
        ((), "body", 0, len(infoq.text))
    ]
    assert references(infoq.text) == []


# --- headings and sections ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "# A\na。\n## B\nb。\n### C\nc。\n## D\nd。\n# E\ne。",
            [("A",), ("A", "B"), ("A", "B", "C"), ("A", "D"), ("E",)],
        ),
        ("## A\na。\n## B\nb。", [("A",), ("B",)]),
        ("# A\na。\n### B\nb。\n### C\nc。\n## D\nd。", [("A",), ("A", "B"), ("A", "C"), ("A", "D")]),
        ("### A\na。\n# B\nb。", [("A",), ("B",)]),
        ("前書き。\n# A ##\na。", [(), ("A",)]),
        ("# C#\na。", [("C#",)]),
        ("# A\n## B\nb。", [("A", "B")]),
        ("#タグ だけの行。", [()]),
        ("####### 七つ。", [()]),
    ],
)
def test_markdown_headings_nest_by_their_level(text: str, expected: list[tuple[str, ...]]) -> None:
    assert paths(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("見出し\n本文です。", [("見出し",)]),
        ("本文です。\n見出し\n本文です。", [(), ("見出し",)]),
        (
            "大見出し\n小見出し\n本文。\n次の小見出し\n本文。",
            [("大見出し", "小見出し"), ("大見出し", "次の小見出し")],
        ),
        ("大\n小\n本文。\nまとめ\n本文。", [("大", "小"), ("まとめ",)]),
        ("目次\n第一部\n第二部\n第一部\n本文。\n第二部\n本文。", [("目次",), ("第一部",), ("第二部",)]),
        ("本文一。\n本文二。", [()]),
        ("本文です。\n署名", [()]),
        ("本文です。\n東京 1\n大阪 2\n京都 3\n奈良 4\n以上です。", [()]),
        ("古池や\n蛙飛び込む\n水の音\n閑さや\n岩にしみ入る\n蝉の声", [()]),
        ("項目:\n本文です。", [()]),
        ("- 項目\n本文です。", [()]),
        ("1.5倍\n本文です。", [("1.5倍",)]),
        ("あ" * 61 + "\n本文です。", [()]),
        ("2026/01/26\n本文です。", [()]),
        ("", []),
        (" \n\u3000\n", []),
    ],
)
def test_bare_lines_are_headings_only_where_text_follows(text: str, expected: list[tuple[str, ...]]) -> None:
    assert paths(text) == expected


@pytest.mark.parametrize(
    ("heading", "kind"),
    [
        ("参考・出典", "references"),
        ("参考文献", "references"),
        ("引用元", "references"),
        ("関連リンク", "references"),
        ("References", "references"),
        ("目次", "notice"),
        ("AI利用について", "notice"),
        ("免責事項", "notice"),
        ("著作権・転載について", "notice"),
        ("著作権をめぐる訴訟の行方", "body"),
        ("参考になる取り組み", "body"),
        ("背景", "body"),
    ],
)
def test_the_heading_says_what_kind_of_section_it_is(heading: str, kind: str) -> None:
    assert [section.kind for section in sections(f"## 前\n前文です。\n## {heading}\n本文です。")] == [
        "body",
        kind,
    ]


@given(articles)
def test_sections_are_ordered_disjoint_and_cover_everything_but_headings(text: str) -> None:
    found = sections(text)
    assert all(left.end <= right.start for left, right in pairwise(found))
    covered = {i for section in found for i in range(section.start, section.end)}
    covered |= {i for heading in headings(text) for i in range(heading.line.start, heading.line.end)}
    assert covered >= {i for i, ch in enumerate(text) if not ch.isspace()}
    assert all(text[section.start : section.end].strip() for section in found)


@given(articles)
def test_units_are_ordered_and_cover_everything_in_their_section(text: str) -> None:
    for section in sections(text):
        found = units(text, section)
        assert all(section.start <= unit.start < unit.end <= section.end for unit in found)
        assert all(left.end <= right.start for left, right in pairwise(found))
        covered = {i for unit in found for i in range(unit.start, unit.end)}
        assert covered >= {i for i in range(section.start, section.end) if not text[i].isspace()}


@given(articles)
def test_lines_are_the_non_empty_lines_where_they_stand(text: str) -> None:
    found = lines(text)
    assert [item.text for item in found] == [line.strip() for line in text.splitlines() if line.strip()]
    assert all(text[item.start : item.end] == item.text for item in found)


@given(articles)
def test_references_of_any_text_stand_in_it(text: str) -> None:
    for reference in references(text):
        assert text[reference.start : reference.end].endswith(reference.url)


# --- lists --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("- 項目", True),
        ("-項目", True),
        ("・項目", True),
        ("* 項目", True),
        ("• 項目", True),
        ("1. 項目", True),
        ("1.項目", True),
        ("12) item", True),
        ("１．項目", True),
        ("①項目", True),
        ("(1) 項目", True),
        ("（1）項目", True),
        ("1.5倍になった", False),
        ("3.14 is pi", False),
        ("-5度の朝", False),
        ("2026. 年", False),
        ("(2026) 年", False),
        ("**太字** の行", False),
        ("---", False),
        ("項目", False),
        ("", False),
    ],
)
def test_bullets_and_item_numbers_make_a_list_item(line: str, expected: bool) -> None:
    assert is_list_item(line) is expected


def test_numbered_items_belong_to_the_sentence_before_them() -> None:
    text = "前の文。次の3つです。\n1. 一つ目\n2. 二つ目。補足。\n後の文。\n- 別の項目"
    (section,) = sections(text)
    found = [
        (text[u.start : u.end], text[slice(*u.lead_in)] if u.lead_in else None) for u in units(text, section)
    ]
    assert found == [
        ("前の文。", None),
        ("次の3つです。", None),
        ("1. 一つ目", "次の3つです。"),
        ("2. 二つ目。", "次の3つです。"),
        ("補足。", "次の3つです。"),
        ("後の文。", None),
        ("- 別の項目", "後の文。"),
    ]


# --- sources ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("- 題名 https://example.com/a", ("題名", "https://example.com/a")),
        ("[題名](https://example.com/a)", ("題名", "https://example.com/a")),
        ("題名(https://example.com/a)", ("題名", "https://example.com/a")),
        ("題名 <https://example.com/a>", ("題名", "https://example.com/a")),
        ("題名「https://example.com/a」", ("題名", "https://example.com/a")),
        ("題名 https://example.com/wiki/A_(B)", ("題名", "https://example.com/wiki/A_(B)")),
        ("題名 https://example.com/a.", ("題名", "https://example.com/a")),
        ("https://example.com/a", ("https://example.com/a", "https://example.com/a")),
    ],
)
def test_a_source_has_a_title_and_a_clean_url(entry: str, expected: tuple[str, str]) -> None:
    assert [(r.title, r.url) for r in references(f"## 出典\n{entry}")] == [expected]


@pytest.mark.parametrize(
    ("label", "published", "accessed"),
    [
        ("題名(2026年1月2日)", "2026-01-02", None),
        ("題名(2026年1月)", "2026-01", None),
        ("題名（２０２６年１月２日）", "2026-01-02", None),
        ("題名(2026/1/2)(閲覧日:2026/1/3)", "2026-01-02", "2026-01-03"),
        ("題名 (accessed: 2026-01-03)", None, "2026-01-03"),
        ("題名(2026年13月2日)", None, None),
        ("題名", None, None),
    ],
)
def test_a_source_has_the_dates_it_states(label: str, published: str | None, accessed: str | None) -> None:
    (found,) = references(f"## 出典\n{label}\nhttps://example.com/")
    assert (found.title, found.published, found.accessed) == ("題名", published, accessed)


@pytest.mark.parametrize("url", ["https://[x", "https://user:pass@example.com/", "http://\\", "https://:80/"])
def test_what_is_no_safe_url_is_text_and_no_source(url: str) -> None:
    text = f"## 出典\n題名 {url}\n次 https://example.com/"
    assert [r.url for r in references(text)] == ["https://example.com/"]
    assert "".join(unit_texts(text)).replace(" ", "") == text.partition("\n")[2].replace("\n", "").replace(
        " ", ""
    )


def test_text_between_sources_is_kept() -> None:
    text = "## 出典\n以下です。\nA https://a.example/\nこれは文です。\nB https://b.example/\n以上。"
    assert unit_texts(text) == [
        "以下です。",
        "A https://a.example/",
        "これは文です。",
        "B https://b.example/",
        "以上。",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "# x" + " " * 50000 + "y",
        "目次\n" + "a\n" * 20000,
        "## 出典\n" + "https://" * 10000,
        "## 出典\n" + "https://a(" * 10000,
        "- " * 50000,
        "## 出典\nhttps://a" + "." * 50000,
        "##" * 50000,
        "1." * 50000,
    ],
    ids=lambda text: text[:12],
)
def test_endless_lines_are_read_quickly(text: str) -> None:
    started = time.process_time()
    for section in sections(text):
        units(text, section)
    references(text)
    assert time.process_time() - started < 2
