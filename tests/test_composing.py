"""What is quoted beside a sentence: its antecedent, its exception, the whole remark."""

from doubles import HashEmbedder, make_article

from rag.answering.composing import Citations, compose
from rag.answering.evidence import find
from rag.answering.question import analyse
from rag.chunking import chunk
from rag.types import Hit, Statement

NEWS = """青空社は学校教育を支える計画「Hinata」を始めた。この計画では、3万人以上の教師を支援する。
同社の田中一郎氏は、Hinataへの期待を語った。
教室の風景が変わるでしょう。現場の先生の声を聞きながら進めます。
Hinataには教材が多い。国語、算数、理科、社会がある。
Hinataはパソコンで使える。ただし、携帯電話では使えない。
"""


def statements(question: str, starting: str) -> tuple[Statement, ...]:
    """What is composed when the sentence that starts so was chosen."""
    article = make_article("a", NEWS)
    hits = [
        Hit(chunk=piece, article=article, rank=1, score=1.0, dense=1.0, lexical=1.0)
        for piece in chunk(article)
    ]
    analysed = analyse(question)
    chosen = next(e for e in find(analysed, hits, HashEmbedder()) if e.text.startswith(starting))
    return compose(analysed, [chosen], Citations())


def quotes(statement: Statement) -> list[str]:
    return [citation.quote for citation in statement.citations]


def test_what_a_sentence_points_back_to_is_cited_too() -> None:
    lead, full = statements("Hinataは何人の教師を支援しますか?", "この計画では")
    assert lead.text == "3万人以上です。"
    assert quotes(full) == [
        "この計画では、3万人以上の教師を支援する。",
        "青空社は学校教育を支える計画「Hinata」を始めた。",
    ]
    article_start = full.citations[0].start
    span = full.citations[0].answer_span
    assert span is not None
    assert NEWS[span[0] : span[1]] == "3万人以上"
    assert span[0] >= article_start


def test_nothing_is_added_to_a_sentence_that_names_its_subject() -> None:
    (only,) = statements("Hinataはパソコンで動く?", "Hinataはパソコンで")[:1]
    assert len(only.citations) == 1


def test_a_yes_or_no_is_quoted_with_its_exception() -> None:
    text = " ".join(s.text for s in statements("Hinataはパソコンで使えますか?", "Hinataはパソコンで"))
    assert "ただし、携帯電話では使えない。" in text


def test_what_only_announces_a_list_is_followed_by_the_list() -> None:
    announcing, listed = statements("Hinataの教材は何と何?", "Hinataには教材が多い")
    assert announcing.text == "Hinataには教材が多い。"
    assert listed.text == "国語、算数、理科、社会がある。"


def test_why_somebody_objects_is_said_by_the_remark() -> None:
    intro, remark = statements(
        "Hinataに期待するのはなぜですか?", "同社の田中一郎氏は、Hinataへの期待を語った。"
    )
    assert intro.text == "同社の田中一郎氏は、Hinataへの期待を語った。"
    assert remark.text == "教室の風景が変わるでしょう。現場の先生の声を聞きながら進めます。"


def test_a_remark_is_quoted_whole_with_the_sentence_that_says_whose_it_is() -> None:
    for starting in ("同社の田中", "教室の", "現場の"):
        (remark,) = statements("田中一郎氏はHinataについて何と言いましたか?", starting)
        assert remark.text == "教室の風景が変わるでしょう。現場の先生の声を聞きながら進めます。"
        assert quotes(remark)[1] == "同社の田中一郎氏は、Hinataへの期待を語った。"
