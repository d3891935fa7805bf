"""What a conversation looks like: numbered statements, abstentions that look different, nothing left unescaped."""

import re
from html import unescape

import pytest
from doubles import make_article
from test_chat_reader import HOSTILE

from rag.chat.exchange import Exchange, Passage, keep, restore, turns
from rag.chat.export import as_json, exchange_text, markdown
from rag.chat.replies import conversation_html, exchange_html, welcome_html
from rag.chat.sources import cards_html, opened_html, passage_html
from rag.chunking import chunk
from rag.citations import cite
from rag.errors import ArticleNotFound, StoreError
from rag.japanese import Span
from rag.types import Abstention, Answer, Article, Citation, Dropped, Hit, Statement

ARTICLE = make_article(
    "a", f"前置き👩‍🚀です。{HOSTILE}\n図書館は四月に開館しました。", title="<b>題名</b>", published="2026-01"
)


def find(article_id: str) -> Article:
    if article_id != ARTICLE.id:
        raise ArticleNotFound("ありません。")
    return ARTICLE


def citation(quote: str, n: int = 1, article: Article = ARTICLE) -> Citation:
    start = article.text.index(quote)
    piece = next(one for one in chunk(article) if one.start <= start < one.end)
    return cite(article, piece, Span(start, start + len(quote)), n)


def answered(*quotes: str, question: str = "質問?") -> Exchange:
    statements = tuple(
        Statement(text=quote, citations=(citation(quote, n),)) for n, quote in enumerate(quotes, 1)
    )
    return Exchange(question=question).with_reply(Answer(question=question, statements=statements))


def abstained(**fields: object) -> Exchange:
    hit = Hit(chunk=chunk(ARTICLE)[0], article=ARTICLE, rank=1, score=0.5, dense=0.8, lexical=1.0)
    reply = {"question": "?", "reason": "no_evidence", "message": "", "hits": (hit,)} | fields
    return Exchange(question="質問?").with_reply(Abstention.model_validate(reply))


def tags(html: str) -> set[str]:
    return set(re.findall(r"<(\w+)", html))


def test_every_statement_has_its_marker() -> None:
    html = exchange_html(answered("図書館は四月に開館しました。", HOSTILE), "ja")
    assert re.findall(r'data-act="open" data-exchange="\w+" data-n="(\d)"', html) == ["1", "2"]
    assert 'aria-label="出典 1: ' in html


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_text_from_outside_is_shown_and_never_run(lang: str) -> None:
    dropped = (Dropped(text=HOSTILE, why=HOSTILE),)
    one = answered(HOSTILE, question=HOSTILE).model_copy(
        update={
            "dropped": dropped,
            "notice": HOSTILE,
            "standalone_question": HOSTILE,
            "follow_ups": (HOSTILE,),
        }
    )
    other = abstained(message=HOSTILE, suggestions=(HOSTILE,))
    failed = Exchange(question=HOSTILE).with_error(StoreError(HOSTILE, HOSTILE), "ja")
    for exchange in (one, other, failed):
        shown = [
            conversation_html([exchange], lang),
            cards_html(exchange, lang, find),
            opened_html(exchange, 1, lang, find),
            passage_html(exchange, 0, lang, find),
        ]
        for html in shown:
            assert not tags(html) & {"script", "img", "b", "iframe"}
            assert not re.search(r"(?:href|src)=\"(?!https://example\.com/)", html)
    assert HOSTILE in unescape(exchange_html(one, lang))


def test_an_abstention_looks_different_and_shows_the_nearest_passages() -> None:
    html = exchange_html(abstained(suggestions=("代わりの質問?",)), "ja")
    assert 'class="reply abstained"' in html
    assert "見つかりませんでした" in html
    assert HOSTILE in unescape(html)
    assert 'data-question="代わりの質問?"' in html


def test_a_false_premise_is_corrected_with_the_quote() -> None:
    quote = "図書館は四月に開館しました。"
    correction = Statement(text=quote, citations=(citation(quote),))
    exchange = abstained(reason="false_premise", message="前提が違います。", corrections=(correction,))
    html = exchange_html(exchange, "ja")
    assert html.index("前提が違います。") < html.index(quote) < html.index("近い文章")
    assert quote in cards_html(exchange, "ja", find)


def test_what_was_withheld_and_noted_is_said() -> None:
    exchange = answered("図書館は四月に開館しました。").model_copy(
        update={"dropped": (Dropped(text="五月に閉館した。", why="引用にありません。"),), "notice": "知らせ"}
    )
    html = exchange_html(exchange.model_copy(update={"standalone_question": "図書館はいつ?"}), "ja")
    assert "<s>五月に閉館した。</s>" in html
    assert "1 文を除きました" in html
    assert "知らせ" in html
    assert "「図書館はいつ?」として答えました。" in html


def test_only_the_last_exchange_offers_questions_to_go_on_with() -> None:
    one = answered("図書館は四月に開館しました。").model_copy(update={"follow_ups": ("次は?",)})
    assert conversation_html([one], "ja").count('data-question="次は?"') == 1
    assert 'data-question="次は?"' not in conversation_html([one, abstained()], "ja")


def test_the_welcome_offers_examples_once_they_are_known() -> None:
    assert "選んでいます" in welcome_html(None, "ja")
    assert 'data-question="例?"' in welcome_html(["例?"], "ja")
    assert "<button" not in welcome_html([], "en")


def test_a_conversation_survives_the_browser() -> None:
    exchanges = [answered("図書館は四月に開館しました。", HOSTILE), abstained()]
    assert restore(keep(exchanges)) == exchanges


def test_what_the_browser_brings_back_is_checked() -> None:
    kept = keep([answered("図書館は四月に開館しました。")])
    for wrong in ({"quote": "図書館は五月に開館しました。"}, {"url": "javascript:alert(1)"}, {"start": "x"}):
        forged = [{**kept[0], "statements": [dict(kept[0]["statements"][0])]}]
        forged[0]["statements"][0]["citations"] = [{**kept[0]["statements"][0]["citations"][0], **wrong}]
        assert restore(forged) == []
    assert restore("no list") == []
    assert restore([{"question": "途中?"}])[0].status == "stopped"


def test_a_source_that_changed_or_went_is_said_so_and_the_quote_stays() -> None:
    exchange = answered("図書館は四月に開館しました。")
    changed = ARTICLE.model_copy(update={"text": "図書館は五月に開館しました。"})

    def other(_: str) -> Article:
        return changed

    def none(_: str) -> Article:
        raise ArticleNotFound("ありません。")

    for now, said in ((other, "記事が変わりました"), (none, "登録から外れました")):
        for html in (cards_html(exchange, "ja", now), opened_html(exchange, 1, "ja", now)):
            assert said in html
            assert "図書館は四月に開館しました。" in html
            assert "<mark" not in html
    assert "warning" not in cards_html(exchange, "ja", find)


def test_an_article_opens_at_its_quote_and_leads_to_the_original() -> None:
    exchange = answered("図書館は四月に開館しました。", "前置き👩‍🚀です。")
    html = opened_html(exchange, 2, "ja", find)
    assert '<mark class="quote current" data-n="2">前置き👩‍🚀です。</mark>' in html
    assert '<mark class="quote" data-n="1">' in html
    assert f'href="{exchange.citations[1].deep_link}"' in unescape(html)
    assert 'target="_blank" rel="noopener noreferrer"' in html
    assert opened_html(exchange, 9, "ja", find) == cards_html(exchange, "ja", find)


def test_a_nearest_passage_opens_in_its_article() -> None:
    exchange = abstained()
    assert '<mark class="quote current"' in passage_html(exchange, 0, "ja", find)
    assert passage_html(exchange, 5, "ja", find) == cards_html(exchange, "ja", find)
    gone = Passage(article_id="x", title="t", url="https://example.com/x", start=0, end=1, text="あ")
    assert "もう登録されていません" in passage_html(
        exchange.model_copy(update={"passages": (gone,)}), 0, "ja", find
    )


def test_the_clipboard_gets_the_reply_with_its_sources() -> None:
    copied = exchange_text(answered("図書館は四月に開館しました。"), "ja")
    assert copied.splitlines()[0] == "質問?"
    assert "図書館は四月に開館しました。 [1]" in copied
    assert copied.endswith("「図書館は四月に開館しました。」\nhttps://example.com/a")
    assert "見つかりませんでした" in exchange_text(abstained(), "ja")


def test_an_export_as_markdown_has_no_markup_from_outside() -> None:
    text = markdown([answered(HOSTILE, question="# 見出し"), abstained()], "ja")
    assert "\n## \\# 見出し\n" in text
    assert "<script" not in re.sub(r"\\.", "", text)
    assert "](javascript" not in re.sub(r"\\.", "", text)
    assert "> <https://example.com/a>" in text


def test_an_export_as_json_can_be_checked_again() -> None:
    exchanges = [answered("図書館は四月に開館しました。")]
    import json

    exported = json.loads(as_json(exchanges))
    assert restore(exported["exchanges"]) == exchanges


def test_a_follow_up_is_told_the_last_turns() -> None:
    talk = Exchange(question="こんにちは", status="talk", message="こんにちは。")
    told = turns([talk, answered("図書館は四月に開館しました。", question="いつ?"), abstained()])
    assert [(turn.question, turn.answer) for turn in told] == [
        ("いつ?", "図書館は四月に開館しました。"),
        ("質問?", ""),
    ]
