"""Programs made for OpenAI use the assistant as it is: the official client, over a real connection."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import openai
import pytest
from doubles import make_article
from http_server import QUESTION, UNANSWERED, client, served, settings

from rag import Abstention, Answer, Assistant, Statement
from rag.chunking import chunk
from rag.citations import cite
from rag.http.app import create_app
from rag.http.openai_text import Said, rendered, rest
from rag.sentences import Span
from rag.types import Reply

pytestmark = [pytest.mark.loopback, pytest.mark.enable_socket]


@pytest.fixture
def official(assistant: Assistant) -> Iterator[openai.OpenAI]:
    with (
        served(create_app(assistant, settings())) as address,
        openai.OpenAI(base_url=f"{address}/v1", api_key="unused", max_retries=0) as opened,
    ):
        yield opened


def test_an_answer_has_markers_sources_and_annotations(official: openai.OpenAI, assistant: Assistant) -> None:
    reply = assistant.ask(QUESTION)
    done = official.chat.completions.create(model="rag", messages=[{"role": "user", "content": QUESTION}])
    (choice,) = done.choices
    content = choice.message.content or ""
    for statement in reply.statements:
        assert f"{statement.text}[1]" in content
    for citation in reply.citations:
        assert f"[{citation.n}] {citation.title}" in content
        assert citation.deep_link in content
    assert choice.finish_reason == "stop"
    assert choice.message.annotations
    for annotation in choice.message.annotations:
        place = annotation.url_citation
        marker = content[place.start_index : place.end_index]
        assert place.url == next(c.deep_link for c in reply.citations if f"[{c.n}]" == marker)
    assert done.usage.total_tokens == 0
    assert done.model_extra["rag"]["status"] == "answered"


def test_a_stream_says_the_same_as_a_whole_answer(official: openai.OpenAI) -> None:
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": QUESTION}]
    whole = official.chat.completions.create(model="x", messages=messages)
    pieces = list(
        official.chat.completions.create(
            model="x", messages=messages, stream=True, stream_options={"include_usage": True}
        )
    )
    said = "".join(piece.choices[0].delta.content or "" for piece in pieces if piece.choices)
    assert said == whole.choices[0].message.content
    assert len([piece for piece in pieces if piece.choices and piece.choices[0].delta.content]) > 2
    assert pieces[-1].usage.total_tokens == 0
    assert pieces[-2].choices[0].finish_reason == "stop"
    annotations = [
        one
        for piece in pieces
        if piece.choices
        for one in (piece.choices[0].delta.model_extra or {}).get("annotations", [])
    ]
    assert annotations == [one.model_dump() for one in whole.choices[0].message.annotations]


def test_a_conversation_completes_a_follow_up(official: openai.OpenAI) -> None:
    first = official.chat.completions.create(model="rag", messages=[{"role": "user", "content": QUESTION}])
    done = official.chat.completions.create(
        model="rag",
        messages=[
            {"role": "user", "content": QUESTION},
            {"role": "assistant", "content": first.choices[0].message.content},
            {"role": "user", "content": [{"type": "text", "text": "それはどのOSで使えますか?"}]},
        ],
    )
    assert "Cowork" in done.model_extra["rag"]["standalone_question"]


def test_an_abstention_says_so(official: openai.OpenAI) -> None:
    done = official.chat.completions.create(model="rag", messages=[{"role": "user", "content": UNANSWERED}])
    content = done.choices[0].message.content or ""
    assert "見つかりませんでした" in content
    assert "近い文章" in content
    assert done.choices[0].message.annotations == []


def test_models_and_errors_are_those_of_openai(official: openai.OpenAI) -> None:
    assert [model.id for model in official.models.list()] == ["rag"]
    assert official.models.retrieve("rag").owned_by == "rag"
    with pytest.raises(openai.NotFoundError) as missing:
        official.models.retrieve("gpt")
    assert missing.value.code == "not-found"
    for messages in (
        [],
        [{"role": "system", "content": "x"}],
        [{"role": "user", "content": " "}],
        [{"role": "assistant", "content": "x"}],
    ):
        with pytest.raises(openai.UnprocessableEntityError) as refused:
            official.chat.completions.create(model="rag", messages=messages)
        assert refused.value.type == "invalid_request_error"
    with pytest.raises(openai.UnprocessableEntityError):
        official.chat.completions.create(model="rag", messages=[{"role": "user", "content": "x"}], n=2)


def test_a_wrong_key_is_an_authentication_error(assistant: Assistant) -> None:
    with client(assistant, host="0.0.0.0") as api:
        body = {"model": "rag", "messages": [{"role": "user", "content": QUESTION}]}
        error = api.post("/v1/chat/completions", json=body).json()
    assert error["type"] == "urn:rag:problem:unauthorized"


# --- what a stream says when the reply is not what it began with ------------------------------------------


def statement(text: str, n: int = 1) -> Statement:
    article = make_article("a", text)
    return Statement(text=text, citations=(cite(article, chunk(article)[0], Span(0, len(text)), n),))


FIRST, SECOND = statement("図書館は四月に開館しました。"), statement("蔵書は三万冊です。", 2)
WITHDRAWN = Abstention(question="?", reason="unsupported_claim", message="x")
CORRECTED = Abstention(question="?", reason="false_premise", message="x", corrections=(SECOND,))
WHOLE = Answer(question="?", statements=(FIRST, SECOND))


@pytest.mark.parametrize("reply", [WHOLE, CORRECTED])
def test_annotations_point_at_their_markers(reply: Reply) -> None:
    assert_pointed(rendered(reply, "ja"))


def assert_pointed(said: Said) -> None:
    assert said.annotations
    for annotation in said.annotations:
        place = annotation.url_citation
        assert said.content[place.start_index : place.end_index] in ("[1]", "[2]")


@pytest.mark.parametrize("sent", [[], [FIRST], [FIRST, SECOND]])
def test_the_rest_completes_an_answer(sent: Sequence[Statement]) -> None:
    begun = "\n".join(f"{one.text}[{one.citations[0].n}]" for one in sent)
    said = list(rest(WHOLE, sent, len(begun), "ja"))
    assert begun + "".join(one.content for one in said) == rendered(WHOLE, "ja").content


@pytest.mark.parametrize("reply", [WITHDRAWN, CORRECTED, Answer(question="?", statements=(SECOND,))])
def test_what_does_not_hold_is_taken_back(reply: Reply) -> None:
    begun = f"{FIRST.text}[1]"
    (said,) = rest(reply, [FIRST], len(begun), "ja")
    assert "取り消します" in said.content
    assert said.content.endswith(rendered(reply, "ja").content)
    if reply.citations:
        assert_pointed(Said(begun + said.content, said.annotations))
    assert "withdrawn" in next(iter(rest(reply, [FIRST], len(begun), "en"))).content
    (unsent,) = rest(WITHDRAWN, [], 0, "ja")
    assert "取り消します" not in unsent.content
