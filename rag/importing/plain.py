"""Plain text and Markdown: the text is the file's, character for character."""

import re
from collections.abc import Iterator

from rag.importing.draft import Draft

_FENCE = re.compile(r" {0,3}(```|~~~)")
_TITLE = re.compile(r" {0,3}#[ \t]+(.*?)[ \t]*(?:[ \t]#+[ \t]*)?$")


def read_plain(text: str) -> Draft:
    """A text without structure; it states no title."""
    return Draft(text=text)


def read_markdown(text: str) -> Draft:
    """Markdown without front matter; its first `# ` heading outside code blocks is the title."""
    titles = (match[1] for line in _prose_lines(text) if (match := _TITLE.match(line)) and match[1])
    return Draft(text=text, title=next(titles, None))


def _prose_lines(text: str) -> Iterator[str]:
    fence = ""
    for line in text.splitlines():
        mark = _FENCE.match(line)
        if mark and fence in ("", mark[1]):
            fence = "" if fence else mark[1]
        elif not fence:
            yield line
