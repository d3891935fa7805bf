"""Questions that a scripted model proposes: what cannot be verified is left out and counted. Extra `llm`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from doubles import Runner, corpus_file
from llm_doubles import COST, KEY, OPENED, TEXT, harbour, rows_of
from pydantic import SecretStr
from scripted_server import Act, ScriptedServer, completes, fails, serving

from evals.generating.generate import main
from evals.generating.llm import REJECTIONS, Proposed, generate_by_llm, verified
from evals.items import EvalError, Item, load_items
from rag.answering.llm.client import Connection
from rag.chunking import chunk

pytest.importorskip("pydantic_ai.models.openai", reason='pip install "rag[llm]"')

GOOD = Proposed(
    question="ミナト広場の整備費はいくらですか?", answer="300億円", evidence=COST, type="how_much"
)
BODY = TEXT.partition("\n")[2]


def proposes(*questions: Proposed) -> Act:
    return completes(json.dumps({"questions": [one.model_dump() for one in questions]}, ensure_ascii=False))


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with serving(proposes(GOOD)) as running:
        yield running


def connection(server: ScriptedServer) -> Connection:
    return Connection("openai:test-model", server.url, SecretStr(KEY))


def proposed(**changes: str) -> Proposed:
    return GOOD.model_copy(update=changes)


@pytest.mark.parametrize(
    ("one", "kept"),
    [
        (GOOD, None),
        (proposed(answer="三百億円"), None),
        (proposed(evidence="整備に300億円を投じています"), None),
        (proposed(evidence=COST.replace("300", "400"), answer="400億円"), "evidence"),
        (proposed(evidence=""), "evidence"),
        (proposed(evidence="ミナト広場", answer="ミナト"), "twice"),
        (proposed(answer="400億円"), "answer"),
        (proposed(answer="00億円"), "answer"),
        (proposed(answer=""), "answer"),
        (proposed(question="ミナト広場の整備費は300億円ですか?"), "given"),
        (proposed(question="いくら?"), "vague"),
        (proposed(question="日本の首都の人口はいくらですか?"), "vague"),
        (proposed(question="ミナト広場の整備費は" + "とても" * 50 + "いくら?"), "vague"),
        (proposed(question="ミナト広場の整備費は\nいくらですか?"), "vague"),
    ],
)
def test_a_question_is_verified(one: Proposed, kept: str | None) -> None:
    made = verified(one, harbour(), BODY, [])
    if kept is not None:
        assert made == kept
        assert kept in REJECTIONS
        return
    assert isinstance(made, Item)
    ((span,),) = made.evidence
    assert TEXT[span.start : span.end] == span.text == one.evidence
    assert made.accepted == ((one.answer,),)


def test_the_same_question_or_answer_is_kept_once() -> None:
    first = verified(GOOD, harbour(), BODY, [])
    assert isinstance(first, Item)
    assert verified(GOOD, harbour(), BODY, [first]) == "repeated"
    reworded = proposed(question="ミナト広場の整備にいくら投じていますか?")
    assert verified(reworded, harbour(), BODY, [first]) == "repeated"
    other = Proposed(
        question="ミナト広場の開業はいつですか?", answer="2024年4月1日", evidence=OPENED, type="when"
    )
    assert isinstance(verified(other, harbour(), BODY, [first]), Item)


@pytest.mark.loopback
@pytest.mark.enable_socket
class TestServer:
    def test_what_is_left_out_is_counted(self, server: ScriptedServer) -> None:
        server.script = [proposes(GOOD, proposed(answer="9億円"), GOOD, proposed(evidence="嘘です。"))]
        made = generate_by_llm(harbour(), connection(server))
        assert [item.gold for item in made.items] == ["300億円"]
        assert made.rejected == {"answer": 1, "repeated": 1, "evidence": 1}
        (body,) = server.bodies
        assert rows_of(body)[1] == {"text": BODY}

    def test_every_part_of_a_long_article_is_asked_about(self, server: ScriptedServer) -> None:
        long = harbour(
            "港の再開発\n" + "".join(f"第{n}区画は{n}年に開いた施設です。" for n in range(1000, 1100))
        )
        generate_by_llm(long, connection(server))
        texts = [rows_of(body)[1]["text"] for body in server.bodies]
        assert len(texts) > 2
        assert "".join(texts) == "".join(piece.text for piece in chunk(long))

    def test_a_limit_saves_requests(self, server: ScriptedServer) -> None:
        long = harbour(
            TEXT + "\n" + "".join(f"第{n}区画は{n}年に開いた施設です。" for n in range(1000, 1100))
        )
        made = generate_by_llm(long, connection(server), limit=1)
        assert len(made.items) == len(server.bodies) == 1

    def test_a_server_that_fails_is_named(self, server: ScriptedServer) -> None:
        server.script = [fails(401, KEY)]
        with pytest.raises(EvalError, match="HTTP 401") as caught:
            generate_by_llm(harbour(), connection(server))
        assert KEY not in str(caught.value)

    def test_the_module_writes_a_question_file(
        self,
        server: ScriptedServer,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setenv("RAG_LLM__API_KEY", KEY)
        article = tmp_path / "harbour.md"
        article.write_text(corpus_file(TEXT), encoding="utf-8")
        server.script = [proposes(GOOD, proposed(answer="9億円"))]
        assert main([str(article), "--model", "openai:x", "--base-url", server.url]) == 0
        out, err = capsys.readouterr()
        file = tmp_path / "questions.jsonl"
        file.write_text(out, encoding="utf-8")
        assert [item.question for item in load_items(file)] == [GOOD.question]
        assert f"{REJECTIONS['answer']}: 1" in err
        assert server.keys == [f"Bearer {KEY}"]
        assert main([str(article), "--model", "nobody:x"]) == 2

    def test_the_command_uses_the_settings(
        self, rag: Runner, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run = rag("eval", "generate", "--llm")
        assert run.code != 0
        assert "RAG_LLM__MODEL" in run.err
        monkeypatch.setenv("RAG_LLM__MODEL", "openai:test-model")
        monkeypatch.setenv("RAG_LLM__BASE_URL", server.url)
        run = rag("eval", "generate", "--llm", "--limit", "1")
        assert run.code == 0
        assert server.bodies
        assert REJECTIONS["evidence"] in run.err
