"""The top of every page: what this is, the other language, and the brightness."""

from __future__ import annotations

from rag.chat.texts import word
from rag.messages import Lang

_LOGO = (
    '<svg class="logo" viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="8"/>'
    '<path d="M9 10h6v6c0 3-2 5-5 6M18 10h6v6c0 3-2 5-5 6"/></svg>'
)
_SUN = (
    '<svg viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="12" r="4"/>'
    '<path d="M12 3v2M12 19v2M3 12h2M19 12h2M5.6 5.6 7 7M17 17l1.4 1.4M18.4 5.6 17 7M7 17l-1.4 1.4"/></svg>'
)


def header_html(lang: Lang, other: str) -> str:
    """The header. `other`: the relative address of the page in the other language."""
    there = "ja" if lang == "en" else "en"
    theme = word("theme", lang)
    return (
        f'<header class="top">{_LOGO}<h1>{word("title", lang)}</h1><span class="about">{word("about", lang)}</span>'
        f'<a class="tool" href="{other}" lang="{there}" hreflang="{there}">{word("other_language", lang)}</a>'
        f'<button type="button" class="tool icon" data-act="theme" aria-label="{theme}" title="{theme}">{_SUN}</button>'
        "</header>"
    )
