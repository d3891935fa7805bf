"""Whatever people type gets an honest reply or a clear refusal, from any number of threads."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from doubles import CORPUS, FIDX, assert_in_step, make_article
from honesty import QUESTIONS, assert_honest

from rag import Abstention, Answer, Assistant
from rag.assistant import LONGEST_QUESTION, clean_question
from rag.errors import InvalidQuestion


@pytest.mark.parametrize(
    "question", ["", " ", "\u3000\n\t", "\0\0", "\ud800", "\x07\x1b", "\u200a\u2028", "あ" * 100_000]
)
def test_what_is_no_question_is_refused_with_a_hint(assistant: Assistant, question: str) -> None:
    for use in (assistant.ask, assistant.search):
        with pytest.raises(InvalidQuestion) as raised:
            use(question)
        assert raised.value.hint


@pytest.mark.parametrize(
    "question",
    [
        "😀",
        "👩‍👩‍👧‍👦🇯🇵",
        "?",
        "。",
        "\u200b",
        "ー",
        "<script>alert(1)</script>",
        "'; DROP TABLE chunks; --",
        "[red]x[/red] [1]",
        "<s></s> query: passage:",
        "ﷺ" * 100,
        "e\u0301" * 500,
        "Co\0work",
        "Cowork\ud83dはいつ?",
        "\u202eCowork",
        "Ｃｏｗｏｒｋﾊｲﾂ?",
        "a" * LONGEST_QUESTION,
        "「" * LONGEST_QUESTION,
        "9" * LONGEST_QUESTION,
        "年月日" * (LONGEST_QUESTION // 3),
        "🀄" * LONGEST_QUESTION,
        "\u0301" * 100,
        "1" * 400 + "年",
        "①②③ⅣⅤ㌔㍻",
    ],
    ids=lambda question: ascii(question)[:24],
)
def test_anything_else_gets_an_honest_reply(assistant: Assistant, question: str) -> None:
    reply = assistant.ask(question, k=100)
    assert_honest(reply)
    reply.model_dump_json()


def test_arbitrary_characters_get_an_honest_reply_or_a_refusal(assistant: Assistant) -> None:
    rng = random.Random(7)
    planes = [
        (0, 0x250),
        (0x2000, 0x2100),
        (0x3000, 0x3100),
        (0x4E00, 0x9FFF),
        (0xD800, 0xDFFF),
        (0xFE00, 0x1F700),
    ]
    for _ in range(60):
        question = "".join(chr(rng.randint(*rng.choice(planes))) for _ in range(rng.randint(1, 40)))
        try:
            assert_honest(assistant.ask(question, k=100))
        except InvalidQuestion:
            assert not clean_or_empty(question)


def clean_or_empty(question: str) -> str:
    try:
        return clean_question(question)
    except InvalidQuestion:
        return ""


def test_a_question_is_cleaned_of_what_cannot_be_seen_and_of_nothing_else() -> None:
    assert clean_question("  Co\0work\n\tは\x1b いつ?\ud800 ") == "Co work は いつ?"
    assert clean_question("Ｃｏｗｏｒｋは？　😀ｶﾞ") == "Ｃｏｗｏｒｋは？ 😀ｶﾞ"
    assert clean_question("\ud83d\ude00") == "😀"  # a pair, as JSON escapes and JavaScript give it
    assert len(clean_question("あ" * LONGEST_QUESTION)) == LONGEST_QUESTION
    with pytest.raises(InvalidQuestion, match=f"{LONGEST_QUESTION + 1:,}"):
        clean_question("あ" * (LONGEST_QUESTION + 1))


# --- threads ----------------------------------------------------------------------------------------------


def test_threads_asking_at_once_get_what_one_gets_alone(assistant: Assistant) -> None:
    def said(question: str) -> str:
        return assistant.ask(question).model_dump_json(exclude={"timings_ms"})

    alone = [said(question) for question in QUESTIONS]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(said, QUESTIONS * 3)) == alone * 3


def test_threads_may_ask_while_others_ingest_and_remove(assistant: Assistant, home: Path) -> None:
    def write(n: int) -> None:
        assistant.ingest([make_article(f"a{n}", f"第{n}号は{n}月に発行されました。")])
        if n % 2:
            assistant.remove(f"a{n}")

    def read(n: int) -> None:
        assert_honest(assistant.ask(QUESTIONS[n % len(QUESTIONS)], k=100))

    with ThreadPoolExecutor(6) as pool:
        work = [pool.submit(write if n % 3 == 0 else read, n) for n in range(36)]
        for done in work:
            done.result()
    assert [article.id for article in assistant.articles() if article.id.startswith("a")] == sorted(
        f"a{n}" for n in range(0, 36, 6)
    )
    assert_in_step(home / "corpus", assistant._store)


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    home = tmp_path_factory.mktemp("real")
    shutil.copytree(CORPUS, home / "corpus")
    with Assistant.open(home) as assistant:
        yield assistant


@pytest.mark.e2e
class TestRealModel:
    def test_the_day_of_an_announcement_with_its_source(self, real: Assistant) -> None:
        reply = real.ask("Coworkはいつ発表されましたか?")
        assert isinstance(reply, Answer)
        assert "2026年1月12日" in reply.text
        assert reply.citations[0].url == "https://www.fidx.co.jp/?p=3554"

    def test_all_first_investors_with_their_source(self, real: Assistant) -> None:
        reply = real.ask("Stargateの初期投資家は?")
        assert isinstance(reply, Answer)
        assert all(name in reply.text for name in ("SoftBank", "OpenAI", "Oracle", "MGX"))
        assert "https://www.infoq.com/jp/news/2025/07/stargate-openai-for-countries" in {
            c.url for c in reply.citations
        }

    def test_a_price_that_no_article_states_is_not_guessed(self, real: Assistant) -> None:
        reply = real.ask("Coworkの月額料金はいくら?")
        assert isinstance(reply, Abstention)
        assert reply.hits[0].article.id == FIDX

    def test_every_answer_is_verbatim(self, real: Assistant) -> None:
        for question in QUESTIONS:
            assert_honest(real.ask(question, k=1000))

    def test_any_text_gets_a_reply(self, real: Assistant) -> None:
        for question in (
            "😀",
            "ﷺ" * 600,
            "Co\0work",
            "a" * LONGEST_QUESTION,
            "「" * LONGEST_QUESTION,
            "<s></s>",
        ):
            assert_honest(real.ask(question, k=1000))
