"""What the reader learns from: reworded questions, windows, and passages without an answer."""

from __future__ import annotations

import random

import numpy as np
import pytest
from tokenizers import Tokenizer

from evals.written import read_written
from rag.reading.encoding import Pieces, pieces, whole_words
from rag.sentences import sentences

pytest.importorskip("scipy")

from training import sampling
from training.data import ENCODER, Data, Paragraph, Question, holds
from training.english import in_english, romaji
from training.questions import variants
from training.written import with_written

TEXT = (
    "山田市は架空の市である。市役所は中央町にあり、人口は12,345人である。"
    "毎年8月には花火大会が開かれる。大会の観客は約3万人という。市の花はスミレである。"
)
OTHER = "海辺町は山田市の隣にある。人口は2,000人で、漁業が盛んだ。"


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("山田市の市役所はどこですか?", "山田市の市役所"),
        ("山田市の市役所はどこですか?", "山田市 市役所"),
        ("山田市の市役所はどこですか?", "山田市の市役所はどこ"),
        ("山田市の市長は誰?", "山田市の市長は誰ですか?"),
        ("山田市の市長は誰?", "山田市の市長を教えて"),
        ("花火大会が始まったのは何年なの?", "花火大会が始まったのは何年"),
    ],
)
def test_questions_are_reworded(question: str, expected: str) -> None:
    assert expected in variants(question)


@pytest.mark.parametrize(
    ("question", "asks", "there"),
    [
        ("日本の最大の都市はどこですか?", "Where", "of japan"),
        ("Coworkが2026年1月に発表されたのはいつ?", "When", "in 2026 January"),
        ("徳川家康が建てた城の名前は?", "What", "Tokugawa Ieyasu"),
    ],
)
def test_questions_are_put_into_english_words(question: str, asks: str, there: str) -> None:
    english = in_english(question)
    assert english.startswith(asks)
    assert there in english


@pytest.mark.parametrize("question", ["", "?", "これは何?", "誰ですか"])
def test_a_question_of_no_known_words_has_no_english(question: str) -> None:
    assert in_english(question) == ""


@pytest.mark.parametrize(
    ("kana", "latin"), [("トウキョウ", "toukyou"), ("ニッポン", "nippon"), ("", ""), ("東京", "")]
)
def test_katakana_is_written_in_latin_letters(kana: str, latin: str) -> None:
    assert romaji(kana) == latin


def test_what_is_asked_of_a_clause_does_not_lose_its_noun() -> None:
    assert all("ものを教えて" not in text for text in variants("市で最も大きいものは何ですか?"))
    assert variants("何?") == ()


@pytest.fixture(scope="module")
def data() -> Data:
    tokenizer = whole_words(Tokenizer.from_file(str(ENCODER / "tokenizer.json")))
    paragraphs = [_paragraph(text, tokenizer) for text in (TEXT, OTHER)]
    start = TEXT.index("12,345人")
    question = Question(
        id="q",
        text="山田市の人口は?",
        asked=(pieces("山田市の人口は?", tokenizer).ids, pieces("山田市 人口", tokenizer).ids),
        paragraph=0,
        start=start,
        end=start + len("12,345人"),
        hard=(1,),
        english=pieces("What population of Yamada?", tokenizer).ids,
    )
    return Data(paragraphs, [(0, 1)], [question], [])


def _paragraph(text: str, tokenizer: Tokenizer) -> Paragraph:
    found = pieces(text, tokenizer)
    edges = [int(np.searchsorted(found.starts, span.start)) for span in sentences(text)]
    runs = tuple(zip(edges, [*edges[1:], len(found.ids)], strict=True))
    return Paragraph(text, 0, pieces("山田市", tokenizer).ids, found, runs)


def said(example: sampling.Example, found: Pieces, text: str) -> str:
    """The words of the text that the marked tokens of an example stand for."""
    tokens = example.input.ids[example.start : example.end + 1].tolist()
    ids = found.ids.tolist()
    at = next(n for n in range(len(ids)) if ids[n : n + len(tokens)] == tokens)
    return text[found.starts[at] : found.ends[at + len(tokens) - 1]]


def test_the_answer_stays_marked_in_every_window(data: Data) -> None:
    rng = random.Random(1)
    lengths = set()
    for progress in np.linspace(0, 1, 60):
        answered, *_ = sampling.examples(data, data.train[0], 5, float(progress), rng)
        assert (answered.answerable, answered.relevance, answered.pair) == (1, 1, 5)
        assert said(answered, data.paragraphs[0].pieces, TEXT) == "12,345人"
        assert answered.input.segments[answered.start] == answered.input.segments[answered.end] == 1
        lengths.add(len(answered.input.ids))
    assert len(lengths) > 2


def test_an_answer_longer_than_most_windows_is_whole_in_its_own(data: Data) -> None:
    tokenizer = whole_words(Tokenizer.from_file(str(ENCODER / "tokenizer.json")))
    everything = "、".join(f"第{n}の項目" for n in range(40))
    text = f"対象は、次に挙げるもの、つまり{everything}である。"
    start = text.index(everything)
    question = data.train[0]._replace(paragraph=2, start=start, end=start + len(everything))
    more = data._replace(paragraphs=[*data.paragraphs, _paragraph(text, tokenizer)])
    for seed in range(20):
        answered, *_ = sampling.examples(more, question, 0, 0.1, random.Random(seed))
        assert said(answered, more.paragraphs[2].pieces, text) == everything


def test_what_does_not_answer_is_marked_so(data: Data) -> None:
    rng = random.Random(2)
    found = [sampling.examples(data, data.train[0], 0, 0.5, rng) for _ in range(300)]
    wrong = [pair[1] for pair in found if len(pair) == 2]
    share = len(wrong) / sum(len(pair) for pair in found)
    assert 0.25 < share < 0.35
    answer = pieces_of(data, "12,345人")
    for example in wrong:
        assert (example.start, example.end, example.answerable) == (0, 0, 0)
        tokens = example.input.ids[example.input.first :].tolist()
        assert not any(tokens[n : n + len(answer)] == answer for n in range(len(tokens)))
    assert {example.relevance for example in wrong} == {0, sampling.UNKNOWN}


def pieces_of(data: Data, answer: str) -> list[int]:
    question = data.train[0]
    span = sampling.gold(data.paragraphs[0].pieces, question.start, question.end)
    assert span is not None
    assert holds(TEXT, answer)
    return [int(token) for token in data.paragraphs[0].pieces.ids[span[0] : span[1] + 1]]


@pytest.mark.parametrize("size", [4, 12, 30, 200])
def test_windows_keep_what_they_must(data: Data, size: int) -> None:
    paragraph, question, rng = data.paragraphs[0], data.train[0], random.Random(3)
    span = sampling.gold(paragraph.pieces, question.start, question.end)
    assert span is not None
    for _ in range(50):
        start, end = sampling.window(paragraph, size, span, rng)
        assert start <= span[0] <= span[1] < end
        assert end - start <= max(size, span[1] - span[0] + 1)
        start, end = sampling.window(paragraph, size, None, rng)
        assert 0 < end - start <= size


def test_an_answer_inside_of_a_piece_is_not_learnt(data: Data) -> None:
    found = data.paragraphs[0].pieces
    long = next(n for n in range(len(found.ids)) if found.ends[n] - found.starts[n] > 1)
    assert sampling.gold(found, int(found.starts[long]) + 1, int(found.ends[long])) is None


def test_batches_hold_every_pair_together(data: Data) -> None:
    rng = random.Random(4)
    groups = [sampling.examples(data, data.train[0], n, 0.9, rng) for n in range(40)]
    batches = list(sampling.batches(groups, 400, rng))
    assert sorted(example.pair for batch in batches for example in batch) == sorted(
        example.pair for group in groups for example in group
    )
    for batch in batches:
        numbers = [example.pair for example in batch]
        assert all(
            numbers[n] == numbers[n + 1] or numbers[n] not in numbers[n + 1 :]
            for n in range(len(numbers) - 1)
        )
        assert len(batch) <= 2 or len(batch) * max(len(one.input.ids) for one in batch) <= 400
    assert len(batches) > 3


def test_our_own_articles_are_learnt_from_with_their_answers_in_whole_pieces(data: Data) -> None:
    more = with_written(data)
    assert more.train == data.train
    assert len(more.paragraphs) == len(data.paragraphs) + len(list(read_written(held_out=False)))
    entries = {entry["text"]: entry["questions"] for entry in read_written(held_out=False)}
    assert sum(map(len, entries.values())) == len(more.written)
    for question in more.written[:400]:
        paragraph = more.paragraphs[question.paragraph]
        (asked,) = [asked for asked in entries[paragraph.text] if asked["q"] == question.text]
        assert asked["span"] in more.answer(question)
        if asked["span"]:
            assert sampling.gold(paragraph.pieces, question.start, question.end) is not None


def test_a_question_asked_in_vain_is_shown_with_a_passage_most_like_it(data: Data) -> None:
    asked = data.train[0].asked[0]
    question = data.train[0]._replace(start=0, end=0, hard=())
    rng = random.Random(3)
    found = [sampling.examples(data, question, 1, 0.5, rng) for _ in range(50)]
    assert all(len(one) == 1 for one in found)
    examples = [one for (one,) in found]
    assert {(e.start, e.end, e.answerable, e.relevance) for e in examples} == {(0, 0, 0, sampling.UNKNOWN)}
    shared = [np.isin(asked, e.input.ids[e.input.first :]).sum() for e in examples]
    assert sum(count == max(shared) for count in shared) > 25


def test_a_question_of_ours_is_often_shown_without_the_sentence_that_answers(data: Data) -> None:
    question = data.train[0]._replace(hard=())
    rng = random.Random(4)
    found = [sampling.examples(data, question, 0, 0.5, rng) for _ in range(100)]
    assert 65 < sum(len(pair) == 2 for pair in found) < 95
    answer = pieces_of(data, "12,345人")
    for example in (pair[1] for pair in found if len(pair) == 2):
        tokens = example.input.ids[example.input.first :].tolist()
        assert not any(tokens[n : n + len(answer)] == answer for n in range(len(tokens)))


def test_a_pool_is_mixed_of_both_sources(data: Data) -> None:
    mixed = data._replace(written=[data.train[0]._replace(id="own")])
    numbered = list(sampling.questions(mixed, 3))
    assert len(numbered) == sampling.POOL == len(dict(numbered))
    assert sum(question.id == "own" for _, question in numbered) == round(sampling.WRITTEN * sampling.POOL)
    assert all(question.id == "q" for _, question in sampling.questions(data, 0))
