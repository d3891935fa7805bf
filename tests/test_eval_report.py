"""Reports show what was measured, run nothing that a question or a reply says, and need no network."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import pytest
from eval_doubles import BAD, HEAD, ITEMS, OPENING, REPLIES, cited, finished, item, refused
from rich.console import Console

from evals.gate import Check, Verdict
from evals.metrics import compare
from evals.report.charts import calibration, latency, quantile
from evals.report.labels import LABELS, OUTCOMES
from evals.report.terminal import print_view
from evals.report.view import Compared, View, all_metrics, make_view
from evals.report.writing import html, junit, markdown, summary_json, write_reports
from evals.runner import Evaluation
from rag.messages import Lang

EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&|`\x00\x1b[31m"
CLOSED = Verdict([Check("joint_accuracy", False, "0.7500 ≥ 0.9"), Check("verbatim", True, "1 ≥ 1")], ["head"])


class Page(HTMLParser):
    """Every tag with its attributes, and the text of the details."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture
def before(tmp_path: Path) -> Evaluation:
    return finished(tmp_path, "before", replies={**REPLIES, BAD.question: cited("何か")})


@pytest.fixture
def view(tmp_path: Path, before: Evaluation) -> View:
    now = finished(tmp_path, "now", replies={**REPLIES, HEAD.question: refused()})
    return make_view(now, compared=Compared(before, compare(before.scores, now.scores)), verdict=CLOSED)


@pytest.fixture
def evil(tmp_path: Path) -> View:
    question = item(EVIL, "田中", "館長は田中さんです。", question=EVIL, type=EVIL, style=EVIL, gold=EVIL)
    reply = cited(
        "館長は田中さんです。" + EVIL, "館長は田中さんです。", title=EVIL, deep_link="javascript:alert(3)"
    )
    return make_view(finished(tmp_path, items=[question], replies={EVIL: reply}))


def test_the_page_names_the_numbers_the_gate_and_every_question(view: View) -> None:
    page = Page(html(view))
    for words in (
        "50.0%",
        "総合正答率",
        "ゲート: 不合格",
        "0.7500 ≥ 0.9",
        "壊れた質問 1",
        *(i.question for i in ITEMS),
    ):
        assert words in page.words
    assert len([d for d in page.all("details") if "data-outcome" in d]) == len(ITEMS)
    assert len(page.all("svg")) == 3
    assert any(link["href"] == "https://example.com/a#:~:text=x" for link in page.all("a"))
    assert {f"#q-{HEAD.id}"} <= {link["href"] for link in page.all("a")}


def test_nothing_is_loaded_from_elsewhere(view: View) -> None:
    page = Page(html(view))
    assert not [
        tag for tag, attributes in page.tags if "src" in attributes or tag in ("link", "iframe", "object")
    ]
    assert "url(" not in html(view)
    (policy,) = (meta["content"] for meta in page.all("meta") if meta.get("http-equiv"))
    assert policy is not None
    assert policy.startswith("default-src 'none';")


def test_what_a_question_or_reply_says_is_text(evil: View) -> None:
    page = Page(html(evil))
    assert page.all("script") == [{}]
    assert page.all("img") == []
    assert EVIL.replace("\x00", "") in page.words.replace("\x00", "").replace("\ufffd", "")
    assert not [a for a in page.all("a") if (a["href"] or "").startswith("javascript:")]
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]


def test_markdown_keeps_its_tables_whatever_a_question_says(evil: View) -> None:
    text = markdown(evil)
    assert "<script>" not in re.sub(r"\\.", "", text)
    assert all(re.sub(r"\\.", "", line).count("|") == 5 for line in text.splitlines() if line.startswith("|"))


def test_markdown_has_the_gate_the_difference_and_what_went_wrong(view: View) -> None:
    text = markdown(view)
    for words in (
        "ゲート: 不合格",
        "| 総合正答率",
        "### 壊れた質問(1)",
        "## 正しくなかった質問(2)",
        "答えられる質問を断った",
    ):
        assert words in text
    assert "\n\n\n" not in text


def test_junit_counts_what_it_holds(view: View) -> None:
    root = ET.fromstring(junit(view).encode())
    gate, questions = root.findall("testsuite")
    for suite in (gate, questions):
        assert int(suite.get("tests", "")) == len(suite.findall("testcase"))
        assert int(suite.get("failures", "")) == len(suite.findall("testcase/failure"))
        assert int(suite.get("errors", "")) == len(suite.findall("testcase/error"))
    assert (gate.get("failures"), gate.get("errors")) == ("1", "0")
    assert (questions.get("failures"), questions.get("errors")) == ("1", "1")
    assert float(questions.get("time", "")) >= 0


def test_junit_can_be_read_whatever_a_question_says(evil: View) -> None:
    (case,) = ET.fromstring(junit(evil).encode()).iter("testcase")
    assert "<script>" in (case.get("name") or "")


def test_the_summary_for_machines_has_the_verdict_and_the_ids(view: View) -> None:
    summary = summary_json(view)
    assert summary["gate"]["passed"] is False
    assert summary["gate"]["broken"] == ["head"]
    assert summary["comparison"]["broken"] == [HEAD.id]
    assert summary["wrong"] == [HEAD.id, BAD.id]
    assert summary["metrics"]["joint_accuracy"]["value"] == 0.5


def test_every_report_is_written_beside_the_run(view: View) -> None:
    write_reports(view)
    written = {path.name for path in view.evaluation.run.folder.iterdir()}
    assert {"report.html", "report.md", "junit.xml", "summary.json"} <= written


def test_a_run_without_answers_confidence_or_types_has_a_report(tmp_path: Path) -> None:
    view = make_view(finished(tmp_path, items=[BAD]))
    assert view.calibration == []
    assert "<svg" in html(view)


def test_every_metric_and_outcome_has_words(view: View) -> None:
    known = [
        name
        for name in all_metrics(view.evaluation.summary)
        if not name.startswith(("evidence_", "article_"))
    ]
    assert set(known) <= LABELS.keys()
    assert set(view.evaluation.summary.outcomes) <= OUTCOMES.keys()


@pytest.mark.parametrize(("lang", "said"), [("ja", "ゲート: 不合格"), ("en", "Gate: failed")])
def test_the_terminal_shows_numbers_difference_and_gate(view: View, lang: Lang, said: str) -> None:
    console = Console(width=120)
    with console.capture() as captured:
        print_view(view, lang, console)
    shown = captured.get()
    for words in (said, "50.0%", HEAD.question, "report.html"):
        assert words in shown


def test_a_question_that_looks_like_markup_is_shown_as_it_is(tmp_path: Path) -> None:
    odd = item("odd", question="[red]x[/red] [/nope]")
    now = finished(tmp_path, "now", items=[odd], replies={odd.question: cited("館長は田中さんです。")})
    then = finished(tmp_path, "then", items=[odd], replies={odd.question: refused()})
    console = Console(width=120)
    with console.capture() as captured:
        print_view(make_view(now, compared=Compared(then, compare(then.scores, now.scores))), "ja", console)
    assert "[red]x[/red] [/nope]" in captured.get()


# --- charts -----------------------------------------------------------------------------------------------


def test_calibration_bins_hold_every_answer_once() -> None:
    bins = calibration([(n / 100, n % 2 == 0) for n in range(100)])
    assert sum(part.n for part in bins) == 100
    assert [part.confidence for part in bins] == sorted(part.confidence for part in bins)
    assert all(0 <= part.right <= 1 for part in bins)
    assert calibration([]) == []
    assert [part.right for part in calibration([(0.5, True)])] == [1.0]


def test_the_histogram_holds_every_time_once() -> None:
    found = latency([*range(1, 100), 5000.0])
    assert found is not None
    assert sum(found.counts) == 100
    assert found.end == 100
    assert found.counts[-1] == 6  # 95 to 99, and the slow one
    assert found.most == max(found.counts)
    assert latency([]) is None
    assert latency([0.0]) is not None


def test_a_quantile_is_a_value_that_occurs() -> None:
    assert quantile([1.0, 2.0, 3.0, 4.0], 0.5) == 2.0
    assert quantile([1.0, 2.0, 3.0, 4.0], 0.95) == 4.0
    assert quantile([7.0], 0.0) == 7.0


def test_the_first_question_is_not_lost(view: View) -> None:
    assert view.rows[0].id == OPENING.id


def test_another_run_stands_beside_with_its_own_values(tmp_path: Path) -> None:
    before, now = finished(tmp_path, "before", replies={}), finished(tmp_path, "now")
    view = make_view(now, compared=Compared(before, compare(before.scores, now.scores)))
    joint = next(number for number in view.numbers if number.name == "joint_accuracy")
    assert (joint.text, joint.other) == ("75.0%", "0.0%")
    assert '<td class="right">75.0%</td><td class="right">0.0%</td>' in html(view)
    assert "| 75.0% | 0.0% |" in markdown(view)
