"""The table of this project beside the peer."""

from __future__ import annotations

from pathlib import Path

import pytest
from doubles import FIDX, HashEmbedder, open_assistant

from evals.items import Item
from evals.peers import langchain as peer
from evals.peers import report as peer_report
from evals.peers.langchain import Passage, PeerEngine, reply
from evals.peers.report import ask_all, side_by_side, states_all
from rag import Assistant

ITEMS = [
    Item(
        id="q1", question="Coworkはいつ発表されましたか?", accepted=(("2026年1月12日", "1月12日"), ("macOS",))
    ),
    Item(id="q2", question="火星の首都は?", answerable=False),
]


def whole(assistant: Assistant) -> Passage:
    article = next(article for article in assistant.articles() if article.id == FIDX)
    return Passage(FIDX, article.url, article.title, 0, article.text, 0.5)


def test_a_dump_states_the_facts_but_is_not_right(assistant: Assistant) -> None:
    asked = ask_all(PeerEngine(assistant, lambda *_: [whole(assistant)]), ITEMS)
    rows = dict(
        line.strip("| ").split(" | ")
        for line in side_by_side(ITEMS, [asked]).splitlines()
        if "---" not in line
    )
    assert rows["指標"] == "peer"
    assert rows["質問"] == "2(うち答えられる 1)"
    assert rows["答えが事実を全部含む(長さを問わない)"] == "100.0%"
    assert rows["総合正答率(答え・引用・控える判断が全部正しい)"] == "0.0%"
    assert rows["引用が原文どおり"] == "100.0%"
    assert rows["答えるべきでない質問に答えた割合(低いほど良い)"] == "100.0%"


def test_every_fact_has_to_be_stated_in_one_of_its_wordings(assistant: Assistant) -> None:
    part = whole(assistant)._replace(text="1月12日です。")
    assert not states_all(ITEMS[0], reply("", [part], 0))
    assert states_all(ITEMS[0], reply("", [part._replace(text="1月12日、macOSで。")], 0))
    assert not states_all(ITEMS[0], reply("", [], 0))


def test_the_command_prints_both(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def opened(_: Path | None) -> Assistant:
        return open_assistant(home, HashEmbedder())

    monkeypatch.setattr(peer_report.Assistant, "open", opened)
    monkeypatch.setattr(
        peer,
        "langchain_search",
        lambda articles, _: lambda *__: [Passage(articles[0].id, "u", "t", 0, "文", 1.0)],
    )
    questions = home / "questions.csv"
    questions.write_text("question,answer\nCoworkはいつ発表されましたか?,2026年1月12日\n", encoding="utf-8")
    assert peer_report.main(["--questions", str(questions), "--split", "test"]) == 0
    out = capsys.readouterr().out
    assert "| 指標 | rag | peer |" in out
    assert "- peer: hash-test" in out


def test_a_missing_file_is_an_error_without_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    assert peer_report.main(["--questions", "none.jsonl"]) == 1
    assert "none.jsonl" in capsys.readouterr().err
