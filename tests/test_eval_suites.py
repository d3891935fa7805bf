"""Suites from small files in the datasets' shapes: spans, scopes, refusals, errors, and the numbers."""

import json
from pathlib import Path

import pytest
from doubles import HashEmbedder

from evals.items import EvalError
from evals.suites import SUITES, Suite, open_suite
from evals.suites.__main__ import main
from evals.suites.litrag import accepted
from evals.suites.measuring import ask_all, measure
from rag import Filter

TEA = "茶の木 [SEP] 茶の木は山の斜面で育つ。収穫は5月に始まり、青葉村では約40トンを摘む。村の人は歌いながら摘む。"
BRIDGE = "白帆橋 [SEP] 白帆橋は1931年に完成した。長さは212メートルである。"


def _qa(id_: str, question: str, context: str, *answers: str, at: int | None = None) -> dict[str, object]:
    marked = [{"text": a, "answer_start": context.rindex(a) if at is None else at} for a in answers]
    return {"id": id_, "question": question, "answers": marked, "is_impossible": False}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    tea = [
        _qa("t1", "青葉村で摘む量は?", TEA, "約40トン", "40トン", "40トン"),
        _qa("t2", "斜面で育つ木は?", TEA, "茶の木", at=0),
        _qa("t3", "収穫が始まるのは?", TEA, "5月"),
    ]
    bridge = [
        _qa("b1", "1931年に何が完成した?", BRIDGE, "白帆"),
        _qa("b2", "題の橋は?", BRIDGE, "橋 [SEP]", at=2),
    ]
    squad = [
        {"title": "茶の木", "paragraphs": [{"context": TEA, "qas": tea}]},
        {"title": "白帆橋", "paragraphs": [{"context": BRIDGE, "qas": bridge}]},
    ]
    _write(folder / "jsquad-valid-v1.3.json", {"data": squad})
    passages = [
        {"id": n, "title": c[:3], "text": c.partition(" [SEP] ")[2]} for n, c in ((4, TEA), (9, BRIDGE))
    ]
    questions = [
        {"id": "a", "question": "白帆橋の長さは?", "answers": ["212メートル"], "gold": 9, "answerable": True},
        {"id": "u", "question": "白帆橋の設計者は?", "answers": ["森下"], "gold": 7, "answerable": False},
    ]
    _write(folder / "jsquad_u.json", {"passages": passages, "questions": questions})
    rows = [
        _row(
            "R_calculate",
            "合計は何個?",
            "7個",
            ["箱は3個。袋は4個。", "合計は7個と決まった。"],
            ["机は9個。"],
        ),
        _row(
            "A_negative_only", "合計は何個?", "回答に必要な情報源が存在しないため回答不可", [], ["机は9個。"]
        ),
        _row("A_conflicted", "色は?", "情報が矛盾しているため、回答はできません。", ["赤い。", "青い。"], []),
        _row("I_multiple", "色は?", "与えられた情報からは判断できません", ["赤い。"], []),
    ]
    (folder / "litragbench-ja-dev.jsonl").write_text(
        "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8"
    )
    return folder


def _row(
    kind: str, question: str, answer: str, positive: list[str], negative: list[str]
) -> dict[str, object]:
    return {
        "question": question,
        "answer": answer,
        "qa_type": [kind],
        "positive_chunk_list": positive,
        "negative_chunk_list": negative,
    }


def _write(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")


def _evidence(suite: Suite, item_id: str) -> list[str]:
    item = next(item for item in suite.items if item.id == item_id)
    return [span.text for group in item.evidence for span in group]


@pytest.mark.parametrize("name", SUITES)
def test_every_span_is_verbatim_and_every_scope_is_known(name: str, data: Path) -> None:
    suite = SUITES[name](data, None)
    texts = {article.id: article.text for article in suite.articles}
    assert suite.name == name
    assert len(texts) == len(suite.articles)
    assert len({item.id for item in suite.items}) == len(suite.items)
    for item in suite.items:
        for span in (span for group in item.evidence for span in group):
            assert texts[span.article_id][span.start : span.end] == span.text
        assert suite.scope.get(item.id, frozenset()) <= texts.keys()


def test_jsquad_asks_everything_of_all_paragraphs(data: Path) -> None:
    suite = SUITES["jsquad"](data, None)
    assert [article.title for article in suite.articles] == ["茶の木", "白帆橋"]
    assert all("[SEP]" not in article.text for article in suite.articles)
    assert all(suite.where(item) is None and item.answerable for item in suite.items)
    first = suite.items[0]
    assert first.accepted == (("約40トン", "40トン"),)
    assert _evidence(suite, "t1") == ["収穫は5月に始まり、青葉村では約40トンを摘む。"]


def test_an_answer_of_the_title_has_its_sentences_in_the_text_or_the_whole_paragraph(data: Path) -> None:
    suite = SUITES["jsquad"](data, None)
    assert _evidence(suite, "t2") == ["茶の木は山の斜面で育つ。"]
    assert _evidence(suite, "b2") == ["白帆橋は1931年に完成した。", "長さは212メートルである。"]


def test_jsquad_u_refuses_what_its_passages_lost(data: Path) -> None:
    suite = SUITES["jsquad-u"](data, None)
    found, lost = suite.items
    assert found.answerable
    assert _evidence(suite, "a") == ["長さは212メートルである。"]
    assert not lost.answerable
    assert lost.accepted == lost.evidence == ()


def test_litrag_asks_each_question_of_its_own_chunks(data: Path) -> None:
    suite = SUITES["litrag"](data, None)
    assert [item.answerable for item in suite.items] == [True, False, False, False]
    texts = {article.id: article.text for article in suite.articles}
    assert len(texts) == 5  # the same chunk is one article
    where = suite.where(suite.items[1])
    assert where == Filter(article_ids=suite.scope[suite.items[1].id])
    assert [texts[id_] for id_ in suite.scope[suite.items[1].id]] == ["机は9個。"]
    assert _evidence(suite, suite.items[0].id) == ["箱は3個。袋は4個。", "合計は7個と決まった。"]


@pytest.mark.parametrize(
    ("answer", "facts"),
    [
        ("7個", ["7個"]),
        ("北町です。", ["北町"]),
        ("赤、青、赤", ["赤", "青"]),
        ("青葉村の売上は300万円で、Kita Foodsの費用は120万円となっています。", ["Kita Foods", "300万円", "120万円"]),
        ("北町と南町の合計の方が、東町と西町の合計よりも多いです", ["北町と南町の合計の方が、東町と西町の合計よりも多いです"]),
        ("東京都架空区一番町 3-2-1 架空第一ビルディング 25F", ["東京都架空区一番町 3-2-1 架空第一ビルディング 25F"]),
    ],
)  # fmt: skip
def test_facts_of_a_free_answer(answer: str, facts: list[str]) -> None:
    assert accepted(answer) == facts


@pytest.mark.parametrize("name", SUITES)
def test_a_limit_samples_questions_and_keeps_all_articles(name: str, data: Path) -> None:
    whole, part = SUITES[name](data, None), SUITES[name](data, 1)
    assert part.articles == whole.articles
    assert len(part.items) == 1
    assert part.items[0] in whole.items
    assert part == SUITES[name](data, 1)
    assert SUITES[name](data, 1000).items == whole.items


@pytest.mark.parametrize("name", SUITES)
def test_a_missing_file_names_itself_and_its_dataset(name: str, tmp_path: Path) -> None:
    with pytest.raises(EvalError) as error:
        SUITES[name](tmp_path, None)
    assert "CC BY-SA" in (error.value.hint or "")
    assert "--data" in (error.value.hint or "")
    assert ".json" in error.value.message


@pytest.mark.parametrize("content", ["{", "[]", '{"data": [{}]}', '{"passages": [{"id": 1}]}', "[1]"])
@pytest.mark.parametrize("name", SUITES)
def test_a_file_of_another_shape_is_an_error(name: str, content: str, data: Path) -> None:
    for path in data.iterdir():
        path.write_text(content, encoding="utf-8")
    if name == "litrag" and content == "[]":
        content = "[[]]"
        (data / "litragbench-ja-dev.jsonl").write_text(content, encoding="utf-8")
    with pytest.raises(EvalError):
        SUITES[name](data, None)


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> HashEmbedder:
    embedder = HashEmbedder()
    monkeypatch.setattr("rag.assistant.open_embedder", lambda _: embedder)
    return embedder


def test_a_second_opening_embeds_nothing(data: Path, tmp_path: Path, hashed: HashEmbedder) -> None:
    suite = SUITES["litrag"](data, None)
    with open_suite(suite, tmp_path / "home") as assistant:
        assert {a.id: a.text for a in assistant.articles()} == {a.id: a.text for a in suite.articles}
    embedded = len(hashed.documents)
    with open_suite(suite, tmp_path / "home") as assistant:
        assert assistant.chunk_count() == embedded
    assert len(hashed.documents) == embedded


def test_a_home_with_other_articles_is_refused(data: Path, tmp_path: Path, hashed: HashEmbedder) -> None:
    open_suite(SUITES["jsquad"](data, None), tmp_path / "home").close()
    with pytest.raises(EvalError, match="jsquad-0000"):
        open_suite(SUITES["litrag"](data, None), tmp_path / "home")


def test_an_item_is_answered_from_its_scope_alone(data: Path, tmp_path: Path, hashed: HashEmbedder) -> None:
    suite = SUITES["litrag"](data, None)
    with open_suite(suite, tmp_path / "home") as assistant:
        replies = ask_all(suite, assistant)
    for item, reply in zip(suite.items, replies, strict=True):
        assert {hit["article_id"] for hit in reply["hits"]} <= suite.scope[item.id]
    numbers = measure(suite, replies)
    assert numbers["article_recall@10"].value == 1
    assert numbers["error_rate"].value == 0


def test_the_numbers_of_replies_made_by_hand(data: Path) -> None:
    suite = SUITES["jsquad-u"](data, None)
    hits = [
        {"article_id": id_, "start": 0, "end": 30} for id_ in ("jsquad-0004", "jsquad-0004", "jsquad-0009")
    ]
    timings = {"total": 8.0}
    always = {
        "status": "answered",
        "statements": [{"text": "長さは212メートル", "citations": []}],
        "hits": hits,
    }
    never = {"status": "abstained", "answer": "", "hits": hits, "reason": "no_evidence"}
    answered = measure(suite, [{**always, "confidence": 0.9, "timings_ms": timings}] * 2)
    refused = measure(
        suite, [{**never, "confidence": confidence, "timings_ms": timings} for confidence in (0.3, 0.2)]
    )
    assert answered["article_recall@1"].value == 0
    assert answered["article_recall@5"].value == 1
    assert answered["exact_where_answered"].value == 1
    assert 0.8 < (answered["char_f1"].value or 0) < 1
    assert answered["abstention_recall"].value == 0
    assert answered["abstention_auroc"].value == 0.5
    assert refused["char_f1"].value == 0
    assert refused["exact_where_answered"].value is None
    assert (refused["abstention_precision"].value, refused["abstention_recall"].value) == (0.5, 1)
    assert refused["abstention_auroc"].value == 1
    assert refused["latency_p50_ms"].value == 8


def test_the_command(
    data: Path, tmp_path: Path, hashed: HashEmbedder, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--data", str(data), "--suite", "jsquad", "--cache", str(tmp_path / "cache")]
    assert main([*arguments, "--limit", "2", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["suite"] == "jsquad"
    assert result["metrics"]["char_f1"]["n"] == 2
    assert "abstention_f1" not in result["metrics"]  # nothing had to be refused
    assert main(arguments) == 0
    assert "abstention_auroc" in capsys.readouterr().out
    assert main(["--data", str(tmp_path), "--suite", "litrag"]) == 2
    assert "LIT-RAGBench" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([*arguments, "--limit", "0"])
