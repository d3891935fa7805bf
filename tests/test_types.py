"""The values refuse what must never exist: an unproved statement, a false quote, an unsafe URL, half a character."""

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from rag.types import (
    Abstention,
    Answer,
    Article,
    ArticleId,
    Chunk,
    Citation,
    Filter,
    Frozen,
    Hit,
    IndexedArticle,
    IndexedChunk,
    IndexManifest,
    PartialDate,
    Reference,
    Reply,
    Section,
    Statement,
    Url,
    sha256,
)

URL = "https://example.com/"
SURROGATE = "\ud800"


def citation(**fields: object) -> Citation:
    proof = {"n": 1, "chunk_id": "c", "article_id": "a", "title": "題名", "url": URL, "start": 3, "end": 8}
    proof |= {"quote": "8億人です", "quote_sha256": sha256("8億人です"), "deep_link": URL}
    return Citation(**{**proof, **fields})  # type: ignore[arg-type]


def article(**fields: object) -> Article:
    return Article(**{"id": "a", "url": URL, "title": "題名", "text": "本文です。", **fields})  # type: ignore[arg-type]


CHUNK = Chunk(id="c", article_id="a", start=0, end=5, text="本文です。")
STATEMENT = Statement(text="8億人です。", citations=(citation(),))


# --- proof --------------------------------------------------------------------------------------------------


def test_a_statement_without_a_citation_cannot_be_made() -> None:
    with pytest.raises(ValidationError, match="citations"):
        Statement(text="8億人です。", citations=())
    with pytest.raises(ValidationError, match="citations"):
        Statement(text="8億人です。")  # type: ignore[call-arg]


@pytest.mark.parametrize("text", ["", " ", "\n\u3000"])
def test_a_statement_without_text_cannot_be_made(text: str) -> None:
    with pytest.raises(ValidationError, match="text"):
        Statement(text=text, citations=(citation(),))


def test_an_answer_without_a_statement_cannot_be_made() -> None:
    with pytest.raises(ValidationError, match="statements"):
        Answer(question="?", statements=())


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"quote_sha256": sha256("8億人でス")}, "not the hash"),
        ({"quote_sha256": ""}, "not the hash"),
        ({"quote": "9億人です"}, "not the hash"),
        ({"end": 9}, "does not span"),
        ({"start": 2}, "does not span"),
        ({"start": 8, "end": 3}, "does not span"),
        ({"start": -1, "end": 4}, "greater than or equal to 0"),
        ({"start": 3, "end": 3, "quote": "", "quote_sha256": sha256("")}, "at least 1"),
        ({"n": 0}, "greater than or equal to 1"),
        ({"url": "javascript:alert(1)"}, "http"),
        ({"quote": f"8億人で{SURROGATE}"}, "unicode"),
    ],
)
def test_a_citation_that_contradicts_itself_cannot_be_made(fields: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        citation(**fields)


def test_an_answer_lists_its_distinct_citations_by_marker() -> None:
    second = citation(n=2, chunk_id="d")
    answer = Answer(
        question="?",
        statements=(
            Statement(text=" 一つ目。\n", citations=(second, citation())),
            Statement(text="二つ目。", citations=(citation(),)),
        ),
    )
    assert answer.citations == (citation(), second)
    assert answer.text == "一つ目。\n二つ目。"


@pytest.mark.parametrize(
    "reply",
    [
        Answer(question="?", statements=(STATEMENT,), timings_ms={"total": 1.5}),
        Abstention(question="?", reason="no_evidence", message="ありません。"),
    ],
)
def test_a_reply_survives_json_and_keeps_its_kind(reply: Reply) -> None:
    again: Reply = TypeAdapter(Reply).validate_json(reply.model_dump_json())
    assert again == reply
    assert type(again) is type(reply)


def test_an_abstention_needs_a_known_reason() -> None:
    with pytest.raises(ValidationError, match="reason"):
        Abstention(question="?", reason="lazy", message="x")  # type: ignore[arg-type]


# --- frozen, and nothing unknown ------------------------------------------------------------------------------

VALUES: list[Frozen] = [
    article(),
    CHUNK,
    STATEMENT,
    citation(),
    Reference(title="題", url=URL),
    Section(heading_path=(), kind="body", start=0, end=1),
    Hit(chunk=CHUNK, article=article(), rank=1, score=1, dense=1, lexical=1),
    Answer(question="?", statements=(STATEMENT,)),
    Abstention(question="?", reason="no_evidence", message="x"),
    Filter(),
    IndexManifest(embedding_model="m", dimension=1, tokenizer="t", chunker="c"),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_values_never_change_and_have_no_unknown_fields(value: Frozen) -> None:
    field = next(iter(type(value).model_fields))
    with pytest.raises(ValidationError, match="frozen"):
        setattr(value, field, getattr(value, field))
    with pytest.raises(ValidationError, match="unknown_field"):
        type(value).model_validate({**value.model_dump(), "unknown_field": 1})
    assert type(value).model_validate(value.model_dump()) == value


# --- text ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["title", "text", "publisher", "url"])
def test_an_article_with_half_a_character_cannot_be_made(field: str) -> None:
    with pytest.raises(ValidationError) as caught:
        article(**{field: f"{URL}x{SURROGATE}"})
    assert caught.value.errors()[0]["loc"] == (field,)


@pytest.mark.parametrize("field", ["title", "text"])
def test_an_article_has_a_title_and_a_text(field: str) -> None:
    with pytest.raises(ValidationError, match="at least 1"):
        article(**{field: ""})


def test_the_text_of_an_article_is_kept_to_the_letter() -> None:
    text = " \r\n㈱ﾌﾟﾗﾝ\u3000e\u0301\ufeff\n"
    assert article(text=text).text == text


@pytest.mark.parametrize(
    "change",
    [
        {"text": "本文でス。"},
        {"title": "別"},
        {"published": "2026"},
        {"url": URL + "x"},
        {"lang": "en"},
        {"id": "b"},
    ],
)
def test_the_content_hash_changes_with_every_field(change: dict[str, object]) -> None:
    assert article().content_hash == article().content_hash
    assert article(**change).content_hash != article().content_hash


def test_sha256_is_of_the_utf8_bytes() -> None:
    assert sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert sha256("あ") == hashlib.sha256(b"\xe3\x81\x82").hexdigest()


# --- URLs, ids, dates ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "http://example.com:8080/a?b=c&d#e",
        "https://例え.jp/あ",
        "HTTPS://EXAMPLE.COM/",
        "https://[::1]/",
        "https://example.com/%E3%81%82",
        "https://example.com/a'b(c)",
        "https://example.com/?p=3554",
    ],
)
def test_web_addresses_are_urls(url: str) -> None:
    assert TypeAdapter(Url).validate_python(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "//example.com",
        "https://",
        "https:///a",
        "javascript:alert(1)",
        "JAVASCRIPT:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "ftp://example.com",
        "https://user:pass@example.com",
        "https://user@example.com",
        "https://@example.com",
        "https://example.com/a b",
        "https://example.com/\u3000",
        "https://example.com/\n",
        " https://example.com",
        "https://exa\tmple.com",
        "https://example.com/\x00",
        "https://example.com/\x7f",
        "https://example.com/\u202e",
        "https://example.com/\u200b",
        'https://example.com/"',
        "https://example.com/<b>",
        "https://example.com\\@evil.example",
        "https://example.com/`",
        "https://[x",
        "https://example.com/\ud800",
        "https://a℀b.example/",
    ],
)
def test_anything_else_is_no_url(url: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Url).validate_python(url)


@given(st.text(st.characters(codec=None), max_size=20))
def test_no_text_makes_the_url_check_crash(text: str) -> None:
    for url in (text, f"https://{text}", f"https://example.com/{text}"):
        try:
            accepted = TypeAdapter(Url).validate_python(url)
        except ValidationError:
            continue
        assert accepted.isprintable()
        assert not set(accepted) & set(' <>"`\\')


@pytest.mark.parametrize(
    ("value", "allowed"),
    [
        ("a", True),
        ("記事-1_x.2", True),
        ("0" * 200, True),
        ("0" * 201, False),
        ("", False),
        (".", False),
        ("..", False),
        (".hidden", False),
        ("-x", False),
        ("a/b", False),
        ("a\\b", False),
        ("a b", False),
        ("a\n", False),
        ("a\0", False),
        ("a:b", False),
        ("😀", False),
    ],
)
def test_an_article_id_is_a_safe_file_name(value: str, allowed: bool) -> None:
    if allowed:
        assert TypeAdapter(ArticleId).validate_python(value) == value
    else:
        with pytest.raises(ValidationError):
            TypeAdapter(ArticleId).validate_python(value)


@pytest.mark.parametrize("value", ["2026", "2026-01", "2026-12-31"])
def test_a_date_may_be_partial(value: str) -> None:
    assert TypeAdapter(PartialDate).validate_python(value) == value


@pytest.mark.parametrize(
    "value",
    [
        "",
        "26",
        "2026-",
        "2026-1",
        "2026-13",
        "2026-00",
        "2026-01-00",
        "2026-01-32",
        "2026/01/01",
        "2026-01-26T00:00",
        "2026\n",
        "２０２６",
        "٢٠٢٦-01",
        "令和8年",
        "20260126",
    ],
)
def test_anything_else_is_no_date(value: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(PartialDate).validate_python(value)


# --- filters and rows ---------------------------------------------------------------------------------------


def test_a_filter_allows_everything_until_told_otherwise() -> None:
    assert set(Filter().model_dump().values()) == {None}
    assert Filter(langs={"ja"}) == Filter(langs=["ja", "ja"])  # type: ignore[arg-type]
    assert Filter(article_ids=frozenset()).article_ids == frozenset()
    assert hash(Filter(published_from="2026")) == hash(Filter(published_from="2026"))


@pytest.mark.parametrize("field", ["published_from", "published_to"])
def test_a_filter_takes_partial_dates_only(field: str) -> None:
    with pytest.raises(ValidationError, match=field):
        Filter.model_validate({field: "2026年"})


def test_an_indexed_article_keeps_its_chunks_in_order() -> None:
    rows = tuple(IndexedChunk(CHUNK, ("本文",), sha256("x"), np.ones(2, np.float32)) for _ in range(2))
    assert IndexedArticle(article(), rows).chunks is rows
