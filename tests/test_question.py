import pytest

from rag.answering.question import analyse


@pytest.mark.parametrize(
    ("question", "type_"),
    [
        ("Coworkはいつ発表されましたか?", "when"),
        ("発表日は?", "when"),
        ("When was Cowork announced?", "when"),
        ("ChatGPTの利用者は何人ですか?", "how_many"),
        ("ChatGPTのユーザー数は?", "how_many"),
        ("How many users does ChatGPT have?", "how_many"),
        ("Coworkの月額料金はいくら?", "how_much"),
        ("How much does Cowork cost?", "how_much"),
        ("投資額は?", "how_much"),
        ("最初のキャンパスはどこですか?", "where"),
        ("Where is the first campus?", "where"),
        ("OpenAIのCEOは誰?", "who"),
        ("Stargateの初期投資家は?", "who"),
        ("Who is the CEO?", "who"),
        ("なぜ疑問視されていますか?", "why"),
        ("4つの原則を挙げて", "list"),
        ("技術パートナー5社は?", "list"),
        ("Claude Labとは何ですか?", "definition"),
        ("この記事の出典は?", "reference"),
        ("CoworkはMacで使えますか?", "yes_no"),
        ("Is Cowork available on Windows?", "yes_no"),
        ("ChatGPTを支えるデータベースは何ですか?", "what"),
    ],
)
def test_the_type_of_the_answer_is_read_from_the_question(question: str, type_: str) -> None:
    assert analyse(question).type == type_


def test_width_and_case_do_not_change_what_is_asked() -> None:
    wide, plain = analyse("ＣＯＷＯＲＫのユーザー数は？"), analyse("coworkのユーザー数は?")
    assert wide._replace(text="", numbers=(), dates=()) == plain._replace(text="", numbers=(), dates=())


def test_words_of_asking_are_no_terms() -> None:
    terms = {term.text for term in analyse("Coworkの発表日を教えてください").terms}
    assert "cowork" in terms
    assert "発表" in terms
    assert not terms & {"教え", "ください", "日"}


def test_names_are_told_from_other_words() -> None:
    question = analyse("SoftBankは財務責任を担いますか?")
    assert [term.text for term in question.names] == ["softbank"]


def test_english_terms_carry_their_japanese() -> None:
    question = analyse("Who are the initial investors in Stargate?")
    forms = {term.text: term.forms for term in question.terms}
    assert question.english
    assert "投資家" in forms["investors"]
    assert "初期" in forms["initial"]
    assert [term.text for term in question.names] == ["stargate"]


@pytest.mark.parametrize(
    ("question", "counter"),
    [
        ("何人?", "人"),
        ("何名が参加?", "人"),
        ("何か国?", "カ国"),
        ("合格率は?", "% 割"),
        ("何段階?", "段階"),
        ("How many countries?", "カ国"),
        ("いつ?", ""),
    ],
)
def test_the_counted_unit_is_known(question: str, counter: str) -> None:
    assert analyse(question).units == frozenset(counter.split())


@pytest.mark.parametrize("question", ["", "?", "🙂🙂", "\0", "ー" * 500, "a" * 2000, "１２３"])
def test_any_text_can_be_analysed(question: str) -> None:
    assert analyse(question).text == question
