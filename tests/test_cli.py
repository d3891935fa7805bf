"""The command line in one process, on the hash embedder: what it prints, where, and the exit code."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import get_args

import pytest
from doubles import Run, Runner, corpus_file, open_assistant
from rich.console import Console

from rag import messages, rendering
from rag.errors import RagError
from rag.types import AbstentionReason, Answer

QUESTION = "Coworkはいつ発表されましたか?"


# --- usage ------------------------------------------------------------------------------------------------


def test_without_a_command_the_commands_are_listed(rag: Runner) -> None:
    shown = rag()
    assert shown.code == 2
    for command in ("ask", "search", "ingest", "remove", "articles", "rebuild", "chat", "doctor"):
        assert re.search(rf"^  {command} ", shown.err, re.MULTILINE)


@pytest.mark.parametrize(
    "command", ["ask", "search", "ingest", "remove", "articles", "rebuild", "chat", "doctor"]
)
def test_every_command_has_help_in_both_languages(rag: Runner, command: str) -> None:
    japanese, english = rag(command, "--help"), rag(command, "--help", "--lang", "en")
    assert japanese.code == english.code == 0
    assert re.search("[ぁ-ん]", japanese.out)
    assert not re.search("[ぁ-ん]", english.out)
    for heading, its_english in (("使い方:", "Usage:"), ("オプション:", "Options:")):
        assert heading in japanese.out
        assert its_english not in japanese.out
        assert its_english in english.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nope"], "nope"),
        (["--nope"], "--nope"),
        (["search"], "QUESTION"),
        (["remove"], "ARTICLE_ID"),
        (["ingest"], "SOURCES"),
        (["ask"], "--jsonl"),
        (["ask", "a", "b"], "b"),
        (["ask", "a", "--k", "0"], "0"),
        (["ask", "a", "--k", "many"], "many"),
        (["search", "a", "--k", "1001"], "1001"),
        (["chat", "--port", "99999"], "99999"),
        (["articles", "--home"], "--home"),
        (["articles", "--home="], "--home"),
        (["--lang"], "--lang"),
        (["articles", "--lang", "fr"], "--lang"),
        (["ingest", "a.txt", "b.txt", "--url", "https://example.com/"], "--url"),
    ],
)
@pytest.mark.parametrize("lang", ["ja", "en"])
def test_wrong_usage_is_explained_on_standard_error(
    rag: Runner, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str, lang: str
) -> None:
    monkeypatch.setenv("RAG_LANG", lang)
    run = rag(*arguments)
    assert run.code == 2
    assert run.out == ""
    assert said in run.err
    told = run.err.splitlines()[-1]
    assert re.match(r"エラー: .*[ぁ-ん]" if lang == "ja" else r"Error: [^ぁ-ん]+$", told)


@pytest.mark.parametrize(
    ("environment", "arguments", "english"),
    [
        ({}, [], False),
        ({"LANG": "en_US.UTF-8"}, [], True),
        ({"LANG": "ja_JP.UTF-8"}, [], False),
        ({"LANG": "C"}, [], False),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "ja_JP.UTF-8"}, [], False),
        ({"LANG": "en_US.UTF-8", "RAG_LANG": "ja"}, [], False),
        ({"RAG_LANG": "en"}, [], True),
        ({"RAG_LANG": "en"}, ["--lang", "ja"], False),
        ({}, ["--lang=en"], True),
    ],
)
def test_the_language_is_the_option_or_the_variable_or_the_locale(
    rag: Runner,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    arguments: list[str],
    english: bool,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    run = rag("articles", *arguments)
    assert ("2 articles" in run.out) is english
    assert ("記事 2 本" in run.out) is not english


def test_every_message_is_there_in_both_languages() -> None:
    for key, (japanese, english) in messages._TEXTS.items():
        assert japanese, key
        assert english, key
        assert (
            set(re.findall(r"\{(\w+)\}", japanese)) == set(re.findall(r"\{(\w+)\}", english))
            or "{" in english
        )


def test_every_reason_of_an_abstention_has_words() -> None:
    for reason in get_args(AbstentionReason):
        assert messages.text(reason, "ja") != messages.text(reason, "en")


@pytest.mark.parametrize("place", ["before", "after", "equals"])
def test_home_may_stand_anywhere_and_beats_the_variable(rag: Runner, tmp_path: Path, place: str) -> None:
    other = str(tmp_path / "other")
    arguments = {
        "before": ["--home", other, "articles"],
        "after": ["articles", "--home", other],
        "equals": ["articles", f"--home={other}"],
    }
    assert "記事 0 本" in rag(*arguments[place]).out
    assert "記事 2 本" in rag("articles").out


def test_what_follows_two_dashes_is_a_question_whatever_it_looks_like(rag: Runner) -> None:
    assert rag("ask", "--json", "--", "--home").json["question"] == "--home"


# --- ask and search ---------------------------------------------------------------------------------------


def test_ask_prints_statements_or_nearest_passages_with_urls(rag: Runner) -> None:
    run = rag("ask", QUESTION)
    assert run.code == 0
    assert "https://www." in run.out
    assert "出典" in run.out or "近い文章" in run.out


def test_a_quote_is_printed_whole_with_its_number_and_source(home: Path) -> None:
    with open_assistant(home) as assistant:
        from rag.citations import cite
        from rag.japanese import Span
        from rag.types import Statement

        hit = assistant.search("Cowork")[0]
        citation = cite(hit.article, hit.chunk, Span(hit.chunk.start, hit.chunk.end), 1)
        answer = Answer(
            question="?", statements=(Statement(text="要は[red]こう[/red]。", citations=(citation,)),)
        )
    console = Console(file=io.StringIO(), width=30)
    rendering.print_reply(answer, "ja", console)
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert "要は[red]こう[/red]。 [1]" in shown
    assert all(line in shown for line in citation.quote.splitlines())
    assert f"{citation.publisher} / {citation.published}" in shown
    assert citation.url in shown


def test_an_article_cannot_command_the_terminal(rag: Runner) -> None:
    rag("articles")
    path = Path("home/corpus/evil.md")
    path.write_text(
        corpus_file("図書館は\x1b[31m四月\x9b2Jに開館。", title='"題\\e]0;x\\a名"'), encoding="utf-8"
    )
    for run in (rag("search", "図書館 四月"), rag("ask", "図書館はいつ開館?"), rag("articles")):
        assert run.code == 0
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", run.out)
    assert "\x1b[31m" in rag("search", "図書館 四月", "--json").json[0]["text"]


def test_ask_json_is_the_reply_object(rag: Runner) -> None:
    run = rag("ask", QUESTION, "--json", "--k", "2")
    reply = run.json
    assert isinstance(reply, dict)
    assert {
        "id",
        "question",
        "status",
        "answer",
        "statements",
        "citations",
        "hits",
        "reason",
        "timings_ms",
    } <= set(reply)
    assert reply["question"] == QUESTION
    assert [hit["rank"] for hit in reply["hits"]] == [1, 2]
    assert run.err == ""


@pytest.mark.parametrize("question", ["", "  \u3000", "\0", "あ" * 100_000, "\udcff"])
def test_what_is_no_question_is_told_to_people_and_to_programs(rag: Runner, question: str) -> None:
    plain, as_json = rag("ask", question), rag("ask", "--json", question)
    assert (plain.code, plain.out) == (2, "")
    assert "→" in plain.err
    assert as_json.code == 2
    assert as_json.json["status"] == "error"
    assert as_json.json["error"]["type"] == "InvalidQuestion"
    assert rag("search", question).code == 2


def test_errors_in_english_say_the_gist_in_english(rag: Runner) -> None:
    assert rag("ask", "", "--lang", "en").err == (
        "Error: The question is empty.\n→ Ask in a sentence, such as: When was Cowork announced?\n"
    )


def test_search_prints_hits_and_json(rag: Runner) -> None:
    assert "https://www.fidx.co.jp/?p=3554" in rag("search", QUESTION).out
    hits = rag("search", QUESTION, "--json", "-k", "4").json
    assert isinstance(hits, list)
    assert [hit["rank"] for hit in hits] == [1, 2, 3, 4]


def test_an_empty_home_says_how_to_begin(rag: Runner, tmp_path: Path) -> None:
    home = ["--home", str(tmp_path / "new")]
    assert "rag ingest" in rag("ask", QUESTION, *home).out
    assert rag("ask", QUESTION, "--json", *home).json["reason"] == "empty_corpus"
    assert "見つかりません" in rag("search", QUESTION, *home).out
    assert rag("articles", "--json", *home).json == []


# --- the end ----------------------------------------------------------------------------------------------


def test_an_interruption_is_130_and_a_message(rag: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("rag.assistant.Assistant.ask", interrupt)
    assert rag("ask", QUESTION) == Run(130, "", "中断しました。\n")


def test_errors_of_the_package_are_work_that_failed(rag: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RagError("何かが", "直して")

    monkeypatch.setattr("rag.assistant.Assistant.ask", fail)
    assert rag("ask", QUESTION) == Run(1, "", "エラー: 何かが\n→ 直して\n")
