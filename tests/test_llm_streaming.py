"""What is told while a model still writes is verified, stays in the reply, and can be left at any time. Extra `llm`."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from llm_doubles import (
    ASKS_A_MODEL,
    COST,
    EXCEPTION,
    FALSE,
    HITS,
    OPENED,
    QUESTION,
    VISITORS,
    Says,
    answerer,
    says,
    streamed,
    writes,
)
from scripted_server import Pace, ScriptedServer, completes

from rag.answering.composing import Citations
from rag.answering.llm.client import OutputMode
from rag.answering.llm.composing import Checked, settle, sure
from rag.japanese import Span
from rag.types import Abstention, Answer, Statement

pytestmark = ASKS_A_MODEL


def running_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "rag-llm"]


@pytest.mark.parametrize("output", ["tool", "native", "prompted"])
def test_a_statement_is_told_before_the_model_has_ended(server: ScriptedServer, output: OutputMode) -> None:
    hold = threading.Event()
    server.script = [writes(says(OPENED), says(VISITORS), says(COST), pace=Pace(hold=hold))]
    parts = answerer(server, output).stream(QUESTION, HITS)
    first = next(parts)  # never, while the server holds the rest back, if it had to be whole
    assert isinstance(first, Statement)
    assert first.text == OPENED
    hold.set()
    told, reply = streamed(parts)
    assert isinstance(reply, Answer)
    assert [first, *told] == list(reply.statements)
    assert len(server.bodies) == 1


@pytest.mark.parametrize(
    "held",
    [
        [says(COST), says(EXCEPTION)],  # the exception must be known first
        [FALSE, says(OPENED), says(VISITORS)],
    ],
)
def test_what_is_not_sure_to_stay_is_held_back(server: ScriptedServer, held: Sequence[Says]) -> None:
    hold = threading.Event()
    seen: list[bool] = []
    server.script = [writes(*held, pace=Pace(hold=hold)), writes(says(COST), says(EXCEPTION))]
    threading.Timer(0.5, hold.set).start()
    for part in answerer(server).stream(QUESTION, HITS):
        seen.append(hold.is_set())
        last = part
    assert all(seen)
    assert isinstance(last, Answer)
    assert [one.text for one in last.statements] == [COST, EXCEPTION]


def test_a_mended_answer_keeps_what_was_told(server: ScriptedServer) -> None:
    server.script = [
        writes(says(OPENED), FALSE, says(VISITORS), pace=Pace(0.01)),
        writes(
            Says("2024年4月1日、アオバ港湾はミナト広場を開業しました。", (OPENED,)),
            says(COST),
            says(VISITORS),
        ),
    ]
    told, reply = streamed(answerer(server).stream(QUESTION, HITS))
    assert isinstance(reply, Answer)
    assert [one.text for one in told] == [OPENED, COST, VISITORS, EXCEPTION]
    assert list(reply.statements) == told
    assert reply.dropped == ()
    assert [[c.n for c in one.citations] for one in told] == [[1], [2], [3], [4]]


@pytest.mark.parametrize(
    "second",
    [writes(status="no_evidence"), writes(says(COST), status="false_premise"), completes("{"), writes(FALSE)],
)
def test_whatever_a_model_says_later_what_was_told_stays(server: ScriptedServer, second: object) -> None:
    server.script = [writes(says(OPENED), says(VISITORS), FALSE, pace=Pace(0.01)), second]  # type: ignore[list-item]
    told, reply = streamed(answerer(server).stream(QUESTION, HITS))
    assert isinstance(reply, Answer)
    assert told[0].text == OPENED
    assert list(reply.statements) == told
    assert "400億円" not in reply.text


def test_leaving_early_ends_the_request(server: ScriptedServer) -> None:
    hold = threading.Event()
    server.script = [writes(says(OPENED), says(VISITORS), says(COST), pace=Pace(hold=hold))]
    parts = answerer(server).stream(QUESTION, HITS)
    next(parts)
    assert running_threads()
    parts.close()  # type: ignore[attr-defined]
    assert not running_threads()
    hold.set()


def test_several_threads_ask_at_once(server: ScriptedServer) -> None:
    engine = answerer(server)
    replies: list[object] = []
    threads = [
        threading.Thread(target=lambda: replies.append(engine.answer(QUESTION, HITS))) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(server.bodies) == 6
    assert [isinstance(reply, Answer) for reply in replies] == [True] * 6
    assert not running_threads()


def test_repeated_statements_are_told_once(server: ScriptedServer) -> None:
    server.script = [writes(*[says(OPENED)] * 4, says(VISITORS))]
    told, _ = streamed(answerer(server).stream(QUESTION, HITS))
    assert [one.text for one in told] == [OPENED, VISITORS]


# --- what is sure, and what is left, without a server -----------------------------------------------------


def checked(*texts: str) -> list[Checked]:
    """Statements of which those that begin with × have failed."""
    citation = Citations().of(HITS[0], Span(HITS[0].chunk.start, HITS[0].chunk.end))
    return [
        Checked(text[1:], None, ("誤り",))
        if text[0] == "×"
        else Checked(text, Statement(text=text, citations=(citation,)), ())
        for text in texts
    ]


@pytest.mark.parametrize(
    ("texts", "beginning", "count"),
    [
        (["文。"], "", 0),
        (["文。"], "た", 0),
        (["文。"], "ただし、北側の倉庫は含まれていません。開業後に", 0),
        (["文。"], "アオバ港湾は、北側の倉庫を2025年に改修する", 1),
        (["文。", "×誤。"], "アオバ港湾は、北側の倉庫を2025年に改修する", 1),
        (["×誤。", "文。"], "アオバ港湾は、北側の倉庫を2025年に改修する", 0),
        (["文。", "ただし、文。"], "", 0),
        (["文。", "ただし、文。"], "アオバ港湾は、北側の倉庫を2025年に改修する", 2),
        (["文。", "ただし、文。"], "一方、アオバ港湾は、北側の倉庫を2025年に", 0),
        (["文。", "×ただし、誤。"], "アオバ港湾は、北側の倉庫を2025年に改修する", 0),
        (["One.", "However, two."], "It was opened in the spring of 2024", 2),
    ],
)
def test_how_much_is_sure(texts: list[str], beginning: str, count: int) -> None:
    assert sure(checked(*texts), beginning) == count


@given(
    st.lists(st.sampled_from(["×", ""]), max_size=6),
    st.lists(st.sampled_from(["文", "ただし、文", "これは文", "一方、文"]), min_size=6, max_size=6),
    st.integers(0, 6),
    st.integers(0, 40),
)
def test_what_was_shown_is_never_taken_back(
    marks: list[str], openings: list[str], complete: int, begun: int
) -> None:
    texts = [f"{mark}{openings[n]}{n}は、{'とても' * 8}長い。" for n, mark in enumerate(marks)]
    whole = checked(*texts)
    complete = min(complete, len(whole))
    beginning = whole[complete].text[:begun] if complete < len(whole) else ""
    shown = sure(whole[:complete], beginning)
    left = [one.text for one in settle(whole).statements]
    assert left[:shown] == [one.text for one in whole[:shown]]


@pytest.mark.parametrize(
    ("texts", "shown", "left"),
    [
        (["一。", "二。"], 0, ["一。", "二。"]),
        (["一。", "×二。"], 0, ["一。"]),
        (["×一。", "二。"], 0, []),
        (["一。", "×ただし、二。"], 0, []),
        (["一。", "二。", "×ただし、三。"], 0, ["一。"]),
        (["一。", "ただし、二。", "×一方、三。"], 0, []),
        (["一。", "×二。", "これは三。", "それは四。", "五。"], 0, ["一。", "五。"]),
        (["一。", "×However, two."], 1, ["一。"]),
    ],
)
def test_what_is_left(texts: list[str], shown: int, left: list[str]) -> None:
    settled = settle(checked(*texts), shown)
    assert [one.text for one in settled.statements] == left
    assert {one.text for one in settled.dropped} == {text.lstrip("×") for text in texts} - set(left)
    assert all(one.why for one in settled.dropped)


def test_an_abstention_tells_nothing_on_the_way(server: ScriptedServer) -> None:
    server.script = [writes(says(COST), status="no_evidence", pace=Pace(0.01))]
    told, reply = streamed(answerer(server).stream(QUESTION, HITS))
    assert told == []
    assert isinstance(reply, Abstention)
