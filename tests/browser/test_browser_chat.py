"""What people do with the chat, in a real browser."""

import json
from typing import Any

import pytest
from conftest import Chat, Open

from rag import feedback

pytestmark = [pytest.mark.browser, pytest.mark.loopback, pytest.mark.enable_socket]

COWORK = "Coworkはいつ発表されましたか?"
NOTHING = "富士山の標高は何メートルですか?"
EMOJI = "絵文字研究所はいつ設立されましたか?"


def ask(page: Any, question: str, until: str = ".reply:is(.answered, .abstained, .talk, .failed)") -> Any:
    """Ask, wait for the reply and return its exchange."""
    count = page.locator(".exchange").count()
    page.fill("#question textarea", question)
    page.press("#question textarea", "Enter")
    exchange = page.locator(".exchange").nth(count)
    exchange.locator(until).wait_for()
    page.locator("#send").wait_for()
    return exchange


def kept(page: Any) -> list[Any]:
    """The conversation as the page exports it."""
    with page.expect_download() as download:
        page.click('[data-act="export"][data-format="json"]')
    return json.loads(download.value.path().read_text(encoding="utf-8"))["exchanges"]


def marks(page: Any) -> str:
    page.wait_for_selector("#panel mark.current")
    return "".join(page.locator("#panel mark.current").all_text_contents())


def test_an_answer_has_markers_cards_and_the_article_at_the_quote(opened: Open) -> None:
    page = opened()
    exchange = ask(page, COWORK)
    assert exchange.locator(".marker").first.text_content() == "1"
    citation = kept(page)[0]["statements"][0]["citations"][0]
    card = page.locator("#panel .card").first
    assert card.locator("blockquote").text_content() == citation["quote"]
    assert "FIDX" in card.locator(".facts").text_content()
    exchange.locator(".marker").first.click()
    assert marks(page) == citation["quote"]
    assert page.locator("#panel mark.current").first.is_visible()
    page.wait_for_function(
        "() => { const mark = document.querySelector('#panel mark.current').getBoundingClientRect();"
        " const panel = document.querySelector('#panel').getBoundingClientRect();"
        " return mark.top >= panel.top && mark.top < panel.bottom }"
    )
    assert page.locator("#panel .heading").count() > 3
    page.click("#panel .back")
    card.wait_for()


def test_marks_are_exact_after_emoji_and_the_answering_words_stand_out(opened: Open) -> None:
    page = opened()
    exchange = ask(page, EMOJI)
    page.locator("#panel .card blockquote").first.click()
    citation = kept(page)[0]["statements"][0]["citations"][0]
    assert "𠮷" in citation["quote"]
    assert marks(page) == citation["quote"]
    assert exchange.locator(".marker").count() >= 1
    if citation["answer_span"]:
        start, end = (at - citation["start"] for at in citation["answer_span"])
        words = "".join(page.locator("#panel mark.current .words").all_text_contents())
        assert words == citation["quote"][start:end]


def test_the_link_to_the_original_scrolls_to_the_words_and_highlights_them(opened: Open) -> None:
    page = opened()
    ask(page, EMOJI)
    link = page.locator("#panel .card .original").first
    assert link.get_attribute("rel") == "noopener noreferrer"
    with page.context.expect_page() as new:
        link.click()
    original = new.value
    original.wait_for_load_state()
    original.wait_for_function("() => scrollY > 400")
    assert original.evaluate("window.opener") is None
    shot = original.screenshot(type="png")
    assert magenta(page, shot) > 50


def magenta(page: Any, png: bytes) -> int:
    """How many pixels of a screenshot have the colour of `::target-text`."""
    return page.evaluate(
        """async (bytes) => {
          const image = await createImageBitmap(new Blob([new Uint8Array(bytes)], { type: "image/png" }));
          const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
          canvas.drawImage(image, 0, 0);
          const { data } = canvas.getImageData(0, 0, image.width, image.height);
          let count = 0;
          for (let i = 0; i < data.length; i += 4) count += data[i] > 250 && data[i + 1] < 5 && data[i + 2] > 250;
          return count;
        }""",
        list(png),
    )


def test_an_abstention_looks_different_and_leads_on(opened: Open) -> None:
    page = opened()
    exchange = ask(page, NOTHING)
    assert exchange.locator(".reply.abstained .verdict").text_content() == "答えを控えました"
    exchange.locator(".nearest summary").first.click()
    passage = exchange.locator(".nearest blockquote").first.inner_text()
    exchange.locator('[data-act="passage"]').first.click()
    assert "".join(marks(page).split()) == "".join(passage.split())


def test_a_false_premise_is_corrected_with_the_quote(opened: Open) -> None:
    page = opened()
    exchange = ask(page, "2025年12月に発表されたCoworkの対応OSは?")
    assert "2026年1月12日" in exchange.locator(".reply.abstained").text_content()
    exchange.locator(".marker").first.click()
    assert "2026年1月12日" in marks(page)
    assert page.locator("#panel mark.current").first.is_visible()


def test_statements_come_one_by_one_and_can_be_stopped(opened: Open) -> None:
    page = opened()
    page.fill("#question textarea", f"ゆっくり{COWORK}")
    page.press("#question textarea", "Enter")
    page.wait_for_selector(".reply.pending .statement")
    page.fill("#question textarea", "次の質問")
    page.press("#question textarea", "Enter")  # not while an answer is coming
    page.click("#stop")
    page.wait_for_selector(".reply.stopped .statement")
    page.wait_for_selector("#send")
    assert page.locator(".exchange").count() == 1
    assert page.input_value("#question textarea") == "次の質問"
    page.click('.reply.stopped [data-act="ask"]')
    page.locator(".exchange").nth(1).locator(".reply.pending").wait_for()
    page.click("#stop")


def test_the_conversation_survives_a_reload_and_the_other_language(opened: Open) -> None:
    page = opened()
    ask(page, COWORK)
    before = kept(page)
    page.reload()
    page.wait_for_selector(".reply.answered")
    assert kept(page) == before
    page.locator(".marker").first.click()
    assert marks(page) == before[0]["statements"][0]["citations"][0]["quote"]
    page.click('#top a:text("English")')
    page.wait_for_selector(".reply.answered")
    page.wait_for_selector('#send:has-text("Send")')
    assert page.evaluate("document.documentElement.lang") == "en"
    page.click('#top a:text("日本語")')
    page.wait_for_selector('#send:has-text("送信")')


def test_a_second_tab_follows_the_conversation_and_keeps_what_was_typed(opened: Open) -> None:
    page = opened()
    page.wait_for_selector(".welcome")
    other = page.context.new_page()
    other.goto(page.url)
    other.wait_for_selector(".welcome .chip")
    other.fill("#question textarea", EMOJI)
    ask(page, COWORK)
    other.wait_for_selector(".reply.answered")
    other.wait_for_selector(".exchange .questions")
    assert other.input_value("#question textarea") == EMOJI
    other.press("#question textarea", "Enter")
    other.locator(".exchange").nth(1).locator(".reply.answered").wait_for()
    page.locator(".exchange").nth(1).locator(".reply.answered").wait_for()
    assert [one["question"] for one in kept(page)] == [COWORK, EMOJI]
    page.once("dialog", lambda dialog: dialog.accept())
    page.click('[data-act="new"]')
    other.wait_for_selector(".welcome")


def test_a_source_that_changed_is_said_after_a_reload(opened: Open, chat: Chat) -> None:
    page = opened()
    ask(page, "変更研究所はいつ発足しましたか?")
    assert page.locator("#panel .warning").count() == 0
    chat.write("changing", "変更研究所", "変更研究所は2028年3月2日に名古屋で発足しました。")
    page.reload()
    page.wait_for_selector("#panel .warning")
    assert "変わりました" in page.locator("#panel .warning").first.text_content()
    assert "2029年3月2日" in page.locator("#panel .card blockquote").first.text_content()


def test_examples_and_follow_ups_are_pressed_and_answered(opened: Open) -> None:
    page = opened()
    page.on("dialog", lambda dialog: dialog.accept())
    page.click(".welcome .chip >> nth=0")
    page.wait_for_selector(".reply.answered")
    page.click('[data-act="new"]')
    page.wait_for_selector(".welcome")
    ask(page, COWORK)
    page.click(".exchange .questions .chip >> nth=0")
    page.locator(".exchange").nth(1).locator(".reply.answered").wait_for()


def test_a_greeting_and_the_list_of_articles(opened: Open) -> None:
    page = opened()
    assert "こんにちは" in ask(page, "こんにちは").locator(".reply.talk").text_content()
    exchange = ask(page, "どの記事があるの?")
    assert exchange.locator(".catalogue li").count() >= 5
    exchange.locator(".catalogue button").first.click()
    page.wait_for_selector("#panel .article")


def test_a_reply_is_copied_and_rated(opened: Open, chat: Chat) -> None:
    page = opened()
    exchange = ask(page, COWORK)
    exchange.locator('[data-act="copy"]').click()
    exchange.locator('[data-act="copy"]:has-text("コピーしました")').wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(COWORK)
    assert "https://www.fidx.co.jp/?p=3554" in copied
    exchange.locator('[data-act="why"]').click()
    exchange.locator('form.why input[value="incomplete"]').check()
    exchange.locator("form.why textarea").fill("もっと詳しく")
    exchange.locator('form.why [type="submit"]').click()
    exchange.locator('[data-rating="down"][aria-pressed="true"]').wait_for()
    stored = feedback.read(chat.home)[-1]
    assert (stored.rating, stored.reason, stored.comment) == ("down", "incomplete", "もっと詳しく")
    exchange.locator('[data-act="rate"]').click()
    exchange.locator('[data-rating="up"][aria-pressed="true"]').wait_for()


def test_a_new_conversation_and_an_export_as_markdown(opened: Open) -> None:
    page = opened()
    ask(page, COWORK)
    with page.expect_download() as download:
        page.click('[data-act="export"][data-format="markdown"]')
    assert download.value.suggested_filename == "conversation.md"
    assert "[1]" in download.value.path().read_text(encoding="utf-8")
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.click('[data-act="new"]')
    assert page.locator(".exchange").count() == 1
    page.once("dialog", lambda dialog: dialog.accept())
    page.click('[data-act="new"]')
    page.wait_for_selector(".welcome .chip")
    page.reload()
    page.wait_for_selector(".welcome")


def test_a_filter_limits_what_is_searched(opened: Open) -> None:
    page = opened()
    page.click("#composer .filter > button")
    page.get_by_label("媒体").first.click()
    page.locator('[role="option"]:has-text("InfoQ Japan")').first.click()
    ask(page, COWORK, until=".reply")
    assert all("FIDX" not in text for text in page.locator("#log .facts, #panel .facts").all_text_contents())
