"""A reply as the text of a chat message: markers like [1], the list of sources, and where the markers stand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from rag.http.openai_schemas import Annotation, UrlCitation
from rag.messages import Lang, text
from rag.types import Abstention, Answer, Reply, Statement


class Said(NamedTuple):
    """Text, and its citations by where their markers stand in the whole message (code points)."""

    content: str
    annotations: list[Annotation]


def rendered(reply: Reply, lang: Lang) -> Said:
    """A whole reply: its statements with markers, or why there are none, and the sources."""
    content, annotations = "", list[Annotation]()
    if isinstance(reply, Abstention):
        content = _abstained(reply, lang) + ("\n" if reply.corrections else "")
    for statement in _statements(reply):
        said = following(statement, len(content))
        content, annotations = content + said.content, annotations + said.annotations
    return Said(content + _sources(reply, lang), annotations)


def _statements(reply: Reply) -> Sequence[Statement]:
    return reply.statements if isinstance(reply, Answer) else reply.corrections


def _piece(statement: Statement, start: int) -> Said:
    """A statement with its markers, and where they stand when it begins at `start`."""
    content, annotations = statement.text, []
    for citation in statement.citations:
        marker = f"[{citation.n}]"
        place = UrlCitation(
            start_index=start + len(content),
            end_index=start + len(content) + len(marker),
            title=citation.title,
            url=citation.deep_link,
        )
        annotations.append(Annotation(url_citation=place))
        content += marker
    return Said(content, annotations)


def _shifted(annotation: Annotation, by: int) -> Annotation:
    place = annotation.url_citation
    moved = {"start_index": place.start_index + by, "end_index": place.end_index + by}
    return Annotation(url_citation=place.model_copy(update=moved))


def _abstained(reply: Abstention, lang: Lang) -> str:
    """Why there is no answer, the nearest passages' articles, and what could be asked."""
    lines = [text(reply.reason, lang)]
    near = list(dict.fromkeys(f"- {hit.article.title}: {hit.article.url}" for hit in reply.hits))[:3]
    if near and not reply.corrections:
        lines += ["", f"{text('nearest', lang)}:", *near]
    if reply.suggestions:
        lines += ["", f"{text('suggestions', lang)}:", *(f"- {one}" for one in reply.suggestions)]
    return "\n".join(lines)


def _sources(reply: Reply, lang: Lang) -> str:
    if not reply.citations:
        return ""
    lines = []
    for citation in reply.citations:
        facts = ", ".join(filter(None, (citation.publisher, citation.published)))
        about = f"{citation.title} ({facts})" if facts else citation.title
        quote = " ".join(citation.quote.split())
        lines.append(f"[{citation.n}] {about}: 「{quote}」 {citation.deep_link}")
    return "\n".join(["", "", f"{text('sources', lang)}:", *lines])


def following(statement: Statement, length: int) -> Said:
    """A statement after so many characters of content."""
    break_ = "\n" if length else ""
    said = _piece(statement, length + len(break_))
    return Said(break_ + said.content, said.annotations)


def rest(reply: Reply, sent: Sequence[Statement], length: int, lang: Lang) -> Iterator[Said]:
    """What is still to be said when a reply is there: its sources, and more if it is not what was sent."""
    if isinstance(reply, Answer) and list(reply.statements[: len(sent)]) == list(sent):
        for statement in reply.statements[len(sent) :]:
            said = following(statement, length)
            length += len(said.content)
            yield said
        yield Said(_sources(reply, lang), [])
        return
    taken_back = f"\n\n---\n{_TAKEN_BACK[lang]}\n\n" if sent else ""
    said = rendered(reply, lang)
    shift = length + len(taken_back)
    yield Said(taken_back + said.content, [_shifted(one, shift) for one in said.annotations])


_TAKEN_BACK: dict[Lang, str] = {
    "ja": "上の文は取り消します。最終的な返答は次のとおりです。",
    "en": "The sentences above are withdrawn. The final reply is:",
}


def delta(said: Said) -> dict[str, Any]:
    """The same as a piece of a stream."""
    annotations = [annotation.model_dump() for annotation in said.annotations]
    return {"content": said.content, **({"annotations": annotations} if annotations else {})}
