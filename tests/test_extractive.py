"""The reader on the real articles with the real model: what it answers, and what it refuses."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from doubles import FIDX, INFOQ

from rag import Abstention, Answer, Assistant
from rag.types import Reply, Turn

pytestmark = pytest.mark.e2e
CORPUS = Path(__file__).parent.parent / "corpus"


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    home = tmp_path_factory.mktemp("home")
    (home / "corpus").symlink_to(CORPUS, target_is_directory=True)
    with Assistant.open(home) as assistant:
        yield assistant


def text_of(reply: Reply) -> str:
    assert isinstance(reply, Answer), reply
    return reply.text


@pytest.mark.parametrize(
    ("question", "article_id", "expected"),
    [
        ("Coworkはいつ発表されましたか?", FIDX, ["2026年1月12日"]),
        ("When was Cowork announced?", FIDX, ["2026年1月12日"]),
        ("ＣＯＷＯＲＫはいつ発表されましたか？", FIDX, ["2026年1月12日"]),
        ("ChatGPTのユーザー数は?", FIDX, ["8億人"]),
        ("How many users does ChatGPT have?", FIDX, ["8億人"]),
        ("Stargateの初期投資家は?", INFOQ, ["SoftBank", "OpenAI", "Oracle", "MGX"]),
        ("Who are the initial investors in Stargate?", INFOQ, ["SoftBank", "OpenAI", "Oracle", "MGX"]),
        (
            "最初のスーパーコンピューティングキャンパスはどこに建設されていますか?",
            INFOQ,
            ["テキサス州アビリーン"],
        ),
        ("OpenAIのCEOは誰?", INFOQ, ["Sam Altman"]),
        ("セキュリティフレームワークには何が含まれていますか?", INFOQ, ["情報セキュリティ", "ガバナンス"]),
    ],
)
def test_answers_with_the_right_sentence(
    real: Assistant, question: str, article_id: str, expected: list[str]
) -> None:
    reply = real.ask(question)
    assert all(part in text_of(reply) for part in expected)
    assert isinstance(reply, Answer)
    assert article_id in {citation.article_id for citation in reply.citations}


def test_a_list_is_quoted_with_its_lead_in_and_every_item(real: Assistant) -> None:
    reply = real.ask("Claudeの新しい憲法で重視される4つの原則は何ですか?")
    assert isinstance(reply, Answer)
    quote = reply.citations[0].quote
    assert quote.startswith("新しい憲法では、以下の4つの原則が重視されています:")
    assert quote.count("\n- ") == 4
    assert quote.endswith("単なる情報提供を超えた価値創出")


def test_yes_or_no_is_never_said_without_the_exception_next_to_it(real: Assistant) -> None:
    reply = real.ask("CoworkはWindowsで使えますか?")
    assert isinstance(reply, Answer)
    assert [statement.text[:3] for statement in reply.statements][:2] == ["いいえ", "ただし"]
    assert "Macユーザー向けに限定公開" in reply.text


def test_every_quote_begins_in_the_chunk_it_names(real: Assistant) -> None:
    for question in ("CoworkはWindowsで使えますか?", "Claude Labとは何ですか?", "Stargateの初期投資家は?"):
        reply = real.ask(question, k=12)
        assert isinstance(reply, Answer)
        for citation in reply.citations:
            start, end = citation.chunk_id.rsplit(":", 2)[1].split("-")
            assert int(start) <= citation.start < int(end)


def test_a_question_about_both_articles_quotes_both(real: Assistant) -> None:
    reply = real.ask("Stargateプロジェクトの協力企業と技術パートナーはそれぞれどこですか?")
    assert isinstance(reply, Answer)
    assert {citation.article_id for citation in reply.citations} == {FIDX, INFOQ}


@pytest.mark.parametrize(
    "question",
    [
        "Coworkの月額料金はいくら?",
        "How much does Cowork cost per month?",
        "Anthropicの社員数は?",
        "今日の東京の天気は?",
        "富士山の高さは何メートル?",
    ],
)
def test_abstains_where_the_articles_do_not_say(real: Assistant, question: str) -> None:
    reply = real.ask(question)
    assert isinstance(reply, Abstention), reply.text
    assert reply.reason == "no_evidence"
    assert reply.hits


@pytest.mark.parametrize(
    ("question", "correction"),
    [
        ("ChatGPTのユーザーが18億人に達したのはいつですか?", "記事では「8億人」です。"),
        ("Claude憲法の5つの原則は?", "記事では「4つ」です。"),
        ("Stargateの財務責任を担うOracleの役割は?", "SoftBankがStargateの財務責任を担う。"),
    ],
)
def test_a_false_premise_is_corrected_with_a_citation(
    real: Assistant, question: str, correction: str
) -> None:
    reply = real.ask(question)
    assert isinstance(reply, Abstention)
    assert reply.reason == "false_premise"
    assert reply.corrections[0].text == correction
    assert reply.corrections[0].citations[0].quote in reply.corrections[1].text


@pytest.mark.parametrize(
    ("question", "lead"),
    [
        ("SoftBankは財務責任を担っていますか?", "はい。"),
        ("ChatGPTのユーザーは18億人ですか?", "いいえ。"),
        ("Coworkはいつ発表されましたか?", "2026年1月12日です。"),
        ("When was Cowork announced?", "January 12, 2026 (「2026年1月12日」)."),
        ("アンソロピックがコワークを発表した日はいつ?", "2026年1月12日です。"),
        ("Cowrokはいつ発表されましたか?", "2026年1月12日です。"),
    ],
)
def test_the_short_answer_comes_first(real: Assistant, question: str, lead: str) -> None:
    reply = real.ask(question)
    assert isinstance(reply, Answer)
    assert reply.statements[0].text == lead
    assert reply.statements[0].citations == reply.statements[1].citations


def test_a_follow_up_is_answered_as_the_question_it_stands_for(real: Assistant) -> None:
    first = real.ask("Coworkはいつ発表されましたか?")
    turns = [Turn(question=first.question, answer=text_of(first))]
    reply = real.ask("その主な特徴は?", history=turns)
    assert reply.question == "その主な特徴は?"
    assert reply.standalone_question == "Coworkの主な特徴は?"
    assert "ローカルフォルダ" in text_of(reply)


@pytest.mark.parametrize(
    "question",
    [
        "発表日はいつですか?",
        "いくらですか?",
        "それは何ですか?",
        "それの料金は?",
        "Who is in charge of it?",
        "How many of them?",
    ],
)
def test_a_question_without_a_subject_is_ambiguous(real: Assistant, question: str) -> None:
    reply = real.ask(question)
    assert isinstance(reply, Abstention)
    assert reply.reason == "ambiguous"


def test_an_ambiguous_question_is_shown_what_it_could_mean(real: Assistant) -> None:
    reply = real.ask("発表日はいつですか?")
    assert isinstance(reply, Abstention)
    assert {"Coworkの発表日はいつですか?", "Stargateコミュニティの発表日はいつですか?"} <= set(
        reply.suggestions
    )
    assert all(isinstance(real.ask(suggestion), Answer) for suggestion in reply.suggestions)


def test_an_empty_corpus_says_so(tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    with Assistant.open(tmp_path) as assistant:
        reply = assistant.ask("Coworkはいつ発表されましたか?")
    assert isinstance(reply, Abstention)
    assert reply.reason == "empty_corpus"


def test_the_reader_scores_the_hits_it_read(real: Assistant) -> None:
    reply = real.ask("Coworkはいつ発表されましたか?")
    scores = [hit.reader for hit in reply.hits]
    assert all(score is not None and 0 <= score <= 1 for score in scores)
    assert max(score for score in scores if score is not None) == scores[0]
