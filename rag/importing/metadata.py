"""What an HTML page states about itself. Nothing is guessed: what the page does not say stays None."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_DATE = re.compile(r"\s*(\d{4}-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)(?![\d-])")
_DATE_METAS = (
    "article:published_time",
    "og:article:published_time",
    "datepublished",
    "citation_publication_date",
    "dc.date.issued",
    "dcterms.issued",
    "pubdate",
)
_PUBLISHER_METAS = ("publisher", "dc.publisher", "dcterms.publisher", "citation_publisher")
_ARTICLE_TYPES = ("Article", "BlogPosting", "WebPage", "Report")
_Node = dict[str, Any]
_SEPARATORS = "|｜-–—:：/／»・"


@dataclass(frozen=True)
class PageMetadata:
    """A page's own statements. `url` is its canonical address, if absolute; `published` is ISO 8601."""

    title: str | None
    publisher: str | None
    published: str | None
    lang: str | None
    url: str | None


def page_metadata(tree: Any) -> PageMetadata:
    """Reads JSON-LD, `<meta>`, `<link rel="canonical">`, `<time>` and headings of a parsed page (lxml)."""
    metas = _metas(tree)
    linked = [node for block in _json_blocks(tree) for node in _nodes(block)]
    articles = [node for node in linked if _is_article(node)]
    publisher = metas.get("og:site_name") or _publisher(articles) or _first_meta(metas, _PUBLISHER_METAS)
    return PageMetadata(
        title=_title(tree, metas, articles, publisher),
        publisher=publisher,
        published=_published(tree, metas, articles),
        lang=next(iter(tree.xpath("//html/@lang | //html/@*[name()='xml:lang']")), None),
        url=_canonical(tree, metas),
    )


def _metas(tree: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for node in tree.iter("meta"):
        name = node.get("property") or node.get("name") or node.get("itemprop")
        content = _clean(node.get("content"))
        if name and content:
            found.setdefault(name.strip().lower(), content)
    return found


def _first_meta(metas: dict[str, str], names: tuple[str, ...]) -> str | None:
    return next((metas[name] for name in names if name in metas), None)


def _json_blocks(tree: Any) -> Iterator[object]:
    for node in tree.xpath("//script[@type='application/ld+json']"):
        try:
            yield json.loads(node.text or "", strict=False)
        except (ValueError, RecursionError):
            continue


def _nodes(block: object) -> Iterator[_Node]:
    if isinstance(block, list):
        for item in block:
            yield from _nodes(item)
    elif isinstance(block, dict):
        yield block
        yield from _nodes(block.get("@graph"))


def _is_article(node: _Node) -> bool:
    kinds = node.get("@type")
    names = kinds if isinstance(kinds, list) else [kinds]
    return any(isinstance(name, str) and name.endswith(_ARTICLE_TYPES) for name in names)


def _stated(articles: list[_Node], key: str) -> str | None:
    by_type = sorted(articles, key=lambda node: node.get("@type") == "WebPage")
    values = (_clean(node.get(key)) for node in by_type)
    return next((value for value in values if value), None)


def _publisher(articles: list[_Node]) -> str | None:
    publishers = [node["publisher"] for node in articles if isinstance(node.get("publisher"), dict)]
    return _stated(publishers, "name")


def _title(tree: Any, metas: dict[str, str], articles: list[_Node], publisher: str | None) -> str | None:
    headings = [text for node in tree.iter("h1") if (text := _clean(node.text_content()))]
    candidates = (
        _stated(articles, "headline"),
        _without_suffix(metas.get("og:title"), publisher),
        headings[0] if len(headings) == 1 else None,
        _without_suffix(_clean(next(iter(tree.xpath("//head/title/text()")), None)), publisher),
    )
    return next((title for title in candidates if title), None)


def _without_suffix(title: str | None, publisher: str | None) -> str | None:
    """`記事の題 | サイト名` without the site's name, when the page states that name."""
    if not title or not publisher or not title.endswith(publisher) or title == publisher:
        return title
    rest = title.removesuffix(publisher).rstrip()
    return rest.rstrip(_SEPARATORS).rstrip() if rest.endswith(tuple(_SEPARATORS)) else title


def _published(tree: Any, metas: dict[str, str], articles: list[_Node]) -> str | None:
    times = tree.xpath(
        "//time[@datetime][@pubdate or @itemprop='datePublished'"
        " or contains(concat(' ', normalize-space(@class), ' '), ' published ')]/@datetime"
    )
    stated = (_stated(articles, "datePublished"), _first_meta(metas, _DATE_METAS), *times[:1])
    return next((match[1] for value in stated if value and (match := _DATE.match(value))), None)


def _canonical(tree: Any, metas: dict[str, str]) -> str | None:
    links = (node for node in tree.iter("link") if "canonical" in (node.get("rel") or "").lower().split())
    urls = (_clean(url) for url in (*(link.get("href") for link in links), metas.get("og:url")))
    return next((url for url in urls if url and re.match(r"https?://", url, re.IGNORECASE)), None)


def _clean(value: object) -> str | None:
    return re.sub(r"[ \t\r\n\f]+", " ", value).strip() or None if isinstance(value, str) else None
