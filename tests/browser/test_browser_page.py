"""The page itself: composing Japanese, hostile articles, brightness, phones, the other tabs."""

from pathlib import Path
from typing import Any

import pytest
from conftest import Chat, Open
from test_browser_chat import COWORK, ask, marks

pytestmark = [pytest.mark.browser, pytest.mark.loopback, pytest.mark.enable_socket]


def tab(page: Any, name: str) -> None:
    page.locator(f'#tabs button[role="tab"]:has-text("{name}"):visible').click()


def test_enter_that_confirms_a_composition_sends_nothing(opened: Open) -> None:
    page = opened()
    page.wait_for_selector(".welcome .chip")
    devtools = page.context.new_cdp_session(page)

    def enter(code: int, text: str = "\r") -> None:
        key = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": code}
        devtools.send("Input.dispatchKeyEvent", {"type": "keyDown", "text": text, **key})
        devtools.send("Input.dispatchKeyEvent", {"type": "keyUp", **key})

    page.focus("#question textarea")
    devtools.send("Input.imeSetComposition", {"text": "こわーく", "selectionStart": 4, "selectionEnd": 4})
    enter(229, "")  # Chromium: Enter while it composes
    devtools.send("Input.insertText", {"text": "Coworkはいつ発表されましたか?"})
    enter(229)  # Safari: Enter once more, after the composition has ended
    page.wait_for_timeout(300)
    assert page.locator(".exchange").count() == 0
    assert page.input_value("#question textarea") == COWORK
    enter(13)
    page.wait_for_selector(".reply.answered")


def test_shift_and_enter_breaks_the_line(opened: Open) -> None:
    page = opened()
    page.fill("#question textarea", "一行目")
    page.press("#question textarea", "Shift+Enter")
    page.keyboard.type("二行目")
    assert page.input_value("#question textarea") == "一行目\n二行目"
    assert page.locator(".exchange").count() == 0


def test_hostile_articles_and_questions_are_text(opened: Open) -> None:
    page = opened()
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    ask(page, "注入研究所はいつ開所しましたか?<script>window.hacked=9</script>")
    page.locator("#panel .card").first.click()
    page.wait_for_selector("#panel .article")
    tab(page, "記事")
    page.fill("#search input", "注入研究所")
    page.press("#search input", "Enter")
    page.click(
        "li:first-child .entry:has-text('注入')"
    )  # first only when the list shows what was searched for
    page.wait_for_selector("#reading .title:has-text('注入')")
    assert "<script>window.hacked=1</script>" in page.locator("#reading .text").text_content()
    assert "<b>注入</b>研究所" in page.locator("#reading .title").text_content()
    assert page.evaluate("window.hacked") is None
    assert (
        page.locator(
            "#log script, #panel script, #reading script, #log img, #panel img, #reading img"
        ).count()
        == 0
    )
    links = page.locator(".gradio-container a").evaluate_all("links => links.map(link => link.protocol)")
    assert set(links) <= {"http:", "https:"}


def test_brightness_follows_the_system_and_can_be_switched_for_good(opened: Open) -> None:
    page = opened(dark=True)

    def ground() -> str:
        return page.evaluate("getComputedStyle(document.body).backgroundColor")

    dark = ground()
    page.click('[data-act="theme"]')
    light = ground()
    assert light != dark
    page.reload()
    page.wait_for_selector(".welcome")
    assert ground() == light
    assert "__theme" not in page.url


@pytest.mark.parametrize("dark", [False, True])
def test_every_text_has_enough_contrast(opened: Open, dark: bool) -> None:
    page = opened(dark=dark)
    ask(page, "富士山の標高は何メートルですか?")
    ask(page, COWORK)
    page.wait_for_selector(".exchange:last-child .questions")
    page.locator(".marker").first.click()
    page.wait_for_selector("#panel mark.current")
    page.mouse.move(0, 0)
    page.wait_for_timeout(400)
    poor = page.evaluate(_CONTRAST)
    assert poor == []


_CONTRAST = """() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const rgb = (colour) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => [r, g, b].map((v) => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = rgb(getComputedStyle(at).backgroundColor);
      if (colour[3] > 250) return colour;
    }
    return [255, 255, 255];
  };
  const poor = new Set();
  const walk = document.createTreeWalker(document.querySelector(".gradio-container"), NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const element = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || !element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    if (element.closest("style, script, .unseen, .visually-hidden")) continue;
    const [a, b] = [light(rgb(getComputedStyle(element).color)), light(ground(element))].sort((x, y) => y - x);
    if ((a + .05) / (b + .05) < 4.5) poor.add(`${element.className || element.tagName}: ${walk.currentNode.data.slice(0, 20)}`);
  }
  return [...poor];
}"""


def test_a_phone_shows_everything_below_each_other(opened: Open) -> None:
    page = opened(width=390)
    exchange = ask(page, COWORK)

    def fits() -> bool:
        return page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    assert fits()
    log, panel = (page.locator(name).bounding_box() for name in ("#log", "#panel"))
    assert panel["y"] >= log["y"] + log["height"] - 1
    composer = page.locator("#composer").bounding_box()
    assert composer["y"] + composer["height"] <= 844
    exchange.locator(".marker").first.click()
    marks(page)
    page.wait_for_function(
        "() => { const mark = document.querySelector('#panel mark.current').getBoundingClientRect();"
        " return mark.top >= 0 && mark.top < innerHeight }"
    )
    assert fits()
    for name in ("記事", "評価", "設定・状態"):
        tab(page, name)
        page.wait_for_timeout(300)
        assert fits(), name


def test_everything_that_can_be_pressed_has_a_name_and_the_keyboard_reaches_it(opened: Open) -> None:
    page = opened()
    ask(page, COWORK)
    page.wait_for_selector(".exchange .questions")
    nameless = page.locator(".gradio-container :is(button, a[href], input, textarea):visible").evaluate_all(
        "all => all.filter(one => !(one.ariaLabel || one.innerText || one.title || one.placeholder"
        " || one.closest('label')?.innerText || '').trim()).map(one => one.outerHTML.slice(0, 150))"
    )
    assert nameless == []
    page.locator(".marker").first.focus()
    page.keyboard.press("Enter")
    marks(page)
    assert page.evaluate("document.activeElement.className") == "article"
    page.keyboard.press("Escape")
    page.wait_for_selector("#panel .card")
    outline = page.locator(".marker").first.evaluate(
        "marker => { marker.focus({ focusVisible: true }); return getComputedStyle(marker).outlineStyle }"
    )
    assert outline == "solid"


def test_articles_are_browsed_searched_and_filtered(opened: Open) -> None:
    page = opened()
    tab(page, "記事")
    page.wait_for_selector(".entry")
    count = page.locator(".entry").count()
    assert count >= 5
    page.fill("#search input", "絵文字")
    page.press("#search input", "Enter")
    page.wait_for_selector(".snippet")
    assert "絵文字研究所" in page.locator(".entry").first.text_content()
    page.locator(".entry").first.click()
    page.wait_for_selector("#reading mark.current")
    page.locator('.entry[aria-pressed="true"]').wait_for()
    page.fill("#search input", "")
    page.click("#library-side .filter > button")
    page.locator("#library-side").get_by_label("公開日(から)").fill("2030-01")
    page.wait_for_function(f"() => document.querySelectorAll('.entry').length < {count}")


def test_a_file_is_added_and_can_be_asked_about(opened: Open, chat: Chat, tmp_path: Path) -> None:
    path = tmp_path / "shelter.txt"
    path.write_text("星空天文台\n星空天文台は2033年7月8日に一般公開されました。\n", encoding="cp932")
    page = opened()
    tab(page, "記事")
    page.wait_for_selector(".entry")
    page.click("#import > button")
    page.click("#import-start")
    page.wait_for_selector("#import-result .warning")
    page.fill('#import input[placeholder="https://"]', str(path))
    page.click("#import-start")
    page.wait_for_selector("#import-result .warning:has-text('https://')")
    page.set_input_files('#import input[type="file"]', str(path))
    page.fill('#import input[placeholder="https://"]', "https://example.com/stars")
    page.locator("#import").get_by_text("shelter").first.wait_for()
    page.click("#import-start")
    page.wait_for_selector("#import-result li:has-text('取り込みました')")
    page.wait_for_selector(".entry:has-text('星空天文台')")
    tab(page, "チャット")
    ask(page, "星空天文台はいつ一般公開されましたか?", until=".reply.answered")


def test_the_report_of_an_evaluation_is_shown_in_a_frame_of_its_own(opened: Open, chat: Chat) -> None:
    page = opened()
    tab(page, "評価")
    page.wait_for_selector("#report .make")
    run = chat.home / "evals" / "runs" / "2030-run"
    run.mkdir(parents=True)
    (run / "report.html").write_text(
        "<!doctype html><h1>報告 & グラフ</h1><script>try { parent.document.title = 'hacked' } catch {}</script>",
        encoding="utf-8",
    )
    tab(page, "チャット")
    tab(page, "評価")
    frame = page.frame_locator("#report iframe")
    assert frame.locator("h1").text_content() == "報告 & グラフ"
    assert page.title() != "hacked"


def test_the_state_of_things_is_shown(opened: Open) -> None:
    page = opened("/en")
    tab(page, "Status")
    page.wait_for_selector("#facts td")
    assert "hash-test" in page.locator("#facts").text_content()
    assert page.locator("#examine").is_visible()
