from collections.abc import Callable

import pytest
from doubles import FIDX, INFOQ, HashEmbedder, make_article

from rag.answering.answer_types import has_type
from rag.answering.evidence import cannot_answer, find
from rag.answering.question import analyse
from rag.assistant import Assistant
from rag.chunking import chunk
from rag.types import Hit, Section

BODY = Section(heading_path=(), kind="body", start=0, end=1)


def evidence_for(assistant: Assistant, question: str, k: int = 12):
    return find(analyse(question), assistant.search(question, k), assistant.embedder)


def hit(text: str, article_id: str = "a") -> Hit:
    article = make_article(article_id, text)
    return Hit(chunk=chunk(article)[0], article=article, rank=1, score=1.0, dense=1.0, lexical=1.0)


@pytest.mark.parametrize(
    ("question", "yes", "no"),
    [
        ("いつ発表?", "1月12日に発表した。", "今度発表した。"),
        ("利用者は何人?", "8億人が使う。", "8億円を使う。"),
        ("何カ国?", "63カ国以上で展開。", "63人で展開。"),
        ("料金はいくら?", "月額20ドルだ。", "20人が使う。"),
        ("どこで建設?", "テキサス州で建設。", "早速着手した。"),
        ("責任者は誰?", "Sam Altman氏が率いる。", "早速着手した。"),
        ("なぜ中止?", "資金が足りないため中止した。", "中止した。"),
    ],
)
def test_a_type_is_found_only_where_its_form_is(question: str, yes: str, no: str) -> None:
    assert has_type(analyse(question), yes, BODY)
    assert not has_type(analyse(question), no, BODY)


@pytest.mark.parametrize(
    ("question", "yes", "no"),
    [
        ("合格率は?", "合格したのは12%だった。", "合格者は12人だった。"),
        ("登録の件数は?", "数百万件の登録がある。", "2026年1月に登録した。"),
        ("契約の期間は?", "契約は3年間だ。", "2026年に契約した。"),
        ("How long have they worked together?", "2016年から続く協力だ。", "2016年に協力した。"),
        ("料金はいくら?", "無料で使える。", "有料で使える。"),
        ("責任者は誰?", "山田太郎が率いる。", "外部の有識者が率いる。"),
        ("Who is the CEO?", "Altman氏が率いる。", "CEOが率いる。"),
    ],
)
def test_a_number_has_the_unit_and_a_person_the_name_that_is_asked_for(
    question: str, yes: str, no: str
) -> None:
    assert has_type(analyse(question), yes, BODY)
    assert not has_type(analyse(question), no, BODY)


def test_what_cannot_answer_stands_behind_what_can() -> None:
    hits = [
        hit("青空社の売上高は社員の努力で大きく伸び、売上高の目標を達成した。"),
        hit("青空社は3億円を得た。", "b"),
    ]
    best, *_, last = find(analyse("青空社の売上高は?"), hits, HashEmbedder())
    assert (best.typed, last.typed) == (1, 0)
    named = [hit("Oracleは、クラウドの料金を改定した。"), hit("Azureの話。", "b")]
    assert find(analyse("Azureの料金を改定した?"), named, HashEmbedder())[0].hit.article.id == "b"


@pytest.mark.parametrize(
    ("question", "answers"),
    [
        ("青空社の社員数は?", False),
        ("How many employees does Aozora have?", False),
        ("青空社の利用者は何人?", True),
        ("How many users does Aozora have?", True),
        ("How many people use Aozora?", True),
        ("青空社は何人が使う?", True),
    ],
)
def test_a_number_of_something_else_does_not_answer(question: str, answers: bool) -> None:
    (only,) = find(analyse(question), [hit("青空社(Aozora)は8億人の利用者がいる。")], HashEmbedder())
    assert cannot_answer(analyse(question), only) is not answers


def test_another_word_for_the_same_counts_less_than_the_word() -> None:
    found = [
        find(analyse("アプリを作った先生は?"), [hit(text)], HashEmbedder())[0]
        for text in ("アプリを作った先生。", "アプリを作った教師。", "アプリを作った生徒。")
    ]
    assert found[0].focus == 1
    assert 0 < found[1].focus < 1
    assert found[2].focus == 0


def test_a_place_is_no_person() -> None:
    assert not has_type(analyse("初期投資家は?"), "米国で投資する。", BODY)
    assert has_type(analyse("初期投資家は?"), "SoftBankが投資する。", BODY)


def test_a_source_needs_its_address() -> None:
    sources = Section(heading_path=("出典",), kind="references", start=0, end=1)
    assert has_type(analyse("出典は?"), "題名\nhttps://example.com/", sources)
    assert not has_type(analyse("出典は?"), "以下の資料を基にしました。", sources)


def test_the_sentence_with_the_rare_words_comes_first(assistant: Assistant) -> None:
    best = evidence_for(assistant, "Stargateで財務責任を担う会社は?")[0]
    assert best.hit.article.id == INFOQ
    assert "SoftBankが財務責任を担い" in best.text


def test_the_note_about_the_article_is_never_evidence_for_news(assistant: Assistant) -> None:
    found = evidence_for(assistant, "AIツールの支援を受けて作成されたものは?", k=21)
    assert found
    assert all(evidence.section.kind != "notice" for evidence in found)


def test_the_note_can_be_asked_about(assistant: Assistant) -> None:
    found = evidence_for(assistant, "この記事はAIツールの支援を受けて作成されましたか?", k=21)
    assert any(evidence.section.kind == "notice" for evidence in found)


def test_sources_are_evidence_only_when_asked_for(assistant: Assistant) -> None:
    kinds = {e.section.kind for e in evidence_for(assistant, "Scaling PostgreSQLの内容は?", k=21)}
    assert "references" not in kinds
    best = evidence_for(assistant, "Scaling PostgreSQLの出典のURLは?", k=21)[0]
    assert (best.hit.article.id, "https://openai.com/index/scaling-postgresql/" in best.text) == (FIDX, True)


def test_a_subject_named_before_counts_for_the_sentence_after(embedder: HashEmbedder) -> None:
    article = make_article("a", "青空号は鉄道会社の新しい列車です。定員は120人です。")
    piece = chunk(article)[0]
    hit = Hit(chunk=piece, article=article, rank=1, score=1.0, dense=1.0, lexical=1.0)
    by_text = {e.text: e for e in find(analyse("青空号の定員は?"), [hit], embedder)}
    second = by_text["定員は120人です。"]
    assert second.coverage > second.own_coverage > 0
    assert second.missing_name == 0


def test_no_hits_are_no_evidence(embedder: HashEmbedder) -> None:
    assert find(analyse("何?"), [], embedder) == []


def test_every_unit_is_verbatim(opener: Callable[[], Assistant]) -> None:
    for evidence in evidence_for(opener(), "OpenAIについて", k=21):
        assert evidence.hit.article.text[evidence.unit.start : evidence.unit.end] == evidence.text
        assert evidence.hit.chunk.start <= evidence.unit.start < evidence.hit.chunk.end
