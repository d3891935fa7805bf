"""Chunks are verbatim runs of whole sentences of one section, and nothing falls between them."""

import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.chunking import LONGEST, LONGEST_LIST, LONGEST_SENTENCE, chunk, indexed_text
from rag.corpus import read_article
from rag.structure import sections, units
from rag.types import Article, Chunk, sha256

CORPUS = Path(__file__).parents[1] / "corpus"
PROSE = "新しい図書館は来年の四月に駅前で開館し、夜九時まで誰でも利用できるようになる予定だ。"

line = st.one_of(
    st.sampled_from(
        [
            "## 見出し",
            "# 大見出し",
            "見出し",
            "- 項目です",
            "1. 項目",
            "次の通りです:",
            PROSE,
            PROSE * 12,
            "長" * 900,
            "参考・出典",
            "AI利用について",
            "題 https://example.com/a",
            "語 " * 500,
            "「" + "内。" * 500 + "」",
            " " * 900 + "x",
            "x" + " " * 900 + "x",
            "",
            "\x01" * 900,
        ]
    ),
    st.text(st.characters(codec="utf-8"), max_size=30),
)
articles = st.lists(line, min_size=1, max_size=12).map("\n".join).filter(bool)


def article(text: str, **fields: str) -> Article:
    return Article(**{"id": "a", "url": "https://example.com/", "title": "題名", "text": text, **fields})  # type: ignore[arg-type]


def texts(text: str) -> list[str]:
    return [piece.text for piece in chunk(article(text))]


def section_of(piece: Chunk, source: Article) -> int:
    (index,) = (
        i for i, s in enumerate(sections(source.text)) if s.start <= piece.start and piece.end <= s.end
    )
    return index


# --- for any text -------------------------------------------------------------------------------------------


@settings(max_examples=40)
@given(articles)
def test_chunks_are_verbatim_ordered_and_cover_each_section_exactly_once(text: str) -> None:
    source = article(text)
    found = chunk(source)
    assert all(text[piece.start : piece.end] == piece.text == piece.text.strip() != "" for piece in found)
    assert all(left.end <= right.start for left, right in pairwise(found))
    covered = {i for piece in found for i in range(piece.start, piece.end)}
    expected = {i for s in sections(text) for i in range(s.start, s.end) if not text[i].isspace()}
    assert {i for i in covered if not text[i].isspace()} == expected


@settings(max_examples=40)
@given(articles)
def test_no_chunk_leaves_its_section_and_each_carries_its_headings(text: str) -> None:
    source = article(text)
    for piece in chunk(source):
        section = sections(text)[section_of(piece, source)]
        assert (piece.heading_path, piece.kind) == (section.heading_path, section.kind)


@settings(max_examples=40)
@given(articles)
def test_every_unit_of_ordinary_length_is_whole_in_one_chunk(text: str) -> None:
    found = chunk(article(text))
    for section in sections(text):
        for unit in units(text, section):
            if unit.end - unit.start <= LONGEST_SENTENCE:
                assert any(piece.start <= unit.start and unit.end <= piece.end for piece in found)


@settings(max_examples=40)
@given(articles)
def test_no_chunk_is_longer_than_the_longest_sentence(text: str) -> None:
    assert all(len(piece) <= LONGEST_SENTENCE for piece in texts(text))


@settings(max_examples=40)
@given(articles)
def test_ids_are_unique_deterministic_and_change_with_article_place_and_text(text: str) -> None:
    found = [piece.id for piece in chunk(article(text))]
    assert len(set(found)) == len(found)
    assert [piece.id for piece in chunk(article(text))] == found
    assert not set(found) & {piece.id for piece in chunk(article(text, id="b"))}


def test_an_id_names_article_span_and_text() -> None:
    (first,) = chunk(article("本文です。"))
    assert first.id == f"a:0-5:{sha256('本文です。')[:8]}"
    assert first.article_id == "a"
    assert chunk(article("本文でス。"))[0].id != first.id
    assert chunk(article("\n本文です。"))[0].id != first.id


# --- sizes --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sentences", [9, 20, 50, 333])
def test_long_prose_becomes_chunks_of_200_to_400_characters(sentences: int) -> None:
    sizes = [len(piece) for piece in texts(PROSE * sentences)]
    assert max(sizes) <= LONGEST
    assert sum(200 <= size <= 400 for size in sizes) >= 0.9 * len(sizes)


def test_short_prose_is_one_chunk() -> None:
    assert texts(PROSE * 9) == [PROSE * 9]


def test_chunks_of_prose_are_about_equally_long() -> None:
    sizes = [len(piece) for piece in texts(PROSE * 11)]
    assert len(sizes) == 2
    assert max(sizes) - min(sizes) <= len(PROSE)


@pytest.mark.parametrize("length", [LONGEST + 1, LONGEST_SENTENCE])
def test_a_sentence_up_to_the_longest_is_not_split(length: int) -> None:
    sentence = "あ" * (length - 1) + "。"
    assert texts(f"{PROSE}{sentence}{PROSE}") == [PROSE, sentence, PROSE]


def test_a_longer_sentence_is_cut_between_words() -> None:
    sentence = "東京の図書館と" * 150
    found = texts(sentence)
    assert "".join(found) == sentence
    assert len(found) > 1
    assert all(len(piece) <= LONGEST for piece in found)
    assert all(piece.startswith(("東京", "の", "図書", "館", "と")) for piece in found)


@pytest.mark.parametrize("character", ["あ", "。"])
def test_a_text_of_100000_characters_is_cut_quickly(character: str) -> None:
    text = character * (100_000 // len(character))
    started = time.process_time()
    found = texts(text)
    assert time.process_time() - started < 2
    assert "".join("".join(found).split()) == "".join(text.split())
    assert all(len(piece) <= LONGEST_SENTENCE for piece in found)


# --- lists --------------------------------------------------------------------------------------------------


def test_a_list_stays_with_the_sentence_that_leads_it_in() -> None:
    listing = "次の3つを展開しています。\n" + "\n".join(f"- 項目{i}:{'説明' * 40}" for i in range(3))
    found = texts(f"{PROSE * 8}{listing}\n{PROSE * 8}")
    assert [listing in piece for piece in found].count(True) == 1
    assert len(found) > 1


def test_a_list_longer_than_a_list_may_be_is_split_between_items() -> None:
    items = [f"- 項目{i}:{'説明' * 40}" for i in range(12)]
    found = texts("次の通りです。\n" + "\n".join(items))
    assert sum(map(len, items)) > LONGEST_LIST
    assert all(any(item in piece for piece in found) for item in items)
    assert all(len(piece) <= LONGEST for piece in found)


# --- what is indexed ----------------------------------------------------------------------------------------


def test_the_indexed_text_is_title_headings_and_chunk() -> None:
    source = article("# 大\n## 小\n本文です。")
    assert [indexed_text(source, piece) for piece in chunk(source)] == ["題名\n大 > 小\n本文です。"]
    plain = article("本文です。")
    assert [indexed_text(plain, piece) for piece in chunk(plain)] == ["題名\n本文です。"]


# --- the corpus ---------------------------------------------------------------------------------------------


def test_the_weekly_article_is_chunked_by_its_sections() -> None:
    source = read_article(CORPUS / "fidx-generative-ai-weekly-2026-01-w4.md")
    found = chunk(source)
    assert [(piece.heading_path[-1], piece.kind) for piece in found] == [
        ("ChatGPTを支える大規模データベース基盤", "body"),
        ("Stargateプロジェクトとコミュニティ形成", "body"),
        ("デスクトップ向け新ツール「Cowork」の登場", "body"),
        ("デスクトップ向け新ツール「Cowork」の登場", "body"),
        ("Claude憲法の全面改訂", "body"),
        ("教育分野への貢献:Teach For Allとの連携", "body"),
        ("教育分野への貢献:Teach For Allとの連携", "body"),
        ("押さえるべきポイント", "body"),
        ("押さえるべきポイント", "body"),
        ("参考・出典", "references"),
        ("参考・出典", "references"),
        ("参考・出典", "references"),
        ("AI利用について", "notice"),
    ]
    constitution = found[4].text
    assert all(
        part in constitution
        for part in ("以下の4つの原則", "- 安全性", "- 倫理的", "- Anthropic", "- 真に有用")
    )
    learning = found[5].text
    assert all(
        part in learning
        for part in ("以下の3つのプログラム", "- AIリテラシー", "- Claude Connect", "- Claude Lab")
    )


def test_the_news_article_is_chunked_evenly() -> None:
    source = read_article(CORPUS / "infoq-stargate-openai-for-countries.md")
    sizes = [len(piece.text) for piece in chunk(source)]
    assert sum(sizes) > 0.98 * len(source.text)
    assert all(200 <= size <= 400 for size in sizes[:-1])
    assert chunk(source)[0].text.startswith("OpenAIは、Stargateプロジェクトの一環として")
    assert chunk(source)[-1].text.endswith("アクセスできる国を制限している。")
