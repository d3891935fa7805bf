"""The question set holds what its card promises: exact evidence, facts it states, two separate splits."""

import csv
import json
import unicodedata
from collections import Counter
from collections.abc import Mapping
from itertools import product
from pathlib import Path

import pytest

from evals.items import EvalError, Item, load_items
from rag.corpus import read_corpus

ROOT = Path(__file__).parents[1]
QUESTIONS = ROOT / "evals" / "questions.jsonl"
ITEMS = load_items(QUESTIONS)
BY_ID = {item.id: item for item in ITEMS}
TEXTS = {article.id: article.text for article in read_corpus(ROOT / "corpus")}

TYPES = set(
    "when how_many how_much who where what list definition why how comparison yes_no cross reference".split()
)
UNANSWERABLE = {"absent", "false_premise", "ambiguous", "injection"}
STYLES = set("plain short colloquial keywords fullwidth halfwidth katakana misspelt paraphrase".split())
GOOD = {"id": "a", "question": "いつ?", "accepted": [["1月"]]}


def folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def bare(question: str) -> str:
    """What is left of a question without case, width, spaces, marks and punctuation."""
    return "".join(c for c in folded(question) if unicodedata.category(c)[0] in "LN")


def named(items: list[Item]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("item", items, ids=[item.id for item in items])


def write(folder: Path, *lines: str | Mapping[str, object], name: str = "q.jsonl") -> Path:
    path = folder / name
    path.write_text(
        "\n".join(line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines),
        encoding="utf-8",
    )
    return path


# --- the whole set


def test_the_set_is_large_enough_and_has_both_languages_in_both_splits() -> None:
    assert len(ITEMS) >= 160
    assert sum(not item.answerable for item in ITEMS) >= 45
    assert {(item.split, item.language) for item in ITEMS} == {
        (split, language) for split in ("dev", "test") for language in ("ja", "en")
    }
    test = [item for item in ITEMS if item.split == "test"]
    assert sum(item.answerable for item in test) >= 75
    assert sum(not item.answerable for item in test) >= 35
    assert sum(item.variant_of is not None for item in test) >= 15


def test_every_type_and_style_is_known_and_in_the_test_split() -> None:
    test = [item for item in ITEMS if item.split == "test"]
    assert {item.type for item in test} == TYPES | UNANSWERABLE
    assert {item.style for item in ITEMS} == STYLES
    for item in ITEMS:
        assert item.type in (TYPES if item.answerable else UNANSWERABLE), item.id


def test_ids_are_unique_in_order_and_name_the_split() -> None:
    for split in ("dev", "test"):
        ids = [item.id for item in ITEMS if item.split == split]
        assert ids == [f"{split}-{n:03}" for n in range(1, len(ids) + 1)]


def test_no_question_appears_twice_not_even_across_the_splits() -> None:
    questions = Counter(bare(item.question) for item in ITEMS)
    assert [question for question, n in questions.items() if n > 1 or not question] == []


def test_each_line_is_an_object_in_readable_japanese() -> None:
    text = QUESTIONS.read_text(encoding="utf-8")
    assert text.endswith("}\n")
    for line in text.splitlines():
        assert line == json.dumps(json.loads(line), ensure_ascii=False)


def test_the_test_split_cites_every_paragraph() -> None:
    cited = {
        (span.article_id, at)
        for item in ITEMS
        if item.split == "test"
        for group in item.evidence
        for span in group
        for at in range(span.start, span.end)
    }
    for article, text in TEXTS.items():
        start = 0
        for line in text.split("\n"):
            # Headings end without a full stop, and so do the lines that only introduce a list or the references.
            if line.endswith("。") and len(line) > 50 and "を整理します" not in line:
                assert any((article, at) in cited for at in range(start, start + len(line))), line
            start += len(line) + 1


def test_the_card_gives_the_counts_that_are_true() -> None:
    card = (ROOT / "evals" / "CARD.md").read_text(encoding="utf-8")
    dev, test = ([item for item in ITEMS if item.split == split] for split in ("dev", "test"))
    assert f" {len(ITEMS)} 問" in card
    assert f"全部: {len(dev)}/{len(test)}。" in card
    for attribute in ("type", "style", "language"):
        ours, theirs = (Counter(getattr(item, attribute) for item in split) for split in (dev, test))
        for value in ours | theirs:
            assert f"`{value}` {ours[value]}/{theirs[value]}" in card
    for label, has in (
        ("答えられる", lambda item: item.answerable),
        ("答えられない", lambda item: not item.answerable),
        ("`variant_of` を持つ", lambda item: item.variant_of),
        ("`must_not` を持つ", lambda item: item.must_not),
    ):
        assert f"{label} {sum(map(bool, map(has, dev)))}/{sum(map(bool, map(has, test)))}" in card


# --- each item


@named([item for item in ITEMS if item.answerable])
def test_evidence_is_verbatim_and_states_every_fact_whichever_span_is_cited(item: Item) -> None:
    assert item.evidence
    spans = [span for group in item.evidence for span in group]
    for span in spans:
        assert TEXTS[span.article_id][span.start : span.end] == span.text
        assert span.text == span.text.strip()
    assert len(set(spans)) == len(spans)
    for choice in product(*item.evidence):
        text = folded("\n".join(span.text for span in choice))
        for fact in item.accepted:
            assert any(folded(wording) in text for wording in fact), (fact, text)


@named([item for item in ITEMS if item.answerable])
def test_wordings_are_trimmed_and_differ(item: Item) -> None:
    for fact in item.accepted:
        assert len(set(map(folded, fact))) == len(fact)
        for wording in fact:
            assert wording == wording.strip() != ""


@named(ITEMS)
def test_gold_is_there_and_right_by_its_own_measure(item: Item) -> None:
    assert item.gold.strip()
    for wrong in item.must_not:
        assert folded(wrong) not in folded(item.gold)
    for fact in item.accepted:
        assert any(folded(wording) in folded(item.gold) for wording in fact), fact


@named([item for item in ITEMS if item.answerable and item.must_not])
def test_no_evidence_contains_what_must_not_be_said(item: Item) -> None:
    """Else an answer by quoting could not be right."""
    for group in item.evidence:
        for span in group:
            for wrong in item.must_not:
                assert folded(wrong) not in folded(span.text)


@named([item for item in ITEMS if item.variant_of])
def test_a_variant_asks_the_same_as_its_base(item: Item) -> None:
    base = BY_ID[item.variant_of or ""]
    assert base.variant_of is None
    assert base.split == item.split
    for field in ("type", "answerable", "gold", "accepted", "must_not", "evidence"):
        assert getattr(base, field) == getattr(item, field), field


# --- files that cannot be used


@pytest.mark.parametrize(
    ("second", "problem"),
    [
        ("{", "JSON"),
        ("[" * 100_000, "JSON"),
        ('["a"]', "行"),
        ('{"id": "b", "accepted": [["1月"]]}', "question"),
        ('{"question": "いつ?", "accepted": [["1月"]]}', "id"),
        ('{"id": "b", "question": "", "accepted": [["1月"]]}', "question"),
        ('{"id": "b", "question": "いつ?", "accepted": [["1月"]], "golden": "1月"}', "golden"),
        ('{"id": "b", "question": "いつ?", "accepted": [["1月"]], "split": "train"}', "split"),
        ('{"id": "b", "question": "いつ?"}', "accepted"),
        ('{"id": "b", "question": "いつ?", "accepted": [[]]}', "empty"),
        ('{"id": "b", "question": "いつ?", "answerable": false, "accepted": [["1月"]]}', "unanswerable"),
        (json.dumps(GOOD), "「a」は 1 行目"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, second: str, problem: str) -> None:
    path = write(tmp_path, GOOD, second)
    with pytest.raises(EvalError) as caught:
        load_items(path)
    assert f"{path}:2:" in caught.value.message
    assert problem in caught.value.message
    assert caught.value.hint


def test_evidence_whose_text_does_not_fit_its_place_is_refused(tmp_path: Path) -> None:
    span = {"article_id": "x", "start": 3, "end": 9, "text": "1月"}
    path = write(tmp_path, "", {**GOOD, "evidence": [[span]]})
    with pytest.raises(EvalError, match=r":2: evidence\.0\.0.*span"):
        load_items(path)


@pytest.mark.parametrize("text", ["", "\n \n", "\ufeff"])
def test_an_empty_file_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(EvalError, match="質問がありません"):
        load_items(write(tmp_path, text))


def test_a_split_without_questions_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    assert [item.id for item in load_items(path, "test")] == ["a"]
    with pytest.raises(EvalError, match="質問がありません"):
        load_items(path, "dev")


def test_a_file_that_is_missing_or_not_utf8_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EvalError, match="読めません"):
        load_items(tmp_path / "none.jsonl")
    (tmp_path / "sjis.jsonl").write_bytes('{"id": "あ"}'.encode("shift_jis"))
    with pytest.raises(EvalError, match="読めません"):
        load_items(tmp_path / "sjis.jsonl")


def test_a_blank_line_and_a_byte_order_mark_do_no_harm(tmp_path: Path) -> None:
    path = write(tmp_path, "\ufeff" + json.dumps(GOOD), "", {**GOOD, "id": "b"})
    assert [item.id for item in load_items(path)] == ["a", "b"]


# --- the CSV form


def test_a_csv_keeps_question_facts_wordings_type_and_language(tmp_path: Path) -> None:
    path = tmp_path / "q.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "question", "type", "language", "answer"])
        for item in ITEMS:
            answer = ";".join("|".join(fact) for fact in item.accepted)
            writer.writerow([item.id, item.question, item.type, item.language, answer])
    read = load_items(path)
    kept = ("id", "question", "type", "language", "answerable", "accepted")
    assert [[getattr(item, k) for k in kept] for item in read] == [
        [getattr(item, k) for k in kept] for item in ITEMS
    ]


def test_a_csv_needs_only_questions(tmp_path: Path) -> None:
    path = write(tmp_path, "question,answer", "いつ?, 1月 | January ;2026年", '"A,Bとは?",', name="Q.CSV")
    first, second = load_items(path)
    assert (first.id, first.accepted, first.answerable) == ("1", (("1月", "January"), ("2026年",)), True)
    assert (second.id, second.question, second.answerable) == ("2", "A,Bとは?", False)


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (["質問,answer", "いつ?,1月"], ":2: question"),
        (["question,answer", "いつ?,1月", ",1月"], ":3: question"),
        (["id,question", "a,いつ?", "a,どこ?"], ":3: id「a」は 2 行目"),
        (["question,language", "Wann?,de"], ":2: language"),
        (["question,answer"], "質問がありません"),
    ],
)
def test_a_bad_csv_line_is_named(tmp_path: Path, lines: list[str], problem: str) -> None:
    with pytest.raises(EvalError, match=problem):
        load_items(write(tmp_path, *lines, name="q.csv"))
