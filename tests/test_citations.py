"""A quote is exactly where it says, or there is no citation; a link leads to the quote and nowhere else."""

import re
from urllib.parse import unquote

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rag.chunking import chunk
from rag.citations import cite, deep_link, verify
from rag.errors import CitationError
from rag.japanese import Span
from rag.types import Article, Chunk, Citation, sha256

URL = "https://example.com/news"
TEXT = "前年比12%増の340億円で黒字となった。\n利用者は8億人です。😀来年は9億人を見込む。"

pieces = st.sampled_from(
    [
        "本文です。",
        "同じ文。",
        "\n",
        "- 項目",
        "、",
        "-,&=#",
        "https://example.com/a b",
        "😀",
        "\r\n",
        "\u2028",
        " ",
        "長い文" * 30,
        "word and word ",
    ]
)
prose = (
    st.lists(st.one_of(pieces, st.text(st.characters(codec="utf-8"), max_size=10)), min_size=1, max_size=10)
    .map("".join)
    .filter(bool)
)


def article(text: str = TEXT, **fields: str) -> Article:
    return Article(**{"id": "a", "url": URL, "title": "題名", "text": text, **fields})  # type: ignore[arg-type]


def whole(source: Article) -> Chunk:
    return Chunk(id="c", article_id=source.id, start=0, end=len(source.text), text=source.text)


def span_of(text: str, quote: str) -> Span:
    at = text.index(quote)
    return Span(at, at + len(quote))


def cited(quote: str, source: Article | None = None) -> Citation:
    source = source or article()
    return cite(source, whole(source), span_of(source.text, quote), 1)


def forged(citation: Citation, **fields: object) -> Citation:
    """A citation that is consistent in itself, with other fields."""
    data = {**citation.model_dump(), **fields}
    return Citation.model_validate({**data, "quote_sha256": sha256(data["quote"])})


def directive(source: Article, quote: str) -> tuple[str, str, str, str]:
    """Prefix, start, end and suffix of the link's text fragment, decoded."""
    return parsed(deep_link(source, span_of(source.text, quote)))


def parsed(link: str) -> tuple[str, str, str, str]:
    parts = link.partition(":~:text=")[2].split(",")
    prefix = parts.pop(0)[:-1] if parts[0].endswith("-") else ""
    suffix = parts.pop()[1:] if parts[-1].startswith("-") else ""
    assert len(parts) in (1, 2)
    return unquote(prefix), unquote(parts[0]), unquote(parts[1]) if len(parts) == 2 else "", unquote(suffix)


# --- cite and verify ----------------------------------------------------------------------------------------


def test_a_citation_carries_the_quote_its_place_and_its_source() -> None:
    source = article(publisher="媒体", published="2026-01")
    found = cite(source, whole(source), span_of(TEXT, "利用者は8億人です。"), 3)
    assert (found.n, found.chunk_id, found.article_id, found.title, found.url) == (3, "c", "a", "題名", URL)
    assert (found.publisher, found.published) == ("媒体", "2026-01")
    assert TEXT[found.start : found.end] == found.quote == "利用者は8億人です。"
    assert found.quote_sha256 == sha256("利用者は8億人です。")
    assert found.deep_link.startswith(URL + "#:~:text=")
    verify(found, source)


@given(prose, st.data())
def test_a_quote_is_verbatim_in_any_text(text: str, data: st.DataObject) -> None:
    source = article(text)
    start = data.draw(st.integers(0, len(text) - 1))
    span = Span(start, data.draw(st.integers(start + 1, len(text))))
    found = cite(source, whole(source), span, 1)
    assert source.text[found.start : found.end] == found.quote
    verify(found, source)


@pytest.mark.parametrize(
    "span",
    [(0, 0), (3, 3), (5, 3), (-1, 3), (0, len(TEXT) + 1), (len(TEXT), len(TEXT)), (len(TEXT), len(TEXT) + 1)],
)
def test_a_span_that_is_empty_or_outside_is_refused(span: tuple[int, int]) -> None:
    source = article()
    with pytest.raises(CitationError, match="本文の外"):
        cite(source, whole(source), Span(*span), 1)


@pytest.mark.parametrize(
    "change",
    [
        {"text": TEXT.replace("12", "13")},
        {"start": 1},
        {"end": len(TEXT) - 1},
        {"article_id": "b"},
        {"text": TEXT[1:]},
    ],
)
def test_a_chunk_that_is_not_verbatim_in_the_article_is_refused(change: dict[str, object]) -> None:
    source = article()
    with pytest.raises(CitationError, match="一致しません") as caught:
        cite(source, whole(source).model_copy(update=change), Span(0, 5), 1)
    assert "rag rebuild" in caught.value.hint


@pytest.mark.parametrize(
    ("true", "false"),
    [
        ("340億円で黒字", "341億円で黒字"),
        ("340億円で黒字", "340億円で赤字"),
        ("前年比12%増", "前年比12%減"),
        ("利用者は8億人です。", "利用者は８億人です。"),
        ("利用者は8億人です。", "利用者は8億人です."),
        ("来年は9億人", "来年は8億人"),
    ],
)
def test_a_quote_changed_in_one_character_is_refused(true: str, false: str) -> None:
    with pytest.raises(CitationError, match="ありません"):
        verify(forged(cited(true), quote=false), article())


@pytest.mark.parametrize("shift", [-1, 1])
def test_a_quote_shifted_by_one_is_refused(shift: int) -> None:
    found = cited("利用者は8億人です。")
    with pytest.raises(CitationError, match="ありません"):
        verify(forged(found, start=found.start + shift, end=found.end + shift), article())


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        (article(id="b"), "のものではありません"),
        (article(url=URL + "/2"), "のものではありません"),
        (article(TEXT.replace("340", "341")), "にありません"),
        (article("\n" + TEXT), "にありません"),
        (article("短い"), "にありません"),
    ],
)
def test_a_citation_of_another_or_a_changed_article_is_refused(source: Article, complaint: str) -> None:
    with pytest.raises(CitationError, match=complaint):
        verify(cited("前年比12%増の340億円で黒字"), source)


@given(st.integers(0, len(TEXT) - 1), st.characters(codec="utf-8"))
def test_any_changed_character_is_refused(at: int, character: str) -> None:
    assume(TEXT[at] != character)
    quote = TEXT[:at] + character + TEXT[at + 1 :]
    with pytest.raises(CitationError):
        verify(forged(cited(TEXT), quote=quote), article())


# --- deep links ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "quote", "fragment"),
    [
        ("値は a-b,c&d です", "a-b,c&d", "a%2Db%2Cc%26d"),
        ("日本語です。", "日本語です。", "%E6%97%A5%E6%9C%AC%E8%AA%9E%E3%81%A7%E3%81%99%E3%80%82"),
        ("前 50% #1 後", "50% #1", "50%25%20%231"),
        ("😀絵文字です。次。", "絵文字です。", "%E7%B5%B5%E6%96%87%E5%AD%97%E3%81%A7%E3%81%99%E3%80%82"),
        ("a/b=c?d:e+f", "a/b=c?d:e+f", "a%2Fb%3Dc%3Fd%3Ae%2Bf"),
    ],
)
def test_every_reserved_character_is_percent_encoded(text: str, quote: str, fragment: str) -> None:
    assert deep_link(article(text), span_of(text, quote)) == f"{URL}#:~:text={fragment}"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.com/", "https://example.com/#:~:text=abc"),
        ("https://example.com/?p=1", "https://example.com/?p=1#:~:text=abc"),
        ("https://example.com/#part", "https://example.com/#part:~:text=abc"),
        ("https://example.com/#", "https://example.com/#:~:text=abc"),
    ],
)
def test_the_directive_joins_the_fragment_that_the_url_has(url: str, expected: str) -> None:
    assert deep_link(article("abc", url=url), Span(0, 3)) == expected


def test_a_long_quote_is_given_by_its_first_and_last_words() -> None:
    quote = "新しい図書館は、来年の四月に駅前で開館する予定で、夜九時まで誰でも無料で利用できるようになり、休館日は毎週月曜日と年末年始だけとする。"
    _, start, end, _ = directive(article(f"前の文。{quote}後の文。"), quote)
    assert quote.startswith(start)
    assert quote.endswith(end)
    assert 5 <= len(start) <= 30
    assert 5 <= len(end) <= 30
    assert start.endswith("、")


def test_a_quote_of_several_lines_runs_from_the_first_to_the_last() -> None:
    text = "次の通りです:\n- 一つ目の項目\n- 二つ目の項目\n- 三つ目の項目"
    assert directive(article(text), text[8:]) == ("", "一つ目の項目", "三つ目の項目", "")


@pytest.mark.parametrize(
    ("quote", "expected"),
    [
        ("詳細は https://example.com/a を参照。", ("詳細は", "を参照。")),
        ("題名\nhttps://example.com/a", ("題名", "")),
        ("題名\n---\n", ("題名", "")),
        ("--- \n本文です", ("本文です", "")),
    ],
)
def test_what_a_page_shows_differently_is_not_in_the_link(quote: str, expected: tuple[str, str]) -> None:
    assert directive(article(quote), quote) == ("", *expected, "")


@pytest.mark.parametrize(
    "quote", [" ", "\n\u3000", "。", "- ", "---", "https://example.com/a", "「」…", "😀"]
)
def test_a_quote_without_words_has_the_plain_url(quote: str) -> None:
    assert deep_link(article(f"前{quote}後"), Span(1, 1 + len(quote))) == URL


def test_a_repeated_quote_gets_the_words_before_it() -> None:
    text = "最初の会議です。結果は未定です。\n次の会議です。結果は未定です。"
    at = text.rindex("結果は")
    prefix, start, _, _ = parsed(deep_link(article(text), Span(at, at + len("結果は未定です。"))))
    assert start == "結果は未定です。"
    assert text.count(prefix + start) == 1
    assert text.index(prefix + start) + len(prefix) == at


def test_a_longer_prefix_is_taken_where_a_short_one_is_repeated_too() -> None:
    same = "という名の新しい市立図書館が駅前の広場に開館するという発表がありました。"
    text = f"東京{same}\n結果は未定です。\n大阪{same}\n結果は未定です。"
    at = text.rindex("結果は")
    assert parsed(deep_link(article(text), Span(at, len(text)))) == (
        f"大阪{same}",
        "結果は未定です。",
        "",
        "",
    )


def test_a_list_that_lost_its_lines_is_cited_without_its_bullets() -> None:
    text = "題名\nhttps://example.com/a - 発行元:次の題名\nhttps://example.com/b"
    assert directive(article(text), text[text.index("- 発行元") :]) == ("", "発行元:次の題名", "", "")


def test_a_prefix_never_crosses_what_a_page_shows_differently() -> None:
    text = "同じ文。\n題名 https://example.com/a\n同じ文。"
    assert parsed(deep_link(article(text), Span(len(text) - 4, len(text))))[0] == ""


def test_the_first_of_repeated_quotes_needs_no_prefix() -> None:
    assert directive(article("結果は未定です。次も。結果は未定です。"), "結果は未定です。")[0] == ""


PARTNERSHIP = "新しい種類の提携を提供する。」と発表しており、技術開発における米国の外交政策の利益と一致していることを強調している。"
REPEATED = "同じ段落です。一つ目の続き。\n同じ段落です。二つ目の続き。"


@pytest.mark.parametrize(
    ("text", "quote", "expected"),
    [
        # 「に/おける」 or 「における」 is one dictionary's word and not another's: no part begins there
        (
            f"「政府との調整のもとで{PARTNERSHIP}",
            f"「政府との調整のもとで{PARTNERSHIP}",
            (
                "",
                "「政府との調整のもとで新しい種類の提携を提供する。」",
                "技術開発における米国の外交政策の利益と一致していることを強調している。",
                "",
            ),
        ),
        ("前の文。市場は急に拡大した、と述べた。", "急に拡大", ("市場は", "急に拡大", "", "した")),
        ("前の文。市場は急に拡大した、と述べた。", "市場は急に", ("", "市場は急に", "", "拡大した")),
        ("前の文。市場は急に拡大した、と述べた。", "と述べた。", ("", "と述べた。", "", "")),
        ("費用は1,234億円です。", "234億円", ("費用は1,", "234億円", "", "です")),
    ],
)
def test_parts_begin_and_end_where_every_dictionary_ends_a_word(
    text: str, quote: str, expected: tuple[str, str, str, str]
) -> None:
    assert directive(article(text), quote) == expected


def test_the_words_after_a_repeated_quote_tell_it_apart_where_those_before_cannot() -> None:
    text = f"https://example.com/\n{REPEATED}".replace("。\n同じ", "。\nhttps://example.com/\n同じ")
    at = text.rindex("同じ段落です。")
    assert parsed(deep_link(article(text), Span(at, at + 7))) == ("", "同じ段落です。", "", "二つ目の続き")


def test_words_before_are_words_and_not_punctuation_alone() -> None:
    at = REPEATED.rindex("同じ")
    assert parsed(deep_link(article(REPEATED), Span(at, at + 7)))[0] == "一つ目の続き。"


def test_white_space_and_case_tell_no_quotes_apart() -> None:
    text = "前の AI の話。 市場が伸びた。\n後の ai の話。\n市場が伸びた。"
    at = text.rindex("市場")
    assert parsed(deep_link(article(text), Span(at, len(text))))[0] == "後の ai の話。"


def test_an_end_that_the_quote_has_twice_is_made_longer() -> None:
    same = "、来年の春までに結果を発表する見込みです。"
    text = f"次の通りです:\n- 東京の計画は{same}\n- 大阪の計画は{same}"
    assert directive(article(text), text) == ("", "次の通りです:", f"大阪の計画は{same}", "")


@pytest.mark.parametrize(
    "text",
    ["## 見出しです\n本文です", "1. 一つ目\n2. 二つ目", "12) 一つ目\n13) 二つ目", "• 一つ目\n• 二つ目"],
)
def test_marks_of_headings_and_lists_are_not_in_the_link(text: str) -> None:
    first, last = (line.split(maxsplit=1)[-1] for line in text.splitlines())
    assert directive(article(text), text) == ("", first, last, "")


@pytest.mark.parametrize(
    "text",
    [
        "同じ文。\n題名 https://example.com/a\n同じ文。",  # nothing tells the two apart
        "切れ目のない長い文" * 30,
    ],
)
def test_a_quote_that_no_fragment_leads_to_alone_has_the_plain_url(text: str) -> None:
    assert (
        deep_link(article(text), Span(len(text) - 4, len(text)) if "\n" in text else Span(0, len(text)))
        == URL
    )


@given(prose, st.data())
def test_the_first_place_that_a_link_fits_is_in_the_quote(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    link = deep_link(article(text), Span(start, end))
    assume(link != URL)
    prefix, first, last, suffix = parsed(link)
    # as browsers do, but for their word boundaries
    after = rf"\s*{re.escape(suffix)}" if suffix and not last else ""
    before = rf"{re.escape(prefix)}[\s*+•.)#\d-]*?" if prefix else ""
    found = re.search(rf"{before}({re.escape(first)}){after}", text, re.IGNORECASE)
    assert found
    assert start <= found.start(1) < found.end(1) <= end


@given(prose, st.data())
def test_the_link_names_only_what_the_quote_and_the_text_before_it_hold(
    text: str, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    link = deep_link(article(text), Span(start, end))
    assert re.fullmatch(r"[!-~]+", link)
    assert link.startswith(URL)
    if link == URL:
        return
    prefix, first, last, suffix = parsed(link)
    at = text.index(first, start)
    assert at + len(first) <= end
    assert last == "" or text.index(last, at + len(first)) + len(last) <= end
    assert prefix in text[:at]
    assert suffix in text[at + len(first) :]
    assert first == first.strip() != ""


@settings(max_examples=30)
@given(prose)
def test_every_chunk_of_an_article_can_be_cited(text: str) -> None:
    source = article(text)
    for n, piece in enumerate(chunk(source), 1):
        verify(cite(source, piece, Span(piece.start, piece.end), n), source)
