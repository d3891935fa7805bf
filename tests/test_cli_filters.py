"""`rag ask` and `rag search` restricted to some articles, inside the search."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from doubles import FIDX, INFOQ, Runner, corpus_file

QUESTION = "Stargateプロジェクトのパートナー"


def found(rag: Runner, *options: str) -> set[str]:
    return {hit["article_id"] for hit in rag("search", QUESTION, "--json", "--k", "50", *options).json}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), {FIDX, INFOQ}),
        (("--publisher", "FIDX"), {FIDX}),
        (("--publisher", "FIDX", "--publisher", "InfoQ Japan"), {FIDX, INFOQ}),
        (("--publisher", "だれか"), set()),
        (("--article", INFOQ), {INFOQ}),
        (("--from", "2026"), {FIDX}),
        (("--to", "2025-12-31"), {INFOQ}),
        (("--from", "2025-07", "--to", "2026-01"), {FIDX, INFOQ}),
        (("--from", "2026", "--to", "2025"), set()),
        (("--from", "2026", "--article", INFOQ), set()),
        (("--article-lang", "ja"), {FIDX, INFOQ}),
        (("--article-lang", "en"), set()),
    ],
)
def test_search_finds_only_what_the_options_allow(
    rag: Runner, options: tuple[str, ...], expected: set[str]
) -> None:
    assert found(rag, *options) == expected


def test_languages_are_told_apart_from_the_language_of_messages(rag: Runner, home: Path) -> None:
    (home / "corpus" / "english.md").write_text(
        corpus_file("The Stargate project has partners.", lang="en"), encoding="utf-8"
    )
    assert found(rag, "--article-lang", "en", "--lang", "en") == {"english"}
    assert found(rag, "--article-lang", "en", "--article-lang", "ja") == {FIDX, INFOQ, "english"}


def test_ask_answers_from_the_allowed_articles_only(rag: Runner) -> None:
    reply = rag("ask", "Coworkはいつ発表されましたか?", "--json", "--publisher", "InfoQ Japan").json
    assert {hit["article_id"] for hit in reply["hits"]} == {INFOQ}
    assert {citation["article_id"] for citation in reply["citations"]} <= {INFOQ}


def test_a_filter_holds_for_every_line_of_a_batch(rag: Runner) -> None:
    lines = "\n".join(json.dumps({"id": n, "question": QUESTION}) for n in range(2)).encode()
    replies = [
        json.loads(line) for line in rag("ask", "--jsonl", "--article", FIDX, stdin=lines).out.splitlines()
    ]
    assert [{hit["article_id"] for hit in reply["hits"]} for reply in replies] == [{FIDX}, {FIDX}]


@pytest.mark.parametrize("date", ["2026-13", "26", "昨日", "2026/01", ""])
@pytest.mark.parametrize("option", ["--from", "--to"])
def test_a_wrong_date_is_a_usage_error_that_shows_the_form(rag: Runner, option: str, date: str) -> None:
    run = rag("search", QUESTION, option, date, "--lang", "en")
    assert run.code == 2
    assert option in run.err
    assert "2026-01-26" in run.err
