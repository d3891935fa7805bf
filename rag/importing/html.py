"""HTML to text with headings and lists, without navigation, advertisements and scripts."""

import logging
import re
from collections.abc import Iterator, Mapping
from configparser import ConfigParser
from copy import deepcopy
from typing import Any

from rag.errors import ImportFailed
from rag.importing.draft import Draft
from rag.importing.metadata import page_metadata

# trafilatura turns every kind of space into U+0020. The two that matter in Japanese text, and all of <pre>,
# travel as stand-ins, cuneiform signs; the rare page that has those signs goes without.
_STAND_INS = {"\u3000": "\U00012070", "\u00a0": "\U00012071"}
_PRE_STAND_INS = {"\n": "\U00012072", " ": "\U00012073"}
_SPACE = re.compile(r"[ \t\r\n\f]+")
_WIDE = "\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff01-\uff60\U00012070\U00020000-\U0003ffff"
# Browsers show no space where a line of the source breaks between two wide characters.
_WIDE_BREAK = re.compile(rf"(?<=[{_WIDE}])[ \t]*[\r\n][ \t\r\n\f]*(?=[{_WIDE}])")
# trafilatura rescues "too short" texts with a dump of the whole page; its 250 is meant for Latin letters.
_SHORT_TEXT_CHARACTERS = 40
_HINT = (
    "記事の本文があるページか確認してください。JavaScript で表示されるページは、ブラウザーで本文をコピーして"
    " .txt に保存し、rag ingest FILE --url URL --title 題名 で取り込めます。"
)
_HINT_EN = (
    "Check that the page holds an article. One that JavaScript shows can be copied from a browser to a .txt file, and: "
    "rag ingest FILE --url URL --title TITLE"
)


def read_html(html: str) -> Draft:
    """The article of a page and what the page states about it.

    Words are kept as they are, half-width and full-width included; runs of ASCII white space become one
    space, as in a browser, or nothing where a line breaks between two Japanese characters; the readings of
    ruby text are left out. Raises `ImportFailed` when there is no article in it.
    """
    from trafilatura import load_html

    # Its warnings about odd markup mean nothing to a user; failures reach them as ImportFailed.
    logging.getLogger("trafilatura").addHandler(logging.NullHandler())
    tree = load_html(html) if html.strip() else None
    if tree is None:
        raise ImportFailed(
            "HTML として読めませんでした。", _HINT, en=("It cannot be read as HTML.", _HINT_EN)
        )
    stated = page_metadata(tree)
    return Draft(
        text=_main_text(tree),
        title=stated.title,
        publisher=stated.publisher,
        published=stated.published,
        lang=stated.lang,
        url=stated.url,
    )


def _main_text(tree: Any) -> str:
    from trafilatura import bare_extraction

    written = "".join(tree.itertext())
    usable = not re.search("[\U00012070-\U00012073]", written)
    _prepare(tree, usable)
    document = bare_extraction(tree, include_comments=False, include_formatting=True, config=_config())
    text = "\n\n".join(_blocks(document.body)) if document is not None else ""
    if usable:
        text = _swap(text, {sign: space for space, sign in (_STAND_INS | _PRE_STAND_INS).items()})
    if not text.strip():
        raise ImportFailed(
            "ページから記事の本文を見つけられませんでした。",
            _HINT,
            en=("No article was found on the page.", _HINT_EN),
        )
    return text.strip("\n")


def _config() -> ConfigParser:
    from trafilatura.settings import DEFAULT_CONFIG

    config: ConfigParser = deepcopy(DEFAULT_CONFIG)
    config.set("DEFAULT", "MIN_EXTRACTED_SIZE", str(_SHORT_TEXT_CHARACTERS))
    return config


def _prepare(tree: Any, use_stand_ins: bool) -> None:
    for node in tree.xpath("//rt | //rp"):
        node.drop_tree()
    if use_stand_ins:
        for node in tree.xpath("//pre/descendant-or-self::*"):
            node.text = _swap(node.text, _PRE_STAND_INS)
            node.tail = _swap(node.tail, _PRE_STAND_INS) if node.tag != "pre" else node.tail
    for node in tree.iter():
        if isinstance(node.tag, str) and node.tag not in ("script", "style"):
            stand_ins = _STAND_INS if use_stand_ins else {}
            node.text = _swap(_join_wide(node.text), stand_ins)
            node.tail = _swap(_join_wide(node.tail), stand_ins)


def _join_wide(text: str | None) -> str:
    return _WIDE_BREAK.sub("", text or "")


def _swap(text: str | None, replacements: Mapping[str, str]) -> str:
    if not text or text.isspace():
        return text or ""
    return text.translate({ord(old): new for old, new in replacements.items()})


def _blocks(parent: Any) -> Iterator[str]:
    """The paragraphs, headings, lists and tables under a node of trafilatura's result, Markdown-like."""
    for node in parent:
        yield from filter(None, (_block(node), _flow(node.tail)))


def _block(node: Any) -> str:
    if node.tag == "head":
        level = (node.get("rend") or "h2")[-1]
        text = _inline(node).replace("\n", " ")
        return f"{'#' * (int(level) if level in '123456' else 2)} {text}" if text else ""
    if node.tag == "list":
        return "\n".join(_items(node, ""))
    if node.tag == "table":
        return "\n".join(filter(None, map(_row, node.iter("row"))))
    if node.tag == "code":
        return "".join(node.itertext()).strip("\n")
    if node.tag in ("quote", "div") and len(node):
        return "\n\n".join(filter(None, (_flow(node.text), *_blocks(node))))
    return _inline(node)


def _items(node: Any, indent: str) -> Iterator[str]:
    ordered = node.get("rend") == "ol"
    for number, item in enumerate(node.iterchildren("item"), start=1):
        marker = f"{number}. " if ordered else "- "
        text = _inline(item, skip="list").replace("\n", " ")
        if text:
            yield f"{indent}{marker}{text}"
        for nested in item.iter("list"):
            if next(nested.iterancestors("item"), None) is item:
                yield from _items(nested, indent + "  ")


def _row(node: Any) -> str:
    cells = [_inline(cell).replace("\n", " ") for cell in node.iterchildren("cell")]
    return f"| {' | '.join(cells)} |" if any(cells) else ""


def _inline(node: Any, skip: str = "") -> str:
    """The text of a node in one flow; `<br>` becomes a line break."""
    lines = "".join(_pieces(node, skip)).split("\0")
    return "\n".join(_flow(line) for line in lines).strip("\n")


def _pieces(node: Any, skip: str) -> Iterator[str]:
    yield node.text or ""
    for child in node:
        if child.tag in ("lb", skip) or (child.tag == "p" and node.tag in ("item", "cell")):
            yield "\0"
        if child.tag != skip:
            yield from _pieces(child, skip)
        yield child.tail or ""


def _flow(text: str | None) -> str:
    return _SPACE.sub(" ", _join_wide(text)).strip(" ")
