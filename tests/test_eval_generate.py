"""Generated questions: verbatim evidence, no giveaways, no nonsense, the same every time."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.generating.generate import generate, main, unanswerable
from evals.generating.rules import LONGEST_QUESTION, of_item, of_list, of_sentence
from evals.items import Item, load_items
from rag import Article
from rag.corpus import read_corpus
from rag.japanese import fold

CORPUS = Path(__file__).parent.parent / "corpus"
HARBOUR = """港の再開発
アオバ港湾は2024年4月1日、「ミナト広場」という新たな施設を開業しました。
アオバ港湾は約300億円を整備に投じています。開業の初日は2万人が訪れました。
この計画は、2019年に始まった。
施設の三つの区画
広場は次の3つの区画に分かれています。
- ウミテラス:海を望む食堂街
- ソラデッキ:屋上の展望台
- キタ倉庫:市民のための工房
"""


def article(text: str, id_: str = "a", title: str = "記事") -> Article:
    return Article(id=id_, url="https://example.org/a", title=title, text=text)


def asked(sentence: str, about: str | None = None) -> dict[str, tuple[str, ...]]:
    return {draft.question: draft.facts for draft in of_sentence(sentence, about)}


def check(made: Article, items: list[Item]) -> None:
    """What holds for every generated question."""
    questions = [fold(item.question) for item in items]
    assert len(set(questions)) == len(questions)
    for item in items:
        assert len(item.question) <= LONGEST_QUESTION
        assert item.question.endswith(("?", "。"))
        assert item.answerable
        ((span,),) = item.evidence
        assert made.text[span.start : span.end] == span.text
        for (fact,) in item.accepted:
            assert fact in span.text
            assert fold(fact) not in fold(item.question)


@pytest.mark.parametrize("made", read_corpus(CORPUS), ids=lambda made: made.id)
def test_questions_on_the_corpus_are_sound(made: Article) -> None:
    items = generate(made)
    assert len(items) >= 3
    check(made, items)
    assert items == generate(made)


def test_questions_on_the_corpus() -> None:
    questions = {item.question: item.gold for made in read_corpus(CORPUS) for item in generate(made)}
    assert (
        questions["OpenAIはいつ、「Stargateコミュニティ」という新たな取り組みを発表しましたか?"]
        == "2026年1月20日"
    )
    assert questions["Claude Labとは何ですか?"] == "高度なAI活用を学ぶ選抜プログラム"
    assert questions["技術面では、いくつの主要技術企業がプロジェクトの実施の基盤を形成しているか?"] == "5つ"
    listed = questions["新しい憲法では、どのような原則が重視されていますか?"]
    assert listed.startswith("安全性と人間のコントロールの支持、")


def test_an_article_of_ones_own() -> None:
    made = article(HARBOUR)
    items = generate(made)
    check(made, items)
    by_question = {item.question: (item.type, item.gold) for item in items}
    assert by_question == {
        "アオバ港湾はいつ「ミナト広場」という新たな施設を開業しましたか?": ("when", "2024年4月1日"),
        "アオバ港湾は2024年4月1日、何という新たな施設を開業しましたか?": ("what", "ミナト広場"),
        "アオバ港湾は何円を整備に投じていますか?": ("how_much", "300億円"),
        "開業の初日は何人が訪れましたか?": ("how_many", "2万人"),
        "「港の再開発」について、この計画は、いつ始まったか?": ("when", "2019年"),
        "広場はいくつの区画に分かれていますか?": ("how_many", "3つ"),
        "広場はどのような区画に分かれていますか?": ("list", "ウミテラス、ソラデッキ、キタ倉庫"),
        "ウミテラスとは何ですか?": ("definition", "海を望む食堂街"),
        "ソラデッキとは何ですか?": ("definition", "屋上の展望台"),
        "「キタ倉庫」とはどのようなことですか?": ("definition", "市民のための工房"),
    }


@pytest.mark.parametrize(
    ("sentence", "question", "fact"),
    [
        ("青葉市は2021年に図書館を建て、2023年に公園を開いた。", "青葉市はいつ図書館を建てましたか?", "2021年"),
        ("タカネ社の工場(北棟)は120人の職員を抱える。", "タカネ社の工場は何人の職員を抱えるか?", "120人"),
        ("具体的には、会費は月に3000円です。", "会費は月に何円ですか?", "3000円"),
        ("ハルカとは、青葉市が運行する循環バスです。", "ハルカとは何ですか?", "青葉市が運行する循環バス"),
        ("シライシ・ケンは、青葉市出身の版画家です。", "シライシ・ケンはどのような人物ですか?", "青葉市出身の版画家"),
        ("ハルカの主な特徴は、予約がいらない点です。", "ハルカの主な特徴は何ですか?", "予約がいらない点"),
        ("祭りの会場は「ハルカ広場」と呼ばれていた。", "次の文の◯◯に入る語は何ですか? 祭りの会場は「◯◯」と呼ばれていた。", "ハルカ広場"),
    ],
)  # fmt: skip
def test_rules(sentence: str, question: str, fact: str) -> None:
    assert asked(sentence)[question] == (fact,)


@pytest.mark.parametrize(
    "sentence",
    [
        "同社は2021年に工場を建てた。",  # which company?
        "その橋は2021年に完成した。",
        "2021年、完成した。",  # no subject
        "会は数百人の客を迎えた。",  # no number
        "彼は工場の一つを売った。",
        "会は第3回を迎えた。",
        "ハルカは、路線を広げていく方針です。",  # says what it does
        "市長は「明日は晴れる」と話した。",  # speech, not a name
        "目録が2021年に編まれた図書館は駅前にある。",  # within the topic
        "委員会は2001年から2007年まで続いた。",
        "会社は1934-36年に3-5人を雇った。",
        "「橋は2021年に完成した」",
    ],
)
def test_what_gives_no_question(sentence: str) -> None:
    assert asked(sentence) == {}


def test_a_heading_says_what_is_pointed_to() -> None:
    assert list(asked("この橋は2021年に完成した。", "白帆橋の再建")) == [
        "「白帆橋の再建」について、この橋はいつ完成したか?"
    ]
    assert asked("この橋は2021年に完成した。", "長" * 41) == {}


def test_lists() -> None:
    items = ["- 春の茶", "- 秋の茶"]
    assert [d.question for d in of_list("主な商品は以下の通りです。", items, None)] == ["主な商品は何ですか?"]
    assert [d.facts for d in of_list("店は次の商品を売ります。", items, None)] == [("春の茶", "秋の茶")]
    assert not list(of_list("店は商品を売ります。", items, None))
    assert not list(of_list("店は次の商品を売ります。", items[:1], None))
    assert not list(of_list("次の商品を売ります。", items, None))
    (grounded,) = of_list("次の商品を売ります。", items, "茶店の商い")
    assert grounded.question == "「茶店の商い」について、どのような商品を売りますか?"


@pytest.mark.parametrize("item", ["- 春の茶", "- 春:苦い。甘い。", "- 数:3人の担当者", "- 題:" + "長" * 61])
def test_items_that_define_nothing(item: str) -> None:
    assert not list(of_item(item))


def test_a_limit_is_spread_over_the_article() -> None:
    items = generate(article(HARBOUR))
    few = generate(article(HARBOUR), 3)
    assert [item for item in items if item in few] == few
    assert len(few) == 3
    assert few[-1] in items[5:]


def test_unanswerable_questions_name_who_is_never_said_to_have_done_it() -> None:
    harbour = article("KAZEHAは2024年4月に広場を開業しました。", "harbour")
    mountain = article("TAKANEは登山靴を作っています。", "mountain")
    (item,) = unanswerable([harbour, mountain])
    assert item.question == "TAKANEはいつ広場を開業しましたか?"
    assert not item.answerable
    assert not item.evidence
    both = article("TAKANEは登山靴を作り、2020年に広場を開業しました。", "mountain")
    assert all("TAKANE" not in item.question for item in unanswerable([harbour, both]))
    assert unanswerable([harbour]) == []
    assert unanswerable([harbour], corpus=[harbour, mountain]) == [item]
    assert unanswerable([harbour, mountain], 0) == []


def test_swapped_names_of_the_corpus_are_not_in_their_article() -> None:
    articles = {made.id: made for made in read_corpus(CORPUS)}
    items = unanswerable(list(articles.values()))
    assert items
    for item in items:
        own = articles[item.id.rpartition("-u")[0]]
        assert item.question.split("は")[0].split("が")[0] not in own.text


@given(st.text(alphabet="青葉市はが2021年に5人を、。「」()建てました\n- :ア", max_size=120))
def test_any_text_gives_sound_questions_or_none(text: str) -> None:
    if text.strip():
        made = article(text)
        check(made, generate(made))


def test_the_command_writes_a_question_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = sorted(str(path) for path in CORPUS.glob("*.md"))
    assert main([*paths, "--limit", "4", "--unanswerable", "2"]) == 0
    out, err = capsys.readouterr()
    file = tmp_path / "questions.jsonl"
    file.write_text(out, encoding="utf-8")
    items = load_items(file)
    assert sum(not item.answerable for item in items) == 2
    assert all(json.loads(line)["question"] for line in out.splitlines())
    assert "swapped_name 2" in err
    assert main([str(tmp_path / "none.md")]) == 2
    assert main([paths[0], "--limit", "-1"]) == 2
