"""Answers by a scripted model over real HTTP: each statement is verified, mended once, then withheld. Extra `llm`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, get_args

import pytest
from doubles import HashEmbedder, make_article
from honesty import assert_honest
from llm_doubles import (
    ASKS_A_MODEL,
    COST,
    EXCEPTION,
    FALSE,
    HITS,
    KEY,
    OPENED,
    QUESTION,
    TEXT,
    VISITORS,
    FindsNothing,
    Says,
    answerer,
    harbour,
    hits_of,
    rows_of,
    says,
    streamed,
    writes,
)
from scripted_server import Act, ScriptedServer, completes

from rag.answering.extractive import ExtractiveAnswerer
from rag.answering.llm.client import OutputMode
from rag.answering.llm.sources import MOST_HITS
from rag.types import Abstention, Answer, Hit, Reply

pytestmark = ASKS_A_MODEL

MODES: tuple[OutputMode, ...] = get_args(OutputMode)
INVENTED = Says(COST, ("=zzzzz",))
MISQUOTED = says(COST, "整備に400億円")
SOURCELESS = Says(COST)


def reply(server: ScriptedServer, *script: Act, question: str = QUESTION, **options: Any) -> Any:
    server.script = list(script)
    return streamed(answerer(server, **options).stream(question, HITS)).reply


def said(answer: Answer) -> list[str]:
    return [statement.text for statement in answer.statements]


@pytest.mark.parametrize("output", MODES)
def test_a_good_answer_takes_one_request(server: ScriptedServer, output: OutputMode) -> None:
    answer = reply(server, output=output)
    assert said(answer) == [COST, EXCEPTION]
    assert [citation.quote for citation in answer.citations] == [COST, EXCEPTION]
    assert_honest(answer)
    assert (answer.engine, answer.notice, answer.dropped) == ("openai:test-model", None, ())
    assert answer.usage.model_dump() == {"requests": 1, "input_tokens": 7, "output_tokens": 3}
    (body,) = server.bodies
    assert (body["temperature"], body["model"]) == (0, "test-model")
    assert ("tools" in body) == (output == "tool")
    assert server.keys == [f"Bearer {KEY}"]


BAD: dict[str, Act] = {
    "json": completes("{こわれた"),
    "number": writes(FALSE),
    "key": writes(INVENTED),
    "quote": writes(MISQUOTED),
    "sourceless": writes(SOURCELESS),
    "second": writes(says(COST), FALSE),
    "status": completes('{"status": "たぶん", "statements": []}'),
    "schema": completes('{"answer": "300億円"}'),
    "keyless": completes('{"status": "answered", "statements": [{"text": "300億円です。"}]}'),
    "empty": completes('{"status": "answered", "statements": []}'),
    "many": writes(*[Says(COST + str(n), (COST,)) for n in range(20)]),
}


@pytest.mark.parametrize(
    ("output", "bad"),
    [*(("tool", bad) for bad in BAD), *((mode, bad) for mode in MODES[1:] for bad in ("json", "number"))],
)
def test_a_bad_answer_is_mended_in_two_requests(server: ScriptedServer, bad: str, output: OutputMode) -> None:
    answer = reply(server, BAD[bad], output=output)
    assert said(answer) == [COST, EXCEPTION]
    assert_honest(answer)
    assert answer.usage.requests == len(server.bodies) == 2
    assert len(server.bodies[1]["messages"]) > len(server.bodies[0]["messages"])


@pytest.mark.parametrize(
    ("bad", "complaint"),
    [
        (FALSE, "400億円"),
        (INVENTED, "zzzzz"),
        (MISQUOTED, "整備に400億円"),
        (SOURCELESS, "根拠の key がありません"),
    ],
)
def test_the_model_is_told_what_is_wrong(server: ScriptedServer, bad: Says, complaint: str) -> None:
    reply(server, writes(says(VISITORS), bad))
    told = json.dumps(server.bodies[1]["messages"][2:], ensure_ascii=False)
    assert "文2: " in told
    assert complaint in told


@pytest.mark.parametrize("bad", [FALSE, INVENTED, MISQUOTED, SOURCELESS])
def test_what_stays_unproven_is_withheld_with_the_reason(server: ScriptedServer, bad: Says) -> None:
    answer = reply(server, *[writes(says(VISITORS), says(OPENED), bad)] * 2)
    assert said(answer) == [VISITORS, OPENED]
    assert [one.text for one in answer.dropped] == [bad.text]
    assert answer.dropped[0].why
    assert len(server.bodies) == 2


@pytest.mark.parametrize(
    "statements",
    [
        [FALSE],
        [FALSE, says(VISITORS)],  # the first is the answer
        [
            says(VISITORS),
            Says("ただし、翌日は3万人が訪れました。", (VISITORS,)),
        ],  # what limits it is not proven
    ],
)
def test_an_answer_that_would_mislead_is_none(server: ScriptedServer, statements: list[Says]) -> None:
    refused = reply(server, *[writes(*statements)] * 2)
    assert isinstance(refused, Abstention)
    assert refused.reason == "unsupported_claim"
    assert refused.hits
    assert refused.engine == "openai:test-model"


def test_a_statement_that_leans_on_a_withheld_one_goes_with_it(server: ScriptedServer) -> None:
    leaning = Says("同社は2024年4月1日にミナト広場を開業しました。", (OPENED,))
    answer = reply(server, *[writes(says(VISITORS), FALSE, leaning)] * 2)
    assert said(answer) == [VISITORS]
    assert [one.text for one in answer.dropped] == [FALSE.text, leaning.text]


def test_an_exception_of_the_source_is_added_when_the_model_leaves_it_out(server: ScriptedServer) -> None:
    answer = reply(server, writes(says(COST)))
    assert said(answer) == [COST, EXCEPTION]
    assert_honest(answer)


def test_a_list_item_is_cited_with_the_sentence_that_leads_it_in(server: ScriptedServer) -> None:
    made = harbour("区画の案内\n次の区画には入れません。\n- ウミテラス\n- 北倉庫\n")
    server.script = [writes(Says("ウミテラスには入れます。", ("ウミテラス",)))] * 2
    refused = answerer(server).answer("ウミテラスには入れますか?", hits_of(made))
    assert isinstance(refused, Abstention)
    server.script = [writes(Says("ウミテラスの区画には入れません。", ("ウミテラス",)))]
    answer = answerer(server).answer("ウミテラスには入れますか?", hits_of(made))
    assert isinstance(answer, Answer)
    assert [one.quote for one in answer.citations] == ["次の区画には入れません。", "- ウミテラス"]


@pytest.mark.parametrize("status", ["no_evidence", "ambiguous"])
def test_the_model_may_refuse(server: ScriptedServer, status: str) -> None:
    refused = reply(server, writes(says(COST), status=status))
    assert isinstance(refused, Abstention)
    assert refused.reason == status
    assert not refused.corrections
    assert refused.suggestions == (("港の再開発",) if status == "ambiguous" else ())
    assert refused.usage is not None


def test_a_false_premise_is_corrected_with_a_citation(server: ScriptedServer) -> None:
    question = "ミナト広場の整備費が500億円なのはなぜですか?"
    script = [writes(says(COST), status="false_premise")]
    refused = reply(server, *script, question=question, local=FindsNothing())
    assert isinstance(refused, Abstention)
    assert refused.reason == "false_premise"
    assert [one.text for one in refused.corrections] == [COST, EXCEPTION]
    assert refused.citations[0].quote == COST
    script = [writes(FALSE, status="false_premise")] * 2
    wrong = reply(server, *script, question=question, local=FindsNothing())
    assert wrong.reason == "unsupported_claim"
    assert not wrong.corrections


def test_a_premise_that_reading_corrected_costs_nothing(server: ScriptedServer) -> None:
    class Corrects(FindsNothing):
        def answer(self, question: str, hits: Sequence[Hit]) -> Reply:
            return super().answer(question, hits).model_copy(update={"reason": "false_premise"})

    assert reply(server, local=Corrects()).reason == "false_premise"
    assert server.bodies == []


def test_what_answers_is_marked_within_the_whole_quote(server: ScriptedServer) -> None:
    (citation, *_) = reply(server, writes(says(COST, "300億円"))).citations
    assert citation.quote == COST
    assert TEXT[slice(*citation.answer_span)] == "300億円"


def test_each_request_has_keys_of_its_own_that_no_text_contains(server: ScriptedServer) -> None:
    reply(server)
    reply(server)
    first, second = ({row["key"] for row in rows_of(body) if "key" in row} for body in server.bodies)
    assert len(first) == len([OPENED, COST, EXCEPTION, VISITORS])
    assert not first & second
    assert not any(key in TEXT + QUESTION for key in first | second)


def test_an_english_question_is_answered_in_english(server: ScriptedServer) -> None:
    question = "How much is invested in the plaza?"
    english = Says("The plaza cost 30 billion yen.", (COST,))
    answer = reply(server, writes(english), question=question)
    assert said(answer) == [english.text, EXCEPTION]
    assert "Write text in English" in server.bodies[0]["messages"][0]["content"]
    wrong = english._replace(text="The plaza cost 30 million yen.")
    refused = reply(server, *[writes(wrong)] * 2, question=question)
    assert refused.reason == "unsupported_claim"
    assert refused.message.startswith("No answer")


def test_no_hits_cost_nothing(server: ScriptedServer) -> None:
    refused = answerer(server).answer(QUESTION, [])
    assert isinstance(refused, Abstention)
    assert refused.reason == "no_evidence"
    assert server.bodies == []


def test_an_llm_reads_only_the_best_hits(server: ScriptedServer) -> None:
    many = [make_article(f"a{n}", f"ミナト広場の第{n}区画は{n}月に開業しました。") for n in range(1, 40)]
    answerer(server, local=FindsNothing()).answer(QUESTION, [*HITS, *hits_of(*many)])
    assert len([row for row in rows_of(server.bodies[0]) if "article" in row]) == MOST_HITS


def test_a_question_without_a_subject_costs_nothing(server: ScriptedServer) -> None:
    refused = answerer(server).answer("それはいつですか?", HITS)
    assert isinstance(refused, Abstention)
    assert refused.reason == "ambiguous"
    assert server.bodies == []


def test_an_answer_that_reading_did_not_find_says_so(server: ScriptedServer) -> None:
    question = "ソラモ社の新棟の屋根は何色ですか?"
    local = ExtractiveAnswerer(HashEmbedder()).answer(question, HITS)
    assert isinstance(local, Abstention)
    answer = reply(server, question=question)
    assert isinstance(answer, Answer)
    assert answer.notice is not None
    assert "引用を確かめて" in answer.notice
    assert answer.confidence == local.confidence
