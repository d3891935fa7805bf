"""Our own articles for training and fitting: exact answers, no real names, two parts that share nothing."""

from __future__ import annotations

import json
from collections import Counter

from evals.written import ARTICLES, read_written

LEARNT, HELD_OUT = list(read_written(held_out=False)), list(read_written(held_out=True))
ENTRIES = LEARNT + HELD_OUT


def test_every_answer_stands_exactly_once_in_its_article_in_one_line() -> None:
    for entry in ENTRIES:
        assert entry.keys() == {"title", "text", "questions"}
        for asked in entry["questions"]:
            assert asked.keys() == {"q", "span"}
            assert asked["q"] == asked["q"].strip() != ""
            assert "\n" not in asked["span"]
            assert not asked["span"] or entry["text"].count(asked["span"]) == 1, asked


def test_no_article_and_no_question_of_one_comes_twice() -> None:
    assert len({entry["title"] for entry in ENTRIES}) == len(ENTRIES)
    for entry in ENTRIES:
        assert max(Counter(asked["q"] for asked in entry["questions"]).values()) == 1


def test_about_a_quarter_is_held_out_and_a_fifth_or_more_asks_in_vain() -> None:
    assert 0.15 < len(HELD_OUT) / len(ENTRIES) < 0.35
    questions = [asked for entry in ENTRIES for asked in entry["questions"]]
    assert 0.2 < sum(not asked["span"] for asked in questions) / len(questions) < 0.3


def test_the_articles_are_not_about_what_the_questions_of_the_suite_are_about() -> None:
    text = ARTICLES.read_text("utf-8").lower()
    for name in ("openai", "anthropic", "stargate", "cowork", "chatgpt", "postgresql", "teach for all"):
        assert name not in text


def test_the_file_is_readable_japanese_line_by_line() -> None:
    for line in ARTICLES.read_text("utf-8").splitlines():
        assert line == json.dumps(json.loads(line), ensure_ascii=False)
